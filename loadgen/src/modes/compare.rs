//! Several servers in interleaved rounds, so that whatever else the machine does meets them all: each figure as a ratio
//! with its spread, and a verdict that rests on the CPU time of a delivery.

use std::collections::BTreeMap;

use hubbub::system::opening::secrets::hidden;
use serde::Serialize;

use crate::{
    modes::{
        Host, Outcome, RunError, Session,
        ratio::{Finding, Ratio},
        step::Step,
    },
    plan::Plan,
    record::distribution::Distribution,
    report::{Findings, Named, Report, pages, traffic::Traffic},
    trial::Trial,
};

/// What a run's own servers are called.
const OWN: [&str; 2] = ["hubbub", "hubbub-again"];

/// Several servers against the first of them.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// All rounds, in the order in which they were run.
    pub rounds: Vec<Round>,
    /// The server that the others are held against.
    pub baseline: String,
    /// The second server against the first.
    #[serde(flatten)]
    pub second: Versus,
    /// Any others against the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<Versus>,
}

/// One server in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Which round, from 1.
    pub round: u32,
    /// Which server.
    pub target: String,
    /// The figures.
    #[serde(flatten)]
    pub step: Step,
}

/// One server against the first.
#[derive(Clone, Debug, Serialize)]
pub struct Versus {
    /// Which server.
    pub target: String,
    /// Each of its figures over that of the first, round by round.
    pub ratios: BTreeMap<&'static str, Ratio>,
    /// What the decisive one says: whether this server needs less or more CPU per delivery than the first.
    pub finding: Finding,
    /// The same in words.
    pub verdict: String,
}

/// A server that is compared.
struct Contender {
    name: String,
    url: Option<String>,
    /// A running server; of our own, a new one is started in each round, since two copies of one program differ by
    /// where their memory happens to lie.
    host: Option<Host>,
    steps: Vec<Step>,
    latency: Distribution,
}

/// A figure of a round, if that round has one that says something of the server.
type Figure = fn(&Step) -> Option<f64>;

/// Figures whose ratios are told. Times count only where the load generator kept its schedule; what the server used for
/// them does not depend on that.
const FIGURES: [(&str, Figure); 8] = [
    ("cpu_us_per_delivery", |step| step.cpu_us_per_delivery),
    ("delivered_per_second", |step| {
        Some(step.delivered_per_second)
    }),
    ("mean_batch", |step| step.mean_batch),
    ("p50", |step| Some(step.believed(step.latency_us)?.p50)),
    ("p99", |step| Some(step.believed(step.latency_us)?.p99)),
    ("last_receiver_p99", |step| {
        Some(step.believed(step.last_receiver_us)?.p99)
    }),
    ("spread_p50", |step| {
        Some(step.believed(step.spread_us)?.p50)
    }),
    ("rss_bytes_per_connection", |step| {
        step.rss_bytes_per_connection
    }),
];
/// The figure that the verdict rests on.
pub const DECISIVE: &str = "cpu_us_per_delivery";

/// Runs it.
///
/// # Errors
/// When there is nothing to report of one of them.
pub fn run(session: &mut Session) -> Result<Outcome, RunError> {
    let plan = session.plan()?;
    let mut contenders = contenders(session, &plan)?;
    let mut rounds = Vec::new();
    let mut baseline: Option<Trial> = None;
    'rounds: for round in 1..=session.args.rounds {
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        // Whoever follows whom, it is as often the other way round.
        if round % 2 == 0 {
            order.reverse();
        }
        let mut steps = Vec::new();
        for index in order {
            let contender = &mut contenders[index];
            let label = format!(
                "round {round} of {}, {}: ",
                session.args.rounds, contender.name
            );
            session.live.label(label);
            let Some(trial) = contender.run(session, &plan)? else {
                break 'rounds;
            };
            steps.push((
                index,
                Step::new(&plan, &trial, &Traffic::new(&plan, &trial)),
            ));
            contender.latency.add(&trial.collection.latency);
            if index == 0 {
                baseline = Some(trial);
            }
        }
        for (index, step) in steps {
            let contender = &mut contenders[index];
            rounds.push(Round {
                round,
                target: contender.name.clone(),
                step: step.clone(),
            });
            contender.steps.push(step);
        }
    }
    let interrupted = rounds.len() < contenders.len() * session.args.rounds as usize;
    let trial = baseline
        .filter(|_| !rounds.is_empty())
        .ok_or(RunError::Nothing)?;
    let comparison = Comparison::new(&contenders, rounds);
    let invalid_reason = comparison.invalid_reason();
    let findings = Findings::Comparison(comparison);
    let mut report = Report::new(session.args, &plan, &trial, invalid_reason, findings);
    report.interrupted = interrupted;
    report.config.targets = contenders
        .iter()
        .map(|contender| Named {
            name: contender.name.clone(),
            url: contender.url.as_deref().map(hidden),
        })
        .collect();
    let curves = contenders.iter();
    let curves = curves.map(|contender| (contender.name.as_str(), &contender.latency));
    Ok(Outcome {
        latency: None,
        page: pages::comparison(&report, curves),
        report,
    })
}

/// The servers that the flags name, and as many of our own as two need.
fn contenders(session: &Session, plan: &Plan) -> Result<Vec<Contender>, RunError> {
    let targets = &session.args.target;
    let named = targets
        .iter()
        .map(|(name, url)| (name.clone(), Some(url.clone())));
    let is_free = |own: &&&str| targets.iter().all(|(name, _)| name != **own);
    let missing = OWN.len().saturating_sub(targets.len());
    let own = OWN.iter().filter(is_free).take(missing);
    let own = own.map(|&name| (name.to_owned(), None));
    let mut pids = session.args.server_pid.iter().copied();
    let contender = |(name, url): (String, Option<String>)| {
        let pid = pids.next();
        let host = match &url {
            Some(url) => Some(session.host_at(plan, Some(url), pid)?),
            None => None,
        };
        Ok(Contender {
            name,
            url,
            host,
            steps: Vec::new(),
            latency: Distribution::default(),
        })
    };
    named.chain(own).map(contender).collect()
}

impl Contender {
    fn run(&self, session: &mut Session, plan: &Plan) -> Result<Option<Trial>, RunError> {
        if let Some(host) = &self.host {
            return session.next_trial(plan, host);
        }
        let host = session.host_at(plan, None, None)?;
        session.next_trial(plan, &host)
    }
}

impl Comparison {
    fn new(contenders: &[Contender], rounds: Vec<Round>) -> Self {
        let (first, others) = contenders.split_first().expect("there are two at least");
        let mut others = others.iter().map(|other| Versus::new(first, other));
        let second = others.next().expect("there are two at least");
        Self {
            rounds,
            baseline: first.name.clone(),
            second,
            more: others.collect(),
        }
    }

    /// Whether a server did not bring everything to everyone.
    pub fn is_broken(&self) -> bool {
        self.rounds.iter().any(|round| round.step.broken)
    }

    /// Servers that did not bring everything to everyone.
    pub fn broken(&self) -> Vec<&str> {
        let broken = self.rounds.iter().filter(|round| round.step.broken);
        let mut names: Vec<&str> = broken.map(|round| round.target.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What all rounds say, in words.
    pub fn verdict(&self) -> String {
        let verdicts: Vec<&str> = self
            .versus()
            .map(|versus| versus.verdict.as_str())
            .collect();
        verdicts.join("; ")
    }

    /// All servers against the first.
    pub fn versus(&self) -> impl Iterator<Item = &Versus> {
        std::iter::once(&self.second).chain(&self.more)
    }

    /// Why the rounds say nothing of what the servers cost; `None` if most of them do.
    fn invalid_reason(&self) -> Option<String> {
        let disturbed = self
            .rounds
            .iter()
            .filter(|round| round.step.validity.disturbed_server);
        let reasons = disturbed.filter_map(|round| round.step.invalid_reason.as_deref());
        let (count, all) = (reasons.clone().count(), self.rounds.len());
        let reason = reasons.into_iter().next()?;
        (count * 2 > all).then(|| format!("in {count} of {all} rounds {reason}"))
    }
}

impl Versus {
    fn new(first: &Contender, other: &Contender) -> Self {
        let pairs = other.steps.iter().zip(&first.steps);
        let pairs = pairs
            .filter(|(step, of)| !step.validity.disturbed_server && !of.validity.disturbed_server);
        let ratio = |figure: Figure| {
            let figures = |(step, of)| Some((figure(step)?, figure(of)?));
            Ratio::new(pairs.clone().filter_map(figures))
        };
        let ratios: BTreeMap<_, _> = FIGURES
            .into_iter()
            .filter_map(|(name, figure)| Some((name, ratio(figure)?)))
            .collect();
        let decisive = ratios.get(DECISIVE);
        Self {
            target: other.name.clone(),
            finding: decisive.map_or(Finding::Unknown, Ratio::finding),
            verdict: verdict(&first.name, &other.name, decisive),
            ratios,
        }
    }
}

fn verdict(first: &str, other: &str, ratio: Option<&Ratio>) -> String {
    let Some(ratio) = ratio else {
        return format!(
            "nobody knows which of {first} and {other} costs more: the CPU time of both has to be watched; give --server-pid for each"
        );
    };
    let Ratio {
        median,
        low,
        high,
        rounds,
    } = ratio;
    let interval =
        format!("{median:.3} times, 99% interval {low:.3} to {high:.3}, {rounds} rounds");
    match ratio.finding() {
        Finding::More => format!("{other} needs more CPU per delivery than {first}: {interval}"),
        Finding::Less => format!("{other} needs less CPU per delivery than {first}: {interval}"),
        Finding::Alike => format!(
            "{other} and {first} need the same CPU per delivery, as far as can be told: the difference is within the noise ({interval})"
        ),
        Finding::Unknown => format!(
            "too few rounds to tell {other} from {first} ({interval}); eight are the fewest"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_names_who_needs_more() {
        let says = |median, rounds| {
            let (low, high) = (median - 0.02, median + 0.02);
            let ratio = Ratio {
                median,
                low,
                high,
                rounds,
            };
            verdict("a", "b", Some(&ratio))
        };
        assert!(says(1.2, 12).starts_with("b needs more CPU per delivery than a: 1.200 times"));
        assert!(says(0.8, 12).starts_with("b needs less"));
        assert!(says(1.01, 12).contains("within the noise"));
        assert!(says(1.2, 3).starts_with("too few rounds"));
        assert!(verdict("a", "b", None).contains("--server-pid"));
    }
}
