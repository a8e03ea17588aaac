//! What all connections of a server share.

use std::time::Duration;

use super::{
    api::Door, gate::Gate, health::Health, http::Bodies, refusals::Refusals, websocket::Protocol,
};
use crate::{
    state::{
        addresses::Addresses,
        channel::Departure,
        commons::Commons,
        dialect::Dialect,
        hub::ClientId,
        lately::Lately,
        memory::Memory,
        metrics::{EngineGauges, Gauges, Metrics, ProcessUsage, WebhookGauges},
    },
    vocabulary::{
        config::{BODIES_BYTES_MAX, Config},
        id::NodeId,
        time::Now,
    },
};

/// Everything of a server but its connections.
#[derive(Debug)]
pub struct World {
    /// The settings.
    pub config: Config,
    /// What sessions act on.
    pub commons: Commons,
    /// Who connects from where.
    pub addresses: Addresses,
    /// What was counted.
    pub metrics: Metrics,
    /// What was told of those who were refused.
    pub refusals: Refusals,
    /// Who may have a session.
    pub gate: Gate,
    /// Which programs may have something done.
    pub door: Door,
    /// Room for what they send.
    pub bodies: Bodies,
    /// The WebSocket state that connections share.
    pub protocol: Protocol,
    /// Where the answers to a connection's pings are put together; empty in between.
    pub replies: Vec<u8>,
    /// Slots of connections that asked for the metrics this turn.
    pub scrapers: Vec<u32>,
    /// Slots of connections that wait for an errand.
    pub errands: Vec<u32>,
    /// How long turns took lately.
    pub turns: Lately,
    /// And from when a message was read until it was handed out.
    pub fanouts: Lately,
    /// The time of this turn.
    pub now: Now,
    /// How it stands with other servers of the same hub.
    pub health: Health,
    /// The same in numbers, if there may be others.
    pub engine: Option<EngineGauges>,
    /// A program has asked for an end.
    pub is_to_drain: bool,
    /// How it stands with the endpoint that is told what happens, if there is one.
    pub webhook: Option<WebhookGauges>,
    /// The end that was announced, if one was.
    pub drain: Option<Drain>,
    /// Open connections, those that are refused included.
    pub connections: usize,
    /// Bytes waiting in all outboxes, as of their last flush.
    pub unsent_bytes: usize,
    process_usage: fn() -> Option<ProcessUsage>,
}

/// A graceful end: who is closed when.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    started: Duration,
    timeout: Duration,
    seed: u64,
}

impl World {
    /// A world at time zero.
    pub fn new(
        config: Config,
        process_usage: fn() -> Option<ProcessUsage>,
        commons: Commons,
    ) -> Self {
        Self {
            commons,
            addresses: Addresses::new(config.address_bounds),
            gate: Gate::new(config.allowed_origins.clone(), config.tls.is_some()),
            door: Door::new(config.tls.is_some()),
            bodies: Bodies::new(BODIES_BYTES_MAX),
            protocol: Protocol::new(config.max_message_bytes),
            refusals: Refusals::default(),
            replies: Vec::new(),
            scrapers: Vec::new(),
            errands: Vec::new(),
            turns: Lately::default(),
            fanouts: Lately::default(),
            config,
            metrics: Metrics::default(),
            now: Now::default(),
            health: Health::default(),
            engine: None,
            is_to_drain: false,
            webhook: None,
            drain: None,
            connections: 0,
            unsent_bytes: 0,
            process_usage,
        }
    }

    /// Ends a session.
    pub fn end(&mut self, dialect: &Dialect, departure: Departure) {
        dialect.end(departure, &mut self.commons, self.now);
    }

    /// A program asks no more, if it ever did.
    pub fn part(&mut self, caller: Option<ClientId>) {
        if let Some(caller) = caller {
            self.commons.part_caller(caller);
        }
    }

    /// Counts messages whose fan-out took so long.
    pub fn count_fanout(&mut self, length: Duration, messages: u64, now: Duration) {
        self.metrics.count_fanout(length, messages);
        self.fanouts.record(length, messages, now);
    }

    /// Which of several servers this is.
    pub fn node(&self) -> Option<NodeId> {
        self.engine.as_ref()?.node
    }

    /// What the process uses, where the system tells.
    pub fn process(&self) -> Option<ProcessUsage> {
        (self.process_usage)()
    }

    /// Bytes of what an endpoint is being told.
    pub fn webhook_bytes(&self) -> usize {
        self.webhook.map_or(0, |webhook| webhook.under_way_bytes)
    }

    /// The page of `/metrics`, of a server that holds so much memory.
    pub fn render_metrics(&self, memory: Memory) -> String {
        self.metrics.render(&Gauges {
            connections: self.connections,
            channels: self.commons.hub.channels(),
            history: self.commons.hub.kept(),
            recoveries: self.commons.registry.recoveries(),
            deflation: self.commons.hub.press().deflation(),
            unsent_bytes: self.unsent_bytes,
            memory,
            engine: self.engine,
            webhook: self.webhook,
            process: self.process(),
        })
    }
}

impl Drain {
    /// An end that begins now. The seed decides who goes when.
    pub fn new(started: Duration, timeout: Duration, seed: u64) -> Self {
        Self {
            started,
            timeout,
            seed,
        }
    }

    /// When it was announced.
    pub fn started(&self) -> Duration {
        self.started
    }

    /// When to close the connection in a slot: some time in the first half, so that those who come back elsewhere do
    /// not all come at once.
    pub fn closes_at(&self, slot: u32) -> Duration {
        let mut chance = fastrand::Rng::with_seed(self.seed ^ u64::from(slot));
        self.started + (self.timeout / 2).mul_f64(chance.f64())
    }

    /// When to cut whoever is left.
    pub fn ends_at(&self) -> Duration {
        self.started + self.timeout
    }
}
