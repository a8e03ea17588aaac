//! From a connection that is being made to one that speaks WebSocket.

use std::io;

use hubbub::system::{
    opening::{Opening, OpeningError, Progress},
    socket::Socket,
    tls::failure::TlsFailure,
};
use thiserror::Error;

use crate::{
    plan::target::{Target, Wish},
    swarm::socket::{self, SocketError},
};

/// One client's handshake, up to where it is.
#[derive(Debug)]
pub struct Dial {
    begun_ns: u64,
    connected: bool,
    opening: Opening,
}

impl Dial {
    /// Begins the handshake of a client whose connecting began at `now_ns`.
    ///
    /// # Errors
    /// When the request cannot be sent at all: a URL or header that no server could read.
    pub fn new(target: &Target, wish: Wish, now_ns: u64) -> Result<Self, DialError> {
        Ok(Self {
            begun_ns: now_ns,
            connected: false,
            opening: Opening::new(target.request(wish))?,
        })
    }

    /// When it began, in nanoseconds since the origin.
    pub fn begun_ns(&self) -> u64 {
        self.begun_ns
    }

    /// Goes on as far as the socket allows.
    ///
    /// # Errors
    /// When the server cannot be reached, or is none that speaks WebSocket there.
    pub fn advance(&mut self, socket: &mut Socket) -> Result<Progress, DialError> {
        self.connected = self.connected || socket::is_ready(socket)?;
        if !self.connected {
            return Ok(Progress::Waiting);
        }
        Ok(self.opening.advance(socket)?)
    }

    /// What it waits for.
    pub fn awaited(&self) -> &'static str {
        if self.connected {
            "an answer to its handshake"
        } else {
            "its connection to be accepted"
        }
    }

    /// What a server that refuses has said so far.
    pub fn refused(&self) -> Option<DialError> {
        self.opening.refused().map(DialError::from)
    }
}

/// Why a client did not come in. Each text says what to look at; the caller names the URL.
#[derive(Debug, Error)]
pub enum DialError {
    /// Nothing listens there.
    #[error("the connection was refused: is a server running there?")]
    Refused,
    /// All local ports towards this server are taken.
    #[error(
        "no local port is left: lower --clients, give --source-ips, or widen net.ipv4.ip_local_port_range"
    )]
    NoLocalPort,
    /// The server does not accept as fast as clients come.
    #[error("the server's queue of connections is full: give --connect-rate")]
    QueueFull,
    /// The connection could not be made.
    #[error("the connection failed ({0}): is the address right, and the server running?")]
    Connect(io::Error),
    /// There is no TLS with the server.
    #[error("the server does not speak TLS with us: {0}")]
    Tls(TlsFailure),
    /// The server does not let it in.
    #[error(
        "the server answered the client's entry with an error: does it take the name and the channel? {0}"
    )]
    Entry(String),
    /// The server opens no WebSocket.
    #[error(transparent)]
    Opening(#[from] OpeningError),
}

impl DialError {
    /// Whether it is the server that did not let the client in, rather than this machine.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::NoLocalPort | Self::Connect(_))
    }

    /// Why a connection could not be made.
    fn connect(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::AddrNotAvailable => Self::NoLocalPort,
            // A unix socket has no other way to say so (connect(2)).
            io::ErrorKind::WouldBlock => Self::QueueFull,
            _ => Self::Connect(error),
        }
    }
}

impl From<SocketError> for DialError {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::System(error) => Self::connect(error),
            SocketError::Tls(failure) => Self::Tls(failure),
        }
    }
}
