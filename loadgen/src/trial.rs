//! One run of all clients against one server: connect, exchange messages, look at what it cost.

use std::{
    sync::{Arc, mpsc::Sender},
    thread,
    time::{Duration, Instant},
};

use crate::{
    collect::Collection,
    figures,
    live::Live,
    plan::{Plan, nanoseconds, protocol::Protocol, target::Target},
    record::{fairness::Fairness, log::DeliveryLog, sums::Sums},
    report::words::{rounded, time},
    server::usage::Watched,
    swarm::{
        common::Common,
        interrupts::Interrupts,
        shard::{Shard, ShardError, Timeline, Window},
        threads,
    },
};

/// How often the live view is drawn.
const TICK: Duration = Duration::from_millis(50);
/// From here to the first message: the time that all threads take to begin.
const START: Duration = Duration::from_millis(5);
/// A server that says nothing when a client is in gets this time to take them all in.
const ENTRY_GRACE: Duration = Duration::from_millis(500);
/// Between two rounds of handshakes.
const GOODBYE: Duration = Duration::from_millis(100);

/// What a trial runs with, beside its plan.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The server.
    pub target: &'a Target,
    /// Its process, if that is known.
    pub watched: Option<&'a Watched>,
    /// Whether no trial ran against it before.
    pub fresh: bool,
    /// Where every delivery goes, if that is wanted.
    pub log: Option<Arc<DeliveryLog>>,
    /// How the user ends it.
    pub interrupts: &'a Interrupts,
    /// How it goes, for people.
    pub live: &'a mut Live,
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
    /// What each thread did in the measured time.
    pub windows: Vec<Window>,
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

/// Resident memory of a server at three moments, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Before the clients came.
    pub start: Option<u64>,
    /// Once they were all there and silent.
    pub idle: Option<u64>,
    /// At the end, before they left.
    pub end: Option<u64>,
    /// Whether no clients of ours had been there before: what they left behind would be taken for nothing.
    pub fresh: bool,
}

impl Memory {
    /// How much the server had grown by some moment because of its clients, if that can be told.
    pub fn grown(&self, by: Option<u64>) -> Option<u64> {
        by?.checked_sub(self.start?).filter(|_| self.fresh)
    }
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
        let shards = shards(plan, stage, &common)?;
        let cpu_before = stage.cpu_seconds();
        let (shards, _) = stage.connect(plan, &common, shards, None)?;
        let took_ns = common.clock.now_ns() - begun_ns;
        let connect_cpu_seconds = since(cpu_before, stage.cpu_seconds());
        let idle = stage.rss_bytes();
        let mut collection = Collection::new(plan);
        let (shards, windows) = stage.exchange(plan, &common, shards, &mut collection)?;
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
            windows,
            sent: common.sent(),
            sums,
            collection,
            fairness,
            interrupted: common.is_interrupted(),
        })
    }

    /// Connects all clients and says goodbye, again and again, until the planned duration is over, the pauses between
    /// included. Who is not in by then is not asked to come any more, as long as somebody is.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn handshakes(plan: &Plan, stage: &mut Stage) -> Result<Self, ShardError> {
        let start = stage.rss_bytes();
        let mut idle = None;
        let mut sums = Sums::default();
        let mut windows: Vec<Window> = Vec::new();
        let mut cpu_seconds = stage.cpu_seconds().map(|_| 0.0);
        let mut took_ns = 0;
        let mut interrupted = false;
        let begun = Instant::now();
        let left = || plan.duration.saturating_sub(begun.elapsed());
        while took_ns == 0 || !left().is_zero() {
            let common = Common::new(plan, None, stage.interrupts.clone());
            let shards = shards(plan, stage, &common)?;
            let cpu_before = stage.cpu_seconds();
            let (shards, arrivals) = match stage.connect(plan, &common, shards, Some(left())) {
                // What was measured before is worth a report.
                Err(ShardError::Interrupted) if took_ns > 0 => {
                    interrupted = true;
                    break;
                }
                Err(error) if error.is_refusal() && took_ns > 0 => {
                    sums.connect_failed += plan.clients as u64;
                    break;
                }
                arrivals => arrivals?,
            };
            took_ns += common.clock.now_ns();
            let more = since(cpu_before, stage.cpu_seconds());
            cpu_seconds = cpu_seconds.zip(more).map(|(sum, more)| sum + more);
            idle = idle.or_else(|| stage.rss_bytes());
            windows.extend(arrivals);
            sums.add(close(shards).0);
            if common.is_interrupted() {
                interrupted = true;
                break;
            }
            // The server gets time to see them off, so that it does not do so while the next ones come.
            thread::sleep(GOODBYE.min(left()));
        }
        Ok(Self {
            connected_per_second: figures::per_second(sums.connect.count(), took_ns),
            memory: Memory {
                start,
                idle,
                end: stage.rss_bytes(),
                fresh: stage.fresh,
            },
            connect_cpu_seconds: cpu_seconds,
            server_cpu_seconds: cpu_seconds,
            windows,
            sent: 0,
            sums,
            collection: Collection::new(plan),
            fairness: Fairness::new(0),
            interrupted,
        })
    }
}

fn shards<'run>(
    plan: &'run Plan,
    stage: &Stage<'run>,
    common: &'run Common,
) -> Result<Vec<Shard<'run>>, ShardError> {
    (0..plan.threads)
        .map(|thread| Shard::new(plan, stage.target, common, thread))
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

    /// Connects all clients, each thread its own; only for so long, if that is bounded.
    fn connect<'run>(
        &mut self,
        plan: &Plan,
        common: &Common,
        shards: Vec<Shard<'run>>,
        time: Option<Duration>,
    ) -> Result<(Vec<Shard<'run>>, Vec<Window>), ShardError> {
        let until_ns = time.map_or(u64::MAX, |time| common.clock.now_ns() + nanoseconds(time));
        // Nothing is sent, but that a thread has ended.
        let part = |shard: Shard<'run>, _: Sender<()>| shard.connect(until_ns);
        all(threads::divided(
            shards,
            part,
            || common.fail(),
            TICK,
            |_| {
                let connected = common.connected();
                let words = || format!("{connected} of {} clients", plan.clients);
                self.live
                    .show("connecting", connected as u64, plan.clients as u64, words);
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
    ) -> Result<(Vec<Shard<'run>>, Vec<Window>), ShardError> {
        let grace = match plan.protocol {
            Protocol::Raw { .. } => ENTRY_GRACE,
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
                show(self.live, timeline, common.clock.now_ns(), collection);
            },
        ))
    }
}

/// Says goodbye for all clients; what all threads recorded.
fn close(shards: Vec<Shard>) -> (Sums, Fairness) {
    let mut sums = Sums::default();
    let mut fairness = Vec::new();
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

fn show(live: &mut Live, timeline: Timeline, now_ns: u64, collection: &Collection) {
    let Timeline {
        start_ns,
        begin_ns,
        end_ns,
    } = timeline;
    let (phase, from_ns, to_ns) = if now_ns < begin_ns {
        ("warming up", start_ns, begin_ns)
    } else if now_ns < end_ns {
        ("measuring", begin_ns, end_ns)
    } else {
        ("settling", end_ns, end_ns)
    };
    let done_ns = now_ns.saturating_sub(from_ns);
    live.show(phase, done_ns, (to_ns - from_ns).max(1), || {
        let elapsed = figures::seconds(now_ns.saturating_sub(start_ns));
        let Some(moment) = collection.latest() else {
            return format!("{elapsed:.1} s");
        };
        let rate = rounded(moment.delivered_per_second);
        let time = |ns: Option<u64>| ns.map_or("-".to_owned(), |ns| time(figures::micros(ns)));
        format!(
            "{elapsed:.1} s  {rate}/s  p50 {}  p99 {}  last {}  lost {}",
            time(moment.p50_ns),
            time(moment.p99_ns),
            time(moment.last_receiver_p99_ns),
            collection.skipped(),
        )
    });
}
