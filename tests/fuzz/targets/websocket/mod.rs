//! The reading side of a WebSocket.

mod library;

use std::iter;

use hubbub::{
    server::websocket::{Protocol, Received, WebSocket},
    vocabulary::{
        frame::{Kind, count_controls},
        message::Message,
        reason::Reason,
    },
};
use tungstenite::protocol::frame::coding::{Control, OpCode};

use self::library::compare;
use super::{pieces, wire::Frame};

const MESSAGE_BYTES_MAX: usize = 1000;
/// A whole message, masked with zeroes.
const NEXT: &[u8] = b"\x81\x84\0\0\0\0next";

/// The first byte decides how the rest is cut. However it is cut, the same messages are heard, none of them too large, and
/// it comes to the same end, which is that of the library alone, or sooner; and whoever uses what they share next is not
/// harmed.
pub fn run(data: &[u8]) {
    let [seed, input @ ..] = data else {
        return;
    };
    let mut protocol = Protocol::new(MESSAGE_BYTES_MAX);
    let whole = Session::of(&mut protocol, iter::once(input));
    for session in [
        Session::of(&mut protocol, pieces(*seed, input)),
        Session::of(&mut protocol, input.chunks(1)),
    ] {
        assert_eq!(session, whole);
    }
    compare(&whole, input);
    let next = Session::of(&mut protocol, iter::once(NEXT));
    assert_eq!(next.heard, [(Kind::Text, b"next".to_vec())]);
    assert_eq!(next.end, Ok(Received::Open));
}

/// What came of some input.
#[derive(Debug, PartialEq)]
struct Session {
    heard: Vec<(Kind, Vec<u8>)>,
    replies: Vec<u8>,
    end: Result<Received, Reason>,
}

impl Session {
    fn of<'a>(protocol: &mut Protocol, pieces: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut websocket = WebSocket::default();
        let mut session = Self {
            heard: Vec::new(),
            replies: Vec::new(),
            end: Ok(Received::Open),
        };
        for piece in pieces {
            let Self { heard, replies, .. } = &mut session;
            session.end = websocket.receive(protocol, piece, replies, |message, _| {
                let kind = match message {
                    Message::Text(_) => Kind::Text,
                    Message::Binary(_) => Kind::Binary,
                };
                heard.push((kind, message.bytes().to_vec()));
            });
            if session.end != Ok(Received::Open) {
                break;
            }
        }
        session.check();
        session
    }

    fn check(&self) {
        for (_, message) in &self.heard {
            assert!(message.len() <= MESSAGE_BYTES_MAX);
        }
        let pongs = controls(&self.replies, Control::Pong);
        assert_eq!(pongs, count_controls(&self.replies));
        if let Ok(Received::Closed(answer)) = &self.end {
            assert_eq!(controls(answer, Control::Close), 1);
        }
    }
}

/// How many control frames these are, all of one kind.
fn controls(frames: &[u8], kind: Control) -> u64 {
    let mut rest = frames;
    let mut count = 0;
    while let Some(frame) = Frame::read(rest) {
        assert_eq!(frame.opcode, OpCode::Control(kind));
        rest = frame.rest;
        count += 1;
    }
    assert!(rest.is_empty(), "a frame is cut off");
    count
}
