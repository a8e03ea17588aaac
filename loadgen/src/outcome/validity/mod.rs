//! Whether a run's figures are the server's: not if it measured nothing, or measured the load generator.

#[cfg(test)]
mod tests;

use crate::{
    outcome::{conduct::Conduct, doubt::Doubt},
    plan::{Pacing, Plan},
    swarm::trial::Trial,
};

/// How late a message may be sent and count as sent on time, in microseconds.
const LATE_US: f64 = 1000.0;
/// How much the p99 may be higher because messages were sent late, in microseconds.
const BLUR_TOLERATED_US: f64 = 1000.0;
/// The same as a part of what it would be otherwise.
const BLUR_TOLERATED_PART: f64 = 0.1;
/// The part of the time for which the load generator may stand still.
const STANDSTILL_TOLERATED_PART: f64 = 0.05;
/// The part of a core from which on it is full.
const CORE_FULL: f64 = 0.95;
/// The part of a core that a server at its limit uses at least.
const SERVER_BUSY: f64 = 0.9;

/// What a run's figures are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validity {
    /// Why the figures say nothing of the server; `None` if they do.
    pub doubt: Option<Doubt>,
    /// Whether the load was another than the one that was planned: none, or most messages were sent late, and so in bursts,
    /// which cost a server less than the schedule would.
    pub other_load: bool,
    /// Whether even what the server used says nothing of it: the load was another one, or the load generator could do no
    /// more, or stood still.
    pub disturbed_server: bool,
}

impl Validity {
    /// What the figures of one trial are worth.
    pub fn of(plan: &Plan, trial: &Trial) -> Self {
        Conduct::of(plan, trial).judge()
    }
}

impl Conduct {
    /// What the figures are worth.
    pub fn judge(&self) -> Validity {
        let other_load = self.nothing().is_some() || self.mostly_late().is_some();
        Validity {
            doubt: self.doubt(),
            other_load,
            disturbed_server: other_load || self.stood_still().is_some() || self.full().is_some(),
        }
    }

    fn doubt(&self) -> Option<Doubt> {
        self.nothing().or_else(|| self.bottleneck())
    }

    fn nothing(&self) -> Option<Doubt> {
        match self.pacing {
            Pacing::Open { .. } | Pacing::Closed { .. } if self.due == 0 && self.is_stopped => {
                Some(Doubt::Stopped)
            }
            _ if self.is_blamed => None,
            Pacing::Open { .. } if self.due == 0 => Some(Doubt::NothingDue),
            Pacing::Closed { .. } if self.due == 0 => Some(Doubt::NothingBack),
            Pacing::Open { .. } | Pacing::Closed { .. } if self.latency.is_none() => {
                Some(Doubt::NothingCame)
            }
            _ => None,
        }
    }

    fn bottleneck(&self) -> Option<Doubt> {
        match self.pacing {
            // A schedule that was kept is doubted only where the server is known to have had time to spare.
            Pacing::Open { .. } => self
                .stood_still()
                .or_else(|| self.mostly_late())
                .or_else(|| self.late())
                .or_else(|| self.server_share.and_then(|_| self.at_its_limit())),
            Pacing::Closed { .. } => self.stood_still().or_else(|| self.at_its_limit()),
            Pacing::Silent => None,
        }
    }

    /// It was not there, which nobody does who has too much to do or waits for a core: a cause of its own, with a remedy of
    /// its own.
    fn stood_still(&self) -> Option<Doubt> {
        let (stood_seconds, seconds) = (self.stood_seconds?, self.seconds);
        let is_long = stood_seconds > seconds * STANDSTILL_TOLERATED_PART;
        is_long.then_some(Doubt::StoodStill {
            stood_seconds,
            seconds,
        })
    }

    fn mostly_late(&self) -> Option<Doubt> {
        let half_us = self.slip?.p50;
        let is_open = matches!(self.pacing, Pacing::Open { .. });
        (is_open && half_us > LATE_US).then_some(Doubt::MostlyLate {
            due: self.due,
            half_us,
            waiting_share: self.waiting_share,
        })
    }

    fn late(&self) -> Option<Doubt> {
        let (p99_us, prompt_p99_us) = (self.latency?.p99, self.prompt_latency?.p99);
        let tolerated_us = BLUR_TOLERATED_US.max(prompt_p99_us * BLUR_TOLERATED_PART);
        (p99_us - prompt_p99_us > tolerated_us).then_some(Doubt::Late {
            due: self.due,
            p99_us,
            prompt_p99_us,
            waiting_share: self.waiting_share,
        })
    }

    fn full(&self) -> Option<Doubt> {
        (self.own_share >= CORE_FULL && !self.is_server_busy()).then_some(Doubt::Full {
            own_share: self.own_share,
            server_share: self.server_share,
        })
    }

    /// The load generator was never done with what it had to do, and so took in late what the server had sent.
    fn at_its_limit(&self) -> Option<Doubt> {
        self.full().or_else(|| self.crowded_out())
    }

    /// It would have been full, had it had the core.
    fn crowded_out(&self) -> Option<Doubt> {
        let waiting_share = self.waiting_share?;
        let wanted = self.own_share + waiting_share;
        (wanted >= CORE_FULL && !self.is_server_busy()).then_some(Doubt::CrowdedOut {
            own_share: self.own_share,
            waiting_share,
            server_share: self.server_share,
        })
    }

    fn is_server_busy(&self) -> bool {
        self.server_share.is_some_and(|share| share >= SERVER_BUSY)
    }
}
