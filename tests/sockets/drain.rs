//! A server that is told to stop.

use rustix::process::Signal;
use tungstenite::protocol::frame::coding::Control;

use crate::harness::{Server, leave_unsent, text, wait_until};

#[test]
fn everyone_is_closed_with_1001_and_the_server_ends_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start(&["--drain-timeout", "1s"]);
        let mut clients = ["/relay", "/ws", "/echo"].map(|path| server.connect(path));
        server.signal(signal);
        for client in &mut clients {
            assert_eq!(client.hear_close(), Some(1001));
        }
        for client in clients {
            client.leave();
        }
        assert_eq!(server.ended().status.code(), Some(0));
    }
}

#[test]
fn a_server_without_connections_ends_at_once() {
    let server = Server::start(&["--drain-timeout", "10m"]);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn what_was_said_before_is_heard_before_the_close() {
    let server = Server::start(&["--drain-timeout", "1s"]);
    let mut wire = server.wire("/relay");
    wire.send(text("last words"));
    assert_eq!(wire.hear_text(), "last words");
    server.signal(Signal::TERM);
    assert_eq!(wire.hear_close(), Some(1001));
}

#[test]
fn a_stopping_server_answers_503() {
    let server = Server::start(&["--drain-timeout", "10m"]);
    let mut kept = server.http();
    assert_eq!(kept.get("/healthz").status, 200);
    drain_begins(&server);
    for path in ["/healthz", "/", "/relay", "/nothing"] {
        let response = server.get(path);
        assert_eq!(response.status, 503, "{path}");
        assert_eq!(response.error_code(), "draining");
        assert_eq!(response.header("connection"), Some("close"));
    }
    let response = kept.get("/healthz");
    assert_eq!(response.status, 503);
    assert_eq!(response.header("connection"), Some("close"));
}

#[test]
fn a_second_signal_ends_a_stopping_server_at_once() {
    let server = Server::start(&["--drain-timeout", "10m"]);
    let _client = server.connect("/relay");
    drain_begins(&server);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status.code(), Some(128 + 15));
}

#[test]
fn one_that_never_stops_talking_is_told_too() {
    let server = Server::start(&["--drain-timeout", "2s"]);
    let mut talkers = [(); 3].map(|()| server.wire("/relay"));
    for talker in &talkers {
        talker.babble();
    }
    server.signal(Signal::TERM);
    for talker in &mut talkers {
        assert_eq!(talker.hear_close(), Some(1001));
    }
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn one_that_does_not_read_is_cut_at_the_end_and_counted() {
    let flags = ["--drain-timeout", "1s", "--log-level", "debug"];
    let server = Server::start(&[&flags[..], &["--max-unsent", "64MiB"]].concat());
    let _stalled = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    leave_unsent(&server, &mut speaker);
    server.signal(Signal::TERM);
    assert_eq!(&speaker.hear_control(Control::Close)[..2], [0x03, 0xe9]);
    drop(speaker);
    let ended = server.ended();
    assert_eq!(ended.status.code(), Some(0));
    let count = |reason: &str| ended.stderr.matches(reason).count();
    assert_eq!(count("reason=\"drain-cut\""), 1, "{}", ended.stderr);
    assert_eq!(count("reason=\"going-away\""), 1, "{}", ended.stderr);
}

/// Tells the server to stop, and waits until it knows.
fn drain_begins(server: &Server) {
    server.signal(Signal::TERM);
    wait_until("the server is stopping", || {
        server.process().stderr().contains("draining")
    });
}
