//! What a result comes to.

use crate::outcome::{Findings, Outcome};

/// What a run comes to, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A message was lost, duplicated, reordered or disordered, or a client was disconnected, or got no answer to its pings.
    Broken,
    /// Nothing was measured, or the load generator was the bottleneck: the figures say nothing of the server.
    Invalid,
    /// An expectation did not hold.
    Disappointing,
    /// Nothing is wrong.
    Good,
}

impl Verdict {
    /// The exit status that says so.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Broken | Self::Disappointing => 1,
            Self::Invalid => 3,
        }
    }
}

impl Outcome {
    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        if self.is_broken() {
            Verdict::Broken
        } else if !self.valid {
            Verdict::Invalid
        } else if self.expectations.iter().any(|outcome| !outcome.passed) || self.is_in_vain() {
            Verdict::Disappointing
        } else {
            Verdict::Good
        }
    }

    fn is_broken(&self) -> bool {
        self.connect.failed > 0
            || match &self.findings {
                Findings::Traffic(traffic) => traffic.is_broken(),
                Findings::Idle(idle) => idle.is_broken(),
                Findings::Connect(departures) => departures.disconnects > 0,
                Findings::Search(search) => search.ended_by.is_some(),
                Findings::Comparison(comparison) => comparison.is_broken(),
            }
    }

    /// Whether the run found nothing of what it was for.
    fn is_in_vain(&self) -> bool {
        matches!(&self.findings, Findings::Search(search) if search.best.is_none())
    }
}
