//! The extension `permessage-deflate` (RFC 7692) in the words of a handshake: what an offer, or the answer to one, says.

use std::mem;

use thiserror::Error;

/// Its name (RFC 7692, section 7).
pub const EXTENSION: &str = "permessage-deflate";

const SERVER_NO_CONTEXT: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
const NAMES: [&str; 4] = [
    SERVER_NO_CONTEXT,
    CLIENT_NO_CONTEXT,
    SERVER_BITS,
    CLIENT_BITS,
];

/// The parameters of an offer or of an answer (RFC 7692, section 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Whether each message of the server is deflated apart.
    pub server_no_context_takeover: bool,
    /// Whether each message of the client is.
    pub client_no_context_takeover: bool,
    /// The base-2 logarithm of the most that a window of the server may have.
    pub server_max_window_bits: Option<u8>,
    /// The same of the client; or that the client knows of it, which is all that an offer need say.
    pub client_max_window_bits: Option<Option<u8>>,
}

/// What is wrong with an offer or an answer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ParameterError {
    /// It is of another extension.
    #[error("another extension than `{EXTENSION}`")]
    Extension,
    /// One that is not of this extension.
    #[error("`{EXTENSION}` with a parameter that it does not have")]
    Unknown,
    /// One that is there already.
    #[error("`{EXTENSION}` with `{0}` twice")]
    Twice(&'static str),
    /// One whose value it cannot have, or that has none and needs one.
    #[error("`{EXTENSION}` with a wrong value of `{0}`")]
    Value(&'static str),
}

impl Parameters {
    /// Understands one of the entries of `Sec-WebSocket-Extensions`.
    ///
    /// # Errors
    /// It is of another extension, or has a parameter that is unknown, doubled or of a wrong value.
    pub fn read(entry: &str) -> Result<Self, ParameterError> {
        let mut parts = parts(entry);
        if parts.next() != Some(EXTENSION) {
            return Err(ParameterError::Extension);
        }
        let mut read = Self::default();
        for part in parts {
            read.add(part)?;
        }
        Ok(read)
    }

    fn add(&mut self, part: &str) -> Result<(), ParameterError> {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(value.trim_start())),
            None => (part, None),
        };
        let known = NAMES.into_iter().find(|&known| known == name);
        let name = known.ok_or(ParameterError::Unknown)?;
        let bits = value.map(|value| window_bits(value).ok_or(ParameterError::Value(name)));
        let was_there = match (name, bits.transpose()?) {
            (SERVER_NO_CONTEXT, None) => mem::replace(&mut self.server_no_context_takeover, true),
            (CLIENT_NO_CONTEXT, None) => mem::replace(&mut self.client_no_context_takeover, true),
            (SERVER_BITS, Some(bits)) => self.server_max_window_bits.replace(bits).is_some(),
            (CLIENT_BITS, bits) => self.client_max_window_bits.replace(bits).is_some(),
            _ => return Err(ParameterError::Value(name)),
        };
        if was_there {
            return Err(ParameterError::Twice(name));
        }
        Ok(())
    }
}

/// An extension's name and its parameters.
pub fn parts(entry: &str) -> impl Iterator<Item = &str> {
    entry.split(';').map(str::trim)
}

/// A number from 8 to 15, without leading zeroes (RFC 7692, section 7.1.2); it may be quoted (RFC 6455, section 9.1).
fn window_bits(value: &str) -> Option<u8> {
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let value = quoted.unwrap_or(value);
    let bits = value.parse::<u8>().ok()?;
    ((8..=15).contains(&bits) && bits.to_string() == value).then_some(bits)
}
