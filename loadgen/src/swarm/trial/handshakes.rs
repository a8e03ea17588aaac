//! Clients that come and go, to measure handshakes.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    figures,
    plan::{Plan, nanoseconds},
    record::{collection::Collection, fairness::Fairness, sums::Sums},
    server::usage::Watched,
    swarm::{
        common::Common,
        shard::{ShardError, Window},
        trial::{Memory, Stage, Trial, close, shards, since},
    },
};

/// Between two rounds of handshakes.
const GOODBYE: Duration = Duration::from_millis(100);
/// How long it is seen in the first round whether the server keeps whom it let in.
const STAY: Duration = Duration::from_millis(100);

impl Trial {
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
            let begun_ns = nanoseconds(begun.elapsed());
            let common = Common::new(plan, None, stage.interrupts.clone());
            let shards = shards(plan, stage.targets, &common)?;
            let is_first = took_ns == 0;
            let stay = if is_first { STAY } else { Duration::ZERO };
            let cpu_before = stage.cpu_seconds();
            let (shards, arrivals) = match stage.connect(plan, &common, shards, Some(left()), stay)
            {
                // What was measured before is worth a report.
                Err(ShardError::Interrupted) if took_ns > 0 => {
                    interrupted = true;
                    break;
                }
                Err(error) if error.is_refusal() && took_ns > 0 => {
                    sums.connect_failed += plan.clients as u64;
                    // Whoever was not let in in a round before was the first.
                    sums.heard.refused(&error.reason(), u64::MAX);
                    break;
                }
                arrivals => arrivals?,
            };
            let ends = arrivals.iter().map(|window| window.end.at_ns);
            took_ns += ends.max().unwrap_or(0);
            let more = since(cpu_before, stage.cpu_seconds());
            cpu_seconds = cpu_seconds.zip(more).map(|(sum, more)| sum + more);
            idle = idle.or_else(|| stage.rss_bytes());
            windows.extend(arrivals);
            let (mut round, _) = close(shards);
            let url = || stage.targets[0].url_of(plan.particulars.of(0, 0));
            if is_first && let Some(error) = turned_out(&round, url) {
                return Err(error);
            }
            // Each round has a clock of its own.
            round.heard.delay(begun_ns);
            sums.add(round);
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
            server_processes: stage.watched.map_or(0, Watched::count),
            windows,
            stages: Vec::new(),
            sent: 0,
            sums,
            collection: Collection::new(plan),
            fairness: Fairness::new(0),
            interrupted,
        })
    }
}

/// How all the connections of a round ended, if they did.
fn turned_out(round: &Sums, url: impl FnOnce() -> String) -> Option<ShardError> {
    let (end, _) = round.disconnects.first_key_value()?;
    let all = round.disconnects.values().sum::<u64>() >= round.connect.count();
    all.then(|| ShardError::sent_away(url(), *end, round.heard.words()))
}
