//! What a result comes to: an exit status, and a sentence.

use crate::{
    modes::search::Search,
    report::{Findings, Report},
};

/// What a run comes to, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A message was lost, duplicated or reordered, or a client was disconnected.
    Broken,
    /// The load generator was the bottleneck, so that times say nothing of the server.
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

impl Report {
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

    /// The same in a sentence, with its word before it.
    pub fn sentence(&self) -> String {
        let word = match self.verdict() {
            Verdict::Good => "Good",
            Verdict::Broken => "BROKEN",
            Verdict::Invalid => "NOT VALID",
            Verdict::Disappointing => "FAILED",
        };
        format!("{word}: {}", self.words())
    }

    /// The same in a sentence.
    pub fn words(&self) -> String {
        let early = if self.interrupted {
            " (ended early by a signal)"
        } else {
            ""
        };
        let words = match self.verdict() {
            Verdict::Good => self.whats_good(),
            Verdict::Broken => self.whats_broken(),
            Verdict::Invalid => self.invalid_reason.clone().unwrap_or_default(),
            Verdict::Disappointing => self.whats_in_vain(),
        };
        format!("{words}{early}.")
    }

    fn is_broken(&self) -> bool {
        self.connect.failed > 0
            || match &self.findings {
                Findings::Traffic(traffic) => traffic.is_broken(),
                Findings::Idle(idle) => {
                    let storm = idle.storm.as_ref();
                    idle.disconnects > 0 || storm.is_some_and(|storm| storm.failed > 0)
                }
                Findings::Connect {} => false,
                Findings::Search(search) => search.ended_by.is_some(),
                Findings::Comparison(comparison) => comparison.is_broken(),
            }
    }

    /// Whether the run found nothing of what it was for.
    fn is_in_vain(&self) -> bool {
        matches!(&self.findings, Findings::Search(search) if search.best.is_none())
    }

    fn whats_broken(&self) -> String {
        match &self.findings {
            Findings::Traffic(traffic) if traffic.only_to_sender => {
                "the server answers the sender of a message and nobody else; fan-out needs a server that broadcasts: \
                 check the path of --url"
                    .to_owned()
            }
            Findings::Traffic(traffic) if traffic.all_but_sender => {
                "the server sends a message to everyone but its sender, and the load generator expects it at the sender too"
                    .to_owned()
            }
            Findings::Traffic(traffic) => format!(
                "not every client got every message once and in order ({}); see the server's log",
                traffic.whats_wrong()
            ),
            Findings::Idle(idle) if idle.disconnects > 0 => {
                "the server disconnected clients that answered its pings; see its log".to_owned()
            }
            Findings::Comparison(comparison) => format!(
                "{} did not bring every message to every client once and in order",
                comparison.broken().join(" and ")
            ),
            Findings::Search(Search {
                ended_by: Some(error),
                ..
            }) => format!("after a step that it served: {error}"),
            Findings::Idle(_) | Findings::Connect {} | Findings::Search(_) => {
                "not every client came in; see the server's log".to_owned()
            }
        }
    }

    fn whats_in_vain(&self) -> String {
        match &self.findings {
            Findings::Search(search) if search.best.is_none() => {
                "not even the lowest rate held; lower --rate or --clients, or ask less with --slo"
                    .to_owned()
            }
            _ => "nothing went wrong, but not all expectations held".to_owned(),
        }
    }

    fn whats_good(&self) -> String {
        match &self.findings {
            Findings::Traffic(_) => "every client got every message once and in order".to_owned(),
            Findings::Idle(_) => "every client stayed connected".to_owned(),
            Findings::Connect {} => "every client came in".to_owned(),
            Findings::Search(search) => search.sentence(&self.config),
            Findings::Comparison(comparison) => comparison.verdict(),
        }
    }
}
