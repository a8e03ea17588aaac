//! Messages that come deflated.

use std::iter;

use flate2::{Compress, Compression, FlushCompress};

use super::*;
use crate::vocabulary::{
    coding::Window,
    config::{INFLATE_STATES_MAX, INFLATE_STRETCH_BYTES_MAX, RECEIVE_BYTES_MAX},
};

const TAIL: &[u8] = &[0x00, 0x00, 0xff, 0xff];

impl Session {
    /// One that has agreed on deflated messages.
    fn deflated() -> Self {
        Self {
            websocket: WebSocket::new(Coding::Deflate(Window::Full)),
            ..Self::default()
        }
    }

    /// Receives input and all that is to be done without more, and says how it ends.
    fn receive_all(&mut self, protocol: &mut Protocol, input: &[u8]) -> Result<Received, Reason> {
        let mut received = self.receive(protocol, input);
        while received == Ok(Received::Open) && self.websocket.has_more() {
            received = self.receive(protocol, &[]);
        }
        received
    }
}

/// A session is held for as long as its connection is, agreed on deflate or not.
#[test]
fn a_session_between_messages_is_two_words() {
    assert_eq!(size_of::<WebSocket>(), 2 * size_of::<usize>());
}

/// A deflater that keeps what it has seen.
fn deflater() -> Compress {
    Compress::new(Compression::new(6), false)
}

fn deflate_with(deflater: &mut Compress, text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + 100);
    deflater
        .compress_vec(text, &mut bytes, FlushCompress::Sync)
        .unwrap();
    bytes.truncate(bytes.len() - TAIL.len());
    bytes
}

fn deflate(text: &[u8]) -> Vec<u8> {
    deflate_with(&mut deflater(), text)
}

/// The same as one final block.
fn deflate_finally(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + 100);
    deflater()
        .compress_vec(text, &mut bytes, FlushCompress::Finish)
        .unwrap();
    bytes
}

/// The same as it is, in a block that is not the last.
fn stored(text: &[u8]) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    [&[0, length, 0, !length, 0xff], text].concat()
}

/// A message of one frame.
fn message(opcode: OpCode, deflated: &[u8]) -> Vec<u8> {
    marked_frame(true, opcode, true, deflated)
}

/// What comes of text that is deflated so; whoever comes next is not harmed.
fn inflated(bytes: &[u8]) -> Result<String, Reason> {
    let mut protocol = Protocol::new(MAX);
    let mut session = Session::deflated();
    let received = session.receive_all(&mut protocol, &message(TEXT, bytes));
    let mut next = Session::deflated();
    next.receive_all(&mut protocol, &message(TEXT, &deflate(b"next")))
        .unwrap();
    assert_eq!(next.heard, ["next"]);
    received.map(|_| session.heard.concat())
}

#[test]
fn messages_come_out_whole_wherever_the_bytes_are_split() {
    let long = "long ".repeat(150);
    let [start, end] = {
        let bytes = deflate(b"in four parts");
        let (start, end) = bytes.split_at(bytes.len() / 2);
        [start.to_vec(), end.to_vec()]
    };
    let script = [
        message(TEXT, &deflate(b"whole")),
        frame(TEXT, true, b"plain"),
        marked_frame(true, TEXT, false, &start),
        frame(PING, true, b"between"),
        frame(CONTINUE, false, &end),
        frame(CONTINUE, false, b""),
        frame(PING, true, b""),
        frame(CONTINUE, true, b""),
        message(BINARY, &deflate(&[])),
        message(TEXT, &deflate(long.as_bytes())),
        message(TEXT, b"\0"),
        frame(TEXT, false, b"plain "),
        frame(PING, true, b""),
        frame(CONTINUE, true, b"parts"),
        message(TEXT, &[deflate_finally(b"final"), vec![0]].concat()),
    ]
    .concat();
    let said = [
        "whole",
        "plain",
        "in four parts",
        "[]",
        &long,
        "",
        "plain parts",
        "final",
    ];
    let mut protocol = Protocol::new(MAX);
    let mut check = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut session = Session::deflated();
        for piece in pieces {
            let received = session.receive_all(&mut protocol, piece);
            assert_eq!(received, Ok(Received::Open));
        }
        assert_eq!(session.heard, said);
        assert_eq!(session.replies, b"\x8a\x07between\x8a\x00\x8a\x00");
        assert_eq!(session.websocket.heap_bytes(), 0, "nothing is kept");
    };
    check(&mut iter::once(&script[..]));
    check(&mut script.chunks(1));
    for at in 1..script.len() {
        check(&mut [&script[..at], &script[at..]].into_iter());
    }
}

#[test]
fn blocks_of_every_kind_are_inflated_in_any_number() {
    let sync = |text: &[u8]| [deflate(text), TAIL.to_vec()].concat();
    let last = |bytes: Vec<u8>| [bytes, vec![0]].concat();
    for (bytes, text) in [
        (last(stored(b"stored")), "stored"),
        (
            last([sync(b"one "), stored(b"two "), sync(b"three")].concat()),
            "one two three",
        ),
        ([sync(b"one "), deflate_finally(b"two")].concat(), "one two"),
        (
            last([deflate_finally(b"one "), deflate_finally(b"two")].concat()),
            "one two",
        ),
        (
            [deflate_finally(b"one "), deflate(b"two")].concat(),
            "one two",
        ),
        (last(sync(b"").repeat(100)), ""),
        (last(deflate_finally(b"").repeat(100)), ""),
        (vec![0], ""),
        (vec![], ""),
    ] {
        assert_eq!(inflated(&bytes), Ok(text.to_owned()), "{bytes:x?}");
    }
}

#[test]
fn what_does_not_inflate_is_refused() {
    let whole = deflate(b"some words and then some more");
    for end in 1..whole.len() - 1 {
        assert_eq!(
            inflated(&whole[..end]),
            Err(Reason::NotDeflate),
            "cut at {end}"
        );
    }
    let trailing = [deflate_finally(b"final"), vec![0xff; 5]].concat();
    let wrong_length = vec![0, 4, 0, 0, 0];
    let reserved_kind = vec![0x07];
    let unflushed = stored(b"stored");
    for bytes in [
        trailing,
        wrong_length,
        reserved_kind,
        unflushed,
        vec![0xff; 100],
    ] {
        assert_eq!(inflated(&bytes), Err(Reason::NotDeflate), "{bytes:x?}");
    }
    assert_eq!(inflated(&deflate(b"\xff\xfe")), Err(Reason::NotUtf8));
}

#[test]
fn a_reserved_bit_has_its_place() {
    let begun = marked_frame(true, TEXT, false, b"");
    let then = |next: Vec<u8>| [begun.clone(), next].concat();
    for (what, input) in [
        ("on a control", marked_frame(true, PING, true, b"")),
        (
            "on a control within",
            then(marked_frame(true, PING, true, b"")),
        ),
        (
            "on a continuation",
            then(marked_frame(true, CONTINUE, true, b"")),
        ),
        (
            "on a message within",
            then(marked_frame(true, TEXT, true, b"")),
        ),
        ("the second", vec![0xa1, 0x80, 0, 0, 0, 0]),
        ("the third", vec![0x91, 0x80, 0, 0, 0, 0]),
        ("the second beside the first", vec![0xe1, 0x80, 0, 0, 0, 0]),
        (
            "on a continuation of what is plain",
            [
                frame(TEXT, false, b""),
                marked_frame(true, CONTINUE, true, b""),
            ]
            .concat(),
        ),
    ] {
        let mut protocol = Protocol::new(MAX);
        let received = Session::deflated().receive(&mut protocol, &input);
        assert_eq!(received, Err(Reason::Protocol), "{what}");
    }
    assert_eq!(
        failure(&message(TEXT, &deflate(b"not agreed on"))),
        Reason::Protocol
    );
}

#[test]
fn a_message_is_bounded_by_what_it_inflates_to_and_by_what_is_sent_of_it() {
    assert_eq!(inflated(&deflate(&[b'a'; MAX])), Ok("a".repeat(MAX)));
    assert_eq!(
        inflated(&deflate(&[b'a'; MAX + 1])),
        Err(Reason::MessageTooLarge)
    );
    assert_eq!(
        inflated(&deflate(&vec![b'a'; MAX * 1000])),
        Err(Reason::MessageTooLarge)
    );
    let sent = MAX + MAX / 100 + 16;
    let empty = |bytes: usize| [&[2, 0].repeat(bytes / 2), &[0][..bytes % 2]].concat();
    let mut protocol = Protocol::new(MAX);
    let most = marked_frame(true, TEXT, false, &empty(sent));
    let mut session = Session::deflated();
    assert_eq!(session.receive(&mut protocol, &most), Ok(Received::Open));
    let more = frame(CONTINUE, true, b"\0");
    assert_eq!(
        session.receive(&mut protocol, &more),
        Err(Reason::MessageTooLarge)
    );
    let header = &message(TEXT, &vec![0; sent + 1])[..8];
    let refused = Session::deflated().receive(&mut protocol, header);
    assert_eq!(refused, Err(Reason::MessageTooLarge), "by its header alone");
}

#[test]
fn a_reference_into_what_another_said_reaches_nothing() {
    let secret = b"a secret that is long enough to be referred to";
    let mut shared = deflater();
    let said = deflate_with(&mut shared, secret);
    let reference = deflate_with(&mut shared, secret);
    assert!(
        reference.len() < said.len() / 2,
        "it refers to what was said"
    );
    let mut protocol = Protocol::new(MAX);
    let [mut one, mut other] = [Session::deflated(), Session::deflated()];
    one.receive(&mut protocol, &message(TEXT, &said)).unwrap();
    let received = other.receive(&mut protocol, &message(TEXT, &reference));
    assert_eq!(received, Err(Reason::ContextKept));
    assert!(other.heard.is_empty(), "not a byte");
    let agent = "Odd/1.0";
    one.websocket = protocol.begin(Coding::Deflate(Window::Full), agent);
    assert_eq!(protocol.agent(&one.websocket), Some(agent), "for the log");
    one.receive(&mut protocol, &message(TEXT, &said)).unwrap();
    // Nor does one reach what it said itself.
    let received = one.receive(&mut protocol, &message(TEXT, &reference));
    assert_eq!(received, Err(Reason::ContextKept));
    assert_eq!(one.heard.len(), 2);
}

#[test]
fn of_many_messages_that_inflate_to_much_only_some_are_inflated_at_once() {
    const LARGE: usize = 60_000;
    let bomb = message(BINARY, &deflate(&vec![0; LARGE]));
    let count = RECEIVE_BYTES_MAX / bomb.len();
    let input = bomb.repeat(count);
    let mut protocol = Protocol::new(LARGE);
    let mut session = Session::deflated();
    let mut rounds = 0;
    let mut next = &input[..];
    loop {
        session.receive(&mut protocol, next).unwrap();
        next = &[];
        rounds += 1;
        let inflated = protocol.toll().inflated;
        assert!(inflated <= RECEIVE_BYTES_MAX + LARGE, "{inflated} B");
        assert!(session.websocket.heap_bytes() <= 2 * RECEIVE_BYTES_MAX);
        if !session.websocket.has_more() {
            break;
        }
    }
    assert_eq!(session.heard.len(), count);
    assert!(rounds >= count / 2, "{rounds} rounds");
    assert_eq!(session.websocket.heap_bytes(), 0);
}

#[test]
fn a_long_message_is_inflated_in_steps_by_a_state_of_its_own_while_others_wait() {
    const LONG: usize = 4 * INFLATE_STRETCH_BYTES_MAX;
    let long = message(BINARY, &deflate(&vec![0; LONG]));
    let short = message(TEXT, &deflate(b"short"));
    let mut protocol = Protocol::new(LONG);
    let mut sessions: Vec<_> = iter::repeat_with(Session::deflated)
        .take(INFLATE_STATES_MAX + 2)
        .collect();
    for session in &mut sessions {
        let received = session.receive(&mut protocol, &[&long[..], &short].concat());
        assert_eq!(received, Ok(Received::Open));
        assert!(protocol.toll().inflated <= INFLATE_STRETCH_BYTES_MAX);
        assert!(session.websocket.has_more());
    }
    let (own, waiting) = sessions.split_at_mut(INFLATE_STATES_MAX);
    for session in own.iter() {
        assert!(session.websocket.is_waited_for());
        assert!(session.websocket.heap_bytes() > INFLATE_STRETCH_BYTES_MAX);
    }
    for session in waiting.iter_mut() {
        assert!(!session.websocket.is_waited_for());
        session.receive(&mut protocol, &[]).unwrap();
        assert!(protocol.toll().waits);
        assert!(session.websocket.heap_bytes() < RECEIVE_BYTES_MAX);
    }
    let mut passer_by = Session::deflated();
    passer_by.receive(&mut protocol, &short).unwrap();
    assert_eq!(
        passer_by.heard,
        ["short"],
        "whoever says little does not wait"
    );
    own[0].websocket = WebSocket::default();
    waiting[0].receive(&mut protocol, &[]).unwrap();
    assert!(
        waiting[0].websocket.is_waited_for(),
        "who is gone makes room"
    );
    for session in sessions.iter_mut().skip(1) {
        session.receive_all(&mut protocol, &[]).unwrap();
        assert_eq!(session.heard.len(), 2);
        assert_eq!(session.websocket.heap_bytes(), 0);
    }
}
