//! Frame headers (RFC 6455, section 5.2).

use std::ops::Range;

use thiserror::Error;

use crate::plan::stamp::MESSAGE_BYTES_MAX;

/// Payload bytes of a control frame (RFC 6455, section 5.5).
const CONTROL_BYTES_MAX: usize = 125;

/// What stands before a payload.
pub(super) struct Header {
    pub(super) last: bool,
    pub(super) opcode: Opcode,
    /// Where the payload lies, counted from the frame's first byte.
    pub(super) payload: Range<usize>,
}

impl Header {
    /// Reads a header off the front of `bytes`, or `None` when more are needed. Messages may be `deflated`, if that was agreed
    /// on: the first reserved bit of the first frame says so (RFC 7692, section 6).
    #[inline]
    pub(super) fn parse(bytes: &[u8], deflated: bool) -> Result<Option<Self>, ScanError> {
        let &[first, second, ref rest @ ..] = bytes else {
            return Ok(None);
        };
        let is_deflated = first & 0x70 != 0;
        if is_deflated && !(deflated && matches!(first & 0x7F, 0x41 | 0x42)) {
            return Err(ScanError::ReservedBit);
        }
        if second & 0x80 != 0 {
            return Err(ScanError::Masked);
        }
        let last = first & 0x80 != 0;
        let opcode = match first & 0x0F {
            0x0 => Opcode::Continue,
            0x1 | 0x2 if is_deflated => Opcode::Begin(Kind::Deflated {
                is_text: first & 0x0F == 0x1,
            }),
            0x1 => Opcode::Begin(Kind::Text),
            0x2 => Opcode::Begin(Kind::Binary),
            0x8 => Opcode::Control(Kind::Close),
            0x9 => Opcode::Control(Kind::Ping),
            0xA => Opcode::Control(Kind::Pong),
            unknown => return Err(ScanError::Opcode(unknown)),
        };
        let (start, length) = match second {
            126 => match rest.first_chunk() {
                Some(length) => (4, usize::from(u16::from_be_bytes(*length))),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(length) => (
                    10,
                    usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX),
                ),
                None => return Ok(None),
            },
            length => (2, usize::from(length)),
        };
        if matches!(opcode, Opcode::Control(_)) && (!last || length > CONTROL_BYTES_MAX) {
            return Err(ScanError::Control);
        }
        if length > MESSAGE_BYTES_MAX {
            return Err(ScanError::TooLong);
        }
        Ok(Some(Self {
            last,
            opcode,
            payload: start..start + length,
        }))
    }

    /// What its payload is, if that is a whole message.
    #[inline]
    pub(super) fn whole(&self) -> Option<Kind> {
        match (self.opcode, self.last) {
            (Opcode::Begin(kind), true) | (Opcode::Control(kind), _) => Some(kind),
            (Opcode::Begin(_) | Opcode::Continue, _) => None,
        }
    }
}

/// What a frame is to its message.
#[derive(Clone, Copy)]
pub(super) enum Opcode {
    Continue,
    Begin(Kind),
    Control(Kind),
}

/// What a message is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Binary,
    Deflated { is_text: bool },
    Ping,
    Pong,
    Close,
}

/// What a server must not send. The server's fault; nothing after it can be understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ScanError {
    /// A masked frame: only clients mask (section 5.1).
    #[error("the server masked a frame")]
    Masked,
    /// A bit that only a negotiated extension may set, and none was.
    #[error("the server set a reserved bit")]
    ReservedBit,
    /// An opcode that means nothing.
    #[error("the server sent the unknown opcode {0}")]
    Opcode(u8),
    /// A control frame that is fragmented or larger than 125 bytes.
    #[error("the server sent a control frame that is fragmented or too long")]
    Control,
    /// A continuation of nothing, or a new message inside another.
    #[error("the server mixed up the fragments of two messages")]
    Fragments,
    /// More than [`MESSAGE_BYTES_MAX`].
    #[error("the server sent a message larger than {MESSAGE_BYTES_MAX} bytes")]
    TooLong,
}
