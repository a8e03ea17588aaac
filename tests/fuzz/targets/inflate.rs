//! Deflated messages.

use std::iter;

use flate2::{Decompress, FlushDecompress, Status};
use hubbub::{
    server::websocket::{Protocol, Received, WebSocket},
    vocabulary::{
        coding::{Coding, Window},
        message::Message,
        reason::Reason,
    },
};

use super::pieces;

const MESSAGE_BYTES_MAX: usize = 1000;
/// What is left out at the end of a message (RFC 7692, section 7.2.1).
const TAIL: &[u8] = &[0, 0, 0xff, 0xff];
/// An empty final block, which ends what has ended.
const END: &[u8] = &[3, 0];
/// No format known inflates more than that to one.
const INFLATION_MAX: usize = 1100;

/// The first byte decides how the rest, which is a deflated message, is divided into frames, and how these are cut. Whichever
/// way, it inflates to what it does as a whole, within the bound, or is refused; and whoever comes next is not harmed.
pub fn run(data: &[u8]) {
    let [seed, deflated @ ..] = data else {
        return;
    };
    if deflated.len() > MESSAGE_BYTES_MAX {
        return;
    }
    let mut protocol = Protocol::new(MESSAGE_BYTES_MAX);
    let expected = inflate(deflated);
    let whole = frames(iter::once(deflated));
    let divided = frames(pieces(*seed, deflated));
    for inflated in [
        receive(&mut protocol, iter::once(&whole[..])),
        receive(&mut protocol, pieces(*seed, &divided)),
        receive(&mut protocol, divided.chunks(1)),
    ] {
        match (&expected, inflated) {
            (Some(expected), Err(reason)) => {
                assert_eq!(reason, Reason::MessageTooLarge);
                assert!(expected.len() > MESSAGE_BYTES_MAX);
            }
            (expected, Ok(inflated)) => {
                assert!(inflated.len() <= MESSAGE_BYTES_MAX);
                assert_eq!(expected.as_ref(), Some(&inflated));
            }
            (None, Err(_)) => {}
        }
    }
    let next = frames(iter::once(&b"\xca\x4b\xad\x28\x01\x00"[..]));
    let next = receive(&mut protocol, iter::once(&next[..]));
    assert_eq!(next, Ok(b"next".to_vec()));
}

/// What a message inflates to as a whole, if it does: a final block may be followed by other blocks, as if these were alone.
fn inflate(deflated: &[u8]) -> Option<Vec<u8>> {
    let end = deflated.len();
    if end == 0 {
        return Some(Vec::new());
    }
    let whole = [deflated, TAIL, END].concat();
    let mut inflated = Vec::with_capacity(whole.len() * INFLATION_MAX);
    let mut at = 0;
    loop {
        let mut state = Decompress::new(false);
        let status = state.decompress_vec(&whole[at..], &mut inflated, FlushDecompress::None);
        if status.ok()? != Status::StreamEnd {
            return None;
        }
        at += usize::try_from(state.total_in()).expect("no more than all");
        if at == end || at >= end + TAIL.len() {
            return Some(inflated);
        }
    }
}

/// Frames of a binary message, masked with zeroes.
fn frames<'a>(payloads: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut frames = Vec::new();
    let mut first = 0x42;
    for payload in payloads {
        let [high, low] = u16::try_from(payload.len())
            .expect("a short one")
            .to_be_bytes();
        match payload.len() {
            ..126 => frames.extend([first, 0x80 | low]),
            _ => frames.extend([first, 0xfe, high, low]),
        }
        frames.extend([0; 4]);
        frames.extend_from_slice(payload);
        first = 0;
    }
    // The last one is empty.
    frames.extend([first | 0x80, 0x80, 0, 0, 0, 0]);
    frames
}

fn receive<'a>(
    protocol: &mut Protocol,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, Reason> {
    let mut websocket = WebSocket::new(Coding::Deflate(Window::Full));
    let mut heard = Vec::new();
    for piece in pieces {
        let received = websocket.receive(protocol, piece, &mut Vec::new(), |message, _| {
            assert!(matches!(message, Message::Binary(_)));
            heard.push(message.bytes().to_vec());
        })?;
        assert_eq!(received, Received::Open);
        assert!(!websocket.has_more(), "it is not much");
    }
    assert_eq!(heard.len(), 1);
    assert_eq!(websocket.heap_bytes(), 0);
    Ok(heard.remove(0))
}
