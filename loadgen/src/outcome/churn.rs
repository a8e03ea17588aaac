//! How it went for those who left and rejoined.

use serde::Serialize;

use crate::{plan::Plan, record::distribution::Summary, swarm::trial::Trial};

/// How it went for those who left and rejoined.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Churn {
    /// How often someone was in again.
    pub rejoins: u64,
    /// From asking to leave to being in again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejoin_us: Option<Summary>,
}

impl Churn {
    /// In one trial; `None` if nobody was to leave.
    pub fn new(plan: &Plan, trial: &Trial) -> Option<Self> {
        let rejoin = &trial.sums.rejoin;
        plan.churn.map(|_| Self {
            rejoins: rejoin.count(),
            rejoin_us: rejoin.summary(),
        })
    }
}
