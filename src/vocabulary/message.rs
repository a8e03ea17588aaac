//! What travels: messages of clients, and the words of errors.

use serde::Serialize;

/// One whole message from a client, unmasked, its fragments put together, borrowed from where it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, known to be UTF-8.
    Text(&'a str),
    /// Bytes of any meaning.
    Binary(&'a [u8]),
}

impl Message<'_> {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// The body of every error over HTTP: `{"error":{"code":"…","message":"…"}}`.
#[derive(Debug, Serialize)]
pub struct ErrorBody<'a> {
    /// The error.
    pub error: ErrorDetail<'a>,
}

/// An error in a word for programs and in a sentence for people.
#[derive(Debug, Serialize)]
pub struct ErrorDetail<'a> {
    /// What went wrong, for programs: lower case, hyphens, stable.
    pub code: &'a str,
    /// What went wrong and what to do, for people.
    pub message: &'a str,
}
