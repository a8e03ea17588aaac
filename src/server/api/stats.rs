//! `GET /api/stats`: how it goes, in one answer that all get who ask within a second.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::ClientRow;
use crate::{
    server::world::World,
    state::{
        dialect::DialectName,
        hub::Space,
        lately::Spread,
        memory::Memory,
        metrics::{EngineGauges, ProcessUsage},
    },
    vocabulary::{chat::ServerIdentity, id::NodeId},
};

/// What came of a look at everyone.
#[derive(Debug)]
pub struct Aggregate<'a> {
    /// Bytes held.
    pub memory: Memory,
    /// Messages received and delivered in a second, since the last look, if that was not long ago.
    pub rates: Option<[f64; 2]>,
    /// How many clients there are for whom something waits.
    pub lagging: usize,
    /// How long the oldest of that has waited.
    pub longest_lag: Duration,
    /// Those of them for whom it has waited longest.
    pub peers: Vec<ClientRow<'a>>,
    /// The channels in which most is said.
    pub busiest: Vec<BusyRow<'a>>,
}

/// A channel in which much is said.
#[derive(Debug, Serialize)]
pub struct BusyRow<'a> {
    /// Its name.
    pub channel: &'a str,
    /// Whether it is one of the chat or of the relay.
    pub dialect: &'static str,
    /// How many members it has.
    pub count: usize,
    /// Messages since the last look, if that was not long ago.
    pub messages_per_second: Option<f64>,
}

#[derive(Serialize)]
struct Stats<'a> {
    time: u64,
    uptime_seconds: u64,
    server: ServerIdentity,
    node: Option<NodeId>,
    #[serde(rename = "draining")]
    is_draining: bool,
    connections: Connections,
    people: u32,
    messages: Messages,
    bytes: Traffic,
    fanout: Spread,
    turns: Spread,
    memory: BTreeMap<&'static str, usize>,
    unsent_bytes: usize,
    lagging: Lagging<'a>,
    channels: Channels<'a>,
    redis: Option<Redis>,
    process: Option<Process>,
}

#[derive(Serialize)]
struct Connections {
    open: usize,
    accepted: u64,
    /// What is waited for no longer, or not taken in.
    turned_away: u64,
}

#[derive(Serialize)]
struct Messages {
    received: BTreeMap<&'static str, u64>,
    delivered: BTreeMap<&'static str, u64>,
    skipped: u64,
    received_per_second: Option<f64>,
    delivered_per_second: Option<f64>,
}

#[derive(Serialize)]
struct Traffic {
    received: u64,
    sent: u64,
}

#[derive(Serialize)]
struct Lagging<'a> {
    clients: usize,
    longest_ms: u128,
    peers: &'a [ClientRow<'a>],
}

#[derive(Serialize)]
struct Channels<'a> {
    chat: usize,
    relay: usize,
    kept_bytes: usize,
    kept_messages: usize,
    busiest: &'a [BusyRow<'a>],
}

#[derive(Serialize)]
struct Redis {
    up: bool,
    nodes: usize,
    queue_bytes: usize,
    oldest_ms: u128,
    lag_bytes: usize,
}

#[derive(Serialize)]
struct Process {
    cpu_seconds: f64,
    resident_bytes: u64,
    open_descriptors: usize,
}

impl Aggregate<'_> {
    /// Writes it down, with what is known without a look.
    pub fn tell(&self, world: &World) -> Vec<u8> {
        let World {
            metrics,
            now,
            commons,
            ..
        } = world;
        let hub = &commons.hub;
        let (kept_bytes, kept_messages) = hub.kept();
        let stats = Stats {
            time: now.unix_ms,
            uptime_seconds: now.monotonic.as_secs(),
            server: ServerIdentity::OURS,
            node: world.node(),
            is_draining: world.drain.is_some(),
            connections: Connections {
                open: world.connections,
                accepted: metrics.accepted_connections_total,
                turned_away: metrics.turned_away_total,
            },
            people: commons.registry.people(),
            messages: Messages {
                received: by_dialect(metrics.messages_received),
                delivered: by_dialect(metrics.messages_delivered),
                skipped: metrics.skipped_messages.iter().sum(),
                received_per_second: self.rates.map(|[received, _]| received),
                delivered_per_second: self.rates.map(|[_, delivered]| delivered),
            },
            bytes: Traffic {
                received: metrics.bytes_received,
                sent: metrics.bytes_sent,
            },
            fanout: world.fanouts.spread(now.monotonic),
            turns: world.turns.spread(now.monotonic),
            memory: self.memory.parts().into_iter().collect(),
            unsent_bytes: world.unsent_bytes,
            lagging: Lagging {
                clients: self.lagging,
                longest_ms: self.longest_lag.as_millis(),
                peers: &self.peers,
            },
            channels: Channels {
                chat: hub.populated(Space::Chat),
                relay: hub.populated(Space::Relay),
                kept_bytes,
                kept_messages,
                busiest: &self.busiest,
            },
            redis: world.engine.as_ref().map(Redis::of),
            process: world.process().as_ref().map(Process::of),
        };
        serde_json::to_vec(&stats).expect("texts and numbers are always JSON")
    }
}

impl Redis {
    fn of(gauges: &EngineGauges) -> Self {
        Self {
            up: gauges.is_up,
            nodes: gauges.nodes,
            queue_bytes: gauges.queue_bytes,
            oldest_ms: gauges.oldest.as_millis(),
            lag_bytes: gauges.lag_bytes,
        }
    }
}

impl Process {
    fn of(usage: &ProcessUsage) -> Self {
        Self {
            cpu_seconds: usage.cpu_seconds,
            resident_bytes: usage.resident_bytes,
            open_descriptors: usage.open_descriptors,
        }
    }
}

fn by_dialect(counts: [u64; DialectName::ALL.len()]) -> BTreeMap<&'static str, u64> {
    let names = DialectName::ALL.map(DialectName::name);
    names.into_iter().zip(counts).collect()
}
