//! The highest rate that a server sustains, or the most clients, and how it was found.

use std::fmt;

use serde::Serialize;

use crate::{
    args::rate::Rate,
    figures::words::grouped,
    outcome::{doubt::Doubt, step::Step},
};

/// What a search found.
#[derive(Clone, Debug, Serialize)]
pub struct Search {
    /// All loads that were tried, in that order.
    pub steps: Vec<Tried>,
    /// The highest that held; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<Box<Tried>>,
    /// What the server did that ended the search early; absent if it served to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// How the server last turned clients away, where the most clients were searched for: those were too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turned_away: Option<String>,
}

/// How it went with one load.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// What was tried.
    #[serde(flatten)]
    pub load: Load,
    /// Whether what was demanded held, and nothing was lost; also where messages were sent late, which adds to latency, but
    /// not where most were.
    pub held: bool,
    /// The figures.
    #[serde(flatten)]
    pub step: Step,
}

/// What is raised until the server does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Messages a second, by all publishers together.
    Rate(Rate),
    /// Clients.
    Clients(u32),
}

impl Load {
    /// What it counts, as a heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rate(_) => "rate",
            Self::Clients(_) => "clients",
        }
    }

    /// What the highest of its kind is called.
    pub fn superlative(self) -> &'static str {
        match self {
            Self::Rate(_) => "highest rate",
            Self::Clients(_) => "most clients",
        }
    }

    /// The figure, as in a table under its name.
    pub fn short(self) -> String {
        match self {
            Self::Rate(rate) => format!("{rate}/s"),
            Self::Clients(clients) => grouped(clients.into()),
        }
    }

    /// The bare figure.
    pub fn figure(self) -> f64 {
        match self {
            Self::Rate(rate) => rate.per_second(),
            Self::Clients(clients) => clients.into(),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(rate) => write!(f, "{rate} messages a second"),
            Self::Clients(1) => f.write_str("1 client"),
            Self::Clients(clients) => write!(f, "{} clients", grouped((*clients).into())),
        }
    }
}

impl Search {
    /// What went wrong in the last step in which there was anything to do, if anything did that must not.
    pub fn last_fault(&self) -> Option<&str> {
        let mut steps = self.steps.iter().map(|tried| &tried.step).rev();
        let last = steps.find(|step| step.validity.doubt != Some(Doubt::NothingDue))?;
        last.fault.as_deref()
    }

    /// Why what was found is not the limit, of a search that the user stopped.
    pub fn stopped(&self) -> String {
        let found = match &self.best {
            Some(best) => format!("{} held", best.load),
            None => "nothing had held".to_owned(),
        };
        format!("the search was stopped before it had found the limit; so far {found}")
    }

    /// Why it is the load generator's fault and not the server's that a load did not hold; `None` if it is the server's.
    pub fn limited_by_us(&self, load: Load) -> Option<String> {
        let mut attempts = self.steps.iter().filter(|tried| tried.load == load);
        let valid = attempts.clone().any(|tried| tried.step.valid);
        // A rate so low that nothing is due is only come to by what failed before.
        let nothing_due = attempts
            .clone()
            .all(|tried| tried.step.validity.doubt == Some(Doubt::NothingDue));
        if nothing_due && self.best.is_none() && self.last_fault().is_some() {
            return None;
        }
        let reason = attempts.find_map(|tried| tried.step.invalid_reason.as_deref())?;
        let preposition = match load {
            Load::Rate(_) => "at",
            Load::Clients(_) => "with",
        };
        (!valid).then(|| format!("{preposition} {load} {reason}"))
    }
}
