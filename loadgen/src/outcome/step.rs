//! One of many trials, in short.

use serde::Serialize;

use crate::{
    outcome::{
        compression::Compression, fault::fault, server::Server, traffic::Traffic,
        validity::Validity,
    },
    plan::Plan,
    record::distribution::Summary,
    swarm::trial::Trial,
};

/// A fan-out result in short.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Whether its figures are the server's and not the load generator's.
    pub valid: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid_reason: Option<String>,
    /// What went wrong that must not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Deliveries that were missing at the end.
    pub lost: u64,
    /// Deliveries of what that client already had.
    pub duplicated: u64,
    /// Deliveries after a later message of the same publisher.
    pub reordered: u64,
    /// Deliveries after a message that others got later.
    pub disordered: u64,
    /// Clients that the server disconnected.
    pub disconnects: u64,
    /// Messages to clients, per second.
    pub delivered_per_second: f64,
    /// Messages in a frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_batch: Option<f64>,
    /// From the intended sending of a message to each client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Summary>,
    /// From the intended sending of a message to its last client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_receiver_us: Option<Summary>,
    /// From the first client that got a message to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread_us: Option<Summary>,
    /// CPU microseconds of the server for each delivery to a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_delivery: Option<f64>,
    /// Resident memory that one silent client added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_per_connection: Option<f64>,
    /// What came deflated, if that was offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// What the figures are worth.
    #[serde(skip)]
    pub validity: Validity,
}

impl Step {
    /// Whether a message was lost, duplicated, reordered or disordered, or a client was disconnected.
    pub fn is_broken(&self) -> bool {
        self.fault.is_some()
    }

    /// A distribution of times, if the load generator was punctual enough for them to be the server's.
    pub fn believed(&self, times: Option<Summary>) -> Option<Summary> {
        times.filter(|_| self.valid)
    }

    /// A trial in short.
    pub fn new(plan: &Plan, trial: &Trial, traffic: &Traffic) -> Self {
        let server = Server::new(plan, trial);
        let validity = Validity::of(plan, trial);
        Self {
            valid: validity.doubt.is_none(),
            invalid_reason: validity.doubt.map(|doubt| traffic.behind_noise(doubt)),
            validity,
            fault: fault(traffic, &trial.sums.heard.words()),
            lost: traffic.messages.lost,
            duplicated: traffic.messages.duplicated,
            reordered: traffic.messages.reordered,
            disordered: traffic.messages.disordered,
            disconnects: traffic.messages.disconnects,
            delivered_per_second: traffic.throughput.delivered_per_second,
            mean_batch: traffic.throughput.mean_batch,
            latency_us: traffic.latencies.latency_us,
            last_receiver_us: traffic.latencies.last_receiver_us,
            spread_us: traffic.spread_us,
            cpu_us_per_delivery: server.cpu_us_per_delivery,
            rss_bytes_per_connection: server.rss_bytes_per_connection,
            compression: Compression::new(plan, trial),
        }
    }
}
