//! Clients that come and go with the stages.

use std::time::Duration;

use crate::{
    plan::{crowd::Turn, nanoseconds, protocol::Protocol, roles::Role},
    swarm::{
        client::Client,
        dial::Dial,
        shard::{CLOSE_NORMAL, Shard, connecting::DIALS_PER_TURN, entering::ENTRY_GRACE},
    },
};

/// How long a server may take to answer a goodbye.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(10);

impl Shard<'_> {
    /// Has those come and go whose turn it is, and looks after whoever is on its way in or out; when to do so again.
    pub(super) fn crowd_due(&mut self, now_ns: u64) -> u64 {
        for _ in 0..DIALS_PER_TURN {
            let Some(turn) = self.crowd.turn(now_ns) else {
                break;
            };
            let index = turn.client / self.plan.threads;
            if turn.comes {
                self.come(index, turn);
            } else {
                self.go(index, turn.stage, now_ns);
            }
        }
        while let Some(index) = self.crowd.due(now_ns) {
            self.look_after(index);
        }
        self.crowd.next_ns()
    }

    /// A client that came late has said all that it says to come in, or was told that it is in.
    pub(super) fn inside(&mut self, index: usize, now_ns: u64) {
        match self.plan.protocol {
            Protocol::Script(_) => {
                let in_ns = now_ns + nanoseconds(ENTRY_GRACE);
                self.crowd.look_after(index, in_ns);
            }
            Protocol::Relay | Protocol::Chat => self.is_in(index),
        }
    }

    /// A client that comes with a stage does not come in.
    pub(super) fn kept_out(&mut self, index: usize, why: String) {
        if let Some(stage) = self.crowd.is_done(index) {
            self.record.did_not_come(stage, why);
        }
        self.vanish(index);
    }

    /// A client is gone that was to go.
    pub(super) fn vanish(&mut self, index: usize) {
        let client = &mut self.clients[index];
        self.dialing -= usize::from(client.dialing().is_some());
        if client.is_open() {
            client.close(Some(CLOSE_NORMAL));
        }
        client.vanish();
        self.record.gone(index);
    }

    /// Ends the coming of those who are still on their way: they had their time, unless the user took it.
    pub(super) fn close_door(&mut self) {
        let interrupted = self.common.is_ending();
        for index in self.crowd.all_coming() {
            let client = &self.clients[index];
            if client.is_open() && !client.awaits() {
                self.is_in(index);
            } else if interrupted {
                self.crowd.is_done(index);
                self.vanish(index);
            } else {
                let why = self.what_is_missing(index, "when the run ended");
                self.kept_out(index, why);
            }
        }
    }

    fn come(&mut self, index: usize, turn: Turn) {
        if self.clients.get(index).is_some_and(Client::is_leaving) {
            self.vanish(index);
        }
        self.crowd.comes(index, turn.stage);
        // Those who came before it in this thread have all had their turns.
        if index == self.clients.len() {
            self.clients.push(Client::absent());
        }
        match self.dialed(index, turn.at_ns) {
            Ok(client) => {
                self.clients[index] = client;
                self.dialing += 1;
                let late_ns = turn.at_ns + nanoseconds(self.plan.entry_timeout);
                self.crowd.look_after(index, late_ns);
            }
            Err(error) => self.kept_out(index, error.to_string()),
        }
    }

    fn go(&mut self, index: usize, stage: usize, now_ns: u64) {
        let was_in = self.crowd.is_done(index).is_none();
        let client = &mut self.clients[index];
        if !client.is_open() {
            return self.vanish(index);
        }
        if was_in {
            self.record.goes(index, stage);
        }
        match self.clients[index].leave(CLOSE_NORMAL) {
            Ok(()) => {
                let late_ns = now_ns + nanoseconds(GOODBYE_TIMEOUT);
                self.crowd.look_after(index, late_ns);
            }
            Err(_) => self.vanish(index),
        }
    }

    fn look_after(&mut self, index: usize) {
        let client = &self.clients[index];
        let is_coming = self.crowd.coming(index).is_some();
        if client.is_leaving() {
            self.vanish(index);
        } else if client.is_open() && !client.awaits() {
            if is_coming || self.record.role(index) == Role::Newcomer {
                self.is_in(index);
            }
        } else if is_coming {
            let when = format!("after {:?}", self.plan.entry_timeout);
            let why = self.what_is_missing(index, &when);
            self.kept_out(index, why);
        }
    }

    fn is_in(&mut self, index: usize) {
        match self.crowd.is_done(index) {
            Some(stage) => self.record.came(index, stage),
            None => self.record.entered(index),
        }
    }

    /// What a client waits for that is not in by then.
    fn what_is_missing(&self, index: usize, when: &str) -> String {
        let client = &self.clients[index];
        let script = self.plan.protocol.script();
        if let Some((awaited, last)) = script.and_then(|script| client.waiting(script)) {
            return match last {
                Some(last) => {
                    format!("it waited for {awaited} {when}, and the last that it got is {last}")
                }
                None => format!("it waited for {awaited} {when}, and got nothing at all"),
            };
        }
        match client.dialing().map(Dial::refused) {
            Some(Some(refused)) => refused.to_string(),
            Some(None) => format!("its handshake was not answered {when}"),
            None => format!("its entry was not answered {when}"),
        }
    }
}
