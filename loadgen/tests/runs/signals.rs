//! Runs that a user ends: what was measured is reported, and what nobody waited for is no fault of the server's.

use std::{
    fs,
    io::{self, Write},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{
    Run,
    chat::{Chat, Event, Fate},
    loadgen,
    relay::Relay,
    wait_until, words,
};

/// How often a signal is repeated until it was heeded.
const AGAIN: Duration = Duration::from_millis(200);
/// What a pipe holds that nobody reads (pipe(7)).
const PIPE_BYTES: usize = 64 << 10;

/// Starts a run, and lets it get to where its server tells of itself.
fn begun_at(url: &str, told: &Receiver<()>, flags: &[&str]) -> Child {
    let child = loadgen(&[flags, &["--url", url, "--json", "-"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    told.recv().unwrap();
    child
}

/// Starts a run against a relay, and lets it get to its traffic.
fn begun(relay: Relay, flags: &[&str]) -> Child {
    let (said, hears) = mpsc::channel();
    begun_at(&relay.that_tells(said).start(), &hears, flags)
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

/// What a run comes to that is ended at once once its server tells of itself, with most of it still under way.
fn cut_short(url: &str, told: &Receiver<()>, flags: &str) -> Run {
    let whole = format!("{flags} --warmup 0ms --settle 10m");
    let child = begun_at(url, told, &words(&whole));
    let run = Run::of(&ended_by(child, &[Signal::INT; 2]));
    assert_eq!(run.at("interrupted"), true);
    assert_eq!(run.at("unawaited"), true);
    let told = " (ended early by a signal, without waiting for what was under way).\n";
    assert!(run.table.ends_with(told), "{}", run.table);
    run
}

#[test]
fn what_a_second_ctrl_c_does_not_wait_for_is_neither_delivered_nor_lost() {
    for (flags, receivers) in [
        ("fanout", 5),
        ("saturate --threads 2", 5),
        ("fanout --protocol raw --sender acked", 4),
    ] {
        let (said, hears) = mpsc::channel();
        let relay = Relay::with(move |_, to, batch| {
            batch.retain(|message| message.number < 20);
            // By then some were said that nobody gets.
            if to == 0 && batch.is_empty() {
                let _ = said.send(());
            }
        });
        let flags = format!("{flags} --duration 10m");
        let run = cut_short(&relay.start(), &hears, &flags).good();
        assert_eq!(run.message("delivered"), 20 * receivers, "{run:#?}");
        assert_eq!(run.message("expected"), 20 * receivers, "{run:#?}");
        assert!(run.message("sent") > 20, "{run:#?}");
        assert!(
            run.table.contains("Good: what came to a client came once") || run.at("valid") == false,
            "{}",
            run.table
        );
    }
}

#[test]
fn what_was_overtaken_is_lost_whoever_waits() {
    let (said, hears) = mpsc::channel();
    let relay = Relay::with(move |_, to, batch| {
        batch.retain(|message| message.number < 20 && (message.number, to) != (3, 1));
        if to == 0 && batch.is_empty() {
            let _ = said.send(());
        }
    });
    let stages = "--stage 10m --stage 1s";
    let run = cut_short(&relay.start(), &hears, stages).broken([1, 0, 0, 0]);
    assert_eq!(run.message("delivered"), 20 * 5 - 1, "{run:#?}");
    assert_eq!(run.count("stages.0.missing"), 1, "{run:#?}");
    assert!(run.table.contains("(1 lost); "), "{}", run.table);
}

#[test]
fn who_is_not_back_yet_when_nobody_waits_any_more_has_not_failed() {
    let (said, hears) = mpsc::channel();
    let chat = Chat::keeping(1000, None).scripted(move |_, event| {
        if let Event::Said { number: 150, .. } = event {
            // One client in ten was cut off by then, and most were not.
            let _ = said.send(());
        }
        Fate::Told
    });
    let flags = "--protocol chat --clients 10 --publishers 10 --rate 200 --cut 10%/400ms --away 10m..10m --duration 10m";
    let run = cut_short(&chat.start(), &hears, flags).good();
    assert!(run.count("recovery.cuts") > 0, "{run:#?}");
    for figure in ["recovery.failed", "recovery.silent"] {
        assert_eq!(run.count(figure), 0, "{figure}: {run:#?}");
    }
}

#[test]
fn who_is_not_let_in_yet_when_nobody_waits_any_more_was_not_turned_away() {
    let (said, hears) = mpsc::channel();
    let mut inside = 0;
    let chat = Chat::keeping(1000, None).scripted(move |_, event| {
        inside += usize::from(event == Event::Entered);
        if inside > 5 {
            // Nobody comes in behind it, nor is told anything.
            let _ = said.send(());
            loop {
                thread::park();
            }
        }
        Fate::Told
    });
    let flags = "--protocol chat --storm 10 --duration 1s";
    let run = cut_short(&chat.start(), &hears, flags).good();
    assert_eq!(run.count("storm.failed"), 0, "{run:#?}");
}

#[test]
fn ctrl_c_ends_a_run_of_handshakes_with_those_that_were_measured() {
    for threads in ["1", "2"] {
        let (pongs, ponged) = mpsc::channel();
        let url = Relay::right().that_pings(pongs).start();
        let flags = ["connect", "--clients", "500", "--connect-rate", "20"];
        let more = ["--duration", "10m", "--threads", threads, "--url", &url];
        let child = loadgen(&[&flags[..], &more, &["--json", "-"]].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        for _ in 0..5 {
            ponged.recv().unwrap();
        }
        let run = Run::of(&ended_by(child, &[Signal::INT])).good();
        let inside = run.count("connect.clients");
        assert!((5..500).contains(&inside), "{run:#?}");
        assert_eq!(run.count("connect.failed"), 0, "{run:#?}");
        assert!(run.figure("connect.latency_us.p50") > 0.0, "{run:#?}");
        let told = format!(
            "Good: {inside} clients came in, and none was turned away (ended early by a signal)."
        );
        assert!(run.table.contains(&told), "{}", run.table);
    }
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

#[test]
fn who_is_killed_leaves_all_results_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let older = folder.path().join("json");
    fs::write(&older, "older").unwrap();
    let (said, hears) = mpsc::channel();
    let url = Relay::right().that_tells(said).start();
    let mut command = loadgen(&["--duration", "10m", "--url", &url]);
    for name in ["json", "hdr", "report", "log"] {
        let path = folder.path().join(name);
        command.arg(format!("--{name}")).arg(path);
    }
    let child = command.spawn().unwrap();
    hears.recv().unwrap();
    let status = ended_by(child, &[Signal::KILL]).status;
    assert_eq!(status.signal(), Some(Signal::KILL.as_raw()));
    assert_eq!(fs::read_to_string(&older).unwrap(), "older");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
