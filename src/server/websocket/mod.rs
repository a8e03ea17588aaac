//! The WebSocket protocol of one connection, read by `tungstenite` (this is the only room of the server that knows it).
//!
//! Between messages a connection has no protocol state at all: whole frames are read by one context that all share. A
//! connection gets a context of its own only while a frame or a fragmented message of its has begun and not ended. What
//! the header of a frame shows to be wrong reaches neither. The library knows no extension, so that deflated messages do not
//! reach it either: they are inflated here, by a state that all share as well.

mod agents;
mod boundary;
mod handshake;
mod offer;
#[cfg(test)]
mod tests;
mod unfinished;

use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use tungstenite::{
    Error, Message as WireMessage,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

pub use self::handshake::{Accepted, accept};
use self::{
    agents::{Agent, Agents},
    unfinished::Unfinished,
};
use crate::{
    state::inflation::Inflation,
    vocabulary::{coding::Coding, message::Message, reason::Reason},
};

/// Bytes that the shared context takes from the input at a time; the library zeroes as many before each.
const SHARED_READ_BYTES: usize = 2 << 10;
/// The same for a context that one connection owns for the time of a message.
const OWN_READ_BYTES: usize = 128;

/// What the sessions of a server share.
#[derive(Debug)]
pub struct Protocol {
    shared: WebSocketContext,
    max_message_bytes: usize,
    /// What messages are inflated by, once one was deflated.
    inflation: Option<Inflation>,
    /// One more for everyone who has a state of its own to inflate by.
    own_states: Rc<()>,
    toll: Toll,
    agents: Agents,
}

/// What inflating has cost beside the bytes that came over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Toll {
    /// Bytes by which messages were larger than what was sent of them.
    pub inflated: usize,
    /// Whether a connection waits for others who inflate.
    pub waits: bool,
}

impl Protocol {
    /// Reads messages of up to `max_message_bytes`.
    pub fn new(max_message_bytes: usize) -> Self {
        Self {
            shared: context(SHARED_READ_BYTES, max_message_bytes),
            max_message_bytes,
            inflation: None,
            own_states: Rc::default(),
            toll: Toll::default(),
            agents: Agents::default(),
        }
    }

    /// The reading side of a session that begins with a client that calls itself so.
    pub fn begin(&mut self, coding: Coding, agent: &str) -> WebSocket {
        let mut websocket = WebSocket::new(coding);
        if coding != Coding::Plain {
            websocket.agent = self.agents.note(agent);
        }
        websocket
    }

    /// What a client calls itself that has agreed on deflated messages not long ago.
    pub fn agent(&self, websocket: &WebSocket) -> Option<&str> {
        self.agents.name(websocket.agent)
    }

    /// What it has cost to inflate what was received last.
    pub fn toll(&self) -> Toll {
        self.toll
    }

    /// Bytes that it takes beside itself for inflating.
    pub fn heap_bytes(&self) -> usize {
        let inflation = self.inflation.as_ref();
        inflation.map_or(0, Inflation::heap_bytes) + self.agents.heap_bytes()
    }
}

/// The reading side of one WebSocket, and what was agreed on in its handshake.
#[derive(Debug, Default)]
pub struct WebSocket {
    coding: Coding,
    agent: Agent,
    unfinished: Option<Box<Unfinished>>,
}

/// What came of some input.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// The session goes on.
    Open,
    /// The peer closed; this is the frame that answers it.
    Closed(Vec<u8>),
}

impl WebSocket {
    /// Nothing has come yet, of messages in this coding.
    pub fn new(coding: Coding) -> Self {
        Self {
            coding,
            agent: Agent::default(),
            unfinished: None,
        }
    }

    /// How messages may be coded.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// Bytes that it takes beside itself, about.
    pub fn heap_bytes(&self) -> usize {
        let unfinished = self.unfinished.as_ref();
        unfinished.map_or(0, |unfinished| unfinished.heap_bytes())
    }

    /// Whether there is more to do without more input: [`receive`](Self::receive) none before any other.
    pub fn has_more(&self) -> bool {
        let unfinished = self.unfinished.as_ref();
        unfinished.is_some_and(|unfinished| unfinished.has_more())
    }

    /// Whether others wait until it is done with a message.
    pub fn is_waited_for(&self) -> bool {
        let unfinished = self.unfinished.as_ref();
        unfinished.is_some_and(|unfinished| unfinished.is_waited_for())
    }

    /// Reads `input`: hands each whole message to `hear`, with the coding in which it came, and adds the frames that answer
    /// pings to `replies`. If much comes of little, it keeps the rest of the input, and [has more](Self::has_more).
    ///
    /// # Errors
    /// The peer broke the protocol: the reason to close it with. Nothing more may be received.
    pub fn receive(
        &mut self,
        protocol: &mut Protocol,
        input: &[u8],
        replies: &mut Vec<u8>,
        mut hear: impl FnMut(Message<'_>, Coding),
    ) -> Result<Received, Reason> {
        protocol.toll = Toll::default();
        let mut kept = self.unfinished.take();
        let mut begun = None;
        let unfinished = match &mut kept {
            Some(kept) => kept,
            None => begun.insert(Unfinished::new(protocol.max_message_bytes, self.coding)),
        };
        let received = unfinished.receive(protocol, input, replies, &mut hear);
        if received == Ok(Received::Open) && !unfinished.is_over() {
            self.unfinished = kept.or_else(|| begun.map(Box::new));
        }
        received
    }
}

fn context(read_bytes: usize, max_message_bytes: usize) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(read_bytes)
        .write_buffer_size(0)
        .max_message_size(Some(max_message_bytes))
        .max_frame_size(Some(max_message_bytes));
    WebSocketContext::new(Role::Server, Some(config))
}

fn read_all(
    context: &mut WebSocketContext,
    input: &[u8],
    replies: &mut Vec<u8>,
    hear: &mut impl FnMut(Message<'_>, Coding),
) -> Result<Received, Reason> {
    let mut lent = Lent { input, replies };
    loop {
        // Each call first writes the pong to a ping that the call before returned.
        match context.read(&mut lent) {
            Ok(WireMessage::Text(text)) => hear(Message::Text(text.as_str()), Coding::Plain),
            Ok(WireMessage::Binary(bytes)) => hear(Message::Binary(&bytes), Coding::Plain),
            Ok(WireMessage::Close(_)) => {
                let before = lent.replies.len();
                // This call only writes the answer: nothing is read after a close frame.
                let _ = context.read(&mut lent);
                return Ok(Received::Closed(lent.replies.split_off(before)));
            }
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                return Ok(Received::Open);
            }
            Err(Error::Utf8(_)) => return Err(Reason::NotUtf8),
            Err(Error::Capacity(_)) => return Err(Reason::MessageTooLarge),
            Err(_) => return Err(Reason::Protocol),
        }
    }
}

/// The stream that a context is lent for one call: the input at hand, and a place for replies.
struct Lent<'a> {
    input: &'a [u8],
    replies: &'a mut Vec<u8>,
}

impl Read for Lent<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.input.read(buffer)
    }
}

impl Write for Lent<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replies.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
