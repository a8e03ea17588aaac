//! What clients still have to get, and what is lost of it in the end: nothing that nobody waited for, unless it was overtaken,
//! which is against its publisher's order whether it comes or not.

use std::ops::Range;

use crate::{
    plan::roles::Role,
    record::{Record, echoes::Echoes, fairness::Fairness, fate::Fate, sums::Sums},
};

impl Record<'_> {
    /// Notes that nobody waits any more for what is under way: what becomes of it is not known.
    pub fn stop_waiting(&mut self) {
        self.sums.unawaited = true;
    }

    /// How many of its own messages a publisher got back.
    pub fn returned(&self, publisher: usize) -> u32 {
        let client = publisher / self.plan.threads;
        if let Some(echoes) = &self.echoes {
            return echoes.returned(client, self.ledger.sent_by(publisher));
        }
        let place = self.publishers[publisher].place;
        self.integrity.next(client, place).unwrap_or(0)
    }

    /// How many of its own messages a publisher does not wait for: it got them back, or they may have got lost.
    pub fn settled(&self, publisher: usize) -> u32 {
        let track = self.tracks.get(publisher / self.plan.threads);
        let written_off = track.map_or(0, |track| track.written_off);
        self.returned(publisher).max(written_off)
    }

    /// Whether a client has all that was sent so far, if it should have it: up to the last of each publisher, and before that
    /// all but as many as it was told that it will not get, or as may have reached nobody.
    pub fn is_complete(&self, client: usize) -> bool {
        let (integrity, row) = match self.role(client) {
            Role::Slow => return true,
            Role::Newcomer => (&self.storm_integrity, self.newcomer(client)),
            Role::Member | Role::Rover => (&self.integrity, client),
        };
        let own = self.number(client);
        let awaits = self.echoes.is_some() && own < self.plan.publishers;
        if awaits && self.returned(own) < self.ledger.sent_by(own) {
            return false;
        }
        let mut skipped = 0;
        let has_last = self.publishers_to(client).all(|publisher| {
            let place = self.publishers[publisher].place;
            let owed_from = integrity.next(row, place);
            skipped += count(integrity.missing(row, place));
            owed_from.is_none_or(|owed_from| owed_from >= self.ledger.sent_by(publisher))
        });
        let declared = self.tracks.get(client).map_or(0, |track| track.declared);
        let in_doubt = || {
            self.ledger
                .nobodys(self.channel(client), self.plan.channels)
        };
        has_last && (skipped <= declared || skipped - declared <= in_doubt())
    }

    /// What becomes of what a client has not got, that was there at the end or not.
    fn fate(&self, client: usize, is_open: bool) -> Fate {
        match self.sums.unawaited {
            true if is_open || self.is_returning(client) => Fate::Unknown,
            _ if is_open => Fate::Lost,
            _ => Fate::Missed,
        }
    }

    /// How many a client has not got of what was sent, without those of which nothing is known.
    fn missing(&self, client: usize, fate: Fate) -> u64 {
        let missing = self.publishers_to(client).map(|publisher| {
            let place = self.publishers[publisher].place;
            let next = self.integrity.next(client, place).unwrap_or(0);
            let skipped = count(self.integrity.missing(client, place));
            let after = match fate {
                Fate::Unknown => 0,
                _ => self.ledger.sent_by(publisher).saturating_sub(next),
            };
            u64::from(after) + skipped
        });
        missing.sum()
    }

    /// Counts what a client must get next and will not.
    pub(super) fn count_owed(&mut self, client: usize, fate: Fate) {
        let role = self.role(client);
        for publisher in self.publishers_to(client) {
            let place = self.publishers[publisher].place;
            let sent = self.ledger.sent_by(publisher);
            let (integrity, row) = self.table(client);
            let owed_from = integrity.next(row, place);
            let owed = u64::from(owed_from.map_or(0, |from| sent.saturating_sub(from)));
            match fate {
                Fate::Lost if role == Role::Newcomer => self.sums.storm.counts.skipped += owed,
                Fate::Lost => self.sums.lost += owed,
                Fate::Missed => self.sums.missed += owed,
                Fate::Unknown => {}
            }
        }
    }

    /// Counts what a client has not got and will not, in the stages in which it was due, if there are any.
    pub(super) fn count_by_stage(&mut self, client: usize, fate: Fate) {
        let publishers = self.publishers_to(client);
        let Some(stages) = &mut self.stages else {
            return;
        };
        for publisher in publishers {
            let place = self.publishers[publisher].place;
            for skipped in self.integrity.missing(client, place) {
                stages.lacks(publisher, skipped.clone(), true);
            }
            let sent = self.ledger.sent_by(publisher);
            let next = self.integrity.next(client, place);
            if let Some(next) = next.filter(|_| fate != Fate::Unknown) {
                stages.lacks(publisher, next..sent.max(next), fate == Fate::Lost);
            }
        }
    }

    /// Ends the record, once nothing more is waited for: what has not come is lost, if it was waited for and `is_open` says
    /// that its receiver was still there. Returns what adds up over all threads, and each client's share.
    pub fn close(mut self, is_open: impl Fn(usize) -> bool) -> (Sums, Fairness) {
        self.sums.counts = self.integrity.counts();
        if self.tracks.is_empty() {
            self.sums.lost += self.sums.counts.skipped;
        }
        self.order.end();
        self.sums.disordered = self.order.disordered();
        self.sums.storm.counts = self.storm_integrity.counts();
        for client in 0..self.clients.len() {
            let role = self.role(client);
            if role == Role::Slow {
                continue;
            }
            let fate = self.fate(client, is_open(client));
            self.count_by_stage(client, fate);
            if client < self.tracks.len() {
                let missing = self.missing(client, fate);
                let lost = self.lost_to(client, missing, fate);
                match fate {
                    Fate::Missed => self.sums.missed += lost,
                    Fate::Lost | Fate::Unknown => self.sums.lost += lost,
                }
                continue;
            }
            self.count_owed(client, fate);
        }
        for publisher in self.plan.publishers_of(self.thread) {
            let client = publisher / self.plan.threads;
            let fate = self.fate(client, is_open(client));
            match &mut self.echoes {
                Some(echoes) => {
                    // Acknowledgements may overtake each other.
                    echoes.end(client, self.ledger.sent_by(publisher), fate == Fate::Lost);
                }
                None => self.sums.to_sender += u64::from(self.returned(publisher)),
            }
        }
        self.sums.echoes = self.echoes.as_ref().map(Echoes::counts).unwrap_or_default();
        if self.thread == 0 {
            self.sums.recovery.unknown = self.ledger.unknown();
        }
        if let Some(lines) = &mut self.lines {
            lines.finish();
        }
        self.sums.stages = self
            .stages
            .map_or_else(Vec::new, |stages| stages.into_parts());
        (self.sums, self.fairness)
    }
}

/// How many messages are in these ranges.
fn count(ranges: &[Range<u32>]) -> u64 {
    let each = ranges.iter();
    each.map(|range| u64::from(range.end - range.start)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::Args, plan::Plan, record::ledger::Ledger};

    /// Whether one is waited for no longer who got these of four messages, with this line before the last of them.
    fn is_complete(numbers: &[u32], line: &str) -> bool {
        is_complete_where(&[], numbers, line)
    }

    /// The same where these may have reached nobody.
    fn is_complete_where(in_doubt: &[u32], numbers: &[u32], line: &str) -> bool {
        let words = "loadgen --clients 2 --publishers 1 --protocol chat --skips";
        let plan = Plan::new(&Args::read(words.split(' ')).unwrap()).unwrap();
        let ledger = Ledger::new(&plan, None);
        let mut record = Record::new(&ledger, &plan, 0);
        record.followed(1, br#"{"action":"joined","seq":0,"epoch":1}"#, 0);
        let sent = [0, 1, 2, 3].map(|number| record.sent(0, number, 0, 0, 0));
        for &number in in_doubt {
            ledger.doubt(0, number..number + 1);
        }
        for &number in numbers {
            if numbers.last() == Some(&number) {
                record.followed(1, line.as_bytes(), 1);
            }
            record.received(1, &sent[number as usize], 1);
        }
        record.settle();
        record.is_complete(1)
    }

    #[test]
    fn what_a_gap_declares_is_not_waited_for() {
        let gap = |from, to| format!(r#"{{"action":"gap","from":{from},"to":{to}}}"#);
        assert!(is_complete(&[0, 1, 2, 3], ""));
        assert!(!is_complete(&[0, 3], ""));
        assert!(is_complete(&[0, 3], &gap(2, 3)));
        // One of them was not declared, and may be on its way.
        assert!(!is_complete(&[0, 3], &gap(2, 2)));
        // What is behind all that came may be on its way, too, whatever was declared before it.
        assert!(!is_complete(&[0, 2], &gap(2, 2)));
        assert!(!is_complete(&[0], r#"{"action":"epoch","epoch":2}"#));
        assert!(is_complete(&[0, 3], r#"{"action":"epoch","epoch":2}"#));
    }

    #[test]
    fn what_may_have_reached_nobody_is_not_waited_for() {
        let gap = r#"{"action":"gap","from":2,"to":2}"#;
        assert!(is_complete_where(&[1, 2], &[0, 3], ""));
        assert!(is_complete_where(&[2], &[0, 3], gap));
        assert!(!is_complete_where(&[2], &[0, 3], ""));
        assert!(!is_complete_where(&[3], &[0, 1, 2], ""));
    }
}
