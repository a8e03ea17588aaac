//! What a run found, as plain values: each figure is computed in the file that has the name under which it stands in
//! the JSON, and said in `report`.

pub mod churn;
pub mod comparison;
pub mod compression;
pub mod conduct;
pub mod config;
pub mod connect;
pub mod crowd;
pub mod curves;
pub mod departures;
pub mod doubt;
pub mod expectation;
pub mod fairness;
pub mod fault;
pub mod idle;
pub mod isolation;
pub mod latencies;
pub mod loadgen;
pub mod messages;
pub mod nodes;
pub mod noise;
pub mod ratio;
pub mod recovery;
pub mod schema;
pub mod search;
pub mod server;
pub mod slow;
pub mod stage;
pub mod step;
pub mod storm;
pub mod throughput;
pub mod traffic;
pub mod validity;
pub mod verdict;
pub mod ways;

use serde::Serialize;
use serde_json::Value;

use crate::{
    args::{Args, expectation::Expectation},
    plan::Plan,
    record::heard::Words,
    swarm::trial::Trial,
};
use comparison::Comparison;
use compression::Compression;
use config::Config;
use connect::Connect;
use departures::Departures;
use expectation::Judged;
use idle::Idle;
use loadgen::Loadgen;
use search::Search;
use server::Server;
use stage::Stage;
use traffic::Traffic;
use validity::Validity;

/// The result of a run. What was not measured is absent, not zero.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What was measured.
    pub mode: String,
    /// With which settings.
    pub config: Config,
    /// Whether the figures are the server's: something was measured, and not the load generator.
    pub valid: bool,
    /// Why not.
    pub invalid_reason: Option<String>,
    /// Whether a signal ended the run early.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Whether some was under way then, and another signal had nobody wait for it: it is neither delivered nor lost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unawaited: bool,
    /// How the clients came in.
    pub connect: Connect,
    /// What the server used.
    pub server: Server,
    /// What the load generator used, and how well it kept its schedule.
    pub loadgen: Loadgen,
    /// What the server said of itself.
    #[serde(skip_serializing_if = "Words::are_none")]
    pub heard: Words,
    /// What came deflated, if that was offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// How the user's expectations came out.
    pub expectations: Vec<Judged>,
    /// What only this mode measures.
    #[serde(flatten)]
    pub findings: Findings,
}

/// What only one mode measures.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Findings {
    /// Fan-out, open or closed.
    Traffic(Box<Traffic>),
    /// Silent connections.
    Idle(Box<Idle>),
    /// Handshakes: all else is in the common part.
    Connect(Departures),
    /// The highest rate that holds, or the most clients.
    Search(Search),
    /// Several servers.
    Comparison(Comparison),
}

impl Outcome {
    /// The result of one trial with traffic.
    pub fn traffic(args: &Args, plan: &Plan, trial: &Trial, traffic: Traffic) -> Self {
        let doubt = Validity::of(plan, trial).doubt;
        let doubt = doubt.map(|doubt| doubt.to_string());
        let doubt = doubt.or_else(|| Stage::doubt(&traffic.stages));
        let invalid_reason = doubt.map(|doubt| traffic.behind_noise(doubt));
        let findings = Findings::Traffic(Box::new(traffic));
        Self::new(args, plan, trial, invalid_reason, findings)
    }

    /// A result whose common part comes from one trial.
    pub fn new(
        args: &Args,
        plan: &Plan,
        trial: &Trial,
        invalid_reason: Option<String>,
        findings: Findings,
    ) -> Self {
        Self {
            mode: args.mode.to_string(),
            config: Config::new(args, plan),
            valid: invalid_reason.is_none(),
            invalid_reason,
            interrupted: trial.interrupted,
            unawaited: trial.sums.unawaited,
            connect: Connect::new(trial),
            server: Server::new(plan, trial),
            loadgen: Loadgen::new(trial),
            heard: trial.sums.heard.words(),
            compression: Compression::new(plan, trial),
            expectations: Vec::new(),
            findings,
        }
    }

    /// Holds the user's expectations against it.
    pub fn judge(&mut self, expectations: &[Expectation]) {
        let result = serde_json::to_value(&*self).unwrap_or(Value::Null);
        self.expectations = expectations
            .iter()
            .map(|expectation| Judged::new(expectation, &result))
            .collect();
    }

    /// The result as JSON, in the order of its fields.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain fields have a form in JSON")
    }
}
