//! What a server writes to a peer: responses and, after an upgrade, frames.

use std::io::Cursor;

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

/// The longest payload of a control frame (RFC 6455, section 5.5).
const CONTROL_BYTES_MAX: usize = 125;
/// Headers of a response.
const HEADERS_MAX: usize = 32;
/// How every response begins.
const VERSION: &[u8] = b"HTTP/1.1 ";

/// Checks all that reached a peer. If it `is_complete`, nothing may be cut off. One that asked with `HEAD` may have got
/// heads without bodies.
pub fn check(bytes: &[u8], is_complete: bool, asked_with_head: bool) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(head) = Head::read(rest) else {
            assert!(!is_complete, "the head of a response is cut off");
            return;
        };
        rest = &rest[head.bytes..];
        if head.status == 101 {
            return check_frames(rest, is_complete);
        }
        if asked_with_head && (rest.is_empty() || rest.starts_with(VERSION)) {
            continue;
        }
        let Some(after) = rest.get(head.body_bytes..) else {
            assert!(!is_complete, "the body of a response is cut off");
            return;
        };
        rest = after;
        let is_end = !head.is_last || rest.is_empty();
        assert!(is_end, "something follows the last response");
    }
}

fn check_frames(bytes: &[u8], is_complete: bool) {
    let mut rest = bytes;
    while let Some(frame) = Frame::read(rest) {
        rest = frame.rest;
        if frame.opcode == OpCode::Control(Control::Close) {
            assert!(rest.is_empty(), "something follows the close frame");
        }
    }
    assert!(rest.is_empty() || !is_complete, "a frame is cut off");
}

/// The head of a response.
#[derive(Debug)]
pub struct Head {
    /// Its status.
    pub status: u16,
    /// How long it is.
    pub bytes: usize,
    /// How long the body is, unless it answers a `HEAD`.
    pub body_bytes: usize,
    /// Whether no response follows.
    is_last: bool,
}

impl Head {
    /// Reads it from the front of `input`, if it is all there.
    pub fn read(input: &[u8]) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(input).expect("a response");
        let bytes = match parsed {
            httparse::Status::Complete(bytes) => bytes,
            httparse::Status::Partial => return None,
        };
        let value = |name| {
            let header = response.headers.iter().find(|header| header.name == name)?;
            Some(std::str::from_utf8(header.value).expect("text"))
        };
        let body_bytes = value("content-length").map(|length| length.parse().expect("a length"));
        Some(Self {
            status: response.code.expect("a status"),
            bytes,
            body_bytes: body_bytes.unwrap_or(0),
            is_last: value("connection").is_some_and(|options| options.ends_with("close")),
        })
    }
}

/// A whole frame.
#[derive(Debug)]
pub struct Frame<'a> {
    /// What it is.
    pub opcode: OpCode,
    /// What comes after it.
    pub rest: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads it from the front of `input`, if it is all there: one that a server may send, and never in fragments.
    pub fn read(input: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(input);
        let parsed = FrameHeader::parse(&mut cursor).expect("a frame");
        let (header, len) = parsed?;
        let is_reserved = header.rsv1 || header.rsv2 || header.rsv3;
        assert!(
            header.is_final && !is_reserved && header.mask.is_none(),
            "{header:?}"
        );
        let start = usize::try_from(cursor.position()).expect("within the input");
        let len = usize::try_from(len).expect("a length that fits memory");
        let (payload, rest) = input[start..].split_at_checked(len)?;
        match header.opcode {
            OpCode::Data(Data::Text) => assert!(std::str::from_utf8(payload).is_ok()),
            OpCode::Data(Data::Binary) => {}
            OpCode::Control(_) => assert!(len <= CONTROL_BYTES_MAX),
            other @ OpCode::Data(_) => panic!("a server sends no {other}"),
        }
        Some(Self {
            opcode: header.opcode,
            rest,
        })
    }
}
