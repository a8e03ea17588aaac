//! What a run comes to that measured too little, or measured itself: it does not end as if all were good.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{Run, echo, loadgen, refused_by, relay::Relay, run, words};

/// Half of a run, and more.
const STALL: Duration = Duration::from_millis(700);

/// A run of a second that stands still for most of it.
fn stalled(mode: &str, relay: Relay) -> Run {
    let (said, hears) = mpsc::channel();
    let url = relay.that_tells(said).start();
    let flags = ["--warmup", "0ms", "--duration", "1s", "--url", &url];
    let child = begun(&[&words(mode)[..], &flags].concat());
    hears.recv().unwrap();
    signal(&child, Signal::STOP);
    thread::sleep(STALL);
    signal(&child, Signal::CONT);
    Run::of(&ended(child))
}

/// Whether the kernel counts for how long a thread waits for a core.
fn counts_waiting() -> bool {
    Path::new("/proc/thread-self/schedstat").exists()
}

/// How the sentence begins of who stood still; where that cannot be told from waiting for a core, what it led to.
fn standstill(otherwise: &'static str) -> &'static str {
    if counts_waiting() {
        "the load generator itself stood still for "
    } else {
        otherwise
    }
}

fn begun(flags: &[&str]) -> Child {
    let mut command = loadgen(&[flags, &["--json", "-"]].concat());
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn ended(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

#[test]
fn a_load_generator_that_stood_still_is_not_valid() {
    let run = stalled("fanout", Relay::right());
    assert_eq!(run.code, Some(3), "{run:#?}");
    let told = format!("NOT VALID: {}", standstill("the load generator sent "));
    assert!(run.table.contains(&told), "{}", run.table);
    assert!(run.figure("loadgen.schedule_slip_us.max") > 500_000.0);
    // Whoever is stopped waits for no core, and yet a little before each of its turns, if the kernel counts that.
    if counts_waiting() {
        let share = run.figure("loadgen.waiting_share");
        assert!(0.0 < share && share < 1.0, "{share}");
    }
}

#[test]
fn a_load_generator_that_stood_still_where_no_schedule_shows_it_is_not_valid() {
    if !counts_waiting() {
        return;
    }
    for mode in [
        "saturate",
        "saturate --threads 2 --clients 6 --publishers 2",
    ] {
        let run = stalled(mode, Relay::right());
        assert_eq!(run.code, Some(3), "{run:#?}");
        let told = format!("NOT VALID: {}", standstill(""));
        assert!(run.table.contains(&told), "{}", run.table);
        let stood = run.figure("loadgen.stood_still_seconds");
        assert!(stood > 0.5, "{stood} s");
    }
}

#[test]
fn a_load_generator_that_is_slower_than_the_server_blames_itself() {
    // It is never done with sending, and yet hears what comes: otherwise a server could not go on, and would seem to be what
    // keeps it.
    let flags = "--clients 1 --rate 3000000 --warmup 0s --duration 300ms --settle 20s --url";
    let run = run(&[&words(flags)[..], &[&echo::start()]].concat());
    assert_eq!(run.code, Some(3), "{run:#?}");
    let told = "NOT VALID: the load generator sent most messages late";
    assert!(run.table.contains(told), "{}", run.table);
    let [own_us, servers_us] = ["schedule_slip_us", "send_blocked_us"]
        .map(|figure| run.figure(&format!("loadgen.{figure}.p50")));
    assert!(servers_us < own_us, "{servers_us} us of {own_us} us");
}

#[test]
fn a_schedule_that_nobody_can_keep_any_more_costs_nothing() {
    let relay = Relay::with(|room, _, _| room.clients().for_each(|client| room.reset(client)));
    let flags = "--rate 300000 --warmup 0s --duration 1s --url";
    let run = run(&[&words(flags)[..], &[&relay.start()]].concat());
    assert_eq!(run.code, Some(1), "{run:#?}");
    let share = run.figure("loadgen.cpu_share");
    assert!(share < 0.5, "{share}");
}

#[test]
fn what_is_broken_and_late_at_once_says_both() {
    let relay = Relay::with(|_, to, batch| batch.retain(|said| to != 1 || said.number != 3));
    let run = stalled("fanout", relay).broken([1, 0, 0, 0]);
    assert_eq!(run.at("valid"), false);
    let sentence = run.table.lines().last().unwrap();
    let besides = format!("; besides, {}", standstill("the load generator sent"));
    for told in ["BROKEN: ", "(1 lost)", &besides] {
        assert!(sentence.contains(told), "{sentence}");
    }
}

#[test]
fn a_search_that_was_stopped_after_its_first_step_has_found_nothing() {
    let (said, hears) = mpsc::channel();
    // Who comes for the first step has a number below 5.
    let relay = Relay::with(move |_, to, _| {
        if to >= 5 {
            let _ = said.send(());
        }
    });
    let slo = ["--slo", "p99<1h", "--url", &relay.start()];
    let child = begun(&[&["search"], &slo[..]].concat());
    hears.recv().unwrap();
    signal(&child, Signal::INT);
    let run = Run::of(&ended(child));
    assert_eq!(run.code, Some(3), "{run:#?}");
    let told = "NOT VALID: the search was stopped before it had found the limit; so far 100 messages a second held";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_run_that_was_stopped_in_its_first_ramp_is_told_so() {
    let (said, hears) = mpsc::channel();
    let url = Relay::right().that_tells(said).start();
    let stages = ["--stage", "1m: rate=100..200", "--stage", "1s"];
    let child = begun(&[&["--warmup", "0s", "--url", &url], &stages[..]].concat());
    hears.recv().unwrap();
    signal(&child, Signal::INT);
    let run = Run::of(&ended(child));
    assert_eq!(run.code, Some(3), "{run:#?}");
    let told = "NOT VALID: the run was stopped before anything was due that would have been measured (ended early by a \
                signal).";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_comparison_of_two_rounds_tells_nothing() {
    let [one, other] = ["one", "other"].map(|name| format!("{name}={}", Relay::right().start()));
    let flags = ["--rounds", "2", "--target", &one, "--target", &other];
    let run = run(&[&["compare"], &flags[..]].concat());
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert!(run.table.contains("\nNOT VALID: "), "{}", run.table);
    assert_eq!(run.at("valid"), false);
}

#[test]
fn where_the_server_may_skip_everything_and_does_nothing_was_measured() {
    let url = Relay::with(|_, _, batch| batch.clear()).start();
    let run = run(&["--skips", "--settle", "100ms", "--url", &url]);
    assert_eq!(run.code, Some(3), "{run:#?}");
    let told = "NOT VALID: nothing of what was sent in the measured time came to a client";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_run_that_comes_to_nothing_leaves_older_results_alone() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let url = format!("ws://{}/", nobody.unwrap());
    let names = ["json", "hdr", "report", "log"];
    for has_older in [false, true] {
        let mut command = loadgen(&["--url", &url]);
        for name in names {
            let path = folder.path().join(name);
            if has_older {
                fs::write(&path, "older").unwrap();
            }
            command.arg(format!("--{name}")).arg(path);
        }
        let (code, told) = refused_by(&mut command);
        assert_eq!(code, Some(2), "{told}");
        let count = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(count, if has_older { names.len() } else { 0 });
    }
    for name in names {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(text, "older", "{name}");
    }
}
