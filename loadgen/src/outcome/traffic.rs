//! What became of the messages of one trial, and how fast they were.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    figures,
    outcome::storm::Storm,
    plan::Plan,
    record::{distribution::Summary, end::End},
    swarm::trial::Trial,
};

/// Parts of the clients whose latencies are told apart by the order in which they connected.
const POSITIONS: usize = 10;

/// What became of the messages.
#[derive(Clone, Debug, Serialize)]
pub struct Traffic {
    /// What became of the messages, warm-up included.
    pub messages: Messages,
    /// What went through in the measured window.
    pub throughput: Throughput,
    /// From the intended sending of a message to each client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Summary>,
    /// From the actual sending of a message to each client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_latency_us: Option<Summary>,
    /// From the intended sending of a message to its last client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_receiver_us: Option<Summary>,
    /// From the first client that got a message to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread_us: Option<Summary>,
    /// How evenly the clients were served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fairness: Option<Fairness>,
    /// What became of clients that stopped reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<Slow>,
    /// What those saw who came halfway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
    /// How it went for those who left and rejoined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub churn: Option<Churn>,
    /// What slow clients do to the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Whether messages came back to those who sent them, and to nobody else.
    #[serde(skip)]
    pub only_to_sender: bool,
    /// Whether messages came to everyone but those who sent them.
    #[serde(skip)]
    pub all_but_sender: bool,
}

/// What became of the messages, warm-up included, without slow clients and newcomers. `delivered` + `lost` =
/// `expected`.
#[derive(Clone, Debug, Serialize)]
pub struct Messages {
    /// Messages that publishers sent.
    pub sent: u64,
    /// Deliveries that there should be.
    pub expected: u64,
    /// Deliveries that there were, duplicates not counted.
    pub delivered: u64,
    /// Deliveries that were missing at the end; also of what was due and the server did not read.
    pub lost: u64,
    /// Deliveries of what that client already had.
    pub duplicated: u64,
    /// Deliveries after a later message of the same publisher.
    pub reordered: u64,
    /// Clients that the server disconnected, slow ones apart.
    pub disconnects: u64,
    /// How many of them in which way: by close code, or what came instead.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disconnects_by: BTreeMap<String, u64>,
    /// Deliveries that disconnected clients did not get any more; they are not expected.
    pub missed: u64,
    /// Deliveries to clients of another channel.
    pub stray: u64,
    /// Frames that were not of this run, and messages that were damaged.
    pub foreign: u64,
}

/// What went through in the measured window, duplicates included.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Throughput {
    /// Messages to clients.
    pub delivered_per_second: f64,
    /// Frames that carried them.
    pub frames_per_second: f64,
    /// Messages in a frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_batch: Option<f64>,
    /// Bytes received on all sockets, frame headers included.
    pub bytes_per_second: f64,
}

/// How evenly the clients were served; each client's own percentiles are known to about 6%.
#[derive(Clone, Debug, Serialize)]
pub struct Fairness {
    /// The p99 of the client served best.
    pub best_subscriber_p99_us: f64,
    /// The p99 of the client served worst.
    pub worst_subscriber_p99_us: f64,
    /// Mean latency of each tenth of the clients, in the order in which they connected.
    pub mean_by_position_us: Vec<f64>,
    /// The mean latency of the last tenth over that of the first: above 1, who came first is served first.
    pub position_bias: f64,
}

/// What became of clients that stopped reading.
#[derive(Clone, Debug, Serialize)]
pub struct Slow {
    /// How many there were.
    pub clients: u64,
    /// Those that the server disconnected.
    pub disconnects: u64,
    /// How many of them in which way.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disconnects_by: BTreeMap<String, u64>,
}

/// How it went for those who left and rejoined.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Churn {
    /// How often someone was in again.
    pub rejoins: u64,
    /// From asking to leave to being in again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejoin_us: Option<Summary>,
}

/// What slow clients do to the others: the others' p99 in a run without them, and with them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Isolation {
    /// Without slow clients.
    pub p99_us_without: f64,
    /// With them.
    pub p99_us_with: f64,
    /// The second over the first.
    pub ratio: f64,
    /// Whether something went wrong in the run without them.
    #[serde(skip)]
    pub broken: bool,
}

impl Traffic {
    /// Of one trial.
    pub fn new(plan: &Plan, trial: &Trial) -> Self {
        let sums = &trial.sums;
        let collection = &trial.collection;
        let messages = Messages::new(trial);
        let (delivered, lost) = (messages.delivered, messages.lost);
        Self {
            only_to_sender: delivered > 0 && delivered == sums.to_sender && lost > 0,
            all_but_sender: delivered > 0 && sums.to_sender == 0 && lost == messages.sent,
            messages,
            throughput: Throughput::new(trial),
            latency_us: collection.latency.summary(),
            sent_latency_us: collection.sent_latency.summary(),
            last_receiver_us: collection.last_receiver.summary(),
            spread_us: collection.spread.summary(),
            fairness: Fairness::new(trial),
            slow: (plan.slow > 0).then(|| Slow {
                clients: plan.slow as u64,
                disconnects: sums.slow_disconnects.values().sum(),
                disconnects_by: by_name(&sums.slow_disconnects),
            }),
            storm: (plan.storm > 0).then(|| Storm::new(trial)),
            churn: plan.churn.map(|_| Churn {
                rejoins: sums.rejoin.count(),
                rejoin_us: sums.rejoin.summary(),
            }),
            isolation: None,
        }
    }

    /// Whether anything went wrong that must not.
    pub fn is_broken(&self) -> bool {
        self.wrongs().any(|(count, _)| count > 0)
    }

    /// What can go wrong and must not, and how often it did.
    pub fn wrongs(&self) -> impl Iterator<Item = (u64, &'static str)> {
        let messages = &self.messages;
        let alone = self.isolation.as_ref();
        let alone = u64::from(alone.is_some_and(|isolation| isolation.broken));
        let (failed, wrong) = self.storm.as_ref().map_or((0, 0), |storm| {
            let wrong = storm.lost + storm.duplicated + storm.reordered;
            (storm.failed, wrong)
        });
        [
            (messages.lost, "lost"),
            (messages.duplicated, "duplicated"),
            (messages.reordered, "out of order"),
            (messages.stray, "in a wrong channel"),
            (messages.disconnects, "disconnected without being slow"),
            (alone, "wrong without slow clients"),
            (failed, "not let in halfway"),
            (wrong, "wrong at those who came halfway"),
        ]
        .into_iter()
    }
}

impl Messages {
    fn new(trial: &Trial) -> Self {
        let sums = &trial.sums;
        Self {
            sent: trial.sent,
            expected: sums.counts.delivered + sums.lost,
            delivered: sums.counts.delivered,
            lost: sums.lost,
            duplicated: sums.counts.duplicated,
            reordered: sums.counts.reordered,
            disconnects: sums.disconnects.values().sum(),
            disconnects_by: by_name(&sums.disconnects),
            missed: sums.missed,
            stray: sums.stray,
            foreign: sums.foreign,
        }
    }
}

impl Throughput {
    fn new(trial: &Trial) -> Self {
        let seconds = trial.window_seconds();
        let frames = trial.received(|totals| totals.frames);
        let messages = trial.received(|totals| totals.messages);
        let bytes = trial.received(|totals| totals.bytes);
        Self {
            delivered_per_second: figures::ratio(messages, 1) / seconds,
            frames_per_second: figures::ratio(frames, 1) / seconds,
            mean_batch: (frames > 0).then(|| figures::ratio(messages, frames)),
            bytes_per_second: figures::ratio(bytes, 1) / seconds,
        }
    }
}

impl Fairness {
    fn new(trial: &Trial) -> Option<Self> {
        let (best, worst) = trial.fairness.best_and_worst_p99_ns()?;
        let means = trial.fairness.means_by_position_ns(POSITIONS);
        let means: Vec<f64> = means.into_iter().flatten().map(|ns| ns / 1000.0).collect();
        Some(Self {
            best_subscriber_p99_us: figures::micros(best),
            worst_subscriber_p99_us: figures::micros(worst),
            position_bias: means.last()? / means.first()?,
            mean_by_position_us: means,
        })
    }
}

impl Isolation {
    /// A run without slow clients, and the latency of one with them.
    pub fn new(alone: &Traffic, with: Option<Summary>) -> Option<Self> {
        let (without, with) = (alone.latency_us?.p99, with?.p99);
        Some(Self {
            broken: alone.is_broken(),
            p99_us_without: without,
            p99_us_with: with,
            ratio: with / without,
        })
    }
}

/// Ways of being disconnected, as they are told.
pub fn by_name(ends: &BTreeMap<End, u64>) -> BTreeMap<String, u64> {
    ends.iter()
        .map(|(end, &count)| (end.to_string(), count))
        .collect()
}
