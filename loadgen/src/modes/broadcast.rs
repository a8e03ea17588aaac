//! Fan-out, by a schedule or as much as goes: one trial, or two to see what slow clients do to the others.

use crate::{
    modes::{Host, Outcome, RunError, Session, step::Step},
    plan::Plan,
    report::{
        Report, pages,
        traffic::{Isolation, Traffic},
    },
};

/// Runs it.
///
/// # Errors
/// When there is nothing to report.
pub fn run(session: &mut Session) -> Result<Outcome, RunError> {
    let plan = session.plan()?;
    let host = session.host(&plan)?;
    let alone = if session.args.isolation {
        Some(without_slow(session, &plan, &host)?)
    } else {
        None
    };
    let trial = session.trial(&plan, &host)?;
    let mut traffic = Traffic::new(&plan, &trial);
    traffic.isolation = alone
        .as_ref()
        .and_then(|alone| Isolation::new(alone, traffic.latency_us.as_ref()));
    let mut report = Report::traffic(session.args, &plan, &trial, traffic);
    if let Some(reason) = alone.and_then(|alone| alone.invalid_reason) {
        report.valid = false;
        report
            .invalid_reason
            .get_or_insert(format!("without slow clients {reason}"));
    }
    let mut collection = trial.collection;
    Ok(Outcome {
        latency: Some(collection.latency.clone()),
        page: pages::broadcast(&report, &mut collection),
        report,
    })
}

/// The same without slow clients, in short.
fn without_slow(session: &mut Session, plan: &Plan, host: &Host) -> Result<Step, RunError> {
    let healthy = Plan {
        clients: plan.clients - plan.slow,
        slow: 0,
        ..plan.clone()
    };
    session.live.label("without slow clients: ".to_owned());
    let trial = session
        .next_trial(&healthy, host)?
        .ok_or(RunError::Nothing)?;
    session.live.label("with slow clients: ".to_owned());
    let traffic = Traffic::new(&healthy, &trial);
    Ok(Step::new(&healthy, &trial, &traffic))
}
