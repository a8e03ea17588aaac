//! How a session ends, and that its end arrives.

use std::time::Duration;

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::harness::{Server, Wire, close, masked, text, wait_until};

const TEXT: OpCode = OpCode::Data(Data::Text);
const CONTINUE: OpCode = OpCode::Data(Data::Continue);
const CLOSE: OpCode = OpCode::Control(Control::Close);

#[test]
fn a_close_is_answered_with_its_code() {
    let server = Server::start(&[]);
    for code in [1000, 1001, 3000, 4999] {
        let mut wire = server.wire("/relay");
        wire.send(close(code));
        assert_eq!(wire.hear_close(), Some(code));
    }
    let mut wire = server.wire("/relay");
    wire.send(masked(CLOSE, true, ""));
    assert_eq!(wire.hear_close(), None);
    drop(wire);
    wait_until("all five have been counted", || {
        server.disconnects("closed-by-peer") == 5
    });
}

#[test]
fn a_leaver_and_the_others_hear_all_that_was_said_before_it_left() {
    let server = Server::start(&[]);
    let mut stays = server.wire("/relay");
    let mut leaves = server.wire("/relay");
    leaves.send([text("one"), text("two"), close(1000), text("three")].concat());
    assert_eq!(leaves.hear_text(), "one\ntwo");
    assert_eq!(leaves.hear_close(), Some(1000));
    assert_eq!(stays.hear_text(), "one\ntwo");
    stays.send(text("four"));
    assert_eq!(stays.hear_text(), "four");
}

#[test]
fn a_message_beyond_the_limit_closes_with_1009_at_its_header() {
    let server = Server::start(&["--max-message", "1KiB"]);
    let mut wire = server.wire("/echo");
    wire.send(text("x".repeat(1024)));
    assert_eq!(wire.hear_text().len(), 1024);
    wire.send(&text("x".repeat(1025))[..8]);
    assert_eq!(wire.hear_close(), Some(1009));
}

#[test]
fn a_length_beyond_all_reason_closes_with_1009() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/echo");
    wire.send(b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04");
    assert_eq!(wire.hear_close(), Some(1009));
}

#[test]
fn fragments_beyond_the_limit_together_close_with_1009() {
    let server = Server::start(&["--max-message", "1KiB"]);
    let mut wire = server.wire("/echo");
    wire.send(masked(TEXT, false, "x".repeat(1000)));
    wire.send(masked(CONTINUE, false, "x".repeat(24)));
    wire.send(masked(CONTINUE, true, "x"));
    assert_eq!(wire.hear_close(), Some(1009));
    drop(wire);
    wait_until("it has been counted", || {
        server.disconnects("message-too-large") == 1
    });
}

#[test]
fn text_that_is_not_utf8_closes_with_1007() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    wire.send(text(b"fine until \xc3\x28"));
    assert_eq!(wire.hear_close(), Some(1007));
    drop(wire);
    wait_until("it has been counted", || {
        server.disconnects("not-utf8") == 1
    });
}

#[test]
fn text_that_is_not_utf8_across_fragments_closes_with_1007() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    wire.send(masked(TEXT, false, b"cut inside \xf0\x9f"));
    wire.send(masked(CONTINUE, true, b"\x28"));
    assert_eq!(wire.hear_close(), Some(1007));
    let mut wire = server.wire("/relay");
    wire.send(masked(TEXT, false, b"ends inside \xf0\x9f"));
    wire.send(masked(CONTINUE, true, b""));
    assert_eq!(wire.hear_close(), Some(1007));
}

#[test]
fn every_breach_of_the_protocol_closes_with_1002() {
    let server = Server::start(&[]);
    let reserved_bit = |bit: u8| {
        let mut frame = text("hi");
        frame[0] |= bit;
        frame
    };
    let reserved_opcode = |opcode: u8| {
        let mut frame = text("hi");
        frame[0] = 0x80 | opcode;
        frame
    };
    let ping = |is_final, payload: &str| masked(OpCode::Control(Control::Ping), is_final, payload);
    let breaches = [
        ("unmasked", b"\x81\x02hi".to_vec()),
        ("first reserved bit", reserved_bit(0x40)),
        ("second reserved bit", reserved_bit(0x20)),
        ("third reserved bit", reserved_bit(0x10)),
        ("reserved data opcode", reserved_opcode(0x3)),
        ("reserved control opcode", reserved_opcode(0xb)),
        ("fragmented control", ping(false, "hi")),
        ("oversize control", ping(true, &"x".repeat(126))),
        ("continuation of nothing", masked(CONTINUE, true, "hi")),
        (
            "message within a message",
            [masked(TEXT, false, "a"), text("b")].concat(),
        ),
        ("close of one byte", masked(CLOSE, true, "x")),
    ];
    let count = breaches.len() as u64;
    for (name, bytes) in breaches {
        let mut wire = server.wire("/relay");
        wire.send(bytes);
        assert_eq!(wire.hear_close(), Some(1002), "{name}");
    }
    wait_until("all have been counted", || {
        server.disconnects("protocol") == count
    });
}

#[test]
fn what_was_said_before_a_breach_is_still_heard_and_what_follows_is_not() {
    let server = Server::start(&[]);
    let mut other = server.wire("/relay");
    let mut wire = server.wire("/relay");
    wire.send([text("before"), b"\x81\x02hi".to_vec(), text("after")].concat());
    assert_eq!(wire.hear_text(), "before");
    assert_eq!(wire.hear_close(), Some(1002));
    assert_eq!(other.hear_text(), "before");
    other.send(text("later"));
    assert_eq!(other.hear_text(), "later");
}

#[test]
fn the_close_code_arrives_while_input_is_still_unread() {
    let server = Server::start(&[]);
    let breaches = [
        (b"\x81\x02hi".to_vec(), 1002),
        (text(b"\xff"), 1007),
        (text("x".repeat(100_000)), 1009),
    ];
    for (breach, code) in breaches {
        let mut wire = server.wire("/relay");
        wire.send(breach);
        send_much_more(&mut wire);
        assert_eq!(wire.hear_close(), Some(code));
    }
}

#[test]
fn one_that_resets_the_stream_is_out_and_counted() {
    let server = Server::start(&[]);
    let mut stays = server.wire("/relay");
    let socket = server.dial_with(|socket| socket.set_linger(Some(Duration::ZERO)).unwrap());
    drop(Wire::upgrade(socket, "/relay"));
    wait_until("it has been counted", || server.disconnects("reset") == 1);
    stays.send(text("alone"));
    assert_eq!(stays.hear_text(), "alone");
}

/// More than a socket's buffers hold.
fn send_much_more(wire: &mut Wire) {
    let more = text("x".repeat(60_000));
    for _ in 0..200 {
        wire.send(&more);
    }
}
