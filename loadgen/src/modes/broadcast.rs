//! Fan-out, by a schedule or as much as goes: one trial, or two to see what slow clients do to the others.

use crate::{
    modes::{
        Found, RunError,
        session::{Host, Session},
    },
    outcome::{
        Outcome, curves::Curves, isolation::Isolation, traffic::Traffic, validity::Validity,
    },
    plan::Plan,
    swarm::trial::Trial,
};

/// Runs it.
///
/// # Errors
/// When there is nothing to report.
pub fn run(session: &mut Session) -> Result<Found, RunError> {
    let plan = session.plan()?;
    let host = session.host(&plan)?;
    if !session.args.isolation {
        let trial = session.trial(&plan, &host)?;
        let traffic = Traffic::new(&plan, &trial);
        return Ok(found(session, &plan, trial, traffic));
    }
    let healthy = Plan {
        clients: plan.clients - plan.slow,
        slow: 0,
        ..plan.clone()
    };
    let alone = without_slow(session, &healthy, &host)?;
    let trial = session.trial(&plan, &host)?;
    let mut traffic = Traffic::new(&plan, &trial);
    let without = Traffic::new(&healthy, &alone);
    traffic.isolation = Isolation::new(
        without.latencies.latency_us,
        without.is_broken(),
        traffic.latencies.latency_us,
    );
    let mut found = found(session, &plan, trial, traffic);
    if let Some(doubt) = Validity::of(&healthy, &alone).doubt {
        let doubt = without.behind_noise(doubt);
        found.outcome.valid = false;
        found
            .outcome
            .invalid_reason
            .get_or_insert(format!("without slow clients {doubt}"));
    }
    Ok(found)
}

fn found(session: &Session, plan: &Plan, trial: Trial, traffic: Traffic) -> Found {
    Found {
        outcome: Outcome::traffic(session.args, plan, &trial, traffic),
        curves: Curves::Traffic(Box::new(trial.collection)),
    }
}

/// The same without slow clients.
fn without_slow(session: &mut Session, healthy: &Plan, host: &Host) -> Result<Trial, RunError> {
    session.label("without slow clients: ".to_owned());
    let trial = session.next_trial(healthy, host)?;
    session.label("with slow clients: ".to_owned());
    trial.ok_or(RunError::Nothing)
}
