//! What one thread measures of each stage of a run that has some, by the intended sending of its messages.

use crate::{
    plan::{Plan, stamp::Stamp},
    record::{Record, distribution::Distribution},
};

/// The stages, and what was measured of each.
#[derive(Debug)]
pub struct Stages {
    begin_ns: u64,
    bounds: Vec<Bound>,
    parts: Vec<Part>,
}

/// In which stage something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Which one, from 0.
    pub index: usize,
    /// Whether its load holds still, so that what is in it is judged.
    pub holds_still: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bound {
    end_ns: u64,
    holds_still: bool,
}

/// What was measured of one stage.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Messages that were due in it, and sent.
    pub sent: u64,
    /// Deliveries that there should be of those that were due, sent or not.
    pub expected: u64,
    /// Deliveries that there were, duplicates not counted.
    pub delivered: u64,
    /// How late messages were sent by our own fault.
    pub slip: Distribution,
    /// How late messages were sent because the socket took no more.
    pub blocked: Distribution,
    /// From the intended sending to each client.
    pub latency: Distribution,
    /// From the actual sending to each client.
    pub sent_latency: Distribution,
    /// What the latency would be if everything had been sent as soon as its socket took it.
    pub prompt_latency: Distribution,
}

impl Stages {
    /// Of a run that measures from a moment on; `None` if it has none.
    pub fn new(plan: &Plan, begin_ns: u64) -> Option<Self> {
        let bounds = plan.stage_ends_ns(begin_ns);
        let bounds = bounds.map(|(stage, end_ns)| Bound {
            end_ns,
            holds_still: stage.holds_still(),
        });
        let bounds: Vec<Bound> = bounds.collect();
        (!bounds.is_empty()).then(|| Self {
            begin_ns,
            parts: vec![Part::default(); bounds.len()],
            bounds,
        })
    }

    /// In which stage a moment of the measured time is.
    pub fn at(&self, ns: u64) -> At {
        let index = self.bounds.partition_point(|bound| bound.end_ns <= ns);
        let index = index.min(self.bounds.len() - 1);
        At {
            index,
            holds_still: self.bounds[index].holds_still,
        }
    }

    /// The number of the stage of a moment, from 1 on, or 0 before the first.
    pub fn number(&self, ns: u64) -> usize {
        if ns < self.begin_ns {
            0
        } else {
            self.at(ns).index + 1
        }
    }

    /// What was measured of one.
    pub fn part(&mut self, at: At) -> &mut Part {
        &mut self.parts[at.index]
    }

    /// What was measured of all.
    pub fn into_parts(self) -> Vec<Part> {
        self.parts
    }
}

impl Record<'_> {
    /// In which stage a moment of the measured time is, if there are any.
    #[inline]
    pub(super) fn stage(&self, ns: u64) -> Option<At> {
        self.stages.as_deref().map(|stages| stages.at(ns))
    }

    /// Notes a message that is sent in a stage; whether that is judged.
    #[cold]
    pub(super) fn sent_in_stage(
        &mut self,
        publisher: u16,
        intended_ns: u64,
        slip_ns: u64,
        blocked_ns: u64,
    ) -> bool {
        let judged = self.unsent_in_stage(publisher, intended_ns, blocked_ns);
        if let Some(stages) = &mut self.stages {
            let at = stages.at(intended_ns);
            let part = stages.part(at);
            part.sent += 1;
            part.slip.record(slip_ns);
        }
        judged
    }

    /// Notes a message that was due in a stage, sent or not; whether that is judged, as all is where there are none.
    #[cold]
    pub(super) fn unsent_in_stage(
        &mut self,
        publisher: u16,
        intended_ns: u64,
        blocked_ns: u64,
    ) -> bool {
        let channel = self.plan.channel(usize::from(publisher));
        let receivers = self.plan.receivers(channel) as u64;
        let Some(stages) = &mut self.stages else {
            return true;
        };
        let at = stages.at(intended_ns);
        let part = stages.part(at);
        part.expected += receivers;
        part.blocked.record(blocked_ns);
        at.holds_still
    }

    /// Notes that a message of a stage reached a client.
    #[cold]
    pub(super) fn arrived_in_stage(&mut self, at: At, latency_ns: u64, stamp: Stamp) {
        if let Some(stages) = &mut self.stages {
            stages.part(at).delivered(latency_ns, stamp);
        }
        if !at.holds_still {
            self.sample.ramp_latency.record(latency_ns);
        }
    }
}

impl Part {
    /// Notes that one of its messages reached a client.
    pub fn delivered(&mut self, latency_ns: u64, stamp: Stamp) {
        self.delivered += 1;
        self.latency.record(latency_ns);
        let since_sent_ns = latency_ns.saturating_sub(stamp.delay_ns);
        self.sent_latency.record(since_sent_ns);
        self.prompt_latency.record(if stamp.was_blocked {
            latency_ns
        } else {
            since_sent_ns
        });
    }

    /// Adds that of another thread.
    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.expected += other.expected;
        self.delivered += other.delivered;
        self.slip.add(&other.slip);
        self.blocked.add(&other.blocked);
        self.latency.add(&other.latency);
        self.sent_latency.add(&other.sent_latency);
        self.prompt_latency.add(&other.prompt_latency);
    }
}
