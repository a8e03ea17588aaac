//! Finds the messages in what a server sent (RFC 6455, section 5), one shared receive buffer for all clients.
//!
//! The load generator must cost far less than the server it measures, so this is the one place where it parses the
//! protocol itself: whole frames are handed out where they lie in the receive buffer, and a client keeps only the bytes
//! of a frame, or of a fragmented message, that has not fully arrived. A property test holds it against tungstenite.

mod header;

pub use header::ScanError;

use std::ops::Range;

use crate::plan::stamp::MESSAGE_BYTES_MAX;
use header::{Header, Kind, Opcode};

/// What one client keeps between two reads.
#[derive(Debug, Default)]
pub struct Scanner {
    /// Whether messages may be deflated.
    deflated: bool,
    /// The beginning of a frame that has not fully arrived.
    partial: Vec<u8>,
    /// The beginning of a message that comes in fragments.
    message: Vec<u8>,
    /// What kind of message comes in fragments.
    fragmented: Option<Kind>,
    /// What the last call handed out, to be forgotten by the next.
    lent: Lent,
}

/// A whole message; its bytes are valid until the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, not checked to be UTF-8.
    Text(&'a [u8]),
    /// Binary data.
    Binary(&'a [u8]),
    /// Text or binary data, deflated.
    Deflated {
        /// Its bytes, as they are.
        payload: &'a [u8],
        /// Whether it is text.
        is_text: bool,
    },
    /// A ping, to be answered with the same bytes.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// A close: two bytes of code and a reason, or nothing.
    Close(&'a [u8]),
}

impl Scanner {
    /// Takes deflated messages for what they are from now on.
    pub fn expect_deflated(&mut self) {
        self.deflated = true;
    }

    /// The next whole message of `input`, which is shortened by what was consumed; `None` when more bytes are needed,
    /// and then all of `input` is consumed.
    ///
    /// # Errors
    /// When the server broke the protocol; do not call again after that.
    pub fn next<'a, 'input: 'a>(
        &'a mut self,
        input: &mut &'input [u8],
    ) -> Result<Option<Message<'a>>, ScanError> {
        self.forget();
        loop {
            let Some((frame, place)) = self.take_frame(input)? else {
                return Ok(None);
            };
            let whole = match (frame.opcode, frame.last) {
                (Opcode::Begin(_), true) if self.fragmented.is_some() => {
                    return Err(ScanError::Fragments);
                }
                (Opcode::Begin(kind), true) | (Opcode::Control(kind), _) => Some(kind),
                (Opcode::Begin(_) | Opcode::Continue, _) => None,
            };
            if let Some(kind) = whole {
                return Ok(Some(kind.of(match place {
                    Place::Input(payload) => payload,
                    Place::Partial(range) => {
                        self.lent = Lent::Partial;
                        &self.partial[range]
                    }
                })));
            }
            if let Some(kind) = self.add_fragment(&frame, &place)? {
                self.lent = Lent::Message;
                return Ok(Some(kind.of(&self.message)));
            }
        }
    }

    fn forget(&mut self) {
        match std::mem::take(&mut self.lent) {
            Lent::Nothing => {}
            Lent::Partial => self.partial.clear(),
            Lent::Message => self.message.clear(),
        }
    }

    /// The next whole frame, and where its payload lies.
    fn take_frame<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<(Header, Place<'a>)>, ScanError> {
        if self.partial.is_empty() {
            let header = Header::parse(input, self.deflated)?;
            if let Some(header) = header.filter(|header| header.payload.end <= input.len()) {
                let (frame, rest) = input.split_at(header.payload.end);
                *input = rest;
                let payload = &frame[header.payload.clone()];
                return Ok(Some((header, Place::Input(payload))));
            }
            self.partial.extend_from_slice(input);
            *input = &[];
            return Ok(None);
        }
        loop {
            let header = Header::parse(&self.partial, self.deflated)?;
            let wanted = match &header {
                Some(header) => header.payload.end - self.partial.len(),
                // A header's own length is known only as it arrives.
                None => 1,
            };
            if wanted > 0 && input.is_empty() {
                return Ok(None);
            }
            let (more, rest) = input.split_at(wanted.min(input.len()));
            self.partial.extend_from_slice(more);
            *input = rest;
            if let Some(header) = header.filter(|header| header.payload.end == self.partial.len()) {
                let range = header.payload.clone();
                return Ok(Some((header, Place::Partial(range))));
            }
        }
    }

    /// Adds a fragment to its message; the message's kind when that made it whole.
    fn add_fragment(&mut self, frame: &Header, place: &Place) -> Result<Option<Kind>, ScanError> {
        let ((Opcode::Begin(kind), None) | (Opcode::Continue, Some(kind))) =
            (frame.opcode, self.fragmented)
        else {
            return Err(ScanError::Fragments);
        };
        let payload = match place {
            Place::Input(payload) => payload,
            Place::Partial(range) => &self.partial[range.clone()],
        };
        if self.message.len() + payload.len() > MESSAGE_BYTES_MAX {
            return Err(ScanError::TooLong);
        }
        self.message.extend_from_slice(payload);
        if let Place::Partial(_) = place {
            self.partial.clear();
        }
        self.fragmented = (!frame.last).then_some(kind);
        Ok(frame.last.then_some(kind))
    }
}

#[derive(Debug, Default)]
enum Lent {
    #[default]
    Nothing,
    Partial,
    Message,
}

enum Place<'a> {
    Input(&'a [u8]),
    Partial(Range<usize>),
}

impl Kind {
    fn of(self, payload: &[u8]) -> Message<'_> {
        match self {
            Self::Text => Message::Text(payload),
            Self::Binary => Message::Binary(payload),
            Self::Deflated { is_text } => Message::Deflated { payload, is_text },
            Self::Ping => Message::Ping(payload),
            Self::Pong => Message::Pong(payload),
            Self::Close => Message::Close(payload),
        }
    }
}

#[cfg(test)]
mod tests;
