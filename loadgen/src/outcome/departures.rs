//! How clients left that were not asked to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{figures, outcome::ways::ways, record::end::Stays, swarm::trial::Trial};

/// How clients left that were not asked to.
#[derive(Clone, Debug, Serialize)]
pub struct Departures {
    /// Clients that the server disconnected.
    pub disconnects: u64,
    /// How many of them in which way: by close code, or what came instead.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disconnects_by: BTreeMap<String, u64>,
    /// How long after they had come in, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disconnected_after_seconds: Option<After>,
}

/// After how many seconds something happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct After {
    /// To the first, by its own time.
    pub first: f64,
    /// To the last, by its own time.
    pub last: f64,
}

impl Departures {
    /// In one trial.
    pub fn new(trial: &Trial) -> Self {
        let sums = &trial.sums;
        let after = |stays: Stays| After {
            first: figures::seconds(stays.shortest_ns),
            last: figures::seconds(stays.longest_ns),
        };
        Self {
            disconnects: sums.disconnects.values().sum(),
            disconnects_by: ways(&sums.disconnects),
            disconnected_after_seconds: sums.stays.map(after),
        }
    }
}
