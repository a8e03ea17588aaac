//! What one thread received, moment by moment.

use std::sync::mpsc::Sender;

use crate::{
    plan::nanoseconds,
    record::sample::{SAMPLE, Sample},
    swarm::shard::Shard,
};

/// Where samples go, and when the next one ends.
#[derive(Debug, Default)]
pub(super) struct Sampling {
    pub(super) samples: Option<Sender<Sample>>,
    pub(super) start_ns: u64,
    pub(super) next_ns: u64,
}

impl Shard<'_> {
    /// Ends the sample once its time is over.
    pub(super) fn sample(&mut self, now_ns: u64) {
        let Sampling {
            samples: Some(samples),
            start_ns,
            next_ns,
        } = &mut self.sampling
        else {
            self.sampling.next_ns = u64::MAX;
            return;
        };
        if now_ns < *next_ns {
            return;
        }
        let moment = now_ns.saturating_sub(*start_ns) / nanoseconds(SAMPLE);
        *next_ns = *start_ns + (moment + 1) * nanoseconds(SAMPLE);
        // Nobody listens any more only when the run has failed elsewhere.
        let _ = samples.send(self.record.cut(moment));
    }
}
