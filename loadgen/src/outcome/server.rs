//! What the server used.

use serde::Serialize;

use crate::{figures, plan::Plan, swarm::trial::Trial};

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
    /// What one silent client added; absent, too, where more clients come with stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_per_connection: Option<f64>,
}

impl Server {
    /// In one trial.
    pub fn new(plan: &Plan, trial: &Trial) -> Self {
        let memory = trial.memory;
        let cpu_seconds = trial.server_cpu_seconds;
        let delivered = trial.received(|totals| totals.messages);
        // With stages only the first clients are ever silent together: where more come, these may be few, and the memory
        // that grows once would be taken for theirs.
        let grown = memory
            .grown(memory.idle)
            .filter(|_| plan.clients == plan.clients_most());
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
