//! Clients that come and go with the stages: each is told where its turn was.

use crate::record::{Record, fate::Fate};

impl Record<'_> {
    /// Notes that a client which comes with a stage is connected, `took_ns` after it was its turn.
    pub fn connected_with(&mut self, stage: usize, took_ns: u64) {
        if let Some(stages) = &mut self.stages {
            stages.part(stage).connect.record(took_ns);
        }
    }

    /// Notes that it is in.
    pub fn came(&mut self, client: usize, stage: usize) {
        if let Some(stages) = &mut self.stages {
            stages.part(stage).came += 1;
        }
        self.entered(client);
    }

    /// Notes that it did not come in, and why.
    pub fn did_not_come(&mut self, stage: usize, why: String) {
        if let Some(stages) = &mut self.stages {
            let part = stages.part(stage);
            part.failed += 1;
            part.failure.get_or_insert(why);
        }
    }

    /// Notes that a client says goodbye: what is under way to it may come and need not.
    pub fn goes(&mut self, client: usize, stage: usize) {
        if let Some(stages) = &mut self.stages {
            stages.part(stage).went += 1;
        }
        self.left(client);
        self.integrity.let_go(client);
    }

    /// Notes that nothing comes to a client any more whose turn it was to go, be it that the server sent it away before. Another
    /// one may come in its place.
    pub fn gone(&mut self, client: usize) {
        self.count_by_stage(client, Fate::Missed);
        self.count_owed(client, Fate::Missed);
        self.integrity.begin_anew(client);
        self.order.begin_anew(client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        args::Args,
        plan::Plan,
        record::{end::End, ledger::Ledger, sample::Sample, sums::Sums},
    };

    const SECOND: u64 = 1_000_000_000;

    /// What is recorded of two clients, one of whom sends once a second, with a third that comes, and goes.
    fn recorded(tell: impl FnOnce(&mut Record)) -> (Sample, Sums) {
        let stages = ["3s: clients=2..3", "3s: clients=3..2", "9s"];
        let stages = stages.iter().flat_map(|stage| ["--stage", stage]);
        let flags = ["--warmup", "0s", "--rate", "1", "--publishers", "1"];
        let words = ["loadgen"].into_iter().chain(stages).chain(flags);
        let plan = Plan::new(&Args::read(words).unwrap()).unwrap();
        let ledger = Ledger::new(&plan, None);
        let mut record = Record::new(&ledger, &plan, 0);
        record.measure(0..15 * SECOND);
        tell(&mut record);
        let sample = record.cut(0);
        let (sums, _) = record.close(|client| client < 2);
        (sample, sums)
    }

    fn sent(record: &mut Record, sequence: u32) -> Vec<u8> {
        let due_ns = u64::from(sequence) * SECOND;
        record.sent(0, sequence, due_ns, due_ns, 0)
    }

    /// Has it reach these, one after the other, a nanosecond apart.
    fn reach(record: &mut Record, clients: &[usize], message: &[u8], at_ns: u64) {
        for (client, after_ns) in clients.iter().zip(0..) {
            record.received(*client, message, at_ns + after_ns);
            record.settle();
        }
    }

    /// Which messages landed, and when.
    fn landed(sample: &Sample) -> Vec<(u32, u64)> {
        let landed = sample.landed.iter();
        landed
            .map(|landed| (landed.sequence, landed.landing.last_ns))
            .collect()
    }

    #[test]
    fn who_comes_is_waited_for_from_when_it_is_in() {
        let (sample, sums) = recorded(|record| {
            let first = sent(record, 0);
            record.came(2, 0);
            let second = sent(record, 1);
            reach(record, &[0, 1, 2], &first, 10);
            reach(record, &[0, 1, 2], &second, 20);
        });
        assert_eq!(landed(&sample), [(0, 11), (1, 22)]);
        assert_eq!((sums.counts.delivered, sums.lost, sums.missed), (6, 0, 0));
        assert_eq!((sums.stages[0].delivered, sums.stages[0].came), (6, 1));
    }

    #[test]
    fn what_was_under_way_as_one_came_or_went_is_not_lost_if_it_does_not_come() {
        let (sample, sums) = recorded(|record| {
            let under_way = sent(record, 0);
            record.came(2, 0);
            reach(record, &[0, 1], &under_way, 10);
            let all = sent(record, 1);
            reach(record, &[2, 0, 1], &all, 20);
            let under_way = sent(record, 2);
            record.goes(2, 1);
            reach(record, &[0, 1], &under_way, 30);
            record.gone(2);
            let rest = sent(record, 3);
            reach(record, &[0, 1], &rest, 40);
        });
        assert_eq!(landed(&sample), [(0, 11), (1, 22), (2, 31), (3, 41)]);
        assert_eq!((sums.counts.delivered, sums.lost, sums.missed), (9, 0, 0));
        assert_eq!(sums.stages[1].went, 1);
    }

    #[test]
    fn what_comes_to_one_that_goes_counts_and_twice_is_twice() {
        let (sample, sums) = recorded(|record| {
            record.came(2, 0);
            let [before, under_way] = [0, 1].map(|sequence| sent(record, sequence));
            reach(record, &[0, 1, 2], &before, 10);
            record.goes(2, 1);
            reach(record, &[2, 0, 1], &under_way, 20);
            reach(record, &[2, 2], &before, 30);
            reach(record, &[2], &under_way, 40);
        });
        assert_eq!(landed(&sample), [(0, 12), (1, 22)]);
        assert_eq!((sums.counts.delivered, sums.lost), (6, 0));
        assert_eq!((sums.counts.duplicated, sums.counts.reordered), (3, 0));
    }

    #[test]
    fn what_one_missed_that_went_is_lost_where_it_was_due() {
        let (_, sums) = recorded(|record| {
            record.came(2, 0);
            let messages: Vec<_> = (0..5).map(|sequence| sent(record, sequence)).collect();
            for (message, number) in messages.iter().zip(0..) {
                let all = [0, 1, 2];
                let to = if number == 3 { &all[..2] } else { &all };
                reach(record, to, message, 10);
            }
            record.goes(2, 1);
            record.gone(2);
        });
        assert_eq!((sums.counts.delivered, sums.lost), (14, 1));
        let missing: Vec<u64> = sums.stages.iter().map(|stage| stage.missing).collect();
        assert_eq!(missing, [0, 1, 0]);
    }

    #[test]
    fn who_was_disconnected_misses_what_is_sent_until_it_was_to_go() {
        let (sample, sums) = recorded(|record| {
            record.came(2, 0);
            let first = sent(record, 0);
            reach(record, &[0, 1, 2], &first, 10);
            record.disconnected(2, End::Broken, 5);
            let second = sent(record, 1);
            reach(record, &[0, 1], &second, 20);
            record.gone(2);
            let third = sent(record, 2);
            reach(record, &[0, 1], &third, 30);
            // And comes again, as another.
            record.came(2, 0);
            let fourth = sent(record, 3);
            reach(record, &[0, 1, 2], &fourth, 40);
            record.goes(2, 1);
        });
        assert_eq!(landed(&sample), [(0, 12), (1, 21), (2, 31), (3, 42)]);
        assert_eq!((sums.counts.delivered, sums.lost, sums.missed), (10, 0, 1));
        assert_eq!((sums.stages[0].missing, sums.stages[0].missed), (0, 1));
    }
}
