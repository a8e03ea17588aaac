//! Latencies on their way into the next sample.

use crate::record::{sample::Sample, tally::Tally};

/// Times since the last sample, of messages that were sent when they should have been, and of those sent later, which
/// have two times each; where a hub has several nodes, also by whether receivers were at their senders'.
#[derive(Debug)]
pub(super) struct Times {
    on_time: Tally,
    late: Tally,
    late_since_sent: Tally,
    by_node: Option<[Tally; 2]>,
}

impl Times {
    /// None so far, at so many nodes.
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            on_time: Tally::default(),
            late: Tally::default(),
            late_since_sent: Tally::default(),
            by_node: (nodes > 1).then(Default::default),
        }
    }

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

    /// Notes the same latency by whether the receiver was at the node of the sender, if there are several.
    #[inline]
    pub(super) fn record_by_node(&mut self, latency_ns: u64, is_near: bool) {
        if let Some([own, other]) = &mut self.by_node {
            let tally = if is_near { own } else { other };
            tally.record(latency_ns);
        }
    }

    /// Moves all into a sample.
    pub(super) fn drain_into(&mut self, sample: &mut Sample) {
        self.on_time.drain_into(&mut sample.latency);
        sample.sent_latency.add(&sample.latency);
        self.late.drain_into(&mut sample.latency);
        self.late_since_sent.drain_into(&mut sample.sent_latency);
        if let Some([own, other]) = &mut self.by_node {
            let latency = sample.by_node.get_or_insert_default();
            own.drain_into(&mut latency.own);
            other.drain_into(&mut latency.other);
        }
    }
}
