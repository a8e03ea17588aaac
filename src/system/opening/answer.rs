//! The head of an answer, and whether it opens what was asked for.

use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{
        CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
    },
};
use httparse::Status;
use thiserror::Error;
use tungstenite::handshake::derive_accept_key;

use super::OpeningError;
use crate::{
    server::http::{self as message, entries, lists},
    state::inflation::Context,
    vocabulary::deflate::{ParameterError, Parameters},
};

/// Headers of an answer.
const HEADERS_MAX: usize = 128;

/// The status line and the headers.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    /// What the server calls that, which may be anything.
    pub(super) reason: String,
    pub(super) headers: HeaderMap,
    is_http_11: bool,
}

/// What an answer must fit.
#[derive(Debug)]
pub(super) struct Offer {
    accept: String,
    subprotocols: Vec<String>,
    /// Whether what comes may be deflated.
    deflates: bool,
}

/// What is wrong with an answer that says yes. The server's fault, or that of something in between.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// HTTP/1.0 knows no upgrade.
    #[error("the answer is HTTP/1.0; have whatever stands before the server speak HTTP/1.1")]
    Version,
    /// Another protocol, or none.
    #[error("the answer has no `Upgrade: websocket`; check that a WebSocket server listens there")]
    Upgrade,
    /// The upgrade is not of this connection.
    #[error(
        "the `Connection` of the answer does not list `upgrade`; have whatever stands before the server pass it on"
    )]
    Connection,
    /// The answer is to somebody else.
    #[error(
        "its `Sec-WebSocket-Accept` does not fit our key; check that a WebSocket server answers, and no cache"
    )]
    Accept,
    /// Frames would mean something else.
    #[error("it uses a `Sec-WebSocket-Extensions` that was not offered; turn it off at the server")]
    Extensions,
    /// What was offered was taken in a way that nobody can know the meaning of (RFC 7692, section 7.1).
    #[error("it answered {0}; turn off compression at the server, or leave out --compress")]
    Deflate(#[from] ParameterError),
    /// The same twice, which nobody offered.
    #[error(
        "it answered `permessage-deflate` twice; turn off compression at the server, or leave out --compress"
    )]
    DeflateTwice,
    /// Messages would mean something else.
    #[error("it chose a subprotocol that was not offered; offer one that it speaks")]
    Subprotocol,
    /// Nothing that was offered is spoken there.
    #[error("it takes no subprotocol that was offered; offer another one, or none")]
    NoSubprotocol,
}

impl Head {
    /// Reads a head from the front of `input`, and how many bytes it took. `None` if it is not all there.
    pub(super) fn parse(input: &[u8]) -> Result<Option<(Self, usize)>, OpeningError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut raw = httparse::Response::new(&mut headers);
        let Status::Complete(bytes) = raw.parse(input).map_err(OpeningError::NotHttp)? else {
            return Ok(None);
        };
        let status = StatusCode::from_u16(raw.code.unwrap_or_default());
        let head = Self {
            reason: reason(&input[..bytes]),
            status: status.map_err(|_| OpeningError::NotHttp(httparse::Error::Status))?,
            headers: message::headers(raw.headers)
                .map_err(|_| OpeningError::NotHttp(httparse::Error::HeaderValue))?,
            is_http_11: raw.version == Some(1),
        };
        Ok(Some((head, bytes)))
    }

    /// Whether it is meant to open a WebSocket.
    pub(super) fn is_upgrade(&self) -> bool {
        self.status == StatusCode::SWITCHING_PROTOCOLS
    }
}

impl Offer {
    /// What a request with these headers offers, whose key is still to come.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            accept: String::new(),
            subprotocols: entries(headers, &SEC_WEBSOCKET_PROTOCOL)
                .map(str::to_owned)
                .collect(),
            deflates: headers.contains_key(SEC_WEBSOCKET_EXTENSIONS),
        }
    }

    /// The same under this key.
    pub(super) fn under(self, key: &str) -> Self {
        let accept = derive_accept_key(key.as_bytes());
        Self { accept, ..self }
    }

    /// How what comes is deflated, if it is, where an answer takes the offer (RFC 6455, section 4.1, the last list).
    pub(super) fn check(&self, head: &Head) -> Result<Option<Context>, Fault> {
        let headers = &head.headers;
        if !head.is_http_11 {
            return Err(Fault::Version);
        }
        if !only(headers, &UPGRADE).is_some_and(|what| what.eq_ignore_ascii_case("websocket")) {
            return Err(Fault::Upgrade);
        }
        if !lists(headers, &CONNECTION, "upgrade") {
            return Err(Fault::Connection);
        }
        if only(headers, &SEC_WEBSOCKET_ACCEPT) != Some(&self.accept) {
            return Err(Fault::Accept);
        }
        let context = self.context(headers)?;
        let chosen = headers.contains_key(SEC_WEBSOCKET_PROTOCOL);
        match only(headers, &SEC_WEBSOCKET_PROTOCOL) {
            Some(chosen) if self.subprotocols.iter().any(|offered| offered == chosen) => {
                Ok(context)
            }
            // One who names what it speaks cannot do without (as browsers have it).
            None if !chosen && !self.subprotocols.is_empty() => Err(Fault::NoSubprotocol),
            None if !chosen => Ok(context),
            _ => Err(Fault::Subprotocol),
        }
    }

    /// How what comes is deflated. A server may bound either window, and begin each message anew, without being asked to
    /// (RFC 7692, section 7.1); our own window does not matter, as we deflate nothing.
    fn context(&self, headers: &HeaderMap) -> Result<Option<Context>, Fault> {
        let mut agreed = None;
        let extensions = entries(headers, &SEC_WEBSOCKET_EXTENSIONS);
        for extension in extensions.filter(|extension| !extension.is_empty()) {
            if !self.deflates {
                return Err(Fault::Extensions);
            }
            let parameters = Parameters::read(extension)?;
            // Only an offer may have it without a value (RFC 7692, section 7.1.2.2).
            if parameters.client_max_window_bits == Some(None) {
                return Err(ParameterError::Value("client_max_window_bits").into());
            }
            let context = if parameters.server_no_context_takeover {
                Context::Fresh
            } else {
                Context::Kept
            };
            if agreed.replace(context).is_some() {
                return Err(Fault::DeflateTwice);
            }
        }
        Ok(agreed)
    }
}

/// What a head that was read has behind its status. The library leaves out a phrase that is not ASCII.
fn reason(head: &[u8]) -> String {
    // Empty lines may come before it.
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    let phrase = line.splitn(3, |byte| *byte == b' ').nth(2);
    text(phrase.unwrap_or_default())
}

/// A server's words, which may be in any encoding (RFC 9110, section 5.5): bytes that are no UTF-8 as Rust writes them.
pub(super) fn text(words: &[u8]) -> String {
    let chunks = words.utf8_chunks();
    let shown = chunks.flat_map(|chunk| {
        let bytes = chunk.invalid().escape_ascii().to_string();
        [chunk.valid().to_owned(), bytes]
    });
    shown.collect()
}

/// The entry of a header, if there is one and no more.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut entries = entries(headers, name);
    entries.next().filter(|_| entries.next().is_none())
}
