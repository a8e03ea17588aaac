//! The settings of a run, as its result tells them.

use hubbub::system::opening::secrets::hidden;
use serde::Serialize;

use crate::{
    args::{Args, mode::Mode, rate::Rate, values::PayloadName},
    plan::{Pacing, Plan},
};

/// The settings of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// The server; absent for one that the run started itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The nodes of a hub that has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The servers that were compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Named>,
    /// What was spoken.
    pub protocol: &'static str,
    /// What clients got of what they said themselves, if not their copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<&'static str>,
    /// Whose messages were to come to everyone in one order, if not everyone's together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<&'static str>,
    /// Clients that connected; at first, where more come or some go with stages.
    pub clients: usize,
    /// Clients that also sent.
    pub publishers: usize,
    /// Messages a second in all, in the open loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Messages of each publisher under way, in the closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    /// What it was made of one after another, as the user wrote it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
    /// Bytes of each message.
    pub size_bytes: usize,
    /// What they were filled with, if not dots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<&'static str>,
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
    pub connect_rate: Option<Rate>,
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
    /// How clients were cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cutting>,
    /// Whether the server was allowed to skip messages.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skips: bool,
    /// Clients that offered that what they receive be deflated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compress: Option<usize>,
    /// The most clients that were searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients_up_to: Option<u32>,
    /// Demands of a search.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slo: Vec<String>,
    /// Rounds of a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// What decided all that was random.
    pub seed: u64,
}

/// How clients were cut off.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cutting {
    /// How many in a period.
    pub clients: usize,
    /// How long that is.
    pub period_seconds: f64,
    /// How long each stayed away, at least.
    pub away_seconds_min: f64,
    /// And at most.
    pub away_seconds_max: f64,
}

/// A server with the name that it has in a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What it spoke, if that was said of it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<&'static str>,
    /// Its URL; absent for one that the run started itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Config {
    /// Of a planned run.
    pub fn new(args: &Args, plan: &Plan) -> Self {
        let compares = args.mode == Mode::Compare;
        let mut urls: Vec<String> = args.url.iter().map(|url| hidden(url)).collect();
        Self {
            url: if plan.nodes == 1 { urls.pop() } else { None },
            urls,
            targets: Vec::new(),
            protocol: plan.protocol.name(),
            sender: (!plan.is_own_receiver()).then(|| plan.sender.name()),
            order: plan.order.name(),
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
            stages: args.stage.iter().map(|stage| stage.text.clone()).collect(),
            size_bytes: plan.size_bytes,
            payload: plan.payload.map(PayloadName::name),
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
            cut: plan.cut.map(|cut| Cutting {
                clients: (0..plan.threads).map(|thread| plan.cut_of(thread)).sum(),
                period_seconds: cut.period.as_secs_f64(),
                away_seconds_min: plan.away.start().as_secs_f64(),
                away_seconds_max: plan.away.end().as_secs_f64(),
            }),
            skips: plan.skips,
            compress: (plan.inflating > 0).then_some(plan.inflating),
            clients_up_to: args.clients_up_to,
            slo: match args.mode {
                Mode::Search => args.slo.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            },
            rounds: compares.then_some(args.rounds),
            seed: plan.seed,
        }
    }
}
