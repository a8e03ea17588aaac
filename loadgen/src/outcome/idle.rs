//! What silent connections cost.

use serde::Serialize;

use crate::{
    figures,
    outcome::{departures::Departures, storm::Storm},
    plan::Plan,
    swarm::trial::Trial,
};

/// What silent connections come to.
#[derive(Clone, Debug, Serialize)]
pub struct Idle {
    /// Pings of the server that were answered.
    pub pings_answered: u64,
    /// Pings of the clients that the server answered, if they sent any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pongs_received: Option<u64>,
    /// Clients that the server disconnected.
    #[serde(flatten)]
    pub departures: Departures,
    /// CPU microseconds of the server for each connection and second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_connection_second: Option<f64>,
    /// Resident memory that each connection had added at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_per_connection_end: Option<f64>,
    /// How it went for those who came halfway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
}

impl Idle {
    /// In one trial.
    pub fn new(plan: &Plan, trial: &Trial) -> Self {
        let connections = plan.clients as u64;
        let at_the_end = connections + trial.sums.storm.connect.count();
        let connection_seconds = figures::ratio(connections, 1) * trial.window_seconds();
        Self {
            pings_answered: trial.sums.pings,
            pongs_received: plan.ping.map(|_| trial.sums.pongs),
            departures: Departures::new(trial),
            // With a storm it would be that of its handshakes.
            cpu_us_per_connection_second: trial
                .server_cpu_seconds
                .filter(|_| plan.storm == 0)
                .map(|cpu| cpu * 1e6 / connection_seconds),
            rss_bytes_per_connection_end: trial
                .memory
                .grown(trial.memory.end)
                .map(|bytes| figures::ratio(bytes, at_the_end)),
            storm: Storm::new(plan, trial),
        }
    }
}
