//! Pings of the clients, and who got an answer. A server must send one, though of several pings it may answer only the last
//! (RFC 6455, sections 5.5.2 and 5.5.3): whoever gets none at all was ignored.

use crate::record::Record;

/// The pings of one thread's clients.
#[derive(Debug, Default)]
pub(super) struct Pings {
    /// Those of each client, as far as the last that pinged.
    clients: Vec<Own>,
}

/// The pings of one client.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    unanswered: u32,
    is_answered: bool,
}

/// What came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pings that were sent.
    pub sent: u64,
    /// Pings that were answered.
    pub answered: u64,
    /// Clients that were there to the end, and got no answer to any of theirs.
    pub ignored: u64,
}

impl Counts {
    /// Adds those of another thread.
    pub fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.ignored += other.ignored;
    }
}

impl Own {
    fn is_ignored(self) -> bool {
        self.unanswered > 0 && !self.is_answered
    }
}

impl Record<'_> {
    /// Notes that a client pinged the server.
    pub fn pinged(&mut self, client: usize) {
        let clients = &mut self.pings.clients;
        if clients.len() <= client {
            clients.resize(client + 1, Own::default());
        }
        clients[client].unanswered += 1;
        self.sums.own_pings.sent += 1;
    }

    /// Notes a pong to a client; one that it did not ask for answers nothing.
    pub fn pong_received(&mut self, client: usize) {
        let own = self.pings.clients.get_mut(client);
        if let Some(own) = own.filter(|own| own.unanswered > 0) {
            own.unanswered -= 1;
            own.is_answered = true;
            self.sums.own_pings.answered += 1;
        }
    }

    /// Whether a client pinged the server and has not got any answer yet.
    pub fn awaits_pong(&self, client: usize) -> bool {
        let own = self.pings.clients.get(client);
        own.is_some_and(|own| own.is_ignored())
    }

    /// Ends the wait for answers: who is there, as `is_open` says, and has none by now is ignored.
    pub fn end_pings(&mut self, is_open: impl Fn(usize) -> bool) {
        let clients = self.pings.clients.iter().enumerate();
        let ignored = clients.filter(|(client, own)| own.is_ignored() && is_open(*client));
        self.sums.own_pings.ignored = ignored.count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::Args, plan::Plan, record::ledger::Ledger};

    #[test]
    fn who_stays_and_gets_no_answer_at_all_is_ignored() {
        let plan = Plan::new(&Args::read(["loadgen", "idle"]).unwrap()).unwrap();
        let ledger = Ledger::new(&plan, None);
        let mut record = Record::new(&ledger, &plan, 0);
        record.pong_received(0);
        for client in [0, 1, 3] {
            record.pinged(client);
        }
        record.pong_received(1);
        record.pong_received(1);
        record.pinged(1);
        let waiting: Vec<usize> = (0..5)
            .filter(|&client| record.awaits_pong(client))
            .collect();
        assert_eq!(waiting, [0, 3]);
        record.end_pings(|client| client != 3);
        let counts = Counts {
            sent: 4,
            answered: 1,
            ignored: 1,
        };
        assert_eq!(record.sums.own_pings, counts);
    }
}
