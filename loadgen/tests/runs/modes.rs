//! What each mode is for.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;

use crate::common::{against, relay::Relay, run, words};

/// How many of each sender's messages are in a batch, at most.
fn most_of_one(senders: impl Iterator<Item = usize>) -> usize {
    let mut counts = BTreeMap::new();
    senders.for_each(|sender| *counts.entry(sender).or_default() += 1);
    counts.into_values().max().unwrap_or(0)
}

/// Whether the load generator spoiled none of several steps or rounds.
fn all_valid(steps: &Value) -> bool {
    let mut steps = steps.as_array().unwrap().iter();
    steps.all(|step| step["valid"] == true)
}

#[test]
fn saturate_keeps_its_window_full_and_no_fuller() {
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let relay = Relay::with(move |_, _, batch| {
        let most = most_of_one(batch.iter().map(|said| said.from));
        seen.fetch_max(most, Ordering::Relaxed);
    });
    let flags = ["saturate", "--window", "4", "--publishers", "2"];
    let run = against(&relay.now_and_then().start(), &flags).good();
    assert_eq!(most.load(Ordering::Relaxed), 4);
    assert!(run.message("sent") > 2 * 4);
    assert_eq!(run.message("delivered"), run.message("sent") * 5);
}

#[test]
fn search_finds_the_rate_above_which_messages_are_lost() {
    // That is what a sender gets to say in a step at 150 messages a second.
    let most = 30;
    let relay = Relay::with(move |_, _, batch| batch.retain(|said| said.turn < most));
    let flags = words(
        "search --slo messages.lost<1 --slo p99<10s --warmup 50ms --duration 150ms --settle 500ms",
    );
    let run = against(&relay.start(), &flags);
    for step in run.at("steps").as_array().unwrap() {
        let too_fast = step["rate"].as_f64().unwrap() > 150.0;
        assert_eq!(step["lost"].as_u64().unwrap() > 0, too_fast, "{step:#}");
        assert!(!(too_fast && step["held"] == true), "{step:#}");
    }
    // A step that the load generator spoiled itself may lower what is found, and never raise it.
    if all_valid(run.at("steps")) {
        let best = run.figure("best.rate");
        assert!((142.0..=150.0).contains(&best), "{run:#?}");
        let run = run.good();
        assert!(run.table.contains("are the most at which"), "{}", run.table);
    }
}

#[test]
fn a_run_that_measured_nothing_is_not_valid() {
    let url = Relay::right().start();
    // The second message would be due when a second has passed.
    for mode in ["fanout", "search --slo messages.lost<1"] {
        let flags = words(mode);
        let run = against(
            &url,
            &[&flags[..], &words("--rate 1 --warmup 50ms --duration 50ms")].concat(),
        );
        assert_eq!(run.code, Some(3), "{run:#?}");
        assert!(run.table.contains("NOT VALID: "), "{}", run.table);
        let reason = run.at("invalid_reason").as_str().unwrap();
        assert!(reason.ends_with("raise --rate or --duration"), "{reason}");
        assert_eq!(run.at("best"), &Value::Null);
    }
}

#[test]
fn search_fails_when_no_rate_holds() {
    let url = Relay::with(|_, _, batch| batch.clear()).start();
    let flags = words("search --rate 4 --duration 100ms --settle 100ms");
    let run = against(&url, &flags);
    assert_eq!(
        run.code,
        Some(if run.at("valid") == true { 1 } else { 3 }),
        "{run:#?}"
    );
    assert_eq!(run.at("best"), &Value::Null);
}

#[test]
fn connect_counts_handshakes() {
    let flags = ["connect", "--duration", "200ms"];
    let run = against(&Relay::right().start(), &flags).good();
    // As many rounds as fit, of which the last may be cut short.
    assert!(run.count("connect.clients") > 0);
    assert_eq!(run.count("connect.failed"), 0);
    assert!(run.figure("connect.latency_us.p99") > 0.0);
    assert!(run.figure("connect.per_second") > 0.0);
}

#[test]
fn connect_takes_its_duration_and_no_longer_whatever_it_spends_it_on() {
    let url = Relay::right().start();
    // Between two rounds of one client is a tenth of a second in which it does not connect.
    let flags = words("connect --clients 1 --duration 500ms");
    let clients = against(&url, &flags).good().count("connect.clients");
    assert!((1..=6).contains(&clients), "{clients}");
    // The first round would take 50 seconds.
    let flags = words("connect --clients 500 --connect-rate 10 --duration 500ms --threads 2");
    let run = against(&url, &flags).good();
    let clients = run.count("connect.clients");
    assert!((1..=6).contains(&clients), "{clients}");
    assert_eq!(run.count("connect.failed"), 0);
}

#[test]
fn compare_runs_its_servers_in_turns_and_tells_their_ratios() {
    let [one, other] = ["one", "other"].map(|name| format!("{name}={}", Relay::right().start()));
    let flags = format!("compare --rounds 3 --duration 100ms --target {one} --target {other}");
    let run = run(&words(&flags)).good();
    let rounds = run.at("rounds").as_array().unwrap().iter();
    let order: Vec<_> = rounds
        .map(|round| {
            (
                round["round"].as_u64().unwrap(),
                round["target"].as_str().unwrap(),
            )
        })
        .collect();
    let turns = [
        (1, "one"),
        (1, "other"),
        (2, "other"),
        (2, "one"),
        (3, "one"),
        (3, "other"),
    ];
    assert_eq!(order, turns);
    assert_eq!(run.at("baseline"), "one");
    assert_eq!(run.at("target"), "other");
    // Times are compared only of rounds in which they are the servers' own.
    let mut figures = vec!["delivered_per_second", "cpu_us_per_delivery"];
    if all_valid(run.at("rounds")) {
        figures.extend(["p50", "p99", "last_receiver_p99"]);
    }
    for figure in figures {
        let [low, median, high] =
            ["low", "median", "high"].map(|bound| run.figure(&format!("ratios.{figure}.{bound}")));
        assert!(0.0 < low && low <= median && median <= high, "{figure}");
    }
    let verdict = run.at("verdict").as_str().unwrap();
    assert!(
        verdict.starts_with("too few rounds to tell other from one"),
        "{verdict}"
    );
    assert!(run.table.contains("\nCPU per delivery "), "{}", run.table);
    assert!(!run.table.contains('_'), "{}", run.table);
}

#[test]
fn compare_names_the_server_that_loses_messages() {
    let right = format!("right={}", Relay::right().start());
    let wrong = Relay::with(|_, _, batch| batch.retain(|said| said.number != 3));
    let wrong = format!("wrong={}", wrong.start());
    let run = run(&words(&format!(
        "compare --rounds 2 --target {right} --target {wrong}"
    )));
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = "BROKEN: wrong: not every client got every message once and in order (5 lost)";
    assert!(run.table.contains(told), "{}", run.table);
}
