//! One client: its socket, what it still has to send, and what has not fully arrived.

use std::{fmt::Display, net::Ipv4Addr};

use hubbub::{
    server::stream::Stream,
    state::inflation::{Context, Inflation},
    system::{
        opening::{Opened, Progress},
        socket::Socket,
    },
};
use mio::{Interest, Registry, Token};

use crate::{
    plan::{
        particulars::Own,
        protocol::Answer,
        script::Script,
        target::{Target, Wish},
    },
    record::{Record, end::End},
    swarm::{
        attention::{Attention, Frame},
        dial::{Dial, DialError},
        inflating::Inflating,
        outgoing::Outgoing,
        receiving::{self, ReceiveError, Received},
        scanner::{Message, Scanner},
        socket,
        unended::Unended,
    },
};

/// A client in whichever state it is.
#[derive(Debug)]
pub struct Client {
    /// None while it is cut off.
    socket: Option<Socket>,
    scanner: Scanner,
    /// What inflates what the server says, if that refers back to what it said before.
    inflation: Option<Box<Inflation>>,
    /// What it heard since whatever was whole.
    unended: Unended,
    outgoing: Outgoing,
    state: State,
    /// When it began to connect, in nanoseconds since the origin.
    begun_ns: u64,
    /// When it was connected, in nanoseconds since the origin.
    open_ns: u64,
    /// What it listens for beside messages.
    attention: Attention,
}

#[derive(Debug)]
enum State {
    Dialing(Box<Dial>),
    Open,
    /// It has said goodbye, and hears what still comes.
    Leaving,
    Away,
    Gone,
}

impl Client {
    /// Begins to connect, and registers the socket for good.
    ///
    /// # Errors
    /// When the system has no socket for it, or the request is one that no server could read.
    pub fn dial(
        target: &Target,
        wish: Wish,
        source: Option<Ipv4Addr>,
        registry: &Registry,
        token: Token,
        now_ns: u64,
    ) -> Result<Self, DialError> {
        let dial = Dial::new(target, wish, now_ns)?;
        let mut socket = socket::connect(target, source)?;
        let interests = Interest::READABLE | Interest::WRITABLE;
        registry
            .register(socket.source(), token, interests)
            .map_err(DialError::Connect)?;
        socket::send_at_once(&mut socket).map_err(DialError::Connect)?;
        Ok(Self {
            socket: Some(socket),
            scanner: Scanner::default(),
            inflation: None,
            unended: Unended::default(),
            outgoing: Outgoing::default(),
            state: State::Dialing(Box::new(dial)),
            begun_ns: now_ns,
            open_ns: now_ns,
            attention: Attention::Nothing,
        })
    }

    /// One that is not there yet.
    pub fn absent() -> Self {
        Self {
            socket: None,
            scanner: Scanner::default(),
            inflation: None,
            unended: Unended::default(),
            outgoing: Outgoing::default(),
            state: State::Gone,
            begun_ns: 0,
            open_ns: 0,
            attention: Attention::Nothing,
        }
    }

    /// Its handshake, if that is not done.
    pub fn dialing(&self) -> Option<&Dial> {
        match &self.state {
            State::Dialing(dial) => Some(dial),
            State::Open | State::Leaving | State::Away | State::Gone => None,
        }
    }

    /// When it began to connect, in nanoseconds since the origin.
    pub fn begun_ns(&self) -> u64 {
        self.begun_ns
    }

    /// Notes when it was connected, in nanoseconds since the origin.
    pub fn note_open(&mut self, now_ns: u64) {
        self.open_ns = now_ns;
    }

    /// When that was, in nanoseconds since the origin.
    pub fn open_ns(&self) -> u64 {
        self.open_ns
    }

    /// Whether it speaks WebSocket.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether it has said goodbye, and waits for the server to do so.
    pub fn is_leaving(&self) -> bool {
        matches!(self.state, State::Leaving)
    }

    /// Whether it hears what the server says.
    pub fn listens(&self) -> bool {
        self.is_open() || self.is_leaving()
    }

    /// Whether it was cut off, and has not begun to come back.
    pub fn is_away(&self) -> bool {
        matches!(self.state, State::Away)
    }

    /// Whether the server owes it an answer.
    pub fn awaits(&self) -> bool {
        self.attention.awaits()
    }

    /// What it waits for before it is in, and what it heard last.
    pub fn waiting(&self, script: &Script) -> Option<(String, Option<String>)> {
        self.attention.waiting(script)
    }

    /// Goes on with the handshake. Once that is done the client is open; the bytes that came behind the answer are
    /// the first to take in.
    ///
    /// # Errors
    /// When the server cannot be reached, or is none that speaks WebSocket there.
    pub fn advance(&mut self) -> Result<Option<Opened>, DialError> {
        let (State::Dialing(dial), Some(socket)) = (&mut self.state, &mut self.socket) else {
            return Ok(None);
        };
        match dial.advance(socket)? {
            Progress::Waiting => Ok(None),
            Progress::Open(opened) => {
                self.state = State::Open;
                if opened.context.is_some() {
                    self.scanner.expect_deflated();
                }
                let own = opened.context.filter(|context| *context == Context::Kept);
                self.inflation = own.map(|context| Box::new(Inflation::new(context)));
                Ok(Some(opened))
            }
        }
    }

    /// Begins to speak as a script has it; whether that is all, and it is in.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn begin(&mut self, script: &Script, own: Own) -> Result<bool, End> {
        let is_over = self.attention.begin(script, own, &mut self.outgoing);
        self.flush()?;
        Ok(is_over)
    }

    /// Asks a chat for something that it answers.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn ask(&mut self, text: String) -> Result<(), End> {
        self.attention = Attention::Answer;
        self.say(text.into_bytes(), false)
    }

    /// Sends what is owed to the server, or asked of it.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn say(&mut self, bytes: Vec<u8>, is_binary: bool) -> Result<(), End> {
        let mask = fastrand::u32(..).to_ne_bytes();
        self.outgoing.answer(bytes, is_binary, mask);
        self.flush().map(drop)
    }

    /// Sends a ping.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn ping(&mut self) -> Result<(), End> {
        self.outgoing.ping(fastrand::u32(..).to_ne_bytes());
        self.flush().map(drop)
    }

    /// Receives once into the shared buffer.
    ///
    /// # Errors
    /// Those of [`receive`](receiving::receive).
    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<Received, ReceiveError> {
        let Some(socket) = &mut self.socket else {
            return Ok(Received::default());
        };
        receiving::receive(socket, buffer)
    }

    /// Records the messages in `bytes`, inflated if need be, received at `now_ns` by client number `index`; answers pings, and
    /// what else is to be answered. What it was asked for, if this is it.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn take_in(
        &mut self,
        bytes: &[u8],
        index: usize,
        now_ns: u64,
        inflating: &mut Inflating,
        record: &mut Record,
    ) -> Result<Option<Answer>, End> {
        let mut input = bytes;
        let mut answer = None;
        let unsent = self.outgoing.len();
        // Nothing follows its close, and what the server answers to that is no news.
        let leaves = self.is_leaving();
        let mut rest = None;
        while let Some(message) = self
            .scanner
            .next(&mut input)
            .map_err(|fault| broken(&fault, now_ns, record))?
        {
            rest = Some(input.len());
            let (bytes, is_text) = match message {
                Message::Text(text) => (text, true),
                Message::Binary(bytes) => (bytes, false),
                Message::Deflated { payload, is_text } => {
                    let own = self.inflation.as_deref_mut();
                    let inflated = inflating.inflate(payload, own, record);
                    let inflated = inflated.map_err(|fault| broken(&fault, now_ns, record))?;
                    (inflated, is_text)
                }
                Message::Ping(_) if leaves => continue,
                Message::Ping(payload) => {
                    self.outgoing.pong(payload, fastrand::u32(..).to_ne_bytes());
                    record.ping_answered();
                    continue;
                }
                Message::Pong(_) => {
                    record.pong_received(index);
                    continue;
                }
                Message::Close(payload) => {
                    if !leaves {
                        record.received_close(index, payload, now_ns);
                    }
                    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    return Err(End::Closed(code));
                }
            };
            let frame = Frame {
                bytes,
                is_text,
                index,
                now_ns,
            };
            let heard = self.attention.hear(frame, &mut self.outgoing, record);
            answer = heard.or(answer);
            // Room for the next answer.
            if self.outgoing.is_full() {
                self.flush()?;
            }
        }
        self.unended.came(bytes.len(), rest, now_ns);
        if self.outgoing.len() > unsent {
            self.flush()?;
        }
        Ok(answer)
    }

    /// What it has got of a message that has begun and not ended.
    pub fn unended(&self) -> &Unended {
        &self.unended
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
        let Some(socket) = &mut self.socket else {
            return Ok(true);
        };
        let is_all = self.outgoing.flush(socket).map_err(|_| End::Broken)?;
        self.outgoing.check().map_err(|_| End::Unread)?;
        Ok(is_all)
    }

    /// Says goodbye with a code, or the server's own if it closed first, as far as the socket takes it. What comes
    /// after is not looked at.
    pub fn close(&mut self, code: Option<u16>) {
        self.outgoing.close(code, fastrand::u32(..).to_ne_bytes());
        // It is over either way.
        let _ = self.flush();
        let _ = self.socket.as_mut().map(Socket::shutdown_write);
        self.state = State::Gone;
    }

    /// Says goodbye with a code, and goes on to hear what still comes until the server says so too.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn leave(&mut self, code: u16) -> Result<(), End> {
        self.attention = Attention::Over;
        self.state = State::Leaving;
        self.outgoing
            .close(Some(code), fastrand::u32(..).to_ne_bytes());
        self.flush().map(drop)
    }

    /// Drops its connection for good.
    pub fn vanish(&mut self) {
        self.socket = None;
        self.state = State::Gone;
    }

    /// Drops the connection, without a word and with all that is under way.
    pub fn cut(&mut self) {
        self.socket = None;
        self.state = State::Away;
    }

    /// Gives up, without a word.
    pub fn abandon(&mut self) {
        self.state = State::Gone;
    }
}

/// Records what a server did that it must not, which nothing can be understood after.
#[cold]
fn broken(fault: &impl Display, now_ns: u64, record: &mut Record) -> End {
    record.faulted(fault, now_ns);
    End::Protocol
}
