//! How the clients came in.

use serde::Serialize;

use crate::{record::distribution::Summary, swarm::trial::Trial};

/// How the clients came in.
#[derive(Clone, Debug, Serialize)]
pub struct Connect {
    /// Clients that came in; those who come with stages are told there.
    pub clients: u64,
    /// Clients that did not.
    pub failed: u64,
    /// Clients that came in per second.
    pub per_second: f64,
    /// From the begin of a connection to the end of its handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Summary>,
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
