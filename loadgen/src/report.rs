//! The result of a run, as it is written and read.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{
    client::End,
    distribution::Summary,
    expect::{Expectation, Outcome},
    figures,
    plan::Plan,
    record::Record,
    swarm::Traffic,
};

/// Slip of the schedule that is always tolerated, in microseconds.
const SLIP_TOLERATED_US: f64 = 1000.0;
/// Slip that is tolerated as a part of the latency's median.
const SLIP_TOLERATED_PART: f64 = 0.1;

/// The result of a run. What was not measured is absent, not zero.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was measured.
    pub mode: &'static str,
    /// With which settings.
    pub config: Config,
    /// Whether the figures are the server's and not the load generator's.
    pub valid: bool,
    /// Why not.
    pub invalid_reason: Option<String>,
    /// Whether a signal ended the run early.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// How the clients came in.
    pub connect: Connect,
    /// What the server used.
    pub server: Server,
    /// What the load generator used, and how well it kept its schedule.
    pub loadgen: Loadgen,
    /// How the user's expectations came out.
    pub expectations: Vec<Outcome>,
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
}

/// The settings of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// The server; absent for one that the run started itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Clients that connected.
    pub clients: usize,
    /// Clients that also sent.
    pub publishers: usize,
    /// Messages a second in all.
    pub rate: u32,
    /// Bytes of each message.
    pub size_bytes: usize,
    /// Measured time.
    pub duration_seconds: f64,
    /// Time before that.
    pub warmup_seconds: f64,
    /// Time that was allowed for the last deliveries.
    pub settle_seconds: f64,
    /// Connections begun a second, if that was bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_rate: Option<u32>,
    /// What decided all that was random.
    pub seed: u64,
}

/// How the clients came in.
#[derive(Clone, Debug, Serialize)]
pub struct Connect {
    /// Clients that came in.
    pub clients: usize,
    /// Clients that did not.
    pub failed: usize,
    /// Clients that came in per second.
    pub per_second: f64,
    /// From the begin of a connection to the end of its handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Summary>,
}

/// What the server used; all absent if it could not be watched.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Server {
    /// CPU seconds in the measured window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    /// CPU microseconds for each delivery to a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_delivery: Option<f64>,
    /// Resident memory before the clients came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_start: Option<u64>,
    /// Resident memory once they were all there and silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_idle: Option<u64>,
    /// Resident memory at the end, before they left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_end: Option<u64>,
    /// What one silent client added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_per_connection: Option<f64>,
}

/// Resident memory of the server at three moments.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Before the clients came.
    pub start: Option<u64>,
    /// Once they were all there and silent.
    pub idle: Option<u64>,
    /// At the end, before they left.
    pub end: Option<u64>,
}

/// What the load generator used, and how well it kept its schedule, in the measured window.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Loadgen {
    /// CPU seconds.
    pub cpu_seconds: f64,
    /// The part of one core that is.
    pub cpu_share: f64,
    /// From the intended sending to the actual, while the socket was writable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_slip_us: Option<Summary>,
    /// From the intended sending until the socket was writable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_blocked_us: Option<Summary>,
    /// One turn of the loop: about the most that it adds to a latency by being busy with other clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_us: Option<Summary>,
}

/// What became of the messages, warm-up included. `delivered` + `lost` = `expected`.
#[derive(Clone, Debug, Serialize)]
pub struct Messages {
    /// Messages that publishers sent.
    pub sent: u64,
    /// Deliveries that there should be: every scheduled message to every client.
    pub expected: u64,
    /// Deliveries that there were, duplicates not counted.
    pub delivered: u64,
    /// Deliveries that were missing at the end; also of what could not be sent.
    pub lost: u64,
    /// Deliveries of what that client already had.
    pub duplicated: u64,
    /// Deliveries after a later message of the same publisher.
    pub reordered: u64,
    /// Clients that the server disconnected.
    pub disconnects: u64,
    /// How many of them in which way: by close code, or what came instead.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disconnects_by: BTreeMap<String, u64>,
    /// Messages received that were not of this run.
    pub foreign: u64,
}

/// What went through in the measured window, duplicates included.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Throughput {
    /// Messages to clients.
    pub delivered_per_second: f64,
    /// Text frames that carried them.
    pub frames_per_second: f64,
    /// Messages in a frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_batch: Option<f64>,
    /// Bytes received on all sockets, frame headers included.
    pub bytes_per_second: f64,
}

/// How evenly the clients were served; known to about 6%.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Fairness {
    /// The p99 of the client served best.
    pub best_subscriber_p99_us: f64,
    /// The p99 of the client served worst.
    pub worst_subscriber_p99_us: f64,
}

/// What a run comes to, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A message was lost, duplicated or reordered, or a client was disconnected.
    Broken,
    /// The load generator was the bottleneck, so that times say nothing of the server.
    Invalid,
    /// An expectation did not hold.
    Disappointing,
    /// Nothing is wrong.
    Good,
}

impl Report {
    /// Puts together what a fan-out run recorded.
    pub fn fanout(
        plan: &Plan,
        url: Option<&str>,
        connected_per_second: f64,
        record: &Record,
        traffic: &Traffic,
        memory: Memory,
    ) -> Self {
        let latency_us = record.latency.summary();
        let schedule_slip_us = record.slip.summary();
        let invalid_reason = bottleneck(schedule_slip_us.as_ref(), latency_us.as_ref());
        Self {
            mode: "fanout",
            config: Config::new(plan, url),
            valid: invalid_reason.is_none(),
            invalid_reason,
            interrupted: traffic.interrupted,
            connect: Connect {
                clients: plan.clients,
                failed: 0,
                per_second: connected_per_second,
                latency_us: record.connect.summary(),
            },
            server: Server::new(plan, traffic, memory),
            loadgen: Loadgen {
                schedule_slip_us,
                ..Loadgen::new(record, traffic)
            },
            expectations: Vec::new(),
            messages: Messages::new(plan, record, traffic),
            throughput: Throughput::new(traffic),
            latency_us,
            sent_latency_us: record.sent_latency.summary(),
            last_receiver_us: record.last_receiver.summary(),
            spread_us: record.spread.summary(),
            fairness: record
                .fairness
                .best_and_worst_p99_ns()
                .map(|(best, worst)| Fairness {
                    best_subscriber_p99_us: figures::micros(best),
                    worst_subscriber_p99_us: figures::micros(worst),
                }),
        }
    }

    /// Holds the user's expectations against it.
    pub fn judge(&mut self, expectations: &[Expectation]) {
        let result = serde_json::to_value(&*self).unwrap_or(Value::Null);
        self.expectations = expectations
            .iter()
            .map(|expectation| expectation.judge(&result))
            .collect();
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        let messages = &self.messages;
        let wrong = messages.lost + messages.duplicated + messages.reordered + messages.disconnects;
        if wrong > 0 {
            Verdict::Broken
        } else if !self.valid {
            Verdict::Invalid
        } else if self.expectations.iter().any(|outcome| !outcome.passed) {
            Verdict::Disappointing
        } else {
            Verdict::Good
        }
    }

    /// The result as JSON, in the order of its fields.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain fields have a form in JSON")
    }
}

impl Verdict {
    /// The exit status that says so.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Broken | Self::Disappointing => 1,
            Self::Invalid => 3,
        }
    }
}

impl Config {
    fn new(plan: &Plan, url: Option<&str>) -> Self {
        Self {
            url: url.map(str::to_owned),
            clients: plan.clients,
            publishers: plan.publishers,
            rate: plan.rate,
            size_bytes: plan.size_bytes,
            duration_seconds: plan.duration.as_secs_f64(),
            warmup_seconds: plan.warmup.as_secs_f64(),
            settle_seconds: plan.settle.as_secs_f64(),
            connect_rate: plan.connect_rate,
            seed: plan.seed,
        }
    }
}

impl Server {
    fn new(plan: &Plan, traffic: &Traffic, memory: Memory) -> Self {
        let cpu_seconds = traffic
            .end
            .server_cpu_seconds
            .zip(traffic.begin.server_cpu_seconds)
            .map(|(end, begin)| end - begin);
        let delivered = traffic.end.delivered - traffic.begin.delivered;
        let grown = memory
            .idle
            .zip(memory.start)
            .map(|(idle, start)| idle.saturating_sub(start));
        Self {
            cpu_seconds,
            cpu_us_per_delivery: cpu_seconds
                .filter(|_| delivered > 0)
                .map(|seconds| seconds * 1e6 / figures::ratio(delivered, 1)),
            rss_bytes_start: memory.start,
            rss_bytes_idle: memory.idle,
            rss_bytes_end: memory.end,
            rss_bytes_per_connection: grown.map(|bytes| figures::ratio(bytes, plan.clients as u64)),
        }
    }
}

impl Loadgen {
    fn new(record: &Record, traffic: &Traffic) -> Self {
        let cpu_seconds = traffic.end.own_cpu_seconds - traffic.begin.own_cpu_seconds;
        let window_ns = (traffic.end.at_ns - traffic.begin.at_ns).max(1);
        Self {
            cpu_seconds,
            cpu_share: cpu_seconds / figures::seconds(window_ns),
            schedule_slip_us: record.slip.summary(),
            send_blocked_us: record.blocked.summary(),
            turn_us: record.turn.summary(),
        }
    }
}

impl Messages {
    fn new(plan: &Plan, record: &Record, traffic: &Traffic) -> Self {
        let counts = record.counts();
        let expected = traffic.scheduled * plan.clients as u64;
        let by_end = record.disconnects();
        Self {
            sent: record.messages_sent(),
            expected,
            delivered: counts.delivered,
            lost: expected - counts.delivered,
            duplicated: counts.duplicated,
            reordered: counts.reordered,
            disconnects: by_end.values().sum(),
            disconnects_by: by_end
                .iter()
                .map(|(end, &count)| (end.to_string(), count))
                .collect(),
            foreign: record.foreign(),
        }
    }
}

impl Throughput {
    fn new(traffic: &Traffic) -> Self {
        let (begin, end) = (&traffic.begin, &traffic.end);
        let window_ns = end.at_ns - begin.at_ns;
        let messages = end.totals.messages - begin.totals.messages;
        let frames = end.totals.frames - begin.totals.frames;
        let bytes = end.totals.bytes - begin.totals.bytes;
        Self {
            delivered_per_second: figures::per_second(messages, window_ns),
            frames_per_second: figures::per_second(frames, window_ns),
            mean_batch: (frames > 0).then(|| figures::ratio(messages, frames)),
            bytes_per_second: figures::per_second(bytes, window_ns),
        }
    }
}

/// Whether the load generator kept its schedule too badly for its times to be believed.
fn bottleneck(slip: Option<&Summary>, latency: Option<&Summary>) -> Option<String> {
    let slip_us = slip?.p99;
    let median_us = latency.map_or(0.0, |latency| latency.p50);
    let tolerated_us = SLIP_TOLERATED_US.max(median_us * SLIP_TOLERATED_PART);
    (slip_us > tolerated_us).then(|| {
        format!(
            "the load generator sent late: the p99 of its schedule slip is {slip_us:.0} us, and {tolerated_us:.0} us are \
             tolerated; lower --rate or --clients, or give it a core of its own"
        )
    })
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed(Some(code)) => write!(f, "{code}"),
            Self::Closed(None) => f.write_str("close without code"),
            Self::Broken => f.write_str("no close"),
            Self::Protocol => f.write_str("protocol error"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(us: f64) -> Summary {
        Summary {
            p50: us,
            p90: us,
            p99: us,
            p999: us,
            max: us,
            mean: us,
        }
    }

    #[test]
    fn slip_is_tolerated_up_to_a_millisecond_or_a_tenth_of_the_median() {
        let late = |slip, latency| bottleneck(Some(&summary(slip)), Some(&summary(latency)));
        assert_eq!(late(999.0, 10.0), None);
        assert!(late(1001.0, 10.0).unwrap().contains("1001 us"));
        assert_eq!(late(1999.0, 20_000.0), None);
        assert!(late(2001.0, 20_000.0).is_some());
        assert_eq!(bottleneck(None, None), None);
    }
}
