//! What became of clients that stopped reading.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{outcome::ways::ways, plan::Plan, swarm::trial::Trial};

/// What became of clients that stopped reading.
#[derive(Clone, Debug, Serialize)]
pub struct Slow {
    /// How many there were.
    pub clients: u64,
    /// Those that the server disconnected.
    pub disconnects: u64,
    /// How many of them in which way.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disconnects_by: BTreeMap<String, u64>,
}

impl Slow {
    /// In one trial; `None` if there were none.
    pub fn new(plan: &Plan, trial: &Trial) -> Option<Self> {
        let disconnects = &trial.sums.slow_disconnects;
        (plan.slow > 0).then(|| Self {
            clients: plan.slow as u64,
            disconnects: disconnects.values().sum(),
            disconnects_by: ways(disconnects),
        })
    }
}
