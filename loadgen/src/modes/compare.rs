//! Several servers in interleaved rounds, so that whatever else the machine does meets them all: each figure as a ratio
//! with its spread, and a verdict.

use std::slice;

use hubbub::system::opening::secrets::hidden;

use crate::{
    args::languages::ProtocolName,
    modes::{
        Found, RunError,
        session::{Host, Session},
    },
    outcome::{
        Findings, Outcome,
        comparison::{Comparison, Round, Side},
        config::Named,
        curves::Curves,
        step::Step,
        traffic::Traffic,
    },
    plan::Plan,
    record::distribution::Distribution,
    swarm::trial::Trial,
};

/// What a run's own servers are called.
const OWN: [&str; 2] = ["hubbub", "hubbub-again"];

/// A server that is compared.
struct Contender {
    name: String,
    url: Option<String>,
    /// What was said of it alone that it speaks.
    own_protocol: Option<&'static str>,
    /// The run as it is against this one, which may speak another language.
    plan: Plan,
    /// A running server; of our own, a new one is started in each round, since two copies of one program differ by
    /// where their memory happens to lie.
    host: Option<Host>,
    steps: Vec<Step>,
    latency: Distribution,
}

/// Runs it.
///
/// # Errors
/// When there is nothing to report of one of them.
pub fn run(session: &mut Session) -> Result<Found, RunError> {
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
            session.label(label);
            let Some(trial) = contender.run(session)? else {
                break 'rounds;
            };
            steps.push((
                index,
                Step::new(
                    &contender.plan,
                    &trial,
                    &Traffic::new(&contender.plan, &trial),
                ),
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
    let sides: Vec<Side> = contenders.iter().map(Contender::side).collect();
    let comparison = Comparison::new(&sides, rounds);
    let invalid_reason = comparison.invalid_reason();
    let findings = Findings::Comparison(comparison);
    let mut outcome = Outcome::new(session.args, &plan, &trial, invalid_reason, findings);
    outcome.interrupted = interrupted;
    outcome.config.targets = contenders
        .iter()
        .map(|contender| Named {
            name: contender.name.clone(),
            protocol: contender.own_protocol,
            url: contender.url.as_deref().map(hidden),
        })
        .collect();
    let latencies = contenders.into_iter();
    let latencies = latencies.map(|contender| (contender.name, contender.latency));
    Ok(Found {
        outcome,
        curves: Curves::Targets(latencies.collect()),
    })
}

/// The servers that the flags name, and as many of our own as two need.
fn contenders(session: &Session, plan: &Plan) -> Result<Vec<Contender>, RunError> {
    let targets = &session.args.target;
    let named = targets.iter().map(|target| {
        let url = Some(target.url.clone());
        (target.name.clone(), url, target.protocol)
    });
    let is_free = |own: &&&str| targets.iter().all(|target| target.name != **own);
    let missing = OWN.len().saturating_sub(targets.len());
    let own = OWN.iter().filter(is_free).take(missing);
    let own = own.map(|&name| (name.to_owned(), None, None));
    let mut pids = session.args.server_pid.iter().copied();
    let contender = |(name, url, protocol): (String, Option<String>, Option<ProtocolName>)| {
        let pid = pids.next();
        let plan = match protocol {
            Some(protocol) => plan.speaking(protocol, session.args)?,
            None => plan.clone(),
        };
        let host = match &url {
            Some(url) => Some(session.host_at(&plan, slice::from_ref(url), pid.as_slice())?),
            None => None,
        };
        Ok(Contender {
            name,
            url,
            own_protocol: protocol.map(ProtocolName::name),
            plan,
            host,
            steps: Vec::new(),
            latency: Distribution::default(),
        })
    };
    named.chain(own).map(contender).collect()
}

impl Contender {
    fn side(&self) -> Side<'_> {
        Side {
            name: &self.name,
            steps: &self.steps,
        }
    }

    fn run(&self, session: &mut Session) -> Result<Option<Trial>, RunError> {
        if let Some(host) = &self.host {
            return session.next_trial(&self.plan, host);
        }
        let host = session.host_at(&self.plan, &[], &[])?;
        session.next_trial(&self.plan, &host)
    }
}
