//! The result of a run, as it is written and read.

pub mod cost;
pub mod digest;
pub mod expect;
pub mod files;
pub mod hdr;
pub mod pages;
pub mod schema;
pub mod table;
pub mod traffic;
pub mod validity;
pub mod verdict;
pub mod words;

use hubbub::system::opening::secrets::hidden;
use serde::Serialize;
use serde_json::Value;

use crate::{
    args::{Args, Mode},
    modes::{compare::Comparison, idle::Idle, search::Search},
    plan::{Pacing, Plan},
    trial::Trial,
};
use cost::{Connect, Loadgen, Server};
use expect::{Expectation, Outcome};
use traffic::Traffic;
use validity::{Conduct, Validity};

/// The result of a run. What was not measured is absent, not zero.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was measured.
    pub mode: String,
    /// With which settings.
    pub config: Config,
    /// Whether the figures are the server's and not the load generator's.
    pub valid: bool,
    /// Why not.
    pub invalid_reason: Option<String>,
    /// Whether a signal ended the run early.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// How the clients came in.
    pub connect: Connect,
    /// What the server used.
    pub server: Server,
    /// What the load generator used, and how well it kept its schedule.
    pub loadgen: Loadgen,
    /// How the user's expectations came out.
    pub expectations: Vec<Outcome>,
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
    Idle(Idle),
    /// Handshakes: all is in the common part.
    Connect {},
    /// The highest rate that holds.
    Search(Search),
    /// Several servers.
    Comparison(Comparison),
}

/// The settings of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// The server; absent for one that the run started itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The servers that were compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Named>,
    /// What was spoken.
    pub protocol: &'static str,
    /// Clients that connected.
    pub clients: usize,
    /// Clients that also sent.
    pub publishers: usize,
    /// Messages a second in all, in the open loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Messages of each publisher under way, in the closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    /// Bytes of each message.
    pub size_bytes: usize,
    /// Measured time, of each step or round.
    pub duration_seconds: f64,
    /// Time before that.
    pub warmup_seconds: f64,
    /// Time that was allowed for the last deliveries.
    pub settle_seconds: f64,
    /// Threads that the clients were divided among.
    pub threads: usize,
    /// Channels that they were spread over.
    pub channels: usize,
    /// Connections begun a second, if that was bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_rate: Option<u32>,
    /// Addresses that were connected from, if that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ips: Option<u8>,
    /// Clients that stopped reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<usize>,
    /// Clients that came halfway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storm: Option<usize>,
    /// Time in which each client left once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub churn_seconds: Option<f64>,
    /// Demands of a search.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slo: Vec<String>,
    /// Rounds of a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// What decided all that was random.
    pub seed: u64,
}

/// A server with the name that it has in a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its URL; absent for one that the run started itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Report {
    /// The result of one trial with traffic.
    pub fn traffic(args: &Args, plan: &Plan, trial: &Trial, traffic: Traffic) -> Self {
        let bottleneck = validity(plan, trial, &traffic).bottleneck;
        let invalid_reason = bottleneck.map(|bottleneck| bottleneck.to_string());
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
            connect: Connect::new(trial),
            server: Server::new(plan, trial),
            loadgen: Loadgen::new(trial),
            expectations: Vec::new(),
            findings,
        }
    }

    /// Holds the user's expectations against it.
    pub fn judge(&mut self, expectations: &[Expectation]) {
        let result = serde_json::to_value(&*self).unwrap_or(Value::Null);
        self.expectations = expectations
            .iter()
            .map(|expectation| expectation.judge(&result))
            .collect();
    }

    /// The result as JSON, in the order of its fields.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain fields have a form in JSON")
    }
}

/// What the figures of one trial are worth.
pub fn validity(plan: &Plan, trial: &Trial, traffic: &Traffic) -> Validity {
    let seconds = trial.window_seconds();
    let slip = trial.sums.slip.summary();
    let conduct = Conduct {
        pacing: plan.pacing,
        slip: slip.as_ref(),
        latency: traffic.latency_us.as_ref(),
        own_share: trial.own_cpu_share(),
        server_share: trial.server_cpu_seconds.map(|cpu| cpu / seconds),
    };
    conduct.judge()
}

impl Config {
    fn new(args: &Args, plan: &Plan) -> Self {
        let compares = args.mode == Mode::Compare;
        Self {
            url: args.url.as_deref().map(hidden),
            targets: Vec::new(),
            protocol: plan.protocol.name(),
            clients: plan.clients,
            publishers: plan.publishers,
            rate: match plan.pacing {
                Pacing::Open { rate } => Some(rate),
                _ => None,
            },
            window: match plan.pacing {
                Pacing::Closed { window } => Some(window),
                _ => None,
            },
            size_bytes: plan.size_bytes,
            duration_seconds: plan.duration.as_secs_f64(),
            warmup_seconds: plan.warmup.as_secs_f64(),
            settle_seconds: plan.settle.as_secs_f64(),
            threads: plan.threads,
            channels: plan.channels,
            connect_rate: plan.connect_rate,
            source_ips: plan.source_ips,
            slow: (plan.slow > 0).then_some(plan.slow),
            storm: (plan.storm > 0).then_some(plan.storm),
            churn_seconds: plan.churn.map(|period| period.as_secs_f64()),
            slo: match args.mode {
                Mode::Search => args.slo.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            },
            rounds: compares.then_some(args.rounds),
            seed: plan.seed,
        }
    }
}
