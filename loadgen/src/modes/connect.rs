//! Handshakes: how many a second, how long they take, and what each costs.

use crate::{
    modes::{Found, RunError, session::Session},
    outcome::{Findings, Outcome, curves::Curves, departures::Departures},
};

/// Runs it.
///
/// # Errors
/// When there is nothing to report.
pub fn run(session: &mut Session) -> Result<Found, RunError> {
    let plan = session.plan()?;
    let host = session.host(&plan)?;
    let trial = session.handshakes(&plan, &host)?;
    let findings = Findings::Connect(Departures::new(&trial));
    Ok(Found {
        outcome: Outcome::new(session.args, &plan, &trial, None, findings),
        curves: Curves::Handshakes(trial.sums.connect),
    })
}
