//! The highest rate that a server sustains: the rate is doubled until it does not hold, and then closed in on.

use crate::{
    args::rate::Rate,
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
/// Messages a second than which none are sent faster.
const PER_SECOND_MAX: f64 = 1e7;
/// Below so many messages a second no lower rate is tried: a step would have nothing to measure.
const PER_SECOND_MIN: f64 = 1.0;
/// From so many a second on, rates are tried that are whole.
const WHOLE: f64 = 10.0;

/// Where the limit may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounds {
    /// The highest rate that held.
    holds: Option<Rate>,
    /// The lowest that did not.
    fails: Option<Rate>,
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
            search.best = Some(Box::new(tried));
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
    rate: Rate,
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
            held: held && !step.is_broken() && !step.validity.other_load,
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
    fn next(self) -> Option<Rate> {
        let [holds, fails] = [self.holds, self.fails].map(|rate| rate.map(Rate::per_second));
        let next = match (holds, fails) {
            (Some(holds), None) => (holds * 2.0).min(PER_SECOND_MAX),
            (None, Some(fails)) => (fails / 2.0).max(PER_SECOND_MIN),
            (Some(holds), Some(fails)) if fails > holds * RESOLUTION => (holds * fails).sqrt(),
            _ => return None,
        };
        let next = if next < WHOLE {
            (next * WHOLE).round() / WHOLE
        } else {
            next.round()
        };
        let is_new =
            holds.is_none_or(|holds| next > holds) && fails.is_none_or(|fails| next < fails);
        Rate::new(next).filter(|_| is_new && next >= PER_SECOND_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rates that are tried when all up to `limit` hold, beginning with `first`.
    fn tried(first: f64, limit: f64) -> Vec<f64> {
        let mut bounds = Bounds {
            holds: None,
            fails: None,
        };
        let mut rates = vec![first];
        loop {
            let rate = rates[rates.len() - 1];
            let known = Rate::new(rate);
            if rate <= limit {
                bounds.holds = known;
            } else {
                bounds.fails = known;
            }
            match bounds.next() {
                Some(rate) => rates.push(rate.per_second()),
                None => return rates,
            }
        }
    }

    #[test]
    fn the_rate_is_doubled_and_then_closed_in_on() {
        assert_eq!(tried(100.0, 450.0)[..4], [100.0, 200.0, 400.0, 800.0]);
        for limit in [1.0, 1.7, 7.0, 99.0, 100.0, 450.0, 12_345.0, 1e6] {
            let rates = tried(100.0, limit);
            let held = rates.iter().copied().filter(|&rate| rate <= limit);
            let best = held.fold(0.0, f64::max);
            assert!(limit <= best * RESOLUTION + 0.1, "{rates:?}");
            assert!(rates.len() < 24, "{rates:?}");
        }
    }

    #[test]
    fn below_one_a_second_no_rate_is_tried_but_the_users() {
        assert_eq!(tried(4.0, 0.0), [4.0, 2.0, 1.0]);
        assert_eq!(tried(0.5, 0.0), [0.5]);
        assert_eq!(tried(0.5, 0.7), [0.5, 1.0]);
    }

    #[test]
    fn no_rate_is_beyond_the_highest() {
        assert_eq!(tried(8e6, 1e9), [8e6, PER_SECOND_MAX]);
    }
}
