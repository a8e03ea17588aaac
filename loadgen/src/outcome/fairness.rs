//! How evenly the clients were served.

use serde::Serialize;

use crate::{figures, swarm::trial::Trial};

/// Parts of the clients whose latencies are told apart by the order in which they connected.
const POSITIONS: usize = 10;

/// How evenly the clients were served; each client's own percentiles are known to about 6%.
#[derive(Clone, Debug, Serialize)]
pub struct Fairness {
    /// The p99 of the client served best.
    pub best_subscriber_p99_us: f64,
    /// The p99 of the client served worst.
    pub worst_subscriber_p99_us: f64,
    /// Mean latency of each tenth of the clients, in the order in which they connected.
    pub mean_by_position_us: Vec<f64>,
    /// The mean latency of the last tenth over that of the first: above 1, who came first is served first.
    pub position_bias: f64,
}

impl Fairness {
    /// In one trial.
    pub fn new(trial: &Trial) -> Option<Self> {
        let (best, worst) = trial.fairness.best_and_worst_p99_ns()?;
        let means = trial.fairness.means_by_position_ns(POSITIONS);
        let means: Vec<f64> = means.into_iter().flatten().map(|ns| ns / 1000.0).collect();
        Some(Self {
            best_subscriber_p99_us: figures::micros(best),
            worst_subscriber_p99_us: figures::micros(worst),
            position_bias: means.last()? / means.first()?,
            mean_by_position_us: means,
        })
    }
}
