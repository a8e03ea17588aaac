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
    /// Pings of the clients, if they sent any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pings_sent: Option<u64>,
    /// Those of them that the server answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pongs_received: Option<u64>,
    /// Clients that stayed connected and got no answer to any of theirs, though it was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients_ignored: Option<u64>,
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
        let own_pings = plan.ping.map(|_| trial.sums.own_pings);
        let connection_seconds = figures::ratio(connections, 1) * trial.window_seconds();
        Self {
            pings_answered: trial.sums.pings,
            pings_sent: own_pings.map(|pings| pings.sent),
            pongs_received: own_pings.map(|pings| pings.answered),
            clients_ignored: own_pings.map(|pings| pings.ignored),
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

    /// Whether the server answered none of the pings of a client that stayed.
    pub fn ignores_clients(&self) -> bool {
        self.clients_ignored.is_some_and(|ignored| ignored > 0)
    }

    /// Whether clients were disconnected or ignored, or some who came halfway did not come in.
    pub fn is_broken(&self) -> bool {
        let storm = self.storm.as_ref();
        self.departures.disconnects > 0
            || self.ignores_clients()
            || storm.is_some_and(|storm| storm.failed > 0)
    }
}
