//! Silent connections: what each of them costs in memory and CPU.

use crate::{
    modes::{Found, RunError, session::Session},
    outcome::{Findings, Outcome, curves::Curves, idle::Idle},
};

/// Runs it.
///
/// # Errors
/// When there is nothing to report.
pub fn run(session: &mut Session) -> Result<Found, RunError> {
    let plan = session.plan()?;
    let host = session.host(&plan)?;
    let trial = session.trial(&plan, &host)?;
    let findings = Findings::Idle(Box::new(Idle::new(&plan, &trial)));
    Ok(Found {
        outcome: Outcome::new(session.args, &plan, &trial, None, findings),
        curves: Curves::Handshakes(trial.sums.connect),
    })
}
