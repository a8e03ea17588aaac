//! The highest rate that a server sustains: the rate is doubled until it does not hold, and then closed in on.

use serde::Serialize;

use crate::{
    modes::{Host, Outcome, RunError, Session, step::Step},
    plan::{Pacing, Plan},
    report::{Config, Findings, Report, pages, traffic::Traffic, words::rounded},
    trial::Trial,
};

/// The search ends when the lowest rate that does not hold is at most this much above the highest that does.
const RESOLUTION: f64 = 1.05;
/// A rate counts as too high when it did not hold so many times: a busy machine may spoil a single one.
const FAILED_MAX: usize = 2;
/// Times that say nothing of the server are tried again, up to so often.
const INVALID_MAX: usize = 5;
/// Nothing is sent faster than this many messages a second.
const RATE_MAX: u32 = 10_000_000;

/// What a search found.
#[derive(Clone, Debug, Serialize)]
pub struct Search {
    /// All rates that were tried, in that order.
    pub steps: Vec<Tried>,
    /// The highest rate that held; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<Tried>,
    /// What the server did that ended the search early; absent if it served to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
}

/// How it went at one rate.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// Messages a second, by all publishers together.
    pub rate: u32,
    /// Whether what was demanded held, and nothing was lost; also where messages were sent late, which adds to latency, but
    /// not where most were.
    pub held: bool,
    /// The figures.
    #[serde(flatten)]
    pub step: Step,
}

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
pub fn run(session: &mut Session) -> Result<Outcome, RunError> {
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
    let invalid_reason = search.limited_by_us(bounds);
    let trial = best_trial.or(last_trial).ok_or(RunError::Nothing)?;
    let findings = Findings::Search(search);
    let mut report = Report::new(session.args, &plan, &trial, invalid_reason, findings);
    report.interrupted = interrupted;
    Ok(Outcome {
        latency: None,
        page: pages::search(&report),
        report,
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
    session.live.label(format!("{rate} a second: "));
    while let Some(trial) = session.next_trial(&plan, host)? {
        let traffic = Traffic::new(&plan, &trial);
        let step = Step::new(&plan, &trial, &traffic);
        let report = Report::traffic(session.args, &plan, &trial, traffic);
        let result = serde_json::to_value(&report).unwrap_or_default();
        let mut slo = session.args.slo.iter();
        let held = slo.all(|demand| demand.judge(&result).passed);
        let tried = Tried {
            rate,
            // Latency counts from when a message should have been sent, so lateness only adds to it: what held in spite of
            // that holds. Bursts are another load.
            held: held && !step.broken && !step.validity.in_bursts,
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

impl Search {
    /// Why the limit that was found is the load generator's and not the server's; `None` if it is the server's.
    fn limited_by_us(&self, bounds: Bounds) -> Option<String> {
        let rate = bounds.fails?;
        let mut attempts = self.steps.iter().filter(|tried| tried.rate == rate);
        let valid = attempts.clone().any(|tried| tried.step.valid);
        let reason = attempts.find_map(|tried| tried.step.invalid_reason.as_deref())?;
        (!valid).then(|| format!("at {rate} messages a second {reason}"))
    }

    /// What was found, in words.
    pub fn sentence(&self, config: &Config) -> String {
        let best = self.best.as_ref();
        best.map_or_else(String::new, |best| {
            format!(
                "{} messages a second are the most at which {} holds and nothing is lost: {} deliveries a second to {} clients",
                best.rate,
                config.slo.join(" and "),
                rounded(best.step.delivered_per_second),
                config.clients
            )
        })
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
