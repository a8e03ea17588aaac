//! What the clients, the server and the load generator itself cost.

use serde::Serialize;

use crate::{figures, plan::Plan, record::distribution::Summary, swarm::trial::Trial};

/// How the clients came in.
#[derive(Clone, Debug, Serialize)]
pub struct Connect {
    /// Clients that came in.
    pub clients: u64,
    /// Clients that did not.
    pub failed: u64,
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
    /// CPU microseconds for each handshake, the acceptance of the connection included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_handshake: Option<f64>,
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

/// What the load generator used, and how well it kept its schedule, in the measured window.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Loadgen {
    /// CPU seconds of all threads.
    pub cpu_seconds: f64,
    /// The part of one core that the busiest thread used.
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

impl Connect {
    /// Of one trial.
    pub fn new(trial: &Trial) -> Self {
        Self {
            clients: trial.sums.connect.count(),
            failed: trial.sums.connect_failed,
            per_second: trial.connected_per_second,
            latency_us: trial.sums.connect.summary(),
        }
    }
}

impl Server {
    /// In one trial.
    pub fn new(plan: &Plan, trial: &Trial) -> Self {
        let memory = trial.memory;
        let cpu_seconds = trial.server_cpu_seconds;
        let delivered = trial.received(|totals| totals.messages);
        let grown = memory.grown(memory.idle);
        Self {
            cpu_seconds,
            cpu_us_per_delivery: cpu_seconds
                .filter(|_| delivered > 0)
                .map(|seconds| seconds * 1e6 / figures::ratio(delivered, 1)),
            cpu_us_per_handshake: trial
                .connect_cpu_seconds
                .map(|seconds| seconds * 1e6 / figures::ratio(trial.sums.connect.count(), 1)),
            rss_bytes_start: memory.start,
            rss_bytes_idle: memory.idle,
            rss_bytes_end: memory.end,
            rss_bytes_per_connection: grown.map(|bytes| figures::ratio(bytes, plan.clients as u64)),
        }
    }
}

impl Loadgen {
    /// In one trial.
    pub fn new(trial: &Trial) -> Self {
        Self {
            cpu_seconds: trial.own_cpu_seconds(),
            cpu_share: trial.own_cpu_share(),
            schedule_slip_us: trial.sums.slip.summary(),
            send_blocked_us: trial.sums.blocked.summary(),
            turn_us: trial.sums.turn.summary(),
        }
    }
}
