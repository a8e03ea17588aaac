//! The end of a run: what is still under way may arrive, and what cannot be sent any more is given up. What the user does not
//! wait for is neither.

use std::time::Duration;

use crate::{
    plan::{nanoseconds, roles::Role},
    swarm::shard::{Shard, ShardError},
};

/// How long duplicates are waited for after the last message was delivered.
const QUIET: Duration = Duration::from_millis(100);
/// How long slow clients read at the end, to learn how the server ended them.
const CATCH_UP: Duration = Duration::from_millis(500);
/// How often it is looked whether other threads are done.
const SETTLE_TICK: Duration = Duration::from_millis(10);

impl Shard<'_> {
    /// Waits until everything is delivered and every pinging client heard a pong, or the time for that is over, and then a moment for duplicates;
    /// whether it did, or the user wanted nobody to wait for the rest.
    pub(super) fn settle(&mut self) -> Result<bool, ShardError> {
        // The answers to those that were sent are waited for, and the wait is to have an end.
        self.pings = None;
        let mut until_ns = self.common.clock.now_ns() + nanoseconds(self.plan.settle);
        let (mut sent, mut settled, mut quiet) = (false, false, false);
        // Clients that have everything, from the first on.
        let mut complete = 0;
        let was_awaited = loop {
            let now_ns = self.common.clock.now_ns();
            let next_ns = self.do_due(now_ns);
            if !sent && self.all_sent(now_ns) {
                sent = true;
                self.common.note_all_sent();
            }
            if !settled && self.common.all_sent() {
                while self.is_complete(complete) {
                    complete += 1;
                }
                let storming = self.storm_ns != u64::MAX;
                if complete == self.clients.len() && !storming {
                    settled = true;
                    self.common.note_settled();
                }
            }
            if !quiet && self.common.all_settled() {
                quiet = true;
                until_ns = until_ns.min(now_ns + nanoseconds(QUIET));
            }
            if now_ns >= until_ns {
                break true;
            }
            if self.common.is_over() {
                break settled;
            }
            let tick_ns = now_ns + nanoseconds(SETTLE_TICK);
            let wake_ns = until_ns.min(next_ns).min(tick_ns);
            self.timer.arm(&self.common.clock, wake_ns)?;
            self.turn()?;
        };
        if !sent {
            self.common.note_all_sent();
        }
        if !settled {
            self.common.note_settled();
        }
        // Who is not waited for cannot be late.
        if was_awaited {
            self.record
                .end_pings(|client| self.clients[client].is_open());
        } else {
            self.record.stop_waiting();
        }
        Ok(was_awaited)
    }

    fn all_sent(&self, now_ns: u64) -> bool {
        let mut pairs = self.publishers.iter().zip(&self.clients);
        pairs.all(|(publisher, client)| publisher.is_done(client, &self.pace, now_ns))
    }

    fn is_complete(&self, client: usize) -> bool {
        let Some(state) = self.clients.get(client) else {
            return false;
        };
        let is_gone = !state.is_open() && !state.is_away() && state.dialing().is_none();
        let has_all = self.record.is_complete(client) && !self.record.awaits_pong(client);
        is_gone || (state.is_open() && has_all && !state.awaits())
    }

    /// Has slow clients read what is left for them, to learn whether the server closed them.
    pub(super) fn let_slow_catch_up(&mut self) -> Result<(), ShardError> {
        self.deaf = false;
        if self.plan.slow == 0 {
            return Ok(());
        }
        for client in 0..self.clients.len() {
            if self.record.role(client) == Role::Slow {
                self.receive(client, true);
            }
        }
        let until_ns = self.common.clock.now_ns() + nanoseconds(CATCH_UP);
        while self.common.clock.now_ns() < until_ns && !self.common.is_over() {
            self.timer.arm(&self.common.clock, until_ns)?;
            self.turn()?;
        }
        Ok(())
    }

    /// Ends what is not over: sends that were blocked, newcomers that are not in. The last sample leaves. Only what was awaited
    /// has failed to come.
    pub(super) fn give_up(&mut self, was_awaited: bool) {
        let now_ns = self.common.clock.now_ns();
        for (publisher, client) in self.publishers.iter_mut().zip(&self.clients) {
            if client.is_open() {
                publisher.give_up(&self.pace, now_ns, &mut self.record);
            }
        }
        for (index, client) in self.clients.iter().enumerate() {
            let unended = client.unended().at_end(now_ns);
            if let Some(bytes) = unended.filter(|_| was_awaited && client.is_open()) {
                self.record.left_unended(index, bytes, now_ns);
            }
        }
        self.close_door();
        let planned = 0..self.plan.clients_of(self.thread).len();
        let interrupted = self.common.is_ending();
        for index in planned {
            let came = match self.clients.get(index) {
                Some(client) => client.dialing().is_none() || !was_awaited,
                // Who was never asked to come has not failed to.
                None => interrupted || self.record.role(index) != Role::Newcomer,
            };
            // Who does not come back is counted as that.
            if !came && !self.record.is_returning(index) {
                self.record.failed_to_connect(index);
            }
        }
        self.sampling.next_ns = 0;
        self.sample(now_ns);
        self.sampling.samples = None;
    }
}
