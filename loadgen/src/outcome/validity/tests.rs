//! Which conduct is doubted, and what is said of it.

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
        seconds: 4.0,
        stood_seconds: Some(0.0),
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
    assert!(waiting(0.12).contains("(it waited for a core 12 % of the time, so others took it)"));
    assert!(!waiting(0.001).contains("core 0 %"));
    let conduct = Conduct {
        waiting_share: Some(0.5),
        ..kept()
    };
    assert_eq!(told(&conduct), None);
}

#[test]
fn who_stood_still_for_much_of_the_time_is_doubted_for_that_whatever_it_led_to() {
    let closed = Pacing::Closed { window: 1 };
    let open = Pacing::Open { rate: rate() };
    let stood = |pacing, seconds| Conduct {
        pacing,
        stood_seconds: Some(seconds),
        ..late(510, 1100, 200)
    };
    for pacing in [closed, open] {
        let told = told(&stood(pacing, 2.0)).unwrap();
        assert!(told.contains("stood still for 2.00 s of 4.00 s"), "{told}");
        assert!(told.ends_with("; run it again"), "{told}");
    }
    assert!(stood(closed, 2.0).judge().disturbed_server);
    assert!(told(&stood(closed, 0.21)).is_some());
    assert_eq!(told(&stood(closed, 0.19)), None);
    assert_eq!(told(&stood(Pacing::Silent, 2.0)), None);
    let unknown = Conduct {
        stood_seconds: None,
        ..stood(closed, 0.0)
    };
    assert_eq!(told(&unknown), None);
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
