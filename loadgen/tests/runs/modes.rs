//! What each mode is for, and how a run is ended early.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::{Run, against, loadgen, relay::Relay, run, wait_until, words};

/// How often a signal is repeated until it was heeded.
const AGAIN: Duration = Duration::from_millis(200);
/// What a pipe holds that nobody reads (pipe(7)).
const PIPE_BYTES: usize = 64 << 10;

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

/// Starts a run against a relay, and lets it get to its traffic.
fn begun(relay: Relay, flags: &[&str]) -> Child {
    let (said, hears) = mpsc::channel();
    let url = relay.that_tells(said).start();
    let child = loadgen(&[flags, &["--url", &url, "--json", "-"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    hears.recv().unwrap();
    child
}

/// What a process told that ends by itself, or by some of these signals, one after the other.
fn ended_by(mut child: Child, signals: &[Signal]) -> Output {
    let pid = Pid::from_child(&child);
    let mut signals = signals.iter();
    wait_until("the run ends", AGAIN, || {
        let ended = child.try_wait().unwrap().is_some();
        if !ended && let Some(&signal) = signals.next() {
            kill_process(pid, signal).unwrap();
        }
        ended
    });
    child.wait_with_output().unwrap()
}

#[test]
fn ctrl_c_ends_a_run_early_with_its_report() {
    let child = begun(Relay::right(), &["--warmup", "0ms", "--duration", "10m"]);
    let run = Run::of(&ended_by(child, &[Signal::INT]));
    assert_eq!(run.at("interrupted"), true);
    assert!(
        run.table.contains("(ended early by a signal)"),
        "{}",
        run.table
    );
    let run = run.good();
    assert!(run.message("sent") < 100 * 600);
    assert_eq!(run.message("delivered"), run.message("sent") * 5);
}

#[test]
fn a_second_ctrl_c_ends_a_run_that_waits_for_messages() {
    let forgetful = Relay::with(|_, _, batch| batch.clear());
    let flags = ["--warmup", "0ms", "--duration", "10m", "--settle", "10m"];
    let child = begun(forgetful, &flags);
    let run = Run::of(&ended_by(child, &[Signal::INT; 2]));
    assert_eq!(run.at("interrupted"), true);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(run.message("lost"), run.message("sent") * 5);
}

#[test]
fn ctrl_c_while_clients_connect_ends_without_a_report() {
    let (pongs, ponged) = mpsc::channel();
    let url = Relay::right().that_pings(pongs).start();
    let child = loadgen(&["--url", &url, "--clients", "500", "--connect-rate", "1"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first client is in.
    ponged.recv().unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("stopped before measuring began"), "{told}");
}

#[test]
fn a_signal_in_the_warm_up_ends_without_a_report() {
    for (mode, told) in [
        ("fanout", "stopped before measuring began"),
        ("saturate", "stopped before measuring began"),
        ("search", "stopped before there was anything to report"),
    ] {
        for signal in [Signal::INT, Signal::TERM] {
            let child = begun(Relay::right(), &[mode, "--warmup", "10m", "--threads", "2"]);
            kill_process(Pid::from_child(&child), signal).unwrap();
            let output = ended_by(child, &[]);
            let sentence = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{mode}: {sentence}");
            assert!(sentence.contains(told), "{mode}: {sentence}");
        }
    }
}

#[test]
fn a_second_signal_ends_what_waits_for_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let [fifo, json] = ["fifo", "json"].map(|name| folder.path().join(name));
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    // Before the first connection, while signals are not heeded yet: nobody ever reads that log. It is no SIGINT, which
    // whatever a shell runs in the background begins with ignoring (POSIX, section 2.11 of the shell command language).
    let child = loadgen(&["--log", fifo.to_str().unwrap()]).spawn().unwrap();
    let status = ended_by(child, &[Signal::TERM; 2]).status;
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));

    // After the last: nobody reads the table.
    let (_unread, mut full) = io::pipe().unwrap();
    full.write_all(&vec![0; PIPE_BYTES]).unwrap();
    let mut child = loadgen(&["connect", "--json", json.to_str().unwrap()])
        .stdout(full)
        .spawn()
        .unwrap();
    wait_until("the result is written", AGAIN, || {
        assert_eq!(child.try_wait().unwrap(), None, "the table was read");
        fs::metadata(&json).is_ok_and(|json| json.len() > 0)
    });
    let status = ended_by(child, &[Signal::TERM; 2]).status;
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
}
