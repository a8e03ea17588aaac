//! Handshakes: how many a second, how long they take, and what each costs.

use crate::{
    modes::{Found, RunError, session::Session},
    outcome::{Findings, Outcome, curves::Curves},
};

/// Runs it.
///
/// # Errors
/// When there is nothing to report.
pub fn run(session: &mut Session) -> Result<Found, RunError> {
    let plan = session.plan()?;
    let host = session.host(&plan)?;
    let trial = session.handshakes(&plan, &host)?;
    Ok(Found {
        outcome: Outcome::new(session.args, &plan, &trial, None, Findings::Connect {}),
        curves: Curves::Handshakes(trial.sums.connect),
    })
}
