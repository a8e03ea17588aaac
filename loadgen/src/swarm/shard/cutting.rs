//! Clients that are cut off, and come back.

use std::ops::Range;

use mio::Token;

use crate::{
    plan::{nanoseconds, protocol::Protocol, roles::Role},
    record::end::End,
    swarm::{client::Client, cuts::Cuts, dial::DialError, shard::Shard},
};

impl Shard<'_> {
    /// Cuts off from now on whom the plan says, within a span of time in nanoseconds since the origin.
    pub(super) fn begin_to_cut(&mut self, span_ns: Range<u64>) {
        self.cuts = self.plan.cut.map(|cut| {
            let clients = 0..self.clients.len();
            let members = clients.filter(|&client| self.record.role(client) == Role::Member);
            let (least, most) = (self.plan.away.start(), self.plan.away.end());
            Cuts::new(
                members.collect(),
                self.plan.cut_of(self.thread),
                span_ns,
                nanoseconds(cut.period),
                nanoseconds(*least)..=nanoseconds(*most),
            )
        });
    }

    /// Cuts off whose turn it is, and has those connect again whose time away is over; when the next one is due.
    pub(super) fn cut_due(&mut self, now_ns: u64) -> u64 {
        let Some(mut cuts) = self.cuts.take() else {
            return u64::MAX;
        };
        for (index, back_ns) in cuts.due(now_ns) {
            if self.clients[index].is_open() {
                self.record.cut_off(index);
                self.clients[index].cut();
                if let Some(publisher) = self.publishers.get_mut(index) {
                    publisher.cut();
                }
                cuts.leaving(index, back_ns);
            }
        }
        while let Some(index) = cuts.back(now_ns) {
            self.record.comes_back(index, now_ns);
            match self.dialed(index, now_ns) {
                Ok(client) => {
                    self.clients[index] = client;
                    self.dialing += 1;
                }
                // It counts as one that has not come back.
                Err(_) => self.clients[index].abandon(),
            }
        }
        let next_ns = cuts.next_ns();
        self.cuts = Some(cuts);
        next_ns
    }

    /// A client of that number that begins to connect.
    pub(super) fn dialed(&mut self, index: usize, begun_ns: u64) -> Result<Client, DialError> {
        let number = self.thread + index * self.plan.threads;
        let channel = (self.plan.channels > 1).then(|| self.record.channel(index));
        let query = self.plan.protocol.query(number, channel);
        Client::dial(
            &self.targets[self.record.node(index)],
            query.as_deref(),
            self.source(number),
            self.poll.registry(),
            Token(index),
            begun_ns,
        )
    }

    /// Goes on where a client was cut off that is connected again.
    pub(super) fn resume(&mut self, index: usize, now_ns: u64) -> Result<(), End> {
        let channel = self.record.channel(index);
        if let Some((epoch, seq)) = self.record.since(index) {
            let entry = Protocol::reentry(channel, epoch, seq);
            self.clients[index].ask(entry)?;
        }
        if let Some(publisher) = self.publishers.get_mut(index) {
            publisher.back(now_ns);
            self.publish(index);
        }
        Ok(())
    }
}
