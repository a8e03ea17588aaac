//! Frames as a server sends them: unmasked, never fragmented (RFC 6455, sections 5.2 and 5.5).
//!
//! Only writing is done here, because a frame that thousands share is put together once by us. Reading is left to the
//! library, behind the boundary that the server's `websocket` has.

use bytes::{BufMut, Bytes, BytesMut};

/// Bytes of the longest header a server writes: two, and a 64-bit length.
pub const HEADER_BYTES_MAX: usize = 10;
/// Bytes of the longest payload of a control frame (RFC 6455, section 5.5).
pub const CONTROL_BYTES_MAX: usize = 125;
/// An empty ping, shared by all who are sent one.
pub const PING: Bytes = Bytes::from_static(&[FIN | 0x9, 0]);
/// The pong that answers an empty ping, shared by all who are sent one.
const PONG: Bytes = Bytes::from_static(&[FIN | 0xa, 0]);

const FIN: u8 = 0x80;
/// Of a message that is deflated (RFC 7692, section 6).
const RSV1: u8 = 0x40;
const OPCODE_CLOSE: u8 = 0x8;

/// What a data frame carries (RFC 6455, section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text, which may be joined with other text.
    Text,
    /// Bytes, which keep the frame they came in.
    Binary,
}

impl Kind {
    fn opcode(self) -> u8 {
        match self {
            Self::Text => 0x1,
            Self::Binary => 0x2,
        }
    }
}

/// The header of one data frame.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    bytes: [u8; HEADER_BYTES_MAX],
    len: u8,
}

impl Header {
    /// A final frame of `kind` with `payload_bytes` to follow.
    pub fn new(kind: Kind, payload_bytes: usize) -> Self {
        let mut bytes = [0; HEADER_BYTES_MAX];
        bytes[0] = FIN | kind.opcode();
        let len = if let Ok(short) = u8::try_from(payload_bytes)
            && short < 126
        {
            bytes[1] = short;
            2
        } else if let Ok(medium) = u16::try_from(payload_bytes) {
            bytes[1] = 126;
            bytes[2..4].copy_from_slice(&medium.to_be_bytes());
            4
        } else {
            bytes[1] = 127;
            bytes[2..10].copy_from_slice(&(payload_bytes as u64).to_be_bytes());
            10
        };
        Self { bytes, len }
    }

    /// The same of a message whose payload is deflated.
    pub fn deflated(kind: Kind, payload_bytes: usize) -> Self {
        let mut header = Self::new(kind, payload_bytes);
        header.bytes[0] |= RSV1;
        header
    }
}

impl AsRef<[u8]> for Header {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// Whether the frame at the front of these is that of a deflated message.
pub fn is_deflated(frame: &[u8]) -> bool {
    frame.first().is_some_and(|first| first & RSV1 != 0)
}

/// A close frame with its code and reason (RFC 6455, section 5.5.1).
///
/// A reason that does not fit a control frame is cut at a character's edge.
pub fn close(code: u16, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(CONTROL_BYTES_MAX - 2)];
    let mut frame = BytesMut::with_capacity(4 + reason.len());
    frame.put_u8(FIN | OPCODE_CLOSE);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most CONTROL_BYTES_MAX after the cut above"
    )]
    frame.put_u8(2 + reason.len() as u8);
    frame.put_u16(code);
    frame.put_slice(reason.as_bytes());
    frame.freeze()
}

/// The frames that answer a peer's pings, to keep: the usual one, a lone pong without payload, costs no memory.
pub fn replies(frames: &[u8]) -> Bytes {
    if frames == PONG {
        PONG
    } else {
        Bytes::copy_from_slice(frames)
    }
}

/// How many frames these are, all of them control frames of a server: short, and unmasked (RFC 6455, section 5.5).
pub fn count_controls(frames: &[u8]) -> u64 {
    let mut rest = frames;
    let mut count = 0;
    while let [_, len, ..] = rest {
        rest = rest.get(2 + usize::from(*len)..).unwrap_or_default();
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tungstenite::protocol::frame::{
        FrameHeader,
        coding::{Data, OpCode},
    };

    use super::*;

    #[test]
    fn headers_say_what_the_library_reads_in_them() {
        for len in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20] {
            let header = Header::new(Kind::Text, len);
            let mut cursor = Cursor::new(header.as_ref());
            let (parsed, payload) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert_eq!(usize::try_from(payload).unwrap(), len);
            assert_eq!(
                usize::try_from(cursor.position()).unwrap(),
                header.as_ref().len()
            );
            assert_eq!(parsed.opcode, OpCode::Data(Data::Text));
            assert!(parsed.is_final && parsed.mask.is_none());
            assert!(!parsed.rsv1 && !is_deflated(header.as_ref()));
            let deflated = Header::deflated(Kind::Binary, len);
            let mut cursor = Cursor::new(deflated.as_ref());
            let (parsed, payload) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert_eq!(usize::try_from(payload).unwrap(), len);
            assert!(parsed.is_final && parsed.rsv1 && is_deflated(deflated.as_ref()));
        }
    }

    #[test]
    fn a_close_frame_carries_code_and_reason() {
        assert_eq!(&close(4001, "slow")[..], b"\x88\x06\x0f\xa1slow");
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let frame = close(1000, &"ä".repeat(100));
        assert_eq!(frame.len(), 4 + 122);
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }
}
