//! A look at everyone, for those who ask how it goes: at some of them in each turn, and at all of them once a second at most,
//! however many ask.

mod top;

use std::time::Duration;

use self::top::Top;
use super::{
    Server,
    api::{Aggregate, BusyRow, ClientRow},
    stream::Stream,
};
use crate::{
    state::{
        hub::Space,
        memory::{Memory, of_list},
    },
    vocabulary::{
        config::{
            BUSIEST_SHOWN_MAX, LAGGING_SHOWN_MAX, LISTED_MAX, SURVEY_INTERVAL, SURVEY_KEPT,
            TURN_SURVEYED_MAX,
        },
        id::Key,
        time::Now,
    },
};

/// What clients are put in order by, those first that have the most of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Bytes that wait for them.
    Unsent,
    /// How long the oldest of them have waited.
    Lag,
    /// How long they have been there.
    Age,
}

/// What everyone is looked at for, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Survey {
    walk: Option<Walk>,
    findings: Option<Findings>,
}

/// A look at everyone that is under way.
#[derive(Debug)]
struct Walk {
    /// All places before this have been looked at.
    place: usize,
    /// Without what is only known of all together.
    memory: Memory,
    lagging: usize,
    longest_lag: Duration,
    clients: [Top<(u32, u32)>; 3],
    channels: Top<usize>,
    said: Vec<Said>,
}

/// What came of one.
#[derive(Debug)]
struct Findings {
    at: Now,
    /// Messages that were received and delivered by then.
    totals: [u64; 2],
    /// The clients in the order of each rank.
    clients: [Vec<Key>; 3],
    said: Vec<Said>,
    /// The aggregate, as it is told to all who ask for it.
    told: Vec<u8>,
}

/// How much was said in the channel of a place.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// Which channel that was; no other has this number.
    serial: u64,
    messages: u64,
}

impl Survey {
    /// Bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.findings.as_ref().map_or(0, |findings| {
            let keys = findings.clients.iter().map(Vec::capacity);
            of_list::<Key>(keys.sum())
                + of_list::<Said>(findings.said.capacity())
                + findings.told.capacity()
        })
    }

    /// Whether everyone was looked at within the last second.
    pub(super) fn is_fresh(&self, now: Now) -> bool {
        let findings = self.findings.as_ref();
        findings.is_some_and(|findings| now.monotonic < findings.at.monotonic + SURVEY_INTERVAL)
    }
}

impl Survey {
    /// The clients of this server by a rank, as of the last look.
    pub(super) fn clients(&self, rank: Rank) -> &[Key] {
        let findings = self.findings.as_ref();
        findings.map_or(&[], |findings| &findings.clients[rank as usize])
    }

    /// How it went then, as it is told.
    pub(super) fn told(&self) -> &[u8] {
        let findings = self.findings.as_ref();
        findings.map_or(&[], |findings| &findings.told)
    }
}

impl Walk {
    fn new() -> Self {
        Self {
            place: 0,
            memory: Memory::default(),
            lagging: 0,
            longest_lag: Duration::ZERO,
            clients: [LISTED_MAX; 3].map(Top::new),
            channels: Top::new(BUSIEST_SHOWN_MAX),
            said: Vec::new(),
        }
    }
}

impl<S: Stream> Server<S> {
    /// Looks at some more. Returns how many places that were.
    pub(super) fn look_on(&mut self) -> usize {
        let mut walk = self.survey.walk.take().unwrap_or_else(Walk::new);
        let places = self.places();
        let end = places.min(walk.place + TURN_SURVEYED_MAX);
        let ahead = walk.place..end;
        let looked_at = ahead.len();
        for place in ahead {
            self.look_at(place, &mut walk);
        }
        walk.place = end;
        if end < places {
            self.survey.walk = Some(walk);
        } else {
            let findings = self.conclude(walk);
            self.survey.findings = Some(findings);
        }
        looked_at
    }

    /// Looks at all that has this place: a connection, a client, someone of the chat, a channel.
    fn look_at(&self, place: usize, walk: &mut Walk) {
        self.weigh(place, &mut walk.memory);
        let now = self.world.now.monotonic;
        if let Some(tenant) = self.tenants.get(place)
            && let Some(standing) = tenant.connection.standing(now)
        {
            walk.lagging += usize::from(standing.unsent_bytes > 0);
            walk.longest_lag = walk.longest_lag.max(standing.lag);
            let slot = u32::try_from(place).expect("fewer than 2^32 connections");
            let measures = [
                standing.unsent_bytes as u64,
                millis(standing.lag),
                tenant.age(now).as_secs(),
            ];
            for (top, measure) in walk.clients.iter_mut().zip(measures) {
                top.offer(measure, (slot, tenant.generation));
            }
        }
        let hub = &self.world.commons.hub;
        if let Some((_, channel)) = hub.channel_at(place)
            && let Some(serial) = hub.serial(channel)
        {
            let messages = hub.said(channel);
            walk.said.resize(place + 1, Said::default());
            walk.said[place] = Said { serial, messages };
            walk.channels
                .offer(messages - self.said_before(place, serial, messages), place);
        }
    }

    /// How much was said in the channel of a place the last time; all of it if that is not known.
    fn said_before(&self, place: usize, serial: u64, messages: u64) -> u64 {
        let Some(findings) = &self.survey.findings else {
            return messages;
        };
        match findings.said.get(place) {
            Some(said) if said.serial == serial => said.messages.min(messages),
            _ => 0,
        }
    }

    /// What came of it, and how it is told.
    fn conclude(&self, walk: Walk) -> Findings {
        let now = self.world.now;
        let mut memory = walk.memory;
        self.weigh_beside(&mut memory);
        let clients = walk.clients.map(|top| {
            let keys = top.into_vec().into_iter();
            let keys = keys.map(|(_, (slot, generation))| Key { slot, generation });
            keys.collect::<Vec<_>>()
        });
        let metrics = &self.world.metrics;
        let totals = [metrics.messages_received, metrics.messages_delivered]
            .map(|messages| messages.iter().sum());
        let before = self.survey.findings.as_ref().filter(|findings| {
            // What was long ago says nothing of how it goes.
            now.monotonic < findings.at.monotonic + SURVEY_KEPT
        });
        let since = |findings: &Findings| now.monotonic.saturating_sub(findings.at.monotonic);
        let per_second = |messages| before.map(|before| rate(messages, since(before)));
        let rates = before
            .map(|before| [0, 1].map(|of| rate(totals[of] - before.totals[of], since(before))));
        let hub = &self.world.commons.hub;
        let busiest = walk.channels.into_vec().into_iter();
        let busiest = busiest.filter_map(|(messages, place)| {
            let (space, channel) = hub.channel_at(place)?;
            Some(BusyRow {
                channel: hub.name(channel),
                dialect: dialect(space),
                count: hub.count(channel),
                messages_per_second: per_second(messages),
            })
        });
        let lagging = clients[Rank::Lag as usize].iter();
        let lagging = lagging.filter_map(|&key| self.client_row(key));
        let lagging = lagging.filter(ClientRow::lags).take(LAGGING_SHOWN_MAX);
        let aggregate = Aggregate {
            memory,
            rates,
            lagging: walk.lagging,
            longest_lag: walk.longest_lag,
            peers: lagging.collect(),
            busiest: busiest.collect(),
        };
        let told = aggregate.tell(&self.world);
        Findings {
            at: now,
            totals,
            clients,
            said: walk.said,
            told,
        }
    }
}

/// How often something happened in a second, to a tenth.
#[expect(
    clippy::cast_precision_loss,
    reason = "it is rounded, and counts of seconds are exact"
)]
fn rate(times: u64, length: Duration) -> f64 {
    (times as f64 / length.as_secs_f64() * 10.0).round() / 10.0
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// How the dialect is called whose channels are in a space.
pub fn dialect(space: Space) -> &'static str {
    match space {
        Space::Relay => "relay",
        Space::Chat => "chat",
    }
}
