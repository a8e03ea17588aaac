//! The highest rate that a server sustains: the rate is doubled until it does not hold, and then closed in on.

use crate::{
    modes::{
        Found, RunError,
        session::{Host, Session},
    },
    outcome::{
        Findings, Outcome,
        curves::Curves,
        search::{Search, Tried},
        step::Step,
        traffic::Traffic,
    },
    plan::{Pacing, Plan},
    swarm::trial::Trial,
};

/// The search ends when the lowest rate that does not hold is at most this much above the highest that does.
const RESOLUTION: f64 = 1.05;
/// A rate counts as too high when it did not hold so many times: a busy machine may spoil a single one.
const FAILED_MAX: usize = 2;
/// Times that say nothing of the server are tried again, up to so often.
const INVALID_MAX: usize = 5;
/// Nothing is sent faster than this many messages a second.
const RATE_MAX: u32 = 10_000_000;

/// Where the limit may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    /// The highest rate that held.
    holds: Option<u32>,
    /// The lowest that did not.
    fails: Option<u32>,
}

/// Runs it.
///
/// # Errors
/// When there is nothing to report.
pub fn run(session: &mut Session) -> Result<Found, RunError> {
    let plan = session.plan()?;
    let host = session.host(&plan)?;
    let mut search = Search {
        steps: Vec::new(),
        best: None,
        ended_by: None,
    };
    let mut bounds = Bounds {
        holds: None,
        fails: None,
    };
    let mut best_trial = None;
    let mut last_trial = None;
    let mut interrupted = false;
    let mut next = Some(session.args.rate);
    while let Some(rate) = next {
        let (tried, trial) = match attempt(session, &plan, &host, rate, &mut search.steps) {
            Ok(Some(tried)) => tried,
            Ok(None) => {
                interrupted = true;
                break;
            }
            // What was found before is worth a report.
            Err(RunError::Trial(error))
                if error.is_refusal() && (best_trial.is_some() || last_trial.is_some()) =>
            {
                search.ended_by = Some(error.to_string());
                break;
            }
            Err(error) => return Err(error),
        };
        if tried.held {
            bounds.holds = Some(rate);
            search.best = Some(tried);
            best_trial = Some(trial);
        } else {
            bounds.fails = Some(rate);
            last_trial = Some(trial);
        }
        next = bounds.next();
    }
    let invalid_reason = bounds.fails.and_then(|rate| search.limited_by_us(rate));
    let trial = best_trial.or(last_trial).ok_or(RunError::Nothing)?;
    let findings = Findings::Search(search);
    let mut outcome = Outcome::new(session.args, &plan, &trial, invalid_reason, findings);
    outcome.interrupted = interrupted;
    Ok(Found {
        outcome,
        curves: Curves::Steps,
    })
}

/// Tries a rate, more than once if it does not hold; `None` if the user ended it.
fn attempt(
    session: &mut Session,
    plan: &Plan,
    host: &Host,
    rate: u32,
    steps: &mut Vec<Tried>,
) -> Result<Option<(Tried, Trial)>, RunError> {
    let plan = Plan {
        pacing: Pacing::Open { rate },
        ..plan.clone()
    };
    let (mut failed, mut invalid) = (0, 0);
    session.label(format!("{rate} a second: "));
    while let Some(trial) = session.next_trial(&plan, host)? {
        let traffic = Traffic::new(&plan, &trial);
        let step = Step::new(&plan, &trial, &traffic);
        let mut outcome = Outcome::traffic(session.args, &plan, &trial, traffic);
        outcome.judge(&session.args.slo);
        let held = outcome.expectations.iter().all(|demand| demand.passed);
        let tried = Tried {
            rate,
            // Latency counts from when a message should have been sent, so lateness only adds to it: what held in spite of
            // that holds.
            held: held && !step.broken && !step.validity.other_load,
            step,
        };
        steps.push(tried.clone());
        if tried.step.valid {
            failed += 1;
        } else {
            invalid += 1;
        }
        if tried.held || failed == FAILED_MAX || invalid == INVALID_MAX {
            return Ok(Some((tried, trial)));
        }
    }
    Ok(None)
}

impl Bounds {
    /// The rate to try next; `None` when the limit is known well enough.
    fn next(self) -> Option<u32> {
        match (self.holds, self.fails) {
            (Some(holds), None) => {
                Some(holds.saturating_mul(2).min(RATE_MAX)).filter(|&rate| rate > holds)
            }
            (None, Some(fails)) => Some(fails / 2).filter(|&rate| rate > 0),
            (Some(holds), Some(fails)) => {
                let middle = (f64::from(holds) * f64::from(fails)).sqrt();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it lies between two rates"
                )]
                let middle = middle.round() as u32;
                let near = f64::from(fails) <= f64::from(holds) * RESOLUTION;
                (!near && middle > holds && middle < fails).then_some(middle)
            }
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rates that are tried when all up to `limit` hold, beginning with `first`.
    fn tried(first: u32, limit: u32) -> Vec<u32> {
        let mut bounds = Bounds {
            holds: None,
            fails: None,
        };
        let mut rates = vec![first];
        loop {
            let rate = rates[rates.len() - 1];
            if rate <= limit {
                bounds.holds = Some(rate);
            } else {
                bounds.fails = Some(rate);
            }
            match bounds.next() {
                Some(rate) => rates.push(rate),
                None => return rates,
            }
        }
    }

    #[test]
    fn the_rate_is_doubled_and_then_closed_in_on() {
        assert_eq!(tried(100, 450)[..4], [100, 200, 400, 800]);
        for limit in [1, 7, 99, 100, 450, 12_345, 1_000_000] {
            let rates = tried(100, limit);
            let best = rates.iter().filter(|&&rate| rate <= limit).max().unwrap();
            assert!(
                f64::from(limit) <= f64::from(*best) * RESOLUTION + 1.0,
                "{rates:?}"
            );
            assert!(rates.len() < 24, "{rates:?}");
        }
    }

    #[test]
    fn below_one_a_second_nothing_holds() {
        assert_eq!(tried(4, 0), [4, 2, 1]);
    }

    #[test]
    fn no_rate_is_beyond_the_highest() {
        assert_eq!(tried(8_000_000, u32::MAX), [8_000_000, RATE_MAX]);
    }
}
