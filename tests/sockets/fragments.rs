//! Messages in pieces: of the protocol, and of the network.

use std::thread;
use std::time::Duration;

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::harness::{Server, masked, text};

const TEXT: OpCode = OpCode::Data(Data::Text);
const BINARY: OpCode = OpCode::Data(Data::Binary);
const CONTINUE: OpCode = OpCode::Data(Data::Continue);
const PING: OpCode = OpCode::Control(Control::Ping);
/// Two-, three- and four-byte characters, so that cuts fall inside of them.
const WORDS: &str = "naïve → 🦀!";

#[test]
fn a_message_is_whole_wherever_its_fragments_are_cut() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    for cut in 0..=WORDS.len() {
        for second_cut in cut..=WORDS.len() {
            let bytes = WORDS.as_bytes();
            wire.send(masked(TEXT, false, &bytes[..cut]));
            wire.send(masked(CONTINUE, false, &bytes[cut..second_cut]));
            wire.send(masked(CONTINUE, true, &bytes[second_cut..]));
            assert_eq!(wire.hear_text(), WORDS);
        }
    }
}

#[test]
fn a_message_may_have_a_fragment_for_every_byte_and_empty_ones_between() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/echo");
    let mut frames = masked(BINARY, false, "");
    for byte in WORDS.bytes() {
        frames.extend(masked(CONTINUE, false, [byte]));
        frames.extend(masked(CONTINUE, false, ""));
    }
    frames.extend(masked(CONTINUE, true, ""));
    wire.send(frames);
    let echo = wire.frame().unwrap();
    assert_eq!(echo.header().opcode, BINARY);
    assert_eq!(echo.payload(), WORDS.as_bytes());
}

#[test]
fn control_frames_between_fragments_are_heard_at_once() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    wire.send([masked(TEXT, false, "one "), masked(PING, true, "first")].concat());
    assert_eq!(wire.hear_control(Control::Pong), b"first");
    wire.send([masked(PING, true, "second"), masked(CONTINUE, false, "two")].concat());
    assert_eq!(wire.hear_control(Control::Pong), b"second");
    wire.send([masked(PING, true, "third"), masked(CONTINUE, true, "")].concat());
    assert_eq!(wire.hear_control(Control::Pong), b"third");
    assert_eq!(wire.hear_text(), "one two");
}

#[test]
fn a_close_between_fragments_drops_the_message_and_is_answered() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    wire.send(masked(TEXT, false, "never finished"));
    wire.send(masked(OpCode::Control(Control::Close), true, ""));
    assert_eq!(wire.hear_close(), None);
}

#[test]
fn frames_may_arrive_byte_by_byte() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/echo");
    let long = "l".repeat(130);
    let bytes = [
        text("short"),
        masked(PING, true, "ping"),
        masked(TEXT, false, "frag"),
        masked(CONTINUE, true, "ment"),
        text(&long),
    ];
    for byte in bytes.concat() {
        wire.send([byte]);
        // Only so that the server reads them one by one; together would be right as well.
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(wire.hear_text(), "short");
    assert_eq!(wire.hear_control(Control::Pong), b"ping");
    assert_eq!(wire.hear_text(), "fragment");
    assert_eq!(wire.hear_text(), long);
}

#[test]
fn frames_may_be_cut_in_two_at_every_byte() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/echo");
    let medium = "m".repeat(126);
    let frames = [text("before"), text(&medium), text("after")].concat();
    for cut in 0..frames.len() {
        wire.send(&frames[..cut]);
        thread::sleep(Duration::from_millis(1));
        wire.send(&frames[cut..]);
        for words in ["before", &medium, "after"] {
            assert_eq!(wire.hear_text(), words);
        }
    }
}

#[test]
fn a_message_with_a_64_bit_length_arrives_whole() {
    let server = Server::start(&["--max-message", "1MiB"]);
    let mut wire = server.wire("/echo");
    let huge = "h".repeat(1 << 20);
    wire.send(text(&huge));
    assert_eq!(wire.hear_text(), huge);
}
