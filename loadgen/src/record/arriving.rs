//! Messages that reach one client at one moment and were sent together, whatever frames they come in: they are judged once.

use crate::{plan::volley::Volley, record::Record};

/// What has reached a client at one moment, frame by frame, and is not judged yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arriving {
    pub(super) client: usize,
    pub(super) volley: Volley,
    pub(super) now_ns: u64,
}

impl Record<'_> {
    /// Notes messages that reached a client. A server that puts each into a frame of its own sent them together all the
    /// same: what goes on where the frame before ended is judged with that.
    #[inline]
    pub(super) fn arrives(&mut self, client: usize, volley: Volley, now_ns: u64) {
        if let Some(arriving) = &mut self.arriving
            && (arriving.client, arriving.now_ns) == (client, now_ns)
            && arriving.volley.is_followed_by(volley.first)
        {
            arriving.volley.count += volley.count;
            return;
        }
        self.settle();
        self.arriving = Some(Arriving {
            client,
            volley,
            now_ns,
        });
    }

    /// Judges what arrived and waited for what comes with it: due before anything else is noted of its client.
    #[inline]
    pub fn settle(&mut self) {
        if let Some(arriving) = self.arriving.take() {
            self.arrived(arriving);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        args::Args,
        plan::Plan,
        record::{distribution::Distribution, ledger::Ledger, sample::Sample, sums::Sums},
    };

    const MESSAGES: u32 = 12;

    /// A frame: who gets it, how long after the one before, and which messages it holds.
    type Frame = (usize, u64, Vec<u32>);

    /// What is recorded of some frames that reach three members of a chat, one of whom sends, if something is done after
    /// each.
    fn recorded(frames: &[Frame], mut after: impl FnMut(&mut Record)) -> (Sample, Sums) {
        let words = ["loadgen", "--clients", "3", "--publishers", "1"];
        let plan = Plan::new(&Args::read(words).unwrap()).unwrap();
        let ledger = Ledger::new(&plan, None);
        let mut record = Record::new(&ledger, &plan, 0);
        record.measure(0..u64::MAX);
        // They leave three at a time.
        let send = |sequence| record.sent(0, sequence, u64::from(sequence / 3), 100, 0);
        let texts: Vec<Vec<u8>> = (0..MESSAGES).map(send).collect();
        let mut now_ns = 1_000;
        for (client, later_ns, sequences) in frames {
            now_ns += later_ns;
            let texts = sequences.iter().map(|at| &texts[*at as usize][..]);
            record.received(*client, &texts.collect::<Vec<_>>().join(&b'\n'), now_ns);
            after(&mut record);
        }
        let sample = record.cut(0);
        let (sums, _) = record.close(|_| true);
        (sample, sums)
    }

    fn told((sample, sums): &(Sample, Sums)) -> impl PartialEq + std::fmt::Debug {
        let landed = sample.landed.iter();
        let landed = landed.map(|landed| (landed.sequence, landed.landing));
        (
            (sample.totals.messages, sample.totals.frames),
            [&sample.latency, &sample.sent_latency, &sample.batch].map(Distribution::summary),
            landed.collect::<Vec<_>>(),
            sums.counts,
            (sums.lost, sums.disordered, sums.foreign),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_waits_for_what_comes_with_it_is_judged_as_if_it_had_not_waited(
            frames in vec((0..3_usize, 0..2_u64, (0..MESSAGES, 1..4_u32)), 0..60),
        ) {
            let frame = |(client, later_ns, (first, count))| {
                (client, later_ns, (first..MESSAGES.min(first + count)).collect())
            };
            let frames: Vec<Frame> = frames.into_iter().map(frame).collect();
            let together = recorded(&frames, |_| {});
            let alone = recorded(&frames, |record| {
                record.settle();
            });
            prop_assert_eq!(told(&together), told(&alone));
        }
    }

    #[test]
    fn what_comes_in_frames_of_its_own_is_judged_together() {
        let frames: Vec<Frame> = (0..3).map(|at| (1, 0, vec![at])).collect();
        let mut waiting = Vec::new();
        let (sample, sums) = recorded(&frames, |record| {
            waiting.push(record.arriving.map(|arriving| arriving.volley.count));
        });
        assert_eq!(waiting, [Some(1), Some(2), Some(3)]);
        assert_eq!((sample.totals.frames, sums.counts.delivered), (3, 3));
    }
}
