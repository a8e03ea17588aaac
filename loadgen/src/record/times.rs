//! Latencies on their way into the next sample.

use crate::{
    plan::stamp::Stamp,
    record::{distribution::Distribution, sample::Sample, tally::Tally},
};

/// Times since the last sample, of messages that were sent when they should have been, and of those sent later, which
/// have two times each, by whose doing that was; where a hub has several nodes, also by whether receivers were at their
/// senders'.
#[derive(Debug)]
pub(super) struct Times {
    on_time: Tally,
    late: Later,
    /// Of messages whose sockets were blocked, if there are any.
    blocked: Option<Box<Later>>,
    by_node: Option<[Tally; 2]>,
}

/// Of messages that were sent later than they should have been.
#[derive(Debug, Default)]
struct Later {
    since_intended: Tally,
    since_sent: Tally,
}

impl Times {
    /// None so far, at so many nodes.
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            on_time: Tally::default(),
            late: Later::default(),
            blocked: None,
            by_node: (nodes > 1).then(Default::default),
        }
    }

    /// Notes a latency since the intended time, of so many messages that were perhaps sent later than that.
    #[inline]
    pub(super) fn record(&mut self, latency_ns: u64, stamp: Stamp, count: u32) {
        if stamp.delay_ns == 0 {
            return self.on_time.record_many(latency_ns, count);
        }
        let later = if stamp.was_blocked {
            self.blocked.get_or_insert_default()
        } else {
            &mut self.late
        };
        later.since_intended.record_many(latency_ns, count);
        let since_sent_ns = latency_ns.saturating_sub(stamp.delay_ns);
        later.since_sent.record_many(since_sent_ns, count);
    }

    /// Notes the same latency by whether the receiver was at the node of the sender, if there are several.
    #[inline]
    pub(super) fn record_by_node(&mut self, latency_ns: u64, is_near: bool, count: u32) {
        if let Some([own, other]) = &mut self.by_node {
            let tally = if is_near { own } else { other };
            tally.record_many(latency_ns, count);
        }
    }

    /// Moves all into a sample.
    pub(super) fn drain_into(&mut self, sample: &mut Sample) {
        self.on_time.drain_into(&mut sample.latency);
        sample.sent_latency.add(&sample.latency);
        self.late.since_sent.drain_into(&mut sample.sent_latency);
        sample.prompt_latency.add(&sample.sent_latency);
        self.late.since_intended.drain_into(&mut sample.latency);
        if let Some(blocked) = &mut self.blocked {
            let mut since_intended = Distribution::default();
            blocked.since_intended.drain_into(&mut since_intended);
            sample.latency.add(&since_intended);
            sample.prompt_latency.add(&since_intended);
            blocked.since_sent.drain_into(&mut sample.sent_latency);
        }
        if let Some([own, other]) = &mut self.by_node {
            let latency = sample.by_node.get_or_insert_default();
            own.drain_into(&mut latency.own);
            other.drain_into(&mut latency.other);
        }
    }
}
