//! What differs by the nodes of a hub that has several.

use serde::Serialize;

use crate::{record::distribution::Summary, swarm::trial::Trial};

/// What differs by the nodes of a hub that has several.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Nodes {
    /// From the intended sending of a message to each client at the node of its sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_latency_us: Option<Summary>,
    /// From the intended sending of a message to each client at another node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_latency_us: Option<Summary>,
}

impl Nodes {
    /// In one trial; `None` if there was one node alone.
    pub fn new(trial: &Trial) -> Option<Self> {
        let by_node = trial.collection.by_node.as_ref();
        by_node.map(|by_node| Self {
            own_latency_us: by_node.own.summary(),
            other_latency_us: by_node.other.summary(),
        })
    }
}
