//! Who is there: clients come, leave, come back and are disconnected, and what they are owed follows from that.

use std::fmt::Display;

use crate::{
    plan::roles::Role,
    record::{
        Record,
        end::{End, Stays},
        integrity::Integrity,
    },
};

impl Record<'_> {
    /// Notes that one more client is in, `took_ns` after it began to connect.
    pub fn connected(&mut self, client: usize, took_ns: u64) {
        match self.role(client) {
            Role::Newcomer => self.sums.storm.connect.record(took_ns),
            _ => self.sums.connect.record(took_ns),
        }
    }

    /// Notes that one who came halfway is in its channel, `took_ns` after it began to connect.
    pub fn joined(&mut self, took_ns: u64) {
        self.sums.storm.join.record(took_ns);
    }

    /// Notes that a client did not come in.
    pub fn failed_to_connect(&mut self, client: usize) {
        match self.role(client) {
            Role::Newcomer => self.sums.storm.failed += 1,
            _ => self.sums.connect_failed += 1,
        }
    }

    /// Notes that a client was not let in, and why.
    pub fn refused(&mut self, client: usize, why: &impl Display, now_ns: u64) {
        self.sums.heard.refused(why, now_ns);
        self.failed_to_connect(client);
    }

    /// Notes that a client was disconnected without having asked for it, `stayed_ns` after it came in.
    pub fn disconnected(&mut self, client: usize, end: End, stayed_ns: u64) {
        if self.role(client) != Role::Slow {
            let stays = Stays::of(stayed_ns);
            self.sums.stays = Some(self.sums.stays.map_or(stays, |others| others.and(stays)));
        }
        self.ended(client, end);
        self.left(client);
    }

    /// Notes what the server did that a client's connection cannot go on after.
    pub fn faulted(&mut self, fault: &impl Display, now_ns: u64) {
        self.sums.heard.fault(fault, now_ns);
    }

    /// Notes that a client has got so much of a message that nobody waits for any more.
    pub fn left_unended(&mut self, client: usize, bytes: usize, now_ns: u64) {
        // Who is to be slow has stopped reading, wherever that was.
        if self.role(client) != Role::Slow {
            self.sums.unended += 1;
            self.sums.heard.unended(bytes, now_ns);
        }
    }

    /// Notes how a client was disconnected, which may be there again.
    pub(super) fn ended(&mut self, client: usize, end: End) {
        let ends = match self.role(client) {
            Role::Slow => &mut self.sums.slow_disconnects,
            _ => &mut self.sums.disconnects,
        };
        *ends.entry(end).or_default() += 1;
    }

    /// Notes that a client gets no more: nobody waits for it any longer. If it comes back, it counts anew from when it is in.
    pub fn left(&mut self, client: usize) {
        if !self.role(client).stays() {
            return;
        }
        for publisher in self.publishers_to(client) {
            let source = &mut self.publishers[publisher];
            if let Some(next) = self.integrity.next(client, source.place) {
                let missing = self.integrity.missing(client, source.place);
                source.flights.left(next, missing);
            }
        }
        if self.role(client) == Role::Rover {
            self.integrity.begin_anew(client);
            self.order.begin_anew(client);
        }
    }

    /// Notes that a client that had left is in again, `took_ns` after it asked to leave.
    pub fn rejoined(&mut self, client: usize, took_ns: u64) {
        // An answer may overtake what was queued with it: whatever came since belongs to the time before.
        self.left(client);
        self.sums.rejoin.record(took_ns);
    }

    /// Notes that a client that came late is in: it must get all that is sent from now on.
    pub fn entered(&mut self, client: usize) {
        let stays = self.role(client).stays();
        for publisher in self.publishers_to(client) {
            let place = self.publishers[publisher].place;
            let sent = self.ledger.sent_by(publisher);
            let (integrity, row) = self.table(client);
            integrity.expect_from(row, place, sent);
            if stays {
                self.publishers[publisher].flights.joined(sent);
            }
        }
    }

    /// Where a client's deliveries are checked, and its row there.
    pub(super) fn table(&mut self, client: usize) -> (&mut Integrity, usize) {
        match self.role(client) {
            Role::Newcomer => {
                let row = self.newcomer(client);
                (&mut self.storm_integrity, row)
            }
            _ => (&mut self.integrity, client),
        }
    }

    /// Which of the newcomers a client is.
    pub(super) fn newcomer(&self, client: usize) -> usize {
        client - self.plan.regular_clients_of(self.thread)
    }

    /// The publishers whose messages a client should get.
    pub(super) fn publishers_to(&self, client: usize) -> impl Iterator<Item = usize> + use<> {
        let own = self.number(client);
        let is_receiver = self.plan.is_own_receiver();
        (self.channel(client)..self.plan.publishers)
            .step_by(self.plan.channels)
            .filter(move |publisher| is_receiver || *publisher != own)
    }
}
