//! Fan-out, by a schedule or as much as goes: one trial, or two to see what slow clients do to the others.

use crate::{
    modes::{Outcome, RunError, Session},
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
        session.live.label("without slow clients: ".to_owned());
        let healthy = Plan {
            clients: plan.clients - plan.slow,
            slow: 0,
            ..plan.clone()
        };
        let trial = session.trial(&healthy, &host)?;
        session.live.label("with slow clients: ".to_owned());
        Some(trial)
    } else {
        None
    };
    let trial = session.trial(&plan, &host)?;
    let mut traffic = Traffic::new(&plan, &trial);
    traffic.isolation = alone.as_ref().and_then(|alone| {
        let without = alone.collection.latency.summary();
        Isolation::new(without.as_ref(), traffic.latency_us.as_ref())
    });
    let report = Report::traffic(session.args, &plan, &trial, traffic);
    let mut collection = trial.collection;
    Ok(Outcome {
        latency: Some(collection.latency.clone()),
        page: pages::broadcast(&report, &mut collection),
        report,
    })
}
