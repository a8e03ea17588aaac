//! One run of all clients against one server: connect, exchange messages, look at what it cost.

mod handshakes;
mod measured;

pub use measured::Memory;

use std::{
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use crate::{
    figures,
    plan::{Plan, nanoseconds, protocol::Protocol, target::Target},
    record::{collection::Collection, fairness::Fairness, log::DeliveryLog, sums::Sums},
    server::usage::Watched,
    swarm::{
        common::Common,
        interrupts::Interrupts,
        progress::Progress,
        shard::{ENTRY_GRACE, Shard, ShardError, Timeline, Window, Windows},
        threads,
    },
};

/// How often a watcher is told how it goes.
const TICK: Duration = Duration::from_millis(50);
/// From here to the first message: the time that all threads take to begin.
const START: Duration = Duration::from_millis(5);

/// What a trial runs with, beside its plan.
pub struct Stage<'a> {
    /// The server's nodes.
    pub targets: &'a [Target],
    /// Its processes, if they are known.
    pub watched: Option<&'a Watched>,
    /// Whether no trial ran against it before.
    pub fresh: bool,
    /// Where every delivery goes, if that is wanted.
    pub log: Option<Arc<DeliveryLog>>,
    /// How the user ends it.
    pub interrupts: &'a Interrupts,
    /// Told several times a second how it goes.
    pub watcher: &'a mut dyn FnMut(Progress),
}

/// What one run came to.
#[derive(Debug)]
pub struct Trial {
    /// Connected clients per second.
    pub connected_per_second: f64,
    /// Resident memory of the server.
    pub memory: Memory,
    /// CPU seconds of the server while the clients connected, if it was watched.
    pub connect_cpu_seconds: Option<f64>,
    /// CPU seconds of the server in the measured time, if it was watched.
    pub server_cpu_seconds: Option<f64>,
    /// The server's processes, if it was watched.
    pub server_processes: usize,
    /// What each thread did in the measured time.
    pub windows: Vec<Window>,
    /// What they did in each stage that was begun, if there are any.
    pub stages: Vec<Vec<Window>>,
    /// Messages sent.
    pub sent: u64,
    /// What adds up over all threads.
    pub sums: Sums,
    /// What came, moment by moment.
    pub collection: Collection,
    /// Each client's share.
    pub fairness: Fairness,
    /// Whether a signal ended it early.
    pub interrupted: bool,
}

impl Trial {
    /// Runs it.
    ///
    /// # Errors
    /// When there is nothing to report: a server that cannot be reached, or a system that denies what is needed.
    pub fn run(plan: &Plan, stage: &mut Stage) -> Result<Self, ShardError> {
        let common = Common::new(plan, stage.log.clone(), stage.interrupts.clone());
        let start = stage.rss_bytes();
        let begun_ns = common.clock.now_ns();
        let shards = shards(plan, stage.targets, &common)?;
        let cpu_before = stage.cpu_seconds();
        let (shards, _) = stage.connect(plan, &common, shards, None, Duration::ZERO)?;
        let took_ns = common.clock.now_ns() - begun_ns;
        let connect_cpu_seconds = since(cpu_before, stage.cpu_seconds());
        let idle = stage.rss_bytes();
        let mut collection = Collection::new(plan);
        let (shards, windows) = stage.exchange(plan, &common, shards, &mut collection)?;
        let stages = (0..plan.stages.len())
            .map_while(|at| {
                windows
                    .iter()
                    .map(|of| of.stages.get(at).copied())
                    .collect()
            })
            .collect();
        let windows: Vec<Window> = windows.into_iter().map(|of| of.judged).collect();
        collection.end();
        let end = stage.rss_bytes();
        let (sums, fairness) = close(shards);
        Ok(Self {
            connected_per_second: figures::per_second(sums.connect.count(), took_ns),
            memory: Memory {
                start,
                idle,
                end,
                fresh: stage.fresh,
            },
            connect_cpu_seconds,
            server_cpu_seconds: windows.iter().find_map(Window::server_cpu_seconds),
            server_processes: stage.watched.map_or(0, Watched::count),
            windows,
            stages,
            sent: common.ledger.sent(),
            sums,
            collection,
            fairness,
            interrupted: common.is_interrupted(),
        })
    }
}

fn shards<'run>(
    plan: &'run Plan,
    targets: &'run [Target],
    common: &'run Common,
) -> Result<Vec<Shard<'run>>, ShardError> {
    (0..plan.threads)
        .map(|thread| Shard::new(plan, targets, common, thread))
        .collect()
}

/// CPU seconds between two moments, if they are known.
fn since(before: Option<f64>, after: Option<f64>) -> Option<f64> {
    Some(after? - before?)
}

impl Stage<'_> {
    fn rss_bytes(&self) -> Option<u64> {
        self.watched.and_then(Watched::rss_bytes)
    }

    fn cpu_seconds(&self) -> Option<f64> {
        self.watched.and_then(Watched::cpu_seconds)
    }

    /// Connects all clients, each thread its own; only for so long, if that is bounded. Then sees for some time whether they
    /// stay.
    fn connect<'run>(
        &mut self,
        plan: &Plan,
        common: &Common,
        shards: Vec<Shard<'run>>,
        time: Option<Duration>,
        stay: Duration,
    ) -> Result<(Vec<Shard<'run>>, Vec<Window>), ShardError> {
        let until_ns = time.map_or(u64::MAX, |time| common.clock.now_ns() + nanoseconds(time));
        // Nothing is sent, but that a thread has ended.
        let part = |shard: Shard<'run>, _: Sender<()>| shard.connect(until_ns, stay);
        all(threads::divided(
            shards,
            part,
            || common.fail(),
            TICK,
            |_| {
                (self.watcher)(Progress::Connecting {
                    inside: common.connected(),
                    wanted: plan.clients,
                });
            },
        ))
    }

    /// Exchanges messages, each thread with its own clients, while the samples are put together.
    fn exchange<'run>(
        &mut self,
        plan: &Plan,
        common: &Common,
        shards: Vec<Shard<'run>>,
        collection: &mut Collection,
    ) -> Result<(Vec<Shard<'run>>, Vec<Windows>), ShardError> {
        let grace = match plan.protocol {
            Protocol::Script(_) => ENTRY_GRACE,
            Protocol::Relay | Protocol::Chat => START,
        };
        let timeline = Timeline::new(plan, common.clock.now_ns() + nanoseconds(grace));
        let watched = self.watched;
        let part = |shard: Shard<'run>, samples| {
            let watched = watched.filter(|_| shard.is_first());
            shard.exchange(timeline, watched, samples)
        };
        all(threads::divided(
            shards,
            part,
            || common.fail(),
            TICK,
            |sample| {
                if let Some(sample) = sample {
                    collection.add(&sample);
                }
                let now_ns = common.clock.now_ns();
                (self.watcher)(Progress::Exchanging {
                    timeline,
                    now_ns,
                    stage: plan.stage_at(timeline.begin_ns, now_ns),
                    server_cpu_seconds: watched.and_then(Watched::cpu_seconds),
                    collection: &*collection,
                });
            },
        ))
    }
}

/// Says goodbye for all clients; what all threads recorded.
fn close(shards: Vec<Shard>) -> (Sums, Fairness) {
    let mut sums = Sums::default();
    let mut fairness = Vec::new();
    shards.iter().for_each(Shard::vouch);
    for shard in shards {
        let (more, part) = shard.close();
        sums.add(more);
        fairness.push(part);
    }
    (sums, Fairness::woven(fairness))
}

/// What all threads came to, or the failure that was not caused by another.
fn all<A, B>(ends: Vec<Result<(A, B), ShardError>>) -> Result<(Vec<A>, Vec<B>), ShardError> {
    let (good, mut bad): (Vec<_>, Vec<_>) = ends.into_iter().partition(Result::is_ok);
    bad.sort_by_key(|end| matches!(end, Err(ShardError::Interrupted)));
    bad.into_iter().chain(good).collect()
}
