//! The highest load that a server sustains, be it a rate or a number of clients: it is doubled until it does not hold, and
//! then closed in on.

use crate::{
    args::{Args, rate::Rate},
    modes::{
        Found, RunError,
        session::{Host, Session},
    },
    outcome::{
        Findings, Outcome,
        config::Config,
        curves::Curves,
        search::{Load, Search, Tried},
        step::Step,
        traffic::Traffic,
    },
    plan::{Pacing, Plan, error::PlanError},
    swarm::trial::Trial,
};

/// The search ends when the lowest load that does not hold is at most this much above the highest that does.
const RESOLUTION: f64 = 1.05;
/// A load counts as too high when it did not hold so many times: a busy machine may spoil a single one.
const FAILED_MAX: usize = 2;
/// Times that say nothing of the server are tried again, up to so often.
const INVALID_MAX: usize = 5;
/// From so many messages a second to so many.
const RATES: Scale = Scale {
    // At less, a step would have nothing to measure.
    least: 1.0,
    // None are sent faster.
    most: 1e7,
    whole_from: 10.0,
};
/// Below what is only tried as a whole, steps are a tenth.
const TENTH: f64 = 10.0;

/// Which loads are tried.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    /// Nothing lower, but what the user begins with.
    least: f64,
    /// Nothing higher.
    most: f64,
    /// From here on, those that are whole.
    whole_from: f64,
}

/// Where the limit may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounds {
    scale: Scale,
    /// The highest load that held.
    holds: Option<f64>,
    /// The lowest that did not.
    fails: Option<f64>,
}

/// Runs it.
///
/// # Errors
/// When there is nothing to report.
pub fn run(session: &mut Session) -> Result<Found, RunError> {
    let whole = session.plan()?;
    let host = session.host(&whole)?;
    let mut search = Search {
        steps: Vec::new(),
        best: None,
        ended_by: None,
        turned_away: None,
    };
    let first = first(session.args);
    let begin = loaded(&whole, first, session.args)?;
    let mut bounds = Bounds {
        scale: scale(session.args),
        holds: None,
        fails: None,
    };
    let mut failed_at = None;
    let mut best_trial = None;
    let mut last_trial = None;
    let mut interrupted = false;
    let mut next = Some(first);
    while let Some(load) = next {
        let plan = loaded(&whole, load, session.args)?;
        let steps = &mut search.steps;
        match attempt(session, &plan, &host, load, steps, &mut last_trial) {
            Ok(Some(tried)) if tried.held => {
                bounds.holds = Some(load.figure());
                search.best = Some(Box::new(tried));
                best_trial = last_trial.take();
            }
            Ok(Some(_)) => {
                bounds.fails = Some(load.figure());
                failed_at = Some(load);
            }
            Ok(None) => {
                interrupted = true;
                break;
            }
            // What was found before is worth a report.
            Err(RunError::Trial(error))
                if error.is_refusal() && (best_trial.is_some() || last_trial.is_some()) =>
            {
                if let Load::Rate(_) = load {
                    search.ended_by = Some(error.to_string());
                    break;
                }
                bounds.fails = Some(load.figure());
                failed_at = Some(load);
                search.turned_away = Some(error.to_string());
            }
            Err(error) => return Err(error),
        }
        next = bounds.next().and_then(|figure| load.of(figure));
    }
    let invalid_reason = if interrupted {
        Some(search.stopped())
    } else {
        failed_at.and_then(|load| search.limited_by_us(load))
    };
    let (plan, trial) = best_trial.or(last_trial).ok_or(RunError::Nothing)?;
    let findings = Findings::Search(search);
    let mut outcome = Outcome::new(session.args, &plan, &trial, invalid_reason, findings);
    outcome.config = Config::new(session.args, &begin);
    outcome.interrupted = interrupted;
    Ok(Found {
        outcome,
        curves: Curves::Steps,
    })
}

/// Where it begins.
fn first(args: &Args) -> Load {
    match args.clients_up_to {
        None => Load::Rate(args.rate),
        Some(most) => Load::Clients(args.clients.min(most)),
    }
}

/// What it goes through.
fn scale(args: &Args) -> Scale {
    let Some(most) = args.clients_up_to else {
        return RATES;
    };
    Scale {
        // Without the publishers that the user wants it would be another load.
        least: f64::from(args.publishers.unwrap_or(1).max(args.channels)),
        most: most.into(),
        whole_from: 0.0,
    }
}

/// The run with such a load.
fn loaded(whole: &Plan, load: Load, args: &Args) -> Result<Plan, PlanError> {
    match load {
        Load::Rate(rate) => Ok(Plan {
            pacing: Pacing::Open { rate },
            ..whole.clone()
        }),
        Load::Clients(clients) => whole.with_clients(clients as usize, args),
    }
}

/// Tries a load, more than once if it does not hold, and keeps the last trial; `None` if the user ended it.
fn attempt(
    session: &mut Session,
    plan: &Plan,
    host: &Host,
    load: Load,
    steps: &mut Vec<Tried>,
    last: &mut Option<(Plan, Trial)>,
) -> Result<Option<Tried>, RunError> {
    let (mut failed, mut invalid) = (0, 0);
    session.label(format!("{load}: "));
    while let Some(trial) = session.next_trial(plan, host)? {
        let traffic = Traffic::new(plan, &trial);
        let step = Step::new(plan, &trial, &traffic);
        let mut outcome = Outcome::traffic(session.args, plan, &trial, traffic);
        outcome.judge(&session.args.slo);
        let held = outcome.expectations.iter().all(|demand| demand.passed);
        let tried = Tried {
            load,
            // Latency counts from when a message should have been sent, so lateness only adds to it: what held in spite of
            // that holds.
            held: held && !step.is_broken() && !step.validity.other_load,
            step,
        };
        steps.push(tried.clone());
        *last = Some((plan.clone(), trial));
        if tried.step.valid {
            failed += 1;
        } else {
            invalid += 1;
        }
        if tried.held || failed == FAILED_MAX || invalid == INVALID_MAX {
            return Ok(Some(tried));
        }
    }
    Ok(None)
}

impl Load {
    /// As much of the same kind; `None` if there is no such load.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of clients is within its scale, which ends where a flag does"
    )]
    fn of(self, figure: f64) -> Option<Self> {
        match self {
            Self::Rate(_) => Rate::new(figure).map(Self::Rate),
            Self::Clients(_) => Some(Self::Clients(figure as u32)),
        }
    }
}

impl Bounds {
    /// What to try next; `None` when the limit is known well enough.
    fn next(self) -> Option<f64> {
        let Self {
            scale,
            holds,
            fails,
        } = self;
        let next = match (holds, fails) {
            (Some(holds), None) => (holds * 2.0).min(scale.most),
            (None, Some(fails)) => (fails / 2.0).max(scale.least),
            (Some(holds), Some(fails)) if fails > holds * RESOLUTION => (holds * fails).sqrt(),
            _ => return None,
        };
        let next = if next < scale.whole_from {
            (next * TENTH).round() / TENTH
        } else {
            next.round()
        };
        let is_new =
            holds.is_none_or(|holds| next > holds) && fails.is_none_or(|fails| next < fails);
        (is_new && next >= scale.least).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loads that are tried when all up to `limit` hold, beginning with `first`.
    fn tried_of(scale: Scale, first: f64, limit: f64) -> Vec<f64> {
        let mut bounds = Bounds {
            scale,
            holds: None,
            fails: None,
        };
        let mut loads = vec![first];
        loop {
            let load = loads[loads.len() - 1];
            if load <= limit {
                bounds.holds = Some(load);
            } else {
                bounds.fails = Some(load);
            }
            match bounds.next() {
                Some(load) => loads.push(load),
                None => return loads,
            }
        }
    }

    fn tried(first: f64, limit: f64) -> Vec<f64> {
        tried_of(RATES, first, limit)
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
        assert_eq!(tried(8e6, 1e9), [8e6, RATES.most]);
    }

    #[test]
    fn clients_are_whole_and_no_more_than_the_most_nor_less_than_the_least() {
        let clients = Scale {
            least: 3.0,
            most: 1000.0,
            whole_from: 0.0,
        };
        assert_eq!(
            tried_of(clients, 300.0, 5000.0),
            [300.0, 600.0, 1000.0],
            "all of them"
        );
        assert_eq!(tried_of(clients, 8.0, 0.0), [8.0, 4.0, 3.0]);
        assert_eq!(tried_of(clients, 4.0, 5.0), [4.0, 8.0, 6.0, 5.0]);
    }
}
