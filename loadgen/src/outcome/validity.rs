//! Whether a run's figures are the server's, and not the load generator's.

use std::fmt;

use crate::{
    plan::{Pacing, Plan},
    record::distribution::Summary,
    swarm::trial::Trial,
};

/// Slip of the schedule that is always tolerated, in microseconds.
const SLIP_TOLERATED_US: f64 = 1000.0;
/// Slip that is tolerated as a part of the latency's median.
const SLIP_TOLERATED_PART: f64 = 0.1;
/// The part of a core from which on it is full.
const CORE_FULL: f64 = 0.95;
/// The part of a core that a server at its limit uses at least.
const SERVER_BUSY: f64 = 0.9;

/// What is to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Conduct {
    /// How publishers were paced.
    pub pacing: Pacing,
    /// How late messages were sent while the socket was writable.
    pub slip: Option<Summary>,
    /// The latency.
    pub latency: Option<Summary>,
    /// The part of a core that the busiest thread of the load generator used.
    pub own_share: f64,
    /// The part of a core that the server used, if it was watched.
    pub server_share: Option<f64>,
}

/// How the load generator was the bottleneck.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bottleneck {
    /// It kept its schedule too badly for latencies to be believed. CPU times are the server's all the same.
    Late {
        /// The p99 of its slip, in microseconds.
        slip_us: f64,
        /// What is tolerated of that.
        tolerated_us: f64,
    },
    /// There was no more to be had from it, but from the server.
    Full {
        /// The part of a core that its busiest thread used.
        own_share: f64,
        /// The part of a core that the server used, if it was watched.
        server_share: Option<f64>,
    },
}

/// What a run's figures are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validity {
    /// Why the figures say nothing of the server; `None` if they do.
    pub bottleneck: Option<Bottleneck>,
    /// Whether most messages were sent late, and so in bursts, which cost a server less than the schedule would.
    pub in_bursts: bool,
    /// Whether even what the server used says nothing of it: the load generator could do no more, or sent in bursts.
    pub disturbed_server: bool,
}

impl Validity {
    /// What the figures of one trial are worth.
    pub fn of(plan: &Plan, trial: &Trial) -> Self {
        let seconds = trial.window_seconds();
        let conduct = Conduct {
            pacing: plan.pacing,
            slip: trial.sums.slip.summary(),
            latency: trial.collection.latency.summary(),
            own_share: trial.own_cpu_share(),
            server_share: trial.server_cpu_seconds.map(|cpu| cpu / seconds),
        };
        conduct.judge()
    }
}

impl Conduct {
    /// What the figures are worth.
    pub fn judge(&self) -> Validity {
        let tolerated_us = self.slip_tolerated_us();
        let in_bursts = self.slip.is_some_and(|slip| slip.p50 > tolerated_us);
        Validity {
            bottleneck: self.bottleneck(),
            in_bursts,
            disturbed_server: in_bursts || self.full().is_some(),
        }
    }

    fn bottleneck(&self) -> Option<Bottleneck> {
        match self.pacing {
            // A schedule that was kept is doubted only where the server is known to have had time to spare.
            Pacing::Open { .. } => self
                .late()
                .or_else(|| self.server_share.and_then(|_| self.full())),
            Pacing::Closed { .. } => self.full(),
            Pacing::Silent => None,
        }
    }

    fn slip_tolerated_us(&self) -> f64 {
        let median_us = self.latency.map_or(0.0, |latency| latency.p50);
        SLIP_TOLERATED_US.max(median_us * SLIP_TOLERATED_PART)
    }

    fn late(&self) -> Option<Bottleneck> {
        let slip_us = self.slip?.p99;
        let tolerated_us = self.slip_tolerated_us();
        (slip_us > tolerated_us).then_some(Bottleneck::Late {
            slip_us,
            tolerated_us,
        })
    }

    fn full(&self) -> Option<Bottleneck> {
        let server_busy = self.server_share.is_some_and(|share| share >= SERVER_BUSY);
        (self.own_share >= CORE_FULL && !server_busy).then_some(Bottleneck::Full {
            own_share: self.own_share,
            server_share: self.server_share,
        })
    }
}

impl fmt::Display for Bottleneck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Late {
                slip_us,
                tolerated_us,
            } => write!(
                f,
                "the load generator sent late: the p99 of its schedule slip is {slip_us:.0} us, and {tolerated_us:.0} us are \
                 tolerated; lower --rate or --clients, or give it a core of its own"
            ),
            Self::Full {
                own_share,
                server_share: Some(server_share),
            } => write!(
                f,
                "the load generator's core was full ({:.0} %) while the server used only {:.0} % of its own; \
                 raise --threads, lower --clients, or give it a core of its own",
                own_share * 100.0,
                server_share * 100.0
            ),
            Self::Full {
                own_share,
                server_share: None,
            } => write!(
                f,
                "the load generator's core was full ({:.0} %), and nobody knows how busy the server was; \
                 name its process with --server-pid, or raise --threads",
                own_share * 100.0
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(us: f64) -> Summary {
        Summary {
            p50: us,
            p90: us,
            p99: us,
            p999: us,
            max: us,
            mean: us,
        }
    }

    fn late(slip_us: f64, latency_us: f64) -> Option<String> {
        Conduct {
            pacing: Pacing::Open { rate: 1 },
            slip: Some(summary(slip_us)),
            latency: Some(summary(latency_us)),
            own_share: 0.1,
            server_share: None,
        }
        .bottleneck()
        .map(|bottleneck| bottleneck.to_string())
    }

    fn full(own_share: f64, server_share: Option<f64>) -> Option<String> {
        Conduct {
            pacing: Pacing::Closed { window: 1 },
            slip: None,
            latency: None,
            own_share,
            server_share,
        }
        .bottleneck()
        .map(|bottleneck| bottleneck.to_string())
    }

    #[test]
    fn slip_is_tolerated_up_to_a_millisecond_or_a_tenth_of_the_median() {
        assert_eq!(late(999.0, 10.0), None);
        assert!(late(1001.0, 10.0).unwrap().contains("1001 us"));
        assert_eq!(late(1999.0, 20_000.0), None);
        assert!(late(2001.0, 20_000.0).is_some());
    }

    #[test]
    fn only_what_was_mostly_sent_late_came_in_bursts() {
        let in_bursts = |p50| {
            let slip = Summary {
                p50,
                ..summary(5000.0)
            };
            let conduct = Conduct {
                pacing: Pacing::Open { rate: 1 },
                slip: Some(slip),
                latency: Some(summary(10.0)),
                own_share: 0.1,
                server_share: Some(0.5),
            };
            let validity = conduct.judge();
            assert!(validity.bottleneck.is_some());
            assert_eq!(validity.disturbed_server, validity.in_bursts);
            validity.in_bursts
        };
        assert!(!in_bursts(900.0) && in_bursts(1100.0));
    }

    #[test]
    fn a_full_core_that_kept_its_schedule_is_doubted_only_if_the_server_had_time_to_spare() {
        let kept = |server_share| {
            Conduct {
                pacing: Pacing::Open { rate: 1 },
                slip: Some(summary(10.0)),
                latency: Some(summary(10.0)),
                own_share: 0.97,
                server_share,
            }
            .bottleneck()
            .is_none()
        };
        assert!(kept(None) && kept(Some(0.95)) && !kept(Some(0.5)));
    }

    #[test]
    fn a_full_core_is_tolerated_when_the_servers_is_full_too() {
        assert_eq!(full(0.9, Some(0.1)), None);
        assert_eq!(full(1.0, Some(0.95)), None);
        assert_eq!(full(1.0, Some(3.1)), None);
        assert!(full(1.0, Some(0.8)).unwrap().contains("80 %"));
        assert!(full(1.0, None).unwrap().contains("--server-pid"));
    }
}
