//! Ring 2: sessions over any stream. It knows protocols and connections, and no operating system: the reactor and the
//! simulation drive the same code.

mod admission;
pub mod api;
pub mod connection;
pub mod endpoint;
mod errands;
pub mod gate;
pub mod health;
pub mod http;
pub mod node;
pub mod page;
pub mod proxy_protocol;
pub mod query;
mod reading;
pub mod redis;
pub mod refusals;
pub mod stream;
pub mod survey;
mod telling;
pub mod webhooks;
pub mod websocket;
mod weighing;
pub mod world;

use std::cell::RefCell;
use std::mem;
use std::time::Duration;

use slab::Slab;
use tracing::{debug, info};

use self::{
    admission::{Seat, Seats},
    api::ApiKeys,
    connection::Connection,
    gate::token::Keyring,
    health::Health,
    reading::{Queue, Readers},
    stream::{Readiness, Stream},
    survey::Survey,
    weighing::Ledger,
    world::{Drain, World},
};
use crate::{
    state::{
        commons::Commons,
        engine::{Engine, Local},
        metrics::{EngineGauges, Metrics, Omission, ProcessUsage},
        snapshot::SnapshotError,
        timers::Timers,
    },
    vocabulary::{
        config::{Config, RECEIVE_BYTES_MAX, TURN_BYTES_MAX},
        id::Key,
        reason::Reason,
        time::Now,
    },
};

/// All connections, and the turn that moves them: read, expire, seal, write, reap.
#[derive(Debug)]
pub struct Server<S> {
    tenants: Slab<Tenant<S>>,
    world: World,
    timers: Timers,
    /// Connections with something to read, in the order in which they get to.
    readers: Readers,
    /// Slots with something to write this turn.
    writers: Vec<u32>,
    /// Slots whose connection ended this turn.
    ended: Vec<u32>,
    /// Slots whose deadline passed this turn.
    due: Vec<u32>,
    receive_buffer: Box<[u8]>,
    seats: Seats,
    next_generation: u32,
    held: Held,
    /// Bytes that programs were shown since the last turn's share was read.
    shown: usize,
    /// What memory was when it was last added up for the metrics.
    ledger: Ledger,
    survey: Survey,
}

/// What was said since the last time that batches were sealed.
#[derive(Debug, Default)]
struct Held {
    /// Whether the last turn left it unsealed, to wait for more.
    is_waiting: bool,
    /// When the first turn of it began.
    since: Duration,
    /// Bytes that came of it.
    bytes: usize,
    /// Messages received before it.
    messages_before: u64,
}

/// A connection in a slot, and on which lists it is.
#[derive(Debug)]
struct Tenant<S> {
    connection: Connection<S>,
    generation: u32,
    /// When it came, in seconds.
    since: u32,
    seat: Seat,
    is_reader: bool,
    is_writer: bool,
    is_ended: bool,
}

impl<S: Stream> Server<S> {
    /// A server without connections, for up to `max_connections` of them. The seed decides the ids of the chat.
    pub fn new(
        config: Config,
        max_connections: usize,
        process_usage: fn() -> Option<ProcessUsage>,
        seed: u64,
    ) -> Self {
        Self::with_engine(
            config,
            max_connections,
            process_usage,
            seed,
            Box::new(Local),
        )
    }

    /// The same, with another engine than that of a server that is alone.
    pub fn with_engine(
        config: Config,
        max_connections: usize,
        process_usage: fn() -> Option<ProcessUsage>,
        seed: u64,
        engine: Box<dyn Engine>,
    ) -> Self {
        let commons = Commons::with_engine(&config, seed, engine);
        Self {
            tenants: Slab::new(),
            world: World::new(config, process_usage, commons),
            timers: Timers::default(),
            readers: Readers::default(),
            writers: Vec::new(),
            ended: Vec::new(),
            due: Vec::new(),
            receive_buffer: vec![0; RECEIVE_BYTES_MAX].into(),
            seats: Seats::new(max_connections),
            next_generation: 0,
            held: Held::default(),
            shown: 0,
            ledger: None,
            survey: Survey::default(),
        }
    }

    /// From now on everyone who wants a session needs a token that this accepts. Sessions that have begun go on.
    pub fn demand_tokens(&mut self, keyring: Keyring) {
        self.world.gate.demand_tokens(keyring);
    }

    /// From now on every program needs one of these keys, or a token. What is under way goes on.
    pub fn demand_keys(&mut self, keys: ApiKeys) {
        self.world.door.demand_keys(keys);
    }

    /// Notes how the server stands with others of its hub, as of the turns that follow.
    pub fn note_engine(&mut self, health: Health, gauges: EngineGauges) {
        self.world.health = health;
        self.world.engine = Some(gauges);
    }

    /// Learns a turn's share of what another server knows of the chat, of which this one knew nothing before. Returns whether
    /// that was all.
    ///
    /// # Errors
    /// That is not what it was handed.
    pub fn learn(&mut self, snapshot: &[u8]) -> Result<bool, SnapshotError> {
        self.world.commons.learn(snapshot)
    }

    /// Whether it has learnt some of it, and is to learn on.
    pub fn is_learning(&self) -> bool {
        self.world.commons.is_learning()
    }

    /// Forgets what it has learnt by halves.
    pub fn unlearn(&mut self) {
        self.world.commons.unlearn();
    }

    /// Notes an event of a connection; it is acted on in the next turn. One for a connection that is gone is ignored.
    pub fn signal(&mut self, key: Key, readiness: Readiness) {
        let Some(tenant) = self.tenants.get_mut(key.slot as usize) else {
            return;
        };
        if tenant.generation != key.generation {
            return;
        }
        tenant.connection.signal(readiness);
        self.enlist(key.slot);
    }

    /// One turn: it [takes in](Self::take_in), and [writes out](Self::write_out).
    pub fn turn(&mut self, now: Now, is_poll_full: bool) {
        self.take_in(now, is_poll_full);
        self.write_out();
    }

    /// The first part of a turn, after which all is known that is to be written. `is_poll_full` says that there
    /// may be more events than were signalled, as after a poll that came back full or a wait that was longer than it was to
    /// be, so that nobody's silence proves anything yet.
    pub fn take_in(&mut self, now: Now, is_poll_full: bool) {
        self.world.now = now;
        if !self.held.is_waiting {
            self.held = Held {
                is_waiting: false,
                since: now.monotonic,
                bytes: 0,
                messages_before: self.messages_received(),
            };
        }
        self.world.refusals.settle(now.monotonic);
        self.world.door.settle(now.monotonic);
        self.world.commons.begin_turn(now);
        self.run_errands();
        let left = self.read();
        self.tell_callers(left);
        self.expire(is_poll_full);
    }

    /// The second part, in which all the writing is done.
    pub fn write_out(&mut self) {
        self.report();
        self.seal();
        self.write();
        self.reap();
    }

    /// Notes when the turn ended.
    pub fn finish_turn(&mut self, end: Duration) {
        let length = end.saturating_sub(self.world.now.monotonic);
        self.world.metrics.count_turn(length);
        self.world.turns.record(length, 1, end);
        if self.held.is_waiting {
            return;
        }
        if !self.world.commons.is_shared() {
            let messages = self.messages_received() - self.held.messages_before;
            let length = end.saturating_sub(self.held.since);
            self.world.count_fanout(length, messages, end);
        }
        for (said_at, messages) in self.world.commons.take_returned() {
            let length = end.saturating_sub(said_at);
            self.world.count_fanout(length, messages, end);
        }
    }

    /// How long to wait for events: not at all while input is left over or something is to be handed out, such as the
    /// news of who just ended; else until the next deadline.
    pub fn patience(&self, now: Duration) -> Option<Duration> {
        let is_waiting = self.held.is_waiting;
        let is_asked = !self.world.errands.is_empty();
        if is_asked
            || !self.readers.are_none()
            || !(is_waiting || self.world.commons.hub.is_quiet())
        {
            return Some(Duration::ZERO);
        }
        // Once it has come, who is left is cut, and nothing more is done then.
        let end = self.ends_at();
        let end = end.filter(|&end| self.world.now.monotonic < end);
        let seal = is_waiting.then(|| self.seals_at());
        let next = self.world.commons.due();
        let untold = [self.world.refusals.due(), self.world.door.due()];
        let deadlines = [self.timers.next(), next, end, seal]
            .into_iter()
            .chain(untold);
        let next = deadlines.flatten().min();
        next.map(|next| next.saturating_sub(now))
    }

    /// Begins a graceful end: nobody new is served, and everyone is closed some time in the first half of the drain
    /// timeout, as the seed decides.
    pub fn drain(&mut self, now: Now, seed: u64) {
        self.world.now = now;
        let timeout = self.world.config.drain_timeout;
        self.world.drain = Some(Drain::new(now.monotonic, timeout, seed));
        for slot in self.slots() {
            self.rearm(slot);
        }
    }

    /// Whether a program has asked for an end that was not announced yet.
    pub fn is_to_drain(&self) -> bool {
        self.world.is_to_drain && !self.is_draining()
    }

    /// Whether an end was announced.
    pub fn is_draining(&self) -> bool {
        self.world.drain.is_some()
    }

    /// Whether an announced end has come: everyone is gone.
    pub fn is_drained(&self) -> bool {
        self.world.drain.is_some() && self.tenants.is_empty()
    }

    /// When an end that was announced comes at the latest.
    pub fn ends_at(&self) -> Option<Duration> {
        self.world.drain.map(|drain| drain.ends_at())
    }

    /// How many connections were cut at the end of a drain.
    pub fn cut_connections(&self) -> u64 {
        self.world.metrics.disconnects[Reason::DrainCut as usize]
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.tenants.len()
    }

    /// What was counted.
    pub fn metrics(&self) -> &Metrics {
        &self.world.metrics
    }

    /// Deadlines set, clients in the hub, channels, and unsent bytes: all zero once everyone is gone.
    pub fn leftovers(&self) -> [usize; 4] {
        let hub = &self.world.commons.hub;
        [
            self.timers.len(),
            hub.clients(),
            hub.channels(),
            self.world.unsent_bytes,
        ]
    }

    /// Reads what is there, as much as may be taken in. Returns the bytes that may still be.
    fn read(&mut self) -> usize {
        let left = self.read_share();
        self.held.bytes += TURN_BYTES_MAX - left + self.world.commons.advance(self.world.now);
        if self.world.commons.is_over() {
            self.hand_out();
            self.world.commons.begin_anew();
        }
        for slot in self.world.commons.take_turned_out() {
            let connection = &mut self.tenants[slot as usize].connection;
            connection.close(Reason::Unavailable, &mut self.world);
            self.rearm(slot);
            self.enlist(slot);
        }
        for dismissal in self.world.commons.take_dismissed() {
            self.dismiss(&dismissal);
        }
        let mut relieved = self.world.commons.take_relieved();
        if self.world.commons.take_eased() {
            relieved = self.slots();
        }
        for slot in relieved {
            let connection = &mut self.tenants[slot as usize].connection;
            connection.go_on_reading(&mut self.world.commons);
            self.enlist(slot);
        }
        left
    }

    fn expire(&mut self, is_poll_full: bool) {
        let now = self.world.now.monotonic;
        if self.world.drain.is_some_and(|drain| now >= drain.ends_at()) {
            self.cut();
        }
        let mut due = mem::take(&mut self.due);
        self.timers.expire(now, &mut due);
        for slot in due.drain(..) {
            let Some(tenant) = self.tenants.get_mut(slot as usize) else {
                continue;
            };
            let may_have_spoken = is_poll_full || tenant.is_reader;
            tenant.connection.expire(may_have_spoken, &mut self.world);
            tenant.connection.take_rearmed();
            if let Some(deadline) = tenant.connection.deadline(&self.world) {
                self.timers.set(slot, deadline);
            }
            self.enlist(slot);
        }
        self.due = due;
    }

    fn seal(&mut self) {
        self.held.is_waiting = self.may_wait();
        if !self.held.is_waiting {
            self.hand_out();
        }
    }

    /// Hands to everyone what is theirs.
    fn hand_out(&mut self) {
        let Self {
            world,
            tenants,
            writers,
            ..
        } = self;
        let mut written = |slot: u32, tenant: &mut Tenant<S>, slice| {
            tenant.connection.deliver(slice);
            if !tenant.is_writer {
                tenant.is_writer = true;
                writers.push(slot);
            }
        };
        let World {
            commons,
            config,
            metrics,
            ..
        } = world;
        commons
            .hub
            .seal(|slot, slice| written(slot, &mut tenants[slot as usize], slice));
        if commons.hub.has_replays() {
            let tenants = RefCell::new(&mut *tenants);
            let replayed = commons.hub.replay(
                |slot| {
                    tenants.borrow()[slot as usize]
                        .connection
                        .replay_room(config)
                },
                |slot, slice| written(slot, &mut tenants.borrow_mut()[slot as usize], slice),
            );
            metrics.replayed_messages += replayed.messages;
            metrics.skipped_messages[Omission::Trimmed as usize] += replayed.trimmed;
        }
        for slot in commons.hub.take_burdened() {
            if !mem::replace(&mut tenants[slot as usize].is_writer, true) {
                writers.push(slot);
            }
        }
        commons.registry.end_turn();
    }

    /// Tells the metrics to those who asked for them.
    fn report(&mut self) {
        if self.world.scrapers.is_empty() {
            return;
        }
        let memory = self.ledger();
        let page = self.world.render_metrics(memory);
        for slot in mem::take(&mut self.world.scrapers) {
            let tenant = &mut self.tenants[slot as usize];
            tenant.connection.report(&page, &mut self.world);
            self.enlist(slot);
        }
    }

    /// Whether what was said may wait for more.
    fn may_wait(&self) -> bool {
        self.world.now.monotonic < self.seals_at()
            && self.held.bytes < TURN_BYTES_MAX
            && self.world.drain.is_none()
            && self.world.commons.hub.may_wait()
    }

    /// When what was said is sealed, if not before.
    fn seals_at(&self) -> Duration {
        self.held.since + self.world.config.batch_window
    }

    fn write(&mut self) {
        let mut writers = mem::take(&mut self.writers);
        let has_replays = self.world.commons.hub.has_replays();
        for slot in writers.drain(..) {
            let tenant = &mut self.tenants[slot as usize];
            tenant.connection.flush(&mut self.world);
            if tenant.connection.take_rearmed() {
                self.rearm(slot);
            }
            if has_replays {
                let tenant = &self.tenants[slot as usize];
                tenant.connection.catch_up(&mut self.world);
            }
            // Whatever still waits now waits for the stream.
            self.enlist(slot);
            self.tenants[slot as usize].is_writer = false;
        }
        self.writers = writers;
        if self.world.unsent_bytes > self.world.config.max_unsent_total_bytes {
            self.shed();
        }
    }

    /// Gives up those with the most unsent bytes, until the others are within the bound for all.
    fn shed(&mut self) {
        let most = self.world.config.max_unsent_total_bytes;
        let tenants = self.tenants.iter();
        let mut lagging: Vec<_> = tenants
            .map(|(slot, tenant)| (tenant.connection.unsent_bytes(), slot))
            .filter(|&(unsent, _)| unsent > 0)
            .collect();
        lagging.sort_unstable();
        let mut left = self.world.unsent_bytes;
        while left > most
            && let Some((unsent, slot)) = lagging.pop()
        {
            left -= unsent;
            let slot = u32::try_from(slot).expect("fewer than 2^32 connections");
            let connection = &mut self.tenants[slot as usize].connection;
            connection.give_up(Reason::SlowTotal, &mut self.world);
            self.rearm(slot);
            self.enlist(slot);
        }
    }

    fn reap(&mut self) {
        for slot in mem::take(&mut self.ended) {
            let mut tenant = self.tenants.remove(slot as usize);
            let reason = tenant
                .connection
                .ended()
                .expect("only the ended are reaped");
            self.seats.leave(tenant.seat);
            tenant.connection.leave(&mut self.world);
            self.timers.cancel(slot);
            self.world.connections -= 1;
            self.world.metrics.count_disconnect(reason);
            let key = Key {
                slot,
                generation: tenant.generation,
            };
            if reason.is_our_doing() {
                info!(%key, reason = reason.name(), "connection ended");
            } else {
                debug!(%key, reason = reason.name(), "connection ended");
            }
        }
    }

    /// Cuts whoever is left when the time to drain is over.
    fn cut(&mut self) {
        for slot in self.slots() {
            self.tenants[slot as usize].connection.end(Reason::DrainCut);
            self.enlist(slot);
        }
    }

    fn slots(&self) -> Vec<u32> {
        let slots = self.tenants.iter().map(|(slot, _)| slot);
        slots
            .map(|slot| u32::try_from(slot).expect("fewer than 2^32 connections"))
            .collect()
    }

    /// Puts a connection on the lists that its state calls for.
    fn enlist(&mut self, slot: u32) {
        let tenant = &mut self.tenants[slot as usize];
        if tenant.connection.ended().is_some() {
            if !mem::replace(&mut tenant.is_ended, true) {
                self.ended.push(slot);
            }
            return;
        }
        if tenant.connection.wants_reading() && !mem::replace(&mut tenant.is_reader, true) {
            let generation = tenant.generation;
            let queue = Queue::of(tenant.seat);
            self.readers.add(queue, Key { slot, generation });
        }
        if tenant.connection.wants_writing() && !mem::replace(&mut tenant.is_writer, true) {
            self.writers.push(slot);
        }
    }

    fn rearm(&mut self, slot: u32) {
        let tenant = &mut self.tenants[slot as usize];
        tenant.connection.take_rearmed();
        if let Some(deadline) = tenant.connection.deadline(&self.world) {
            self.timers.set_earlier(slot, deadline);
        }
    }

    fn messages_received(&self) -> u64 {
        self.world.metrics.messages_received.iter().sum()
    }
}

impl<S> Tenant<S> {
    /// How long it has been there.
    fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_secs(self.since.into()))
    }
}
