//! Whether a run's figures are the server's: not if it measured nothing, or measured the load generator.

use thiserror::Error;

use crate::{
    figures,
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
    /// Messages that were due in the measured time.
    pub due: u64,
    /// How late messages were sent while the socket was writable.
    pub slip: Option<Summary>,
    /// The latency.
    pub latency: Option<Summary>,
    /// The part of a core that the busiest thread of the load generator used.
    pub own_share: f64,
    /// The part of a core that the server used, if it was watched; of several processes, each of them on average.
    pub server_share: Option<f64>,
}

/// Why figures say nothing of the server. The text says what to change.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum Doubt {
    /// There was nothing to measure.
    #[error(
        "nothing was due in the measured time, so that nothing was measured; raise --rate or --duration"
    )]
    NothingDue,
    /// The same in a closed loop.
    #[error(
        "nothing came back that would have let a publisher send in the measured time, so that nothing was measured; \
         raise --duration"
    )]
    NothingBack,
    /// The load generator kept its schedule too badly for latencies to be believed. CPU times are the server's all the
    /// same.
    #[error(
        "the load generator sent late: the p99 of its schedule slip is {slip_us:.0} us, and {tolerated_us:.0} us are \
         tolerated; lower --rate or --clients, or give it a core of its own"
    )]
    Late {
        /// The p99 of its slip, in microseconds.
        slip_us: f64,
        /// What is tolerated of that.
        tolerated_us: f64,
    },
    /// There was no more to be had from the load generator, but from the server.
    #[error("the load generator's core was full ({:.0} %){}", own_share * 100.0, beside(*server_share))]
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
    pub doubt: Option<Doubt>,
    /// Whether the load was another than the one that was planned: none, or most messages were sent late, and so in bursts,
    /// which cost a server less than the schedule would.
    pub other_load: bool,
    /// Whether even what the server used says nothing of it: the load was another one, or the load generator could do no
    /// more.
    pub disturbed_server: bool,
}

impl Validity {
    /// What the figures of one trial are worth.
    pub fn of(plan: &Plan, trial: &Trial) -> Self {
        let seconds = trial.window_seconds();
        let conduct = Conduct {
            pacing: plan.pacing,
            due: trial.sums.blocked.count(),
            slip: trial.sums.slip.summary(),
            latency: trial.collection.latency.summary(),
            own_share: trial.own_cpu_share(),
            server_share: trial
                .server_cpu_seconds
                .map(|cpu| cpu / seconds / figures::ratio(trial.server_processes as u64, 1)),
        };
        conduct.judge()
    }
}

impl Conduct {
    /// What the figures are worth.
    pub fn judge(&self) -> Validity {
        let tolerated_us = self.slip_tolerated_us();
        let in_bursts = self.slip.is_some_and(|slip| slip.p50 > tolerated_us);
        let other_load = in_bursts || self.nothing().is_some();
        Validity {
            doubt: self.doubt(),
            other_load,
            disturbed_server: other_load || self.full().is_some(),
        }
    }

    fn doubt(&self) -> Option<Doubt> {
        self.nothing().or_else(|| self.bottleneck())
    }

    fn nothing(&self) -> Option<Doubt> {
        match self.pacing {
            Pacing::Open { .. } if self.due == 0 => Some(Doubt::NothingDue),
            Pacing::Closed { .. } if self.due == 0 => Some(Doubt::NothingBack),
            _ => None,
        }
    }

    fn bottleneck(&self) -> Option<Doubt> {
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

    fn late(&self) -> Option<Doubt> {
        let slip_us = self.slip?.p99;
        let tolerated_us = self.slip_tolerated_us();
        (slip_us > tolerated_us).then_some(Doubt::Late {
            slip_us,
            tolerated_us,
        })
    }

    fn full(&self) -> Option<Doubt> {
        let server_busy = self.server_share.is_some_and(|share| share >= SERVER_BUSY);
        (self.own_share >= CORE_FULL && !server_busy).then_some(Doubt::Full {
            own_share: self.own_share,
            server_share: self.server_share,
        })
    }
}

/// What else is known where the core of the load generator was full.
fn beside(server_share: Option<f64>) -> String {
    match server_share {
        Some(share) => format!(
            " while the server used only {:.0} % of its own; raise --threads, lower --clients, or give it a core of its own",
            share * 100.0
        ),
        None => ", and nobody knows how busy the server was; name its process with --server-pid, or raise --threads"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::rate::Rate;

    fn rate() -> Rate {
        Rate::new(1.0).unwrap()
    }

    fn summary(us: f64) -> Summary {
        Summary {
            p50: us,
            p90: us,
            p95: us,
            p99: us,
            p999: us,
            max: us,
            mean: us,
        }
    }

    fn late(slip_us: f64, latency_us: f64) -> Option<String> {
        Conduct {
            pacing: Pacing::Open { rate: rate() },
            due: 1,
            slip: Some(summary(slip_us)),
            latency: Some(summary(latency_us)),
            own_share: 0.1,
            server_share: None,
        }
        .bottleneck()
        .map(|doubt| doubt.to_string())
    }

    fn full(own_share: f64, server_share: Option<f64>) -> Option<String> {
        Conduct {
            pacing: Pacing::Closed { window: 1 },
            due: 1,
            slip: None,
            latency: None,
            own_share,
            server_share,
        }
        .bottleneck()
        .map(|doubt| doubt.to_string())
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
                pacing: Pacing::Open { rate: rate() },
                due: 1,
                slip: Some(slip),
                latency: Some(summary(10.0)),
                own_share: 0.1,
                server_share: Some(0.5),
            };
            let validity = conduct.judge();
            assert!(validity.doubt.is_some());
            assert_eq!(validity.disturbed_server, validity.other_load);
            validity.other_load
        };
        assert!(!in_bursts(900.0) && in_bursts(1100.0));
    }

    #[test]
    fn a_full_core_that_kept_its_schedule_is_doubted_only_if_the_server_had_time_to_spare() {
        let kept = |server_share| {
            Conduct {
                pacing: Pacing::Open { rate: rate() },
                due: 1,
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

    #[test]
    fn where_nothing_was_due_nothing_is_known() {
        let judged = |pacing, due| {
            Conduct {
                pacing,
                due,
                slip: None,
                latency: None,
                own_share: 0.1,
                server_share: None,
            }
            .judge()
        };
        for (pacing, remedy) in [
            (Pacing::Open { rate: rate() }, "raise --rate or --duration"),
            (Pacing::Closed { window: 1 }, "raise --duration"),
        ] {
            let validity = judged(pacing, 0);
            assert!(validity.other_load && validity.disturbed_server);
            let told = validity.doubt.unwrap().to_string();
            assert!(told.ends_with(remedy), "{told}");
            assert_eq!(judged(pacing, 1).doubt, None);
        }
        assert_eq!(judged(Pacing::Silent, 0).doubt, None);
    }
}
