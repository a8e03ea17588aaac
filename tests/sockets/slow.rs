//! Peers that do not keep up are closed by name, and nobody waits for them.

use std::thread;
use std::time::Duration;

use tungstenite::protocol::frame::coding::{Control, OpCode};

use crate::harness::{Server, leave_unsent, long_line, masked, say_long_line, text, wait_until};

/// Little may wait, but whoever is given up may take its time to read why.
const STRICT: [&str; 4] = ["--max-unsent", "256KiB", "--linger-timeout", "60s"];
/// Whoever makes no progress has all the time of the test.
const PATIENT: [&str; 2] = ["--write-timeout", "60s"];
/// More long lines than sockets hold.
const MANY_LINES: usize = 200;
/// The same in pings.
const MANY_PINGS: usize = 80_000;
const SLOW_CONSUMER: [u8; 2] = 4001_u16.to_be_bytes();

#[test]
fn one_that_leaves_too_much_unsent_is_closed_and_the_others_hear_everything() {
    let server = Server::start(&["--max-unsent", "256KiB"]);
    let _slow = server.narrow_wire("/relay");
    let mut prompt = server.wire("/relay");
    let mut speaker = server.wire("/relay");
    for number in 0..MANY_LINES {
        say_long_line(&mut speaker, number);
        assert!(prompt.hear_text() == long_line(number));
    }
    wait_until("the slow peer is gone", || {
        server.disconnects("slow-unsent") == 1
    });
}

#[test]
fn one_that_makes_no_progress_is_closed_and_the_others_stay() {
    let server = Server::start(&["--max-unsent", "64MiB", "--write-timeout", "500ms"]);
    let _slow = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    let said = leave_unsent(&server, &mut speaker);
    // The system makes a little more room for one that reads nothing.
    for number in said..said + 20 {
        say_long_line(&mut speaker, number);
    }
    wait_until("the stalled peer is gone", || {
        server.disconnects("slow-stalled") == 1
    });
    speaker.send(text("still here"));
    assert_eq!(speaker.hear_text(), "still here");
}

#[test]
fn one_that_only_talks_is_slow_all_the_same() {
    let server = Server::start(&["--max-unsent", "64MiB", "--write-timeout", "500ms"]);
    let slow = server.narrow_wire("/relay");
    slow.babble();
    let mut speaker = server.wire("/relay");
    leave_unsent(&server, &mut speaker);
    wait_until("the stalled peer is gone", || {
        server.disconnects("slow-stalled") == 1
    });
}

#[test]
fn one_that_reads_again_in_time_learns_why_it_was_closed() {
    let server = Server::start(&STRICT);
    let mut slow = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    for number in 0..MANY_LINES {
        say_long_line(&mut speaker, number);
    }
    let heard: Vec<_> = std::iter::from_fn(|| slow.frame()).collect();
    let (close, lines) = heard.split_last().unwrap();
    assert!(lines.len() < MANY_LINES);
    for (number, line) in lines.iter().enumerate() {
        assert!(line.payload() == long_line(number).as_bytes());
    }
    assert_eq!(close.header().opcode, OpCode::Control(Control::Close));
    assert_eq!(close.payload()[..2], SLOW_CONSUMER);
    drop(slow);
    wait_until("the slow peer is gone", || {
        server.disconnects("slow-unsent") == 1
    });
}

#[test]
fn one_that_reads_none_of_its_own_answers_is_slow_too() {
    let server = Server::start(&STRICT);
    let mut slow = server.narrow_wire("/echo");
    let ping = masked(OpCode::Control(Control::Ping), true, "x".repeat(125));
    let pings = ping.repeat(100);
    for _ in 0..MANY_PINGS / 100 {
        slow.send(&pings);
    }
    let mut answered = 0;
    let close = loop {
        let frame = slow.frame().unwrap();
        if frame.header().opcode == OpCode::Control(Control::Close) {
            break frame;
        }
        answered += 1;
    };
    assert!(answered < MANY_PINGS);
    assert_eq!(close.payload()[..2], SLOW_CONSUMER);
}

#[test]
fn one_that_may_go_without_is_kept_and_hears_the_rest_in_order() {
    for (slow, reason) in [("gap", "slow"), ("latest", "latest")] {
        let server = Server::start(&[&STRICT[..], &PATIENT, &["--slow", slow]].concat());
        let mut lagging = server.narrow_wire("/relay");
        let mut speaker = server.wire("/relay");
        for number in 0..MANY_LINES {
            say_long_line(&mut speaker, number);
        }
        let mut heard = vec![lagging.hear_text()];
        while *heard.last().unwrap() != long_line(MANY_LINES - 1) {
            heard.push(lagging.hear_text());
        }
        assert!(heard.is_sorted());
        let skipped = server.skipped(reason);
        assert!(skipped > 0);
        assert_eq!(heard.len() as u64 + skipped, MANY_LINES as u64);
        lagging.send(text("caught up"));
        assert_eq!(speaker.hear_text(), "caught up");
    }
}

#[test]
fn one_for_whom_something_has_waited_too_long_is_closed_or_goes_without() {
    let lag = ["--max-unsent", "64MiB", "--max-lag", "100ms"];
    let closing = Server::start(&lag);
    let skipping = Server::start(&[&lag[..], &PATIENT, &["--slow", "gap"]].concat());
    for server in [&closing, &skipping] {
        let _slow = server.narrow_wire("/relay");
        let mut speaker = server.wire("/relay");
        for number in 0..MANY_LINES {
            say_long_line(&mut speaker, number);
        }
        wait_until("it is known to lag", || {
            server.disconnects("slow-lag") == 1 || server.skipped("slow") > 0
        });
    }
    assert_eq!(closing.disconnects("slow-lag"), 1);
    assert_eq!(skipping.disconnects("slow-lag"), 0);
}

#[test]
fn one_that_lags_behind_its_own_echo_is_closed_whatever_becomes_of_others() {
    let server = Server::start(&[&STRICT[..], &PATIENT, &["--slow", "gap"]].concat());
    let mut slow = server.narrow_wire("/echo");
    for number in 0..MANY_LINES {
        slow.send(text(long_line(number)));
    }
    let close = std::iter::from_fn(|| slow.frame()).last().unwrap();
    assert_eq!(close.payload()[..2], SLOW_CONSUMER);
    assert_eq!(server.skipped("slow"), 0);
}

#[test]
fn one_that_resets_the_stream_after_it_was_given_up_counts_as_slow() {
    let server = Server::start(&STRICT);
    let slow = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    for number in 0..MANY_LINES {
        say_long_line(&mut speaker, number);
    }
    drop(slow);
    wait_until("the slow peer is gone", || {
        server.disconnects("slow-unsent") + server.disconnects("reset") == 1
    });
    assert_eq!(server.disconnects("slow-unsent"), 1);
}

#[test]
fn one_that_lags_within_the_bounds_is_not_slow() {
    let server = Server::start(&["--max-unsent", "64MiB", "--write-timeout", "60s"]);
    let mut lagging = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    let said = leave_unsent(&server, &mut speaker);
    for number in 0..said {
        assert!(lagging.hear_text() == long_line(number));
    }
    lagging.send(text("caught up"));
    assert_eq!(speaker.hear_text(), "caught up");
}

#[test]
fn one_that_takes_little_at_a_time_makes_progress() {
    let server = Server::start(&["--max-unsent", "64MiB", "--write-timeout", "1s"]);
    let mut slow = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    leave_unsent(&server, &mut speaker);
    for number in 0..30 {
        assert!(slow.hear_text() == long_line(number));
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(server.disconnects("slow-stalled"), 0);
}

#[test]
fn one_message_larger_than_what_may_wait_still_goes_out_alone() {
    let server = Server::start(&["--max-unsent", "16KiB", "--max-message", "16MiB"]);
    let mut wire = server.narrow_wire("/echo");
    let huge = "h".repeat(12 << 20);
    wire.send(text(&huge));
    assert!(wire.hear_text() == huge);
}
