//! Whether a run's figures are the server's: not if it measured nothing, or measured the load generator.

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
    /// more.
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
            disturbed_server: other_load || self.full().is_some(),
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
                .mostly_late()
                .or_else(|| self.late())
                .or_else(|| self.server_share.and_then(|_| self.at_its_limit())),
            Pacing::Closed { .. } => self.at_its_limit(),
            Pacing::Silent => None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        args::rate::Rate,
        record::distribution::{Distribution, Summary},
    };

    fn rate() -> Rate {
        Rate::new(1.0).unwrap()
    }

    fn summary(us: impl IntoIterator<Item = u64>) -> Option<Summary> {
        let mut distribution = Distribution::default();
        us.into_iter().for_each(|us| distribution.record(us * 1000));
        distribution.summary()
    }

    /// A run in the open loop that nobody would doubt.
    fn kept() -> Conduct {
        Conduct {
            pacing: Pacing::Open { rate: rate() },
            due: 100,
            is_stopped: false,
            slip: summary([10; 100]),
            latency: summary([300; 100]),
            prompt_latency: summary([290; 100]),
            is_blamed: false,
            waiting_share: None,
            own_share: 0.1,
            server_share: None,
        }
    }

    /// So many of a thousand messages sent late by so many microseconds, each delivered in a certain time after that.
    fn late(count: usize, by_us: u64, delivered_us: u64) -> Conduct {
        let slip = || (0..1000).map(|number| if number < count { by_us } else { 0 });
        Conduct {
            slip: summary(slip()),
            latency: summary(slip().map(|slip_us| slip_us + delivered_us)),
            prompt_latency: summary([delivered_us; 1000]),
            ..kept()
        }
    }

    fn told(conduct: &Conduct) -> Option<String> {
        conduct.judge().doubt.map(|doubt| doubt.to_string())
    }

    fn full(own_share: f64, server_share: Option<f64>) -> Option<String> {
        told(&Conduct {
            pacing: Pacing::Closed { window: 1 },
            own_share,
            server_share,
            ..kept()
        })
    }

    #[test]
    fn one_late_message_in_a_hundred_is_no_doubt() {
        assert_eq!(told(&kept()), None);
        assert_eq!(told(&late(10, 500_000, 200)), None);
    }

    #[test]
    fn a_generator_that_stalled_is_doubted() {
        // It stood still for a fifth of a run of five seconds: who was due then is late by up to a second.
        let stalled = |number: u64| {
            if number < 200 {
                1_000_000 - 5000 * number
            } else {
                0
            }
        };
        let conduct = Conduct {
            slip: summary((0..1000).map(stalled)),
            latency: summary((0..1000).map(|number| 200 + stalled(number))),
            prompt_latency: summary([200; 1000]),
            ..kept()
        };
        let validity = conduct.judge();
        let told = validity.doubt.unwrap().to_string();
        assert!(
            told.contains("and would be 200 us if they had been;"),
            "{told}"
        );
        assert!(!validity.other_load && !validity.disturbed_server);
    }

    #[test]
    fn what_lateness_does_to_the_p99_is_tolerated_up_to_a_millisecond_or_a_tenth() {
        assert_eq!(told(&late(20, 990, 200)), None);
        assert!(told(&late(20, 1010, 200)).is_some());
        assert_eq!(told(&late(20, 1980, 20_000)), None);
        assert!(told(&late(20, 2040, 20_000)).is_some());
    }

    #[test]
    fn time_in_which_the_server_blocked_a_socket_is_no_doubt() {
        // All of it is in the latency, and none of it would have been spared by another load generator.
        let blocked = Conduct {
            slip: summary([10; 100]),
            latency: summary([900_010; 100]),
            prompt_latency: summary([900_000; 100]),
            ..kept()
        };
        assert_eq!(told(&blocked), None);
    }

    #[test]
    fn where_most_were_late_the_load_was_another() {
        let validity = late(490, 1100, 20_000).judge();
        assert!(!validity.other_load && validity.doubt.is_none());
        let validity = late(510, 1100, 20_000).judge();
        assert!(validity.other_load && validity.disturbed_server);
        let told = validity.doubt.unwrap().to_string();
        assert!(told.contains("most messages late"), "{told}");
    }

    #[test]
    fn where_few_messages_were_late_more_of_them_are_advised() {
        for late in [late(510, 1100, 200), late(20, 1100, 200)] {
            let doubt = |due| told(&Conduct { due, ..late }).unwrap();
            assert!(doubt(2).contains("; raise --duration, as of 2 messages each"));
            assert!(doubt(100).contains("; lower --rate or --clients"));
        }
    }

    #[test]
    fn that_others_had_the_core_is_told_where_messages_were_late() {
        let waiting = |share| {
            told(&Conduct {
                waiting_share: Some(share),
                ..late(510, 1100, 200)
            })
            .unwrap()
        };
        assert!(
            waiting(0.12).contains("(it waited for a core 12 % of the time, so others took it)")
        );
        assert!(!waiting(0.001).contains("core 0 %"));
        let conduct = Conduct {
            waiting_share: Some(0.5),
            ..kept()
        };
        assert_eq!(told(&conduct), None);
    }

    #[test]
    fn a_full_core_that_kept_its_schedule_is_doubted_only_if_the_server_had_time_to_spare() {
        let doubted = |server_share| {
            let conduct = Conduct {
                own_share: 0.97,
                server_share,
                ..kept()
            };
            told(&conduct).is_some()
        };
        assert!(!doubted(None) && !doubted(Some(0.95)) && doubted(Some(0.5)));
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
    fn who_hardly_gets_a_core_is_doubted_unless_the_server_had_no_more_to_give() {
        let crowded = |pacing, own_share, waiting, server| {
            told(&Conduct {
                pacing,
                own_share,
                waiting_share: Some(waiting),
                server_share: Some(server),
                ..kept()
            })
        };
        let closed = Pacing::Closed { window: 1 };
        let doubt = crowded(closed, 0.17, 0.79, 0.16).unwrap();
        assert!(
            doubt.contains("79 %") && doubt.contains("17 %") && doubt.contains("only 16 %"),
            "{doubt}"
        );
        assert_eq!(crowded(closed, 0.17, 0.79, 0.95), None);
        assert_eq!(crowded(closed, 0.5, 0.2, 0.5), None);
        let open = Pacing::Open { rate: rate() };
        assert!(crowded(open, 0.17, 0.79, 0.16).is_some());
        assert_eq!(crowded(open, 0.17, 0.79, 0.95), None);
        assert_eq!(crowded(open, 0.5, 0.2, 0.5), None);
    }

    #[test]
    fn where_nothing_was_due_or_nothing_came_nothing_is_known() {
        let nothing = |pacing, due, is_blamed| Conduct {
            pacing,
            due,
            is_blamed,
            slip: None,
            latency: None,
            prompt_latency: None,
            ..kept()
        };
        for (pacing, remedy) in [
            (Pacing::Open { rate: rate() }, "raise --rate or --duration"),
            (Pacing::Closed { window: 1 }, "raise --duration"),
        ] {
            let validity = nothing(pacing, 0, false).judge();
            assert!(validity.other_load && validity.disturbed_server);
            let doubt = validity.doubt.unwrap().to_string();
            assert!(doubt.ends_with(remedy), "{doubt}");
            // Who ended it early had not asked for too little.
            let stopped = Conduct {
                is_stopped: true,
                ..nothing(pacing, 0, false)
            };
            assert_eq!(stopped.judge().doubt, Some(Doubt::Stopped));
            // What the server lost is no doubt, but what it did wrong.
            assert_eq!(told(&nothing(pacing, 0, true)), None);
            assert_eq!(told(&nothing(pacing, 1, true)), None);
            let doubt = told(&nothing(pacing, 1, false)).unwrap();
            assert!(doubt.contains("came to a client"), "{doubt}");
        }
        assert_eq!(told(&nothing(Pacing::Silent, 0, false)), None);
    }
}
