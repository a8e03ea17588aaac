//! What a thread does on its own account when it is due: publishers send, rovers leave, newcomers come.

use std::mem;

use crate::{
    plan::{Pacing, nanoseconds, protocol::Protocol},
    record::end::End,
    swarm::{
        beats::{Beat, Beats},
        pace::Pace,
        shard::{Shard, connecting::DIALS_PER_TURN},
    },
};

impl Shard<'_> {
    /// Has every publisher send what became due, each in one write; what does not go with that is due at once.
    pub(super) fn publish_due(&mut self, now_ns: u64) {
        if mem::take(&mut self.behind) {
            (0..self.publishers.len()).for_each(|index| self.publish(index));
        }
        if now_ns < self.next_due_ns {
            return;
        }
        let Pace::Open(schedule) = &self.pace else {
            return;
        };
        let schedule = schedule.clone();
        let first = self.announced;
        self.announced = schedule.due(now_ns);
        let turns = (self.announced - first).min(self.plan.publishers as u64);
        for k in first..first + turns {
            let publisher = schedule.publisher(k);
            if publisher % self.plan.threads == self.thread {
                self.publish(publisher / self.plan.threads);
            }
        }
        let ours = (self.announced..schedule.total())
            .take(self.plan.publishers)
            .find(|&k| schedule.publisher(k) % self.plan.threads == self.thread);
        self.next_due_ns = ours.map_or(u64::MAX, |k| schedule.time(k));
    }

    /// When the next message is to be sent; never, while nobody is able to.
    pub(super) fn publish_ns(&self) -> u64 {
        let mut publishers = self.publishers.iter().zip(&self.clients);
        let is_any_able = publishers.any(|(publisher, client)| publisher.is_able(client));
        if is_any_able {
            self.next_due_ns
        } else {
            u64::MAX
        }
    }

    /// Has every client ping the server, if that is wanted, and each again and again from then on.
    pub(super) fn ping_all(&mut self, now_ns: u64) {
        let Some(period) = self.plan.ping else {
            return;
        };
        let clients = self.clients.len();
        self.pings = Some(Beats::new(clients, now_ns, nanoseconds(period)));
        for index in 0..clients {
            self.ping(index);
        }
    }

    fn ping(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if !client.is_open() {
            return;
        }
        match client.ping() {
            Ok(()) => self.record.pinged(index),
            Err(end) => self.lost(index, end),
        }
    }

    /// Has clients say from now on what they say again and again, if that is wanted.
    pub(super) fn begin_beats(&mut self, now_ns: u64) {
        let script = self.plan.protocol.script();
        let clients = self.plan.clients_of(self.thread).len();
        self.every = script.and_then(|script| {
            let (_, period) = script.every.as_ref()?;
            Some(Beats::new(clients, now_ns, nanoseconds(*period)))
        });
    }

    /// Has those ping and say something again whose turn it is; when the next one's is.
    pub(super) fn beat_due(&mut self, now_ns: u64) -> u64 {
        while let Some(beat) = self.pings.as_mut().and_then(|pings| pings.due(now_ns)) {
            self.ping(beat.client);
        }
        while let Some(beat) = self.every.as_mut().and_then(|every| every.due(now_ns)) {
            self.say_again(beat);
        }
        let next_ns = [&self.pings, &self.every].map(|beats| beats.map(|beats| beats.next_ns()));
        next_ns.into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    fn say_again(&mut self, Beat { client, number }: Beat) {
        let Some(state) = self.clients.get_mut(client).filter(|state| state.is_open()) else {
            return;
        };
        let Some(script) = self.plan.protocol.script().filter(|_| !state.awaits()) else {
            return;
        };
        let said = script.again(self.record.own(client), number);
        if let Err(end) = said.map_or(Ok(()), |said| state.say(said, script.is_binary)) {
            self.lost(client, end);
        }
    }

    /// Has every publisher of a closed loop fill its window, and keep it full until a moment.
    pub(super) fn open_windows(&mut self, until_ns: u64) {
        if let Pacing::Closed { window } = self.plan.pacing {
            self.pace = Pace::Closed { window, until_ns };
            (0..self.publishers.len()).for_each(|index| self.publish(index));
        }
    }

    pub(super) fn publish(&mut self, index: usize) {
        let published = self.publishers[index].publish(
            &mut self.clients[index],
            &self.pace,
            &self.common.clock,
            &mut self.record,
        );
        self.has_published(index, published);
    }

    fn has_published(&mut self, index: usize, published: Result<bool, End>) {
        match published {
            Ok(is_behind) => self.behind |= is_behind,
            Err(end) => self.lost(index, end),
        }
    }

    /// Goes on with what a socket would not take before.
    pub(super) fn writable(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if !client.listens() {
            return;
        }
        let written = match self.publishers.get_mut(index) {
            Some(publisher) => {
                let (pace, clock) = (&self.pace, &self.common.clock);
                publisher.writable(client, pace, clock, &mut self.record, self.turn_ns)
            }
            None => client.flush().map(|_| false),
        };
        self.has_published(index, written);
    }

    /// Has those leave whose turn it is; when the next one does.
    pub(super) fn leave_due(&mut self, now_ns: u64) -> u64 {
        let Some(churn) = &mut self.churn else {
            return u64::MAX;
        };
        let mut ended = Vec::new();
        while let Some(index) = churn.turn(now_ns) {
            let client = &mut self.clients[index];
            if !client.is_open() || client.awaits() {
                continue;
            }
            churn.leaving(index, now_ns);
            let channel = self.record.channel(index);
            if let Err(end) = client.ask(Protocol::exit(channel)) {
                ended.push((index, end));
            }
        }
        let next_ns = churn.next_ns();
        for (index, end) in ended {
            self.lost(index, end);
        }
        next_ns
    }

    /// Has newcomers begin to connect once it is time; when to go on with that.
    pub(super) fn storm(&mut self, now_ns: u64) -> u64 {
        if now_ns < self.storm_ns {
            return self.storm_ns;
        }
        let planned = self.plan.clients_of(self.thread).len();
        for _ in 0..DIALS_PER_TURN.min(planned - self.clients.len()) {
            if self.dial(now_ns).is_err() {
                // The others would fare no better; who never began counts as failed in the end.
                self.storm_ns = u64::MAX;
                return u64::MAX;
            }
        }
        if self.clients.len() == planned {
            self.storm_ns = u64::MAX;
            return u64::MAX;
        }
        now_ns
    }
}
