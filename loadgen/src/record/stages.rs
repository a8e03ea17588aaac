//! What one thread measures of each stage of a run that has some, by the intended sending of its messages.

use std::ops::Range;

use crate::{
    plan::{Plan, nanoseconds, schedule::Schedule, stamp::Stamp},
    record::{Record, distribution::Distribution},
};

/// The stages, and what was measured of each.
#[derive(Debug)]
pub struct Stages {
    begin_ns: u64,
    schedule: Schedule,
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
    /// Deliveries that there were, duplicates not counted.
    pub delivered: u64,
    /// Deliveries that there should be and were not, of those that were due, sent or not.
    pub missing: u64,
    /// Deliveries to clients that had been disconnected.
    pub missed: u64,
    /// Clients that came with it and are in.
    pub came: u64,
    /// Clients that should come with it and did not.
    pub failed: u64,
    /// Why the first of these did not.
    pub failure: Option<String>,
    /// Clients that went with it.
    pub went: u64,
    /// Of the handshakes of those who came with it, from when it was their turn.
    pub connect: Distribution,
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
        let start_ns = begin_ns.saturating_sub(nanoseconds(plan.warmup));
        let schedule = plan.schedule(start_ns).filter(|_| !bounds.is_empty())?;
        Some(Self {
            begin_ns,
            schedule,
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

    /// What was measured of one, by its number from 0 on.
    pub fn part(&mut self, index: usize) -> &mut Part {
        &mut self.parts[index]
    }

    /// Notes that a client has not got some messages of a publisher, and will not: each in the stage in which it was due. They
    /// are missing, unless it had been disconnected before.
    pub fn lacks(&mut self, publisher: usize, messages: Range<u32>, was_there: bool) {
        let mut from = self.schedule.before(publisher, self.begin_ns);
        from = from.max(messages.start.into());
        for (bound, part) in self.bounds.iter().zip(&mut self.parts) {
            let end = self.schedule.before(publisher, bound.end_ns);
            let end = end.min(messages.end.into());
            let lacking = if was_there {
                &mut part.missing
            } else {
                &mut part.missed
            };
            *lacking += end.saturating_sub(from);
            from = from.max(end);
        }
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
        intended_ns: u64,
        slip_ns: u64,
        blocked_ns: u64,
    ) -> bool {
        if let Some(stages) = &mut self.stages {
            let part = stages.part(stages.at(intended_ns).index);
            part.sent += 1;
            part.slip.record(slip_ns);
        }
        self.unsent_in_stage(0, intended_ns, blocked_ns)
    }

    /// Notes a message that was due in a stage, and is lost to so many if it was not sent; whether that is judged, as all is
    /// where there are none.
    #[cold]
    pub(super) fn unsent_in_stage(&mut self, lost: u64, intended_ns: u64, blocked_ns: u64) -> bool {
        let Some(stages) = &mut self.stages else {
            return true;
        };
        let at = stages.at(intended_ns);
        let part = stages.part(at.index);
        part.missing += lost;
        part.blocked.record(blocked_ns);
        at.holds_still
    }

    /// Notes that so many messages of a stage reached a client, each in that time.
    #[cold]
    pub(super) fn arrived_in_stage(&mut self, at: At, latency_ns: u64, stamp: Stamp, count: u32) {
        if let Some(stages) = &mut self.stages {
            stages.part(at.index).delivered(latency_ns, stamp, count);
        }
        if !at.holds_still {
            let ramp = &mut self.sample.ramp_latency;
            ramp.record_many(latency_ns, count.into());
        }
    }
}

impl Part {
    /// Notes that so many of its messages reached a client.
    pub fn delivered(&mut self, latency_ns: u64, stamp: Stamp, count: u32) {
        let count = count.into();
        self.delivered += count;
        self.latency.record_many(latency_ns, count);
        let since_sent_ns = latency_ns.saturating_sub(stamp.delay_ns);
        self.sent_latency.record_many(since_sent_ns, count);
        let prompt_ns = if stamp.was_blocked {
            latency_ns
        } else {
            since_sent_ns
        };
        self.prompt_latency.record_many(prompt_ns, count);
    }

    /// Adds that of another thread.
    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.missing += other.missing;
        self.missed += other.missed;
        self.came += other.came;
        self.failed += other.failed;
        self.failure = self.failure.take().or_else(|| other.failure.clone());
        self.went += other.went;
        self.connect.add(&other.connect);
        self.slip.add(&other.slip);
        self.blocked.add(&other.blocked);
        self.latency.add(&other.latency);
        self.sent_latency.add(&other.sent_latency);
        self.prompt_latency.add(&other.prompt_latency);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;

    #[test]
    fn what_did_not_come_is_missing_in_the_stage_in_which_it_was_due() {
        let line = "loadgen --warmup 1s --rate 10 --publishers 2 --stage 1s --stage 2s";
        let plan = Plan::new(&Args::read(line.split(' ')).unwrap()).unwrap();
        // Of each publisher there are 5 messages before the first stage, 5 in it, and 10 in the second.
        let mut stages = Stages::new(&plan, 7_000_000_000).unwrap();
        stages.lacks(1, 4..6, true);
        stages.lacks(0, 8..19, true);
        stages.lacks(0, 19..20, false);
        let parts = stages.into_parts();
        let found: Vec<_> = parts
            .iter()
            .map(|part| (part.missing, part.missed))
            .collect();
        assert_eq!(found, [(1 + 2, 0), (9, 1)]);
    }
}
