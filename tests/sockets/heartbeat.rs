//! Who is alive.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tungstenite::protocol::frame::coding::{Control, OpCode};

use crate::harness::{Server, masked, text, wait_until};

const PING: OpCode = OpCode::Control(Control::Ping);
const PONG: OpCode = OpCode::Control(Control::Pong);
const OFTEN: [&str; 4] = ["--ping-interval", "100ms", "--pong-timeout", "2s"];
/// Pings that a server which pings so often sends before the pong timeout is over, and then some.
const PINGS: usize = 25;

#[test]
fn a_ping_is_answered_with_its_payload() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    let longest = "p".repeat(125);
    for payload in ["", "payload", &longest] {
        wire.send(masked(PING, true, payload));
        assert_eq!(wire.hear_control(Control::Pong), payload.as_bytes());
    }
}

#[test]
fn pings_that_arrive_together_are_all_answered() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    let pings: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .flat_map(|payload| masked(PING, true, payload))
        .collect();
    wire.send(pings);
    for payload in [b"a", b"b", b"c"] {
        assert_eq!(wire.hear_control(Control::Pong), payload);
    }
}

#[test]
fn one_that_answers_pings_stays() {
    let server = Server::start(&OFTEN);
    let mut wire = server.wire("/relay");
    for _ in 0..PINGS {
        let payload = wire.hear_control(Control::Ping);
        wire.send(masked(PONG, true, payload));
    }
    wire.send(masked(OpCode::Control(Control::Close), true, ""));
    while let Some(frame) = wire.frame() {
        assert!(frame.header().opcode == PING || frame.payload().is_empty());
    }
    assert_eq!(server.disconnects("no-pong"), 0);
}

#[test]
fn pings_go_on_however_long_a_pong_may_take() {
    let server = Server::start(&["--ping-interval", "100ms", "--pong-timeout", "10m"]);
    let mut wire = server.wire("/relay");
    for _ in 0..3 {
        let payload = wire.hear_control(Control::Ping);
        wire.send(masked(PONG, true, payload));
    }
}

#[test]
fn any_bytes_count_as_life() {
    let server = Server::start(&OFTEN);
    let mut wire = server.wire("/echo");
    let message = text("x".repeat(PINGS - 6));
    assert_eq!(message.len(), PINGS);
    for byte in &message {
        wire.hear_control(Control::Ping);
        wire.send([*byte]);
    }
    assert_eq!(wire.hear_text(), "x".repeat(PINGS - 6));
}

#[test]
fn one_that_never_answers_is_closed_by_name() {
    let server = Server::start(&["--ping-interval", "100ms", "--pong-timeout", "400ms"]);
    let mut wire = server.wire("/relay");
    assert_eq!(wire.hear_control(Control::Ping), b"");
    assert_eq!(wire.hear_close(), Some(4002));
    drop(wire);
    wait_until("the silent peer is gone", || {
        server.disconnects("no-pong") == 1
    });
}

#[test]
fn a_server_that_was_stopped_for_long_loses_nobody_that_answers() {
    let server = Server::start(&["--ping-interval", "1s", "--pong-timeout", "2s"]);
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let mut client = server.connect("/relay");
            thread::spawn(move || client.hear_text())
        })
        .collect();
    stopped_for_long(&server, || ());
    let mut speaker = server.wire("/relay");
    speaker.send(text("welcome back"));
    for client in clients {
        assert_eq!(client.join().unwrap(), "welcome back");
    }
    assert_eq!(server.disconnects("no-pong"), 0);
}

#[test]
fn a_pong_that_arrives_while_the_server_is_stopped_is_in_time() {
    let server = Server::start(&["--ping-interval", "1s", "--pong-timeout", "2s"]);
    let mut wire = server.wire("/echo");
    let payload = wire.hear_control(Control::Ping);
    stopped_for_long(&server, || {
        wire.send([masked(PONG, true, payload), text("still here")].concat());
    });
    assert_eq!(wire.hear_text(), "still here");
}

/// Stops a server that waits for events, for longer than it waits for a pong, while something else happens.
fn stopped_for_long(server: &Server, happens: impl FnOnce()) {
    wait_until("the server waits", || server.process().is_asleep());
    server.signal(Signal::STOP);
    happens();
    thread::sleep(Duration::from_secs(4));
    server.signal(Signal::CONT);
}
