//! What clients still have to get, and what is lost of it in the end.

use crate::{
    plan::roles::Role,
    record::{Record, echoes::Echoes, fairness::Fairness, sums::Sums},
};

impl Record<'_> {
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

    /// Whether a client has all that was sent so far, if it should have it.
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
        self.publishers_to(client).all(|publisher| {
            let place = self.publishers[publisher].place;
            let owed_from = integrity.next(row, place);
            owed_from.is_none_or(|owed_from| owed_from >= self.ledger.sent_by(publisher))
                && integrity.missing(row, place).is_empty()
        })
    }

    /// How many a client has not got of what was sent.
    fn missing(&self, client: usize) -> u64 {
        let missing = self.publishers_to(client).map(|publisher| {
            let place = self.publishers[publisher].place;
            let next = self.integrity.next(client, place).unwrap_or(0);
            let skipped = self.integrity.missing(client, place).iter();
            let skipped = skipped.map(|range| u64::from(range.end - range.start));
            u64::from(self.ledger.sent_by(publisher).saturating_sub(next)) + skipped.sum::<u64>()
        });
        missing.sum()
    }

    /// Counts what a client must get next and will not: as lost, if it was there.
    pub(super) fn count_owed(&mut self, client: usize, was_there: bool) {
        let role = self.role(client);
        for publisher in self.publishers_to(client) {
            let place = self.publishers[publisher].place;
            let sent = self.ledger.sent_by(publisher);
            let (integrity, row) = self.table(client);
            let owed_from = integrity.next(row, place);
            let owed = u64::from(owed_from.map_or(0, |from| sent.saturating_sub(from)));
            match role {
                Role::Newcomer if was_there => self.sums.storm.counts.skipped += owed,
                _ if was_there => self.sums.lost += owed,
                _ => self.sums.missed += owed,
            }
        }
    }

    /// Counts what a client has not got and will not, in the stages in which it was due, if there are any.
    pub(super) fn count_by_stage(&mut self, client: usize, was_there: bool) {
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
            if let Some(next) = self.integrity.next(client, place) {
                stages.lacks(publisher, next..sent.max(next), was_there);
            }
        }
    }

    /// Ends the record, once nothing more is waited for: what has not come is lost, if `is_open` says that its
    /// receiver was still there. Returns what adds up over all threads, and each client's share.
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
            self.count_by_stage(client, is_open(client));
            if client < self.tracks.len() {
                let missing = self.missing(client);
                let lost = self.lost_to(client, missing);
                if is_open(client) {
                    self.sums.lost += lost;
                } else {
                    self.sums.missed += lost;
                }
                continue;
            }
            self.count_owed(client, is_open(client));
        }
        for publisher in self.plan.publishers_of(self.thread) {
            let client = publisher / self.plan.threads;
            match &mut self.echoes {
                Some(echoes) => {
                    echoes.end(client, self.ledger.sent_by(publisher), is_open(client));
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
