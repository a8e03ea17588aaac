//! Clients that come in: as many at once as a server's backlog takes, or at a rate.

use std::{net::Ipv4Addr, time::Duration};

use hubbub::system::opening::Opened;
use mio::Token;

use crate::{
    plan::{nanoseconds, roles::Role, target::Wish},
    swarm::{
        client::Client,
        dial::{Dial, DialError},
        shard::{Shard, ShardError, Window},
    },
};

/// Handshakes under way at once, on all threads: the smallest listen backlog that is common. Beyond it the kernel drops
/// what it cannot queue, and the next attempt comes a second later.
const DIALS_MAX: usize = 128;
/// Clients that begin to connect in one turn while messages are exchanged: all at once would keep the schedule waiting.
pub(super) const DIALS_PER_TURN: usize = 4;

impl Shard<'_> {
    /// Connects all clients but the newcomers; from a moment on, or where there is one from the user's signal on, only those that
    /// are in by then, if there are any. Then sees for some time, but not beyond that moment, whether they stay.
    ///
    /// # Errors
    /// When one of them does not come in and may not fail, or the user gives up.
    pub fn connect(mut self, until_ns: u64, stay: Duration) -> Result<(Self, Window), ShardError> {
        self.seed();
        let wanted = self.plan.first_clients_of(self.thread);
        let begin = self.mark(None);
        let begun_ns = begin.at_ns;
        self.begin_beats(begun_ns);
        let (mut now_ns, mut progress_ns) = (begun_ns, begun_ns);
        let is_bounded = until_ns != u64::MAX;
        loop {
            self.judge_turned_away()?;
            let inside = self.clients.len() - self.dialing - self.entering;
            let is_time = now_ns >= until_ns || (is_bounded && self.common.is_ending());
            if inside == wanted || (is_time && self.common.connected() > 0) {
                let end = self.mark(None);
                self.stay(until_ns.min(now_ns + nanoseconds(stay)))?;
                return Ok((self, Window { begin, end }));
            }
            if self.dialing + self.entering == 0 {
                progress_ns = now_ns;
            }
            let due_ns = self.dial_more(begun_ns, wanted)?;
            let due_ns = due_ns.min(self.beat_due(now_ns));
            let wake_ns = if is_time {
                due_ns
            } else {
                due_ns.min(until_ns)
            };
            if wake_ns != u64::MAX {
                self.timer.arm(&self.common.clock, wake_ns)?;
            }
            self.turn()?;
            if let Some(index) = self.refused {
                let said = self.record.heard().error;
                return Err(self.dial_error(index, DialError::Entry(said.unwrap_or_default())));
            }
            self.check_set_up()?;
            now_ns = self.common.clock.now_ns();
            if self.clients.len() - self.dialing - self.entering > inside {
                progress_ns = now_ns;
            }
            let is_worthwhile = is_bounded && self.common.connected() > 0;
            if self.common.is_ending() && !is_worthwhile {
                return Err(ShardError::Interrupted);
            }
            let waiting = self.dialing + self.entering > 0;
            if now_ns - progress_ns > nanoseconds(self.plan.entry_timeout) && waiting {
                if !self.turned_away.is_empty() {
                    let (index, source) = self.turned_away.swap_remove(0);
                    return Err(self.dial_error(index, source));
                }
                let mut clients = self.clients.iter().enumerate();
                if let Some((index, refused)) =
                    clients.find_map(|(index, client)| Some((index, client.dialing()?.refused()?)))
                {
                    return Err(self.dial_error(index, refused));
                }
                let waits = |client: &Client| client.dialing().is_some() || client.awaits();
                let waiting = self.clients.iter().position(waits).unwrap_or(0);
                if let Some(silent) = self.silent(waiting) {
                    return Err(silent);
                }
                return Err(ShardError::Stalled {
                    url: self.url(waiting),
                    inside: self.common.connected() - self.entering,
                    wanted: self.plan.clients,
                    patience: self.plan.entry_timeout,
                    client: self.record.number(waiting),
                    awaited: match self.clients.get(waiting).and_then(Client::dialing) {
                        Some(dial) => dial.awaited(),
                        None => "an answer to its entry",
                    },
                    heard: self.record.heard().foreign,
                });
            }
        }
    }

    /// Hears what the server says to those who are in, until a moment or until nobody is.
    fn stay(&mut self, until_ns: u64) -> Result<(), ShardError> {
        while self.common.clock.now_ns() < until_ns
            && !self.common.is_ending()
            && self.clients.iter().any(Client::is_open)
        {
            self.timer.arm(&self.common.clock, until_ns)?;
            self.turn()?;
        }
        Ok(())
    }

    /// Begins as many connections as may be under way; when the next one is due, if it is not yet.
    fn dial_more(&mut self, begun_ns: u64, wanted: usize) -> Result<u64, ShardError> {
        // Whether anyone is let in is known by those who are under way already.
        if !self.turned_away.is_empty() {
            return Ok(u64::MAX);
        }
        let most = DIALS_MAX.div_ceil(self.plan.threads);
        while self.clients.len() < wanted && self.dialing < most {
            let mut turn_ns = self.common.clock.now_ns();
            if let Some(rate) = self.plan.connect_rate {
                let before = self.thread + self.clients.len() * self.plan.threads;
                let intended_ns = begun_ns.saturating_add(rate.due_ns(before as u64));
                if turn_ns < intended_ns {
                    return Ok(intended_ns);
                }
                turn_ns = intended_ns;
            }
            self.dial(turn_ns)
                .map_err(|source| self.dial_error(self.clients.len(), source))?;
        }
        Ok(u64::MAX)
    }

    /// Begins a connection that should begin at `begun_ns`.
    pub(super) fn dial(&mut self, begun_ns: u64) -> Result<(), DialError> {
        let index = self.clients.len();
        let client = self.dialed(index, begun_ns)?;
        self.clients.push(client);
        self.dialing += 1;
        Ok(())
    }

    /// A client of that number that begins to connect.
    pub(super) fn dialed(&mut self, index: usize, begun_ns: u64) -> Result<Client, DialError> {
        let number = self.record.number(index);
        let channel = (self.plan.channels > 1).then(|| self.record.channel(index));
        let query = self.plan.protocol.query(number, channel);
        Client::dial(
            &self.targets[self.record.node(index)],
            Wish {
                query: query.as_deref(),
                inflates: self.plan.inflates(number),
                own: self.record.own(index),
            },
            self.source(number),
            self.poll.registry(),
            Token(index),
            begun_ns,
        )
    }

    /// The address that a client connects from, if that is ours to choose.
    fn source(&self, number: usize) -> Option<Ipv4Addr> {
        let count = usize::from(self.plan.source_ips?);
        let last = u8::try_from(number % count + 1).expect("there are fewer addresses");
        Some(Ipv4Addr::new(127, 0, 0, last))
    }

    /// Goes on with a client's handshake, and with what came behind it.
    pub(super) fn advance(&mut self, index: usize) -> Result<(), ShardError> {
        let client = &mut self.clients[index];
        let begun_ns = client.dialing().map_or(0, Dial::begun_ns);
        let Opened { behind, context } = match client.advance() {
            Ok(Some(opened)) => opened,
            Ok(None) => return Ok(()),
            Err(_) if self.record.is_returning(index) => {
                self.dialing -= 1;
                self.not_let_in(index, self.common.clock.now_ns());
                return Ok(());
            }
            Err(source) if self.crowd.coming(index).is_some() => {
                self.kept_out(index, source.to_string());
                return Ok(());
            }
            Err(source) if self.may_fail(index) => {
                let now_ns = self.common.clock.now_ns();
                self.dialing -= 1;
                self.record.refused(index, &source, now_ns);
                self.clients[index].abandon();
                return Ok(());
            }
            Err(source) if source.is_refusal() && self.common.connected() == 0 => {
                self.dialing -= 1;
                self.turned_away.push((index, source));
                self.clients[index].abandon();
                return Ok(());
            }
            Err(source) => return Err(self.dial_error(index, source)),
        };
        let now_ns = self.common.clock.now_ns();
        self.dialing -= 1;
        self.clients[index].note_open(now_ns);
        if self.plan.inflates(self.record.number(index)) {
            self.record.agreed(context);
        }
        let entered = if self.record.is_returning(index) {
            self.resume(index, now_ns)
        } else {
            self.common.note_connected();
            let took_ns = now_ns - begun_ns;
            match self.crowd.coming(index) {
                Some(stage) => self.record.connected_with(stage, took_ns),
                None => self.record.connected(index, took_ns),
            }
            self.enter(index, now_ns)
        };
        if let Err(end) = entered {
            self.lost(index, end);
        }
        self.take_in(index, &behind, now_ns);
        // The edge is spent, and the handshake need not have read all of it.
        self.receive(index, true);
        Ok(())
    }

    /// Has those be told who were turned away first, once it is known whether others come in.
    ///
    /// # Errors
    /// They may not fail, or nobody came in.
    fn judge_turned_away(&mut self) -> Result<(), ShardError> {
        let Some((first, _)) = self.turned_away.first() else {
            return Ok(());
        };
        if self.may_fail(*first) {
            let now_ns = self.common.clock.now_ns();
            for (index, source) in self.turned_away.drain(..) {
                self.record.refused(index, &source, now_ns);
            }
            return Ok(());
        }
        let is_anyone_in = self.common.connected() > self.entering;
        if !is_anyone_in && self.dialing + self.entering > 0 {
            return Ok(());
        }
        let (index, source) = self.turned_away.swap_remove(0);
        Err(self.dial_error(index, source))
    }

    /// Whether a run goes on without a client that does not come in.
    fn may_fail(&self, index: usize) -> bool {
        let others_came = self.common.connected() > 0;
        self.record.role(index) == Role::Newcomer || (self.plan.some_may_fail && others_came)
    }

    /// What a client that a script has not brought in waits for.
    fn silent(&self, index: usize) -> Option<ShardError> {
        let script = self.plan.protocol.script()?;
        let (awaited, last) = self.clients[index].waiting(script)?;
        Some(ShardError::Silent {
            url: self.url(index),
            inside: self.common.connected() - self.entering,
            wanted: self.plan.clients,
            patience: self.plan.entry_timeout,
            client: self.record.number(index),
            awaited,
            last,
        })
    }

    /// Whether all who are in have stayed as long as there was no message.
    ///
    /// # Errors
    /// One of them was sent away.
    pub(super) fn check_set_up(&self) -> Result<(), ShardError> {
        let Some((index, end)) = self.dismissed else {
            return Ok(());
        };
        let heard = self.record.heard();
        Err(ShardError::sent_away(self.url(index), end, heard))
    }

    /// Where a client connects to.
    fn url(&self, index: usize) -> String {
        self.targets[self.record.node(index)].url_of(self.record.own(index))
    }

    fn dial_error(&self, index: usize, source: DialError) -> ShardError {
        ShardError::Dial {
            url: self.url(index),
            inside: self.common.connected() - self.entering,
            source,
        }
    }
}
