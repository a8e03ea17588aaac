//! The wire as a client sees it, for the rings that know of it.

use hubbub::vocabulary::frame::{Header, Kind};
use tungstenite::protocol::frame::{
    Frame, FrameHeader,
    coding::{Data, OpCode},
};

use crate::common::MESSAGE;

/// A request to join a relay.
pub const REQUEST: &[u8] =
    b"GET /relay?channel=bench HTTP/1.1\r\nHost: localhost:8080\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// As many frames, of one [`MESSAGE`] each.
pub fn frames(messages: usize) -> Vec<u8> {
    frame(MESSAGE.as_bytes(), false).repeat(messages)
}

/// A frame of text, which may be deflated.
pub fn frame(payload: &[u8], is_deflated: bool) -> Vec<u8> {
    let header = FrameHeader {
        rsv1: is_deflated,
        opcode: OpCode::Data(Data::Text),
        mask: Some([1, 2, 3, 4]),
        ..FrameHeader::default()
    };
    let mut bytes = Vec::new();
    Frame::from_payload(header, payload.to_vec().into())
        .format(&mut bytes)
        .expect("writing to memory");
    bytes
}

/// Bytes of the frame in which a relay's members get as many of them at once.
pub fn joined_bytes(messages: usize) -> usize {
    let separators = messages - 1;
    let payload = messages * MESSAGE.len() + separators;
    Header::new(Kind::Text, payload).as_ref().len() + payload
}
