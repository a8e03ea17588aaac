//! Messages that wait together leave together.

use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::harness::{Server, Wire, leave_unsent, long_line, masked, text};

const FRAME_BYTES_MAX: usize = 16 << 10;
const PATIENT: [&str; 4] = ["--max-unsent", "64MiB", "--write-timeout", "60s"];

#[test]
fn text_messages_that_arrive_together_share_a_frame() {
    let server = Server::start(&[]);
    let mut joined = server.wire("/relay");
    let mut single = server.wire("/relay?frames=single");
    let mut plain = server.wire("/ws");
    joined.send([text("one"), text("two"), text("three")].concat());
    assert_eq!(joined.hear_text(), "one\ntwo\nthree");
    for wire in [&mut single, &mut plain] {
        for word in ["one", "two", "three"] {
            assert_eq!(wire.hear_text(), word);
        }
    }
}

#[test]
fn binary_messages_keep_their_frames_and_text_is_not_joined_across_them() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    let binary = |payload: &str| masked(OpCode::Data(Data::Binary), true, payload);
    let burst = [
        text("one"),
        text("two"),
        binary("b1"),
        binary("b2"),
        text("three"),
    ];
    wire.send(burst.concat());
    for payload in ["one\ntwo", "b1", "b2", "three"] {
        assert_eq!(wire.frame().unwrap().payload(), payload.as_bytes());
    }
}

#[test]
fn no_frame_exceeds_its_bound_unless_one_message_does() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    let sizes = [100, 16_000, 283, 300, 5_000, 30_000, 16_384, 1, 1, 9_000];
    let words = sizes.map(|size| "x".repeat(size));
    wire.send(words.iter().flat_map(text).collect::<Vec<_>>());
    let mut heard = Vec::new();
    while heard.len() < words.len() {
        let frame = wire.hear_text();
        assert!(frame.len() <= FRAME_BYTES_MAX || !frame.contains('\n'));
        heard.extend(frame.split('\n').map(str::to_owned));
    }
    assert_eq!(heard, words);
}

#[test]
fn a_stalled_reader_that_resumes_gets_everything_in_order_in_few_and_full_frames() {
    let server = Server::start(&PATIENT);
    let mut stalled = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    let ahead = leave_unsent(&server, &mut speaker);
    let said = say_one_by_one(&mut speaker);
    hear_long_lines(&mut stalled, ahead);
    let mut frames = 0;
    let mut heard = Vec::new();
    while heard.len() < said.len() {
        let frame = stalled.hear_text();
        assert!(frame.len() <= FRAME_BYTES_MAX);
        heard.extend(frame.split('\n').map(str::to_owned));
        frames += 1;
    }
    assert_eq!(heard, said);
    let bytes: usize = said.iter().map(|line| line.len() + 1).sum();
    assert_eq!(frames, bytes.div_ceil(FRAME_BYTES_MAX));
}

#[test]
fn a_stalled_reader_of_single_frames_gets_each_message_in_its_own() {
    let server = Server::start(&PATIENT);
    let mut stalled = server.narrow_wire("/relay?frames=single");
    let mut speaker = server.wire("/relay");
    let ahead = leave_unsent(&server, &mut speaker);
    let said = say_one_by_one(&mut speaker);
    hear_long_lines(&mut stalled, ahead);
    for line in said {
        assert_eq!(stalled.hear_text(), line);
    }
}

#[test]
fn a_backlog_of_binary_messages_arrives_verbatim_and_parts_the_text_around_it() {
    let server = Server::start(&PATIENT);
    let mut stalled = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    let ahead = leave_unsent(&server, &mut speaker);
    let binary = |payload| masked(OpCode::Data(Data::Binary), true, payload);
    for message in [text("a"), text("b"), binary("\n"), binary(" "), text("c")] {
        speaker.send(message);
        speaker.frame().unwrap();
    }
    hear_long_lines(&mut stalled, ahead);
    for payload in ["a\nb", "\n", " ", "c"] {
        assert_eq!(stalled.frame().unwrap().payload(), payload.as_bytes());
    }
}

/// Says many short lines, each heard before the next is said, so that none share a turn.
fn say_one_by_one(speaker: &mut Wire) -> Vec<String> {
    let lines: Vec<_> = (0..300).map(|number| format!("{number:0200}")).collect();
    for line in &lines {
        speaker.send(text(line));
        assert_eq!(&speaker.hear_text(), line);
    }
    lines
}

fn hear_long_lines(wire: &mut Wire, count: usize) {
    for number in 0..count {
        assert!(wire.hear_text() == long_line(number));
    }
}
