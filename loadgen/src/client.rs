//! One client: its socket, what it still has to send, and what has not fully arrived.

use std::{io, net::Shutdown};

use mio::{Interest, Registry, Token, net::TcpStream};

use crate::{
    dial::{Dial, DialError, Progress},
    outgoing::Outgoing,
    record::Record,
    scanner::{Message, Scanner},
    target::Target,
};

/// A client in whichever state it is.
#[derive(Debug)]
pub struct Client {
    socket: TcpStream,
    scanner: Scanner,
    outgoing: Outgoing,
    state: State,
}

#[derive(Debug)]
enum State {
    Dialing(Box<Dial>),
    Open,
    Gone,
}

/// How a client's connection ended without being asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The server closed it, with this code or none.
    Closed(Option<u16>),
    /// The stream ended or broke without a close.
    Broken,
    /// The server broke the protocol.
    Protocol,
}

impl Client {
    /// Begins to connect, and registers the socket for good.
    ///
    /// # Errors
    /// When the system has no socket for it, or the request is one that no server could read.
    pub fn dial(
        target: &Target,
        registry: &Registry,
        token: Token,
        now_ns: u64,
    ) -> Result<Self, DialError> {
        let dial = Dial::new(target, now_ns)?;
        let mut socket = TcpStream::connect(target.address()).map_err(DialError::connect)?;
        registry
            .register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)
            .map_err(DialError::Connect)?;
        // A schedule is not kept by a socket that waits for more.
        socket.set_nodelay(true).map_err(DialError::Connect)?;
        Ok(Self {
            socket,
            scanner: Scanner::default(),
            outgoing: Outgoing::default(),
            state: State::Dialing(Box::new(dial)),
        })
    }

    /// Its handshake, if that is not done.
    pub fn dialing(&self) -> Option<&Dial> {
        match &self.state {
            State::Dialing(dial) => Some(dial),
            State::Open | State::Gone => None,
        }
    }

    /// Whether it speaks WebSocket.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Goes on with the handshake. Once that is done the client is open; the bytes that came behind the answer are
    /// the first to take in.
    ///
    /// # Errors
    /// When the server cannot be reached, or is none that speaks WebSocket there.
    pub fn advance(&mut self) -> Result<Option<Vec<u8>>, DialError> {
        let State::Dialing(dial) = &mut self.state else {
            return Ok(None);
        };
        match dial.advance(&mut self.socket)? {
            Progress::Waiting => Ok(None),
            Progress::Done(behind) => {
                self.state = State::Open;
                Ok(Some(behind))
            }
        }
    }

    /// Receives once into the shared buffer; the bytes received, or `None` when there is nothing for now.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, End> {
        loop {
            return match io::Read::read(&mut self.socket, buffer) {
                Ok(0) => Err(End::Broken),
                Ok(count) => Ok(Some(count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Err(End::Broken),
            };
        }
    }

    /// Records the messages in `bytes`, received at `now_ns` by client number `index`; answers pings.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn take_in(
        &mut self,
        bytes: &[u8],
        index: usize,
        now_ns: u64,
        record: &mut Record,
    ) -> Result<(), End> {
        let mut input = bytes;
        let mut answered = false;
        while let Some(message) = self.scanner.next(&mut input).map_err(|_| End::Protocol)? {
            match message {
                Message::Text(text) => record.received(index, text, now_ns),
                Message::Binary(_) => record.received_foreign(),
                Message::Ping(payload) => {
                    self.outgoing.pong(payload, fastrand::u32(..).to_ne_bytes());
                    answered = true;
                }
                Message::Pong(_) => {}
                Message::Close(payload) => {
                    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    return Err(End::Closed(code));
                }
            }
        }
        if answered {
            self.flush()?;
        }
        Ok(())
    }

    /// What it has to send; nothing leaves before a flush.
    pub fn outgoing(&mut self) -> &mut Outgoing {
        &mut self.outgoing
    }

    /// Sends what waits; whether nothing waits any more.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn flush(&mut self) -> Result<bool, End> {
        self.outgoing
            .flush(&mut self.socket)
            .map_err(|_| End::Broken)
    }

    /// Says goodbye with a code, or the server's own if it closed first, as far as the socket takes it. What comes
    /// after is not looked at.
    pub fn close(&mut self, code: Option<u16>) {
        self.outgoing.close(code, fastrand::u32(..).to_ne_bytes());
        // It is over either way.
        let _ = self.flush();
        let _ = self.socket.shutdown(Shutdown::Write);
        self.state = State::Gone;
    }
}
