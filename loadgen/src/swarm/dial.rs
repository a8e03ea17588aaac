//! From a connection that is being made to one that speaks WebSocket. The handshake is tungstenite's, run over memory:
//! bytes behind the server's answer stay ours, since its own buffer would keep them.

use std::io::{self, Read, Write};

use hubbub::system::{socket::Socket, tls::failure::TlsFailure};
use thiserror::Error;
use tungstenite::{
    Error as WebSocketError,
    handshake::{HandshakeError, MidHandshake, client::ClientHandshake},
    protocol::WebSocketConfig,
};

use crate::{plan::target::Target, swarm::socket};

/// Bytes that an answer's head may have.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// One client's handshake, up to where it is.
#[derive(Debug)]
pub struct Dial {
    begun_ns: u64,
    connected: bool,
    handshake: Option<MidHandshake<ClientHandshake<Wire>>>,
    /// The answer's head, as far as it came.
    head: Vec<u8>,
}

/// Where a handshake stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// The socket has no more for now.
    Waiting,
    /// It is done, and these bytes came behind the answer.
    Done(Vec<u8>),
}

impl Dial {
    /// Begins the handshake of a client whose connecting began at `now_ns`.
    ///
    /// # Errors
    /// When the request cannot be sent at all: a URL or header that no server could read.
    pub fn new(target: &Target, query: Option<&str>, now_ns: u64) -> Result<Self, DialError> {
        // The context is dropped with the handshake, so its read buffer is never used.
        let config = WebSocketConfig::default().read_buffer_size(0);
        let handshake =
            ClientHandshake::start(Wire::default(), target.request(query), Some(config))?;
        let handshake = match handshake.handshake() {
            Err(HandshakeError::Interrupted(handshake)) => handshake,
            Err(HandshakeError::Failure(error)) => return Err(error.into()),
            Ok(_) => unreachable!("a handshake is not done before its answer"),
        };
        Ok(Self {
            begun_ns: now_ns,
            connected: false,
            handshake: Some(handshake),
            head: Vec::new(),
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
        if !self.connected || !self.send(socket)? {
            return Ok(Progress::Waiting);
        }
        let Some(end) = self.receive(socket)? else {
            return Ok(Progress::Waiting);
        };
        let behind = self.head.split_off(end);
        let mut handshake = self.handshake.take().expect("it ends once");
        handshake.get_mut().get_mut().input = std::mem::take(&mut self.head);
        match handshake.handshake() {
            Ok(_) => Ok(Progress::Done(behind)),
            Err(HandshakeError::Failure(error)) => Err(error.into()),
            Err(HandshakeError::Interrupted(_)) => Err(DialError::NotHttp),
        }
    }

    /// Sends what is left of the request; whether all is sent.
    fn send(&mut self, socket: &mut Socket) -> Result<bool, DialError> {
        let handshake = self.handshake.as_mut().expect("it has not ended");
        let request = &mut handshake.get_mut().get_mut().output;
        while !request.is_empty() {
            match socket.write(request) {
                Ok(count) => drop(request.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(DialError::Broken(error)),
            }
        }
        match socket.flush() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            flushed => flushed.map(|()| true).map_err(DialError::Broken),
        }
    }

    /// Receives the answer's head; where it ends, once it has come.
    fn receive(&mut self, socket: &mut Socket) -> Result<Option<usize>, DialError> {
        let mut chunk = [0; 1024];
        loop {
            match socket.read(&mut chunk) {
                Ok(0) => return Err(DialError::Hangup),
                Ok(count) => {
                    self.head.extend_from_slice(&chunk[..count]);
                    let end = self.head.windows(4).position(|four| four == b"\r\n\r\n");
                    if let Some(end) = end {
                        return Ok(Some(end + 4));
                    }
                    if self.head.len() > HEAD_BYTES_MAX
                        || !b"HTTP/1.".starts_with(&self.head[..self.head.len().min(7)])
                    {
                        return Err(DialError::NotHttp);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(DialError::Broken(error)),
            }
        }
    }
}

/// The handshake's stream: what it wrote, and what it shall read.
#[derive(Debug, Default)]
struct Wire {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.input.as_slice().read(into)?;
        self.input.drain(..count);
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
    Tls(#[from] TlsFailure),
    /// The server does not let it in.
    #[error(
        "the server answered the client's entry with an error: does it take the name and the channel?"
    )]
    Entry,
    /// The connection broke in the handshake.
    #[error("the connection broke in the handshake ({0}): see the server's log")]
    Broken(io::Error),
    /// The server closed before it answered.
    #[error(
        "the server closed the connection in the handshake: is it a WebSocket server, and below its limit of connections?"
    )]
    Hangup,
    /// The answer is not HTTP.
    #[error("the answer is not HTTP: it is no WebSocket server")]
    NotHttp,
    /// The answer is HTTP, but no upgrade.
    #[error(
        "the server answered {0} instead of an upgrade to WebSocket: is the path of --url right?"
    )]
    Status(tungstenite::http::StatusCode),
    /// The answer is an upgrade, but a wrong one; or the request could not be written.
    #[error(
        "the handshake failed ({0}): it is no WebSocket server, or it wants another --header or --subprotocol"
    )]
    Handshake(WebSocketError),
}

impl DialError {
    /// Why a connection could not be made.
    pub fn connect(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::AddrNotAvailable => Self::NoLocalPort,
            // A unix socket has no other way to say so (connect(2)).
            io::ErrorKind::WouldBlock => Self::QueueFull,
            _ => Self::Connect(error),
        }
    }
}

impl From<WebSocketError> for DialError {
    fn from(error: WebSocketError) -> Self {
        match error {
            WebSocketError::Http(response) => Self::Status(response.status()),
            other => Self::Handshake(other),
        }
    }
}
