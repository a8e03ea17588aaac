//! Latencies on their way into the next sample.

use crate::record::{sample::Sample, tally::Tally};

/// Times since the last sample, of messages that were sent when they should have been, and of those sent later, which
/// have two times each.
#[derive(Debug, Default)]
pub(super) struct Times {
    on_time: Tally,
    late: Tally,
    late_since_sent: Tally,
}

impl Times {
    /// Notes a latency since the intended time, of a message that was sent later than that by `delay_ns`.
    #[inline]
    pub(super) fn record(&mut self, latency_ns: u64, delay_ns: u64) {
        if delay_ns == 0 {
            self.on_time.record(latency_ns);
        } else {
            self.late.record(latency_ns);
            let since_sent_ns = latency_ns.saturating_sub(delay_ns);
            self.late_since_sent.record(since_sent_ns);
        }
    }

    /// Moves all into a sample.
    pub(super) fn drain_into(&mut self, sample: &mut Sample) {
        self.on_time.drain_into(&mut sample.latency);
        sample.sent_latency.add(&sample.latency);
        self.late.drain_into(&mut sample.latency);
        self.late_since_sent.drain_into(&mut sample.sent_latency);
    }
}
