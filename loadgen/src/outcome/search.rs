//! The highest rate that a server sustains, and how it was found.

use serde::Serialize;

use crate::{args::rate::Rate, outcome::step::Step};

/// What a search found.
#[derive(Clone, Debug, Serialize)]
pub struct Search {
    /// All rates that were tried, in that order.
    pub steps: Vec<Tried>,
    /// The highest rate that held; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<Box<Tried>>,
    /// What the server did that ended the search early; absent if it served to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
}

/// How it went at one rate.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// Messages a second, by all publishers together.
    pub rate: Rate,
    /// Whether what was demanded held, and nothing was lost; also where messages were sent late, which adds to latency, but
    /// not where most were.
    pub held: bool,
    /// The figures.
    #[serde(flatten)]
    pub step: Step,
}

impl Search {
    /// What went wrong in the last step, if anything did that must not.
    pub fn last_fault(&self) -> Option<&str> {
        self.steps.last()?.step.fault.as_deref()
    }

    /// Why it is the load generator's fault and not the server's that a rate did not hold; `None` if it is the server's.
    pub fn limited_by_us(&self, rate: Rate) -> Option<String> {
        let mut attempts = self.steps.iter().filter(|tried| tried.rate == rate);
        let valid = attempts.clone().any(|tried| tried.step.valid);
        let reason = attempts.find_map(|tried| tried.step.invalid_reason.as_deref())?;
        (!valid).then(|| format!("at {rate} messages a second {reason}"))
    }
}
