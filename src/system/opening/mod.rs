//! A client's opening handshake (RFC 6455, section 4.1), the same for `hubbub connect` and the load generator: what a
//! [`request`] says, as which [`user`], and what comes back, which is a WebSocket or a [`refusal`].
//!
//! The library's own is not used. It reads `Connection: Upgrade, Keep-Alive` as no upgrade, lets extensions pass that
//! nobody offered, and gives up on an answer that comes in small pieces or in HTTP/1.0.

mod answer;
mod body;
pub mod refusal;
pub mod request;
pub mod secrets;
pub mod user;

use std::io::{self, ErrorKind, Read, Write};
use std::mem;

use http::HeaderValue;
use thiserror::Error;
use tungstenite::{
    Error as WebSocketError,
    handshake::client::{Request, generate_request},
};

use self::{
    answer::{Fault, Head, Offer},
    body::Body,
    refusal::Refusal,
};
use crate::state::inflation::Context;

/// Bytes of the head of an answer.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// How a record of TLS begins that is an alert: its type, and the first byte of every version.
const TLS_ALERT: u8 = 0x15;
const TLS_MAJOR: u8 = 0x03;
/// Bytes read at a time.
const READ_BYTES: usize = 1 << 10;

/// A handshake, as far as it has come.
#[derive(Debug)]
pub struct Opening {
    unsent: Vec<u8>,
    offer: Offer,
    /// Headers of the request that are nobody else's business, though a server may repeat them.
    secrets: Vec<HeaderValue>,
    received: Vec<u8>,
    /// Set once the answer turned out to be no upgrade.
    refusal: Option<(Head, Body)>,
}

/// Where a handshake stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// The socket has no more for now.
    Waiting,
    /// The WebSocket is open.
    Open(Opened),
}

/// What an answer that opens a WebSocket comes to.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// Bytes that came behind it.
    pub behind: Vec<u8>,
    /// How the server deflates what it sends, if that was agreed on.
    pub context: Option<Context>,
}

/// Why no WebSocket was opened. Each text says what to look at; the caller names the server.
#[derive(Debug, Error)]
pub enum OpeningError {
    /// A request that no server could read. The user's to mend.
    #[error("the handshake cannot be written ({0}); check the URL and each --header")]
    Request(Box<WebSocketError>),
    /// The connection broke.
    #[error("the connection broke in the handshake ({0}); the server's log should say more")]
    Broken(io::Error),
    /// The server ended the connection.
    #[error(
        "the server closed the connection in the handshake; check that it speaks WebSocket there, and that it is below its \
         limit of connections"
    )]
    Hangup,
    /// The answer is an alert of TLS (RFC 8446, section 5.1).
    #[error("the server speaks TLS there; write wss:// in place of ws://")]
    SpeaksTls,
    /// The answer is something else.
    #[error("the answer is not HTTP ({0}); check the address, and whether wss:// is spoken there")]
    NotHttp(httparse::Error),
    /// The answer does not end.
    #[error(
        "the head of the answer is longer than 16 KiB; check that a WebSocket server listens there"
    )]
    HeadTooLong,
    /// The server says no.
    #[error("the server {0}")]
    Refused(Box<Refusal>),
    /// The server says yes, but not to what was asked.
    #[error("the handshake failed: {0}")]
    Wrong(#[from] Fault),
}

impl Opening {
    /// A handshake that is to ask for this.
    ///
    /// # Errors
    /// No server could read it.
    pub fn new(request: Request) -> Result<Self, OpeningError> {
        let offer = Offer::of(request.headers());
        let values = request.headers().values();
        let secrets = values
            .filter(|value| value.is_sensitive())
            .cloned()
            .collect();
        let (unsent, key) =
            generate_request(request).map_err(|error| OpeningError::Request(Box::new(error)))?;
        Ok(Self {
            unsent,
            offer: offer.under(&key),
            secrets,
            received: Vec::new(),
            refusal: None,
        })
    }

    /// Goes on as far as the socket allows.
    ///
    /// # Errors
    /// No WebSocket will be opened.
    pub fn advance(&mut self, socket: &mut (impl Read + Write)) -> Result<Progress, OpeningError> {
        if !self.send(socket)? {
            return Ok(Progress::Waiting);
        }
        let mut chunk = [0; READ_BYTES];
        loop {
            match socket.read(&mut chunk) {
                Ok(0) => return Err(self.refused().unwrap_or(OpeningError::Hangup)),
                Ok(count) => {
                    if let Some(opened) = self.take_in(&chunk[..count])? {
                        return Ok(Progress::Open(opened));
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Progress::Waiting);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.refused().unwrap_or(OpeningError::Broken(error))),
            }
        }
    }

    /// What a server that refuses has said so far, for one who will not wait for the rest of it.
    pub fn refused(&self) -> Option<OpeningError> {
        let (head, body) = self.refusal.as_ref()?;
        let refusal = Refusal::new(head, &body.content(), &self.secrets);
        Some(OpeningError::Refused(Box::new(refusal)))
    }

    /// Sends what is left of the request; whether all of it is out.
    fn send(&mut self, socket: &mut impl Write) -> Result<bool, OpeningError> {
        while !self.unsent.is_empty() {
            match socket.write(&self.unsent) {
                Ok(0) => return Err(OpeningError::Hangup),
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(OpeningError::Broken(error)),
            }
        }
        // What was encrypted waits in the socket.
        match socket.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            flushed => flushed.map(|()| true).map_err(OpeningError::Broken),
        }
    }

    /// Understands more of the answer; what it comes to, if it is whole and opens the WebSocket.
    fn take_in(&mut self, bytes: &[u8]) -> Result<Option<Opened>, OpeningError> {
        self.received.extend_from_slice(bytes);
        // A second byte tells an alert from noise, and nothing of HTTP begins like the first.
        match *self.received {
            [TLS_ALERT] if self.refusal.is_none() => return Ok(None),
            [TLS_ALERT, TLS_MAJOR, ..] if self.refusal.is_none() => {
                return Err(OpeningError::SpeaksTls);
            }
            _ => {}
        }
        while self.refusal.is_none() {
            // What lies beyond has no say, or the outcome would depend on the pieces that an answer comes in.
            let within = &self.received[..self.received.len().min(HEAD_BYTES_MAX)];
            let Some((head, length)) = Head::parse(within)? else {
                return if within.len() < HEAD_BYTES_MAX {
                    Ok(None)
                } else {
                    Err(OpeningError::HeadTooLong)
                };
            };
            self.received.drain(..length);
            if head.is_upgrade() {
                let context = self.offer.check(&head)?;
                let behind = mem::take(&mut self.received);
                return Ok(Some(Opened { behind, context }));
            }
            // Others of its kind only announce the answer (RFC 9110, section 15.2).
            if !head.status.is_informational() {
                let body = Body::of(&head);
                self.refusal = Some((head, body));
            }
        }
        if let Some((_, body)) = &mut self.refusal {
            body.push(&mem::take(&mut self.received));
            if body.is_whole() {
                return self.refused().map_or(Ok(None), Err);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
