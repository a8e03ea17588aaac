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

    /// Under it, in words.
    pub fn under(self) -> String {
        match self {
            Self::Rate(_) => format!("at {self}"),
            Self::Clients(_) => format!("with {self}"),
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
    /// What went wrong that must not, if anything did in the last step in which there was anything to do; since the last
    /// step without a fault it is that of the last in which anything was delivered: of what is too little, or of a server
    /// that is broken by then, it says little that nothing was.
    pub fn fault(&self) -> Option<String> {
        let due = |tried: &&Tried| tried.step.validity.doubt != Some(Doubt::NothingDue);
        let last_first = self.steps.iter().filter(due).rev();
        let mut faulty = last_first.take_while(|tried| tried.step.is_broken());
        let last = faulty.next()?;
        let mut telling = [last].into_iter().chain(faulty);
        let telling = telling.find(|tried| tried.step.delivered_per_second > 0.0);
        let Tried { load, step, .. } = telling.unwrap_or(last);
        let fault = step.fault.as_deref()?;
        Some(if *load == last.load {
            fault.to_owned()
        } else {
            format!("{} {fault}", load.under())
        })
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
        if nothing_due && self.best.is_none() && self.fault().is_some() {
            return None;
        }
        let reason = attempts.find_map(|tried| tried.step.invalid_reason.as_deref())?;
        (!valid).then(|| format!("{} {reason}", load.under()))
    }
}
