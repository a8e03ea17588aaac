//! Runs whose load changes.

use std::{fs, thread, time::Duration};

use serde_json::Value;

use crate::common::{Run, against, loadgen, refusal, refused_by, relay::Relay, words};

/// A rate, a rise, and the rate that it comes to: 20, 30 and 40 messages.
const STAGES: [&str; 6] = [
    "--stage",
    "200ms: rate=100",
    "--stage",
    "200ms: rate=100..200",
    "--stage",
    "200ms",
];

fn staged(url: &str, flags: &[&str]) -> Run {
    let small = words("--clients 4 --warmup 0s --settle 1s --publishers 2");
    against(url, &[&["fanout"], &STAGES[..], &small, flags].concat())
}

fn counts(run: &Run, figure: &str) -> Vec<u64> {
    let stages = run.at("stages").as_array().unwrap().iter();
    stages
        .map(|stage| stage[figure].as_u64().unwrap())
        .collect()
}

#[test]
fn each_stage_has_its_own_result_and_they_add_up() {
    for threads in ["1", "2"] {
        let run = staged(&Relay::right().start(), &["--threads", threads]).good();
        assert_eq!(counts(&run, "sent"), [20, 30, 40]);
        assert_eq!(counts(&run, "delivered"), [80, 120, 160]);
        assert_eq!(counts(&run, "expected"), counts(&run, "delivered"));
        assert_eq!(counts(&run, "missing"), [0; 3]);
        assert_eq!((run.message("sent"), run.message("delivered")), (90, 360));
        for figure in ["latency_us", "sent_latency_us", "last_receiver_us"] {
            for stage in run.at("stages").as_array().unwrap() {
                assert!(stage[figure]["p99"].is_number(), "{stage:#}");
            }
        }
        assert!(run.table.contains("100 to 200/s"), "{}", run.table);
    }
}

#[test]
fn a_ramp_carries_no_verdict() {
    let run = staged(&Relay::right().start(), &[]).good();
    let judged: Vec<bool> = (0..3)
        .map(|stage| run.at(&format!("stages.{stage}.valid")).is_boolean())
        .collect();
    assert_eq!(judged, [true, false, true]);
    assert_eq!(run.at("stages.1.holds_still"), &Value::Bool(false));
    assert_eq!(run.at("stages.1.valid"), &Value::Null);
}

#[test]
fn what_comes_late_in_a_ramp_is_not_held_against_the_server() {
    // The first stage has the messages before 20, the ramp those before 50, and this one is deep within it.
    let relay = Relay::with(|_, to, batch| {
        if to == 0 && batch[0].number == 30 {
            thread::sleep(Duration::from_millis(60));
        }
    });
    let run = staged(&relay.start(), &[]);
    for figure in ["latency_us.max", "last_receiver_us.max"] {
        let of = |stage: u8| run.figure(&format!("stages.{stage}.{figure}"));
        assert!(of(1) >= 60_000.0, "{run:#?}");
        let judged = of(0).max(of(2));
        assert!((run.figure(figure) - judged).abs() < 1e-9, "{run:#?}");
    }
}

#[test]
fn a_message_that_is_lost_is_missing_in_its_stage() {
    for (number, stage) in [(5, 0), (30, 1), (60, 2)] {
        let relay = Relay::with(move |_, to, batch| {
            batch.retain(|said| said.number != number || to != 3);
        });
        let run = staged(&relay.start(), &[]).broken([1, 0, 0, 0]);
        let mut missing = [0; 3];
        missing[stage] = 1;
        assert_eq!(counts(&run, "missing"), missing);
    }
}

#[test]
fn a_message_that_comes_twice_in_a_ramp_is_noticed() {
    let relay = Relay::with(|_, to, batch| {
        if batch[0].number == 30 && to == 2 {
            batch.push(batch[0].clone());
        }
    });
    let run = staged(&relay.start(), &[]).broken([0, 1, 0, 0]);
    assert_eq!(counts(&run, "delivered"), [80, 120, 160]);
}

#[test]
fn the_log_tells_the_stage_of_each_delivery() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = ["--log", path.to_str().unwrap()];
    staged(&Relay::right().start(), &log).good();
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().ends_with(" counted stage"));
    let mut found = [0; 4];
    for line in lines {
        let mut words = line.split(' ').rev();
        let stage: usize = words.next().unwrap().parse().unwrap();
        found[stage] += 1;
        assert_eq!(words.next() == Some("1"), stage != 2, "{line}");
    }
    assert_eq!(found, [0, 80, 120, 160]);
}

#[test]
fn what_does_not_go_with_stages_is_refused() {
    for (mode, flags) in [
        ("fanout", "--duration 1s"),
        ("fanout", "--storm 1"),
        ("fanout", "--slow 1"),
        ("fanout", "--isolation"),
        ("fanout", "--churn 1s"),
        ("fanout", "--cut 1/1s"),
        ("saturate", "--stage 2s"),
        ("search", "--stage 2s"),
    ] {
        let flag = flags.split(' ').next().unwrap();
        let flags = [&[mode, "--stage", "1s"], &words(flags)[..]].concat();
        let (code, told) = refused_by(&mut loadgen(&flags));
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("--stage") && told.contains(flag), "{told}");
    }
    let told = refusal(&["fanout", "--stage", "1s: rate=1..2"]);
    assert!(told.contains("holds still"), "{told}");
}
