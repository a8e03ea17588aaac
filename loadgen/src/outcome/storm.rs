//! How it went for those who came halfway.

use serde::Serialize;

use crate::{plan::Plan, record::distribution::Summary, swarm::trial::Trial};

/// What those saw who came halfway, all at once.
#[derive(Clone, Debug, Serialize)]
pub struct Storm {
    /// Clients that came in.
    pub clients: u64,
    /// Clients that did not.
    pub failed: u64,
    /// From the begin of a connection to the end of its handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_us: Option<Summary>,
    /// From the begin of a connection to being in the channel, in chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_us: Option<Summary>,
    /// Messages that they got.
    pub delivered: u64,
    /// Messages that they were passed over with, after the first that each got.
    pub lost: u64,
    /// Messages that they got twice.
    pub duplicated: u64,
    /// Messages that they got after a later one.
    pub reordered: u64,
    /// From the intended sending of a message to each of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Summary>,
}

impl Storm {
    /// In one trial; `None` if nobody came halfway.
    pub fn new(plan: &Plan, trial: &Trial) -> Option<Self> {
        let storm = &trial.sums.storm;
        (plan.storm > 0).then(|| Self {
            clients: storm.connect.count(),
            failed: storm.failed,
            connect_us: storm.connect.summary(),
            joined_us: storm.join.summary(),
            delivered: storm.counts.delivered,
            lost: storm.counts.skipped,
            duplicated: storm.counts.duplicated,
            reordered: storm.counts.reordered,
            latency_us: storm.latency.summary(),
        })
    }
}
