//! Handshakes: how many a second, how long they take, and what each costs.

use crate::{
    modes::{Outcome, RunError, Session},
    report::{Findings, Report, pages},
};

/// Runs it.
///
/// # Errors
/// When there is nothing to report.
pub fn run(session: &mut Session) -> Result<Outcome, RunError> {
    let plan = session.plan()?;
    let host = session.host(&plan)?;
    let trial = session.handshakes(&plan, &host)?;
    let report = Report::new(session.args, &plan, &trial, None, Findings::Connect {});
    Ok(Outcome {
        page: pages::handshakes(&trial.sums.connect),
        latency: Some(trial.sums.connect),
        report,
    })
}
