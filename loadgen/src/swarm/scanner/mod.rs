//! Finds the messages in what a server sent (RFC 6455, section 5), one shared receive buffer for all clients.
//!
//! The load generator must cost far less than the server it measures, so this is the one place where it parses the
//! protocol itself: whole frames are handed out where they lie in the receive buffer, and a client keeps only the bytes
//! of a frame, or of a fragmented message, that has not fully arrived. A property test holds it against tungstenite.

mod header;
mod parts;

pub use header::ScanError;

use header::{Header, Kind};
use parts::Parts;

/// What one client keeps between two reads.
#[derive(Debug, Default)]
pub struct Scanner {
    /// Whether messages may be deflated.
    deflated: bool,
    /// What has not fully arrived, if anything has not.
    parts: Option<Box<Parts>>,
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
    #[inline]
    pub fn next<'a, 'input: 'a>(
        &'a mut self,
        input: &mut &'input [u8],
    ) -> Result<Option<Message<'a>>, ScanError> {
        if input.is_empty() {
            return Ok(None);
        }
        if self.parts.as_mut().is_some_and(|parts| parts.are_over()) {
            self.parts = None;
        }
        // Most messages are whole.
        if self.parts.is_none()
            && let Some(header) = Header::parse(input, self.deflated)?
            && let Some(kind) = header.whole()
            && let Some((frame, rest)) = input.split_at_checked(header.payload.end)
        {
            *input = rest;
            return Ok(Some(kind.of(&frame[header.payload.start..])));
        }
        let parts = self.parts.get_or_insert_default();
        parts.next(input, self.deflated)
    }
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
