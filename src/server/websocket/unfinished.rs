//! What has begun of a connection's messages and not ended: it is made for a moment whenever there is input, and kept only if
//! that ends within a message.

use std::mem;
use std::rc::Rc;

use tungstenite::protocol::WebSocketContext;

use super::{
    OWN_READ_BYTES, Protocol, Received, SHARED_READ_BYTES, boundary::Boundary, context, read_all,
};
use crate::{
    state::inflation::{Context, Inflation},
    vocabulary::{
        coding::Coding,
        config::{INFLATE_STATES_MAX, RECEIVE_BYTES_MAX},
        frame::Kind,
        message::Message,
        reason::Reason,
    },
};

/// Frames and messages that have begun, and input that was not looked at.
#[derive(Debug)]
pub(super) struct Unfinished {
    boundary: Boundary,
    /// What reads frames of which the rest is to come.
    context: Option<WebSocketContext>,
    deflated: Deflated,
    /// Input that was not looked at, since much has come of that before it.
    held: Vec<u8>,
}

/// A deflated message.
#[derive(Debug, Default)]
struct Deflated {
    /// What has come of it.
    bytes: Vec<u8>,
    /// What it is, once it is whole.
    whole: Option<Kind>,
    /// It was found to be too large to be inflated at once.
    is_long: bool,
    own: Option<Own>,
}

/// A state to inflate by for a long message alone.
#[derive(Debug)]
struct Own {
    inflation: Inflation,
    /// Counts it for as long as there is it.
    _one: Rc<()>,
}

impl Unfinished {
    /// Nothing is.
    pub(super) fn new(max_message_bytes: usize, coding: Coding) -> Self {
        Self {
            boundary: Boundary::new(max_message_bytes, coding),
            context: None,
            deflated: Deflated::default(),
            held: Vec::new(),
        }
    }

    /// Whether nothing is any more.
    pub(super) fn is_over(&self) -> bool {
        self.boundary.is_clean() && !self.has_more()
    }

    /// Whether there is more to do without more input.
    pub(super) fn has_more(&self) -> bool {
        self.deflated.whole.is_some() || !self.held.is_empty()
    }

    /// Whether others wait until it is done with a message.
    pub(super) fn is_waited_for(&self) -> bool {
        self.deflated.own.is_some()
    }

    /// Bytes that it takes with all that it has.
    pub(super) fn heap_bytes(&self) -> usize {
        let context = self.context.as_ref();
        let context = context.map_or(0, |_| OWN_READ_BYTES + self.boundary.kept());
        let own = self.deflated.own.as_ref();
        let own = own.map_or(0, |own| own.inflation.heap_bytes());
        size_of::<Self>() + context + own + self.deflated.bytes.capacity() + self.held.capacity()
    }

    /// See [`WebSocket::receive`](super::WebSocket::receive).
    pub(super) fn receive(
        &mut self,
        protocol: &mut Protocol,
        input: &[u8],
        replies: &mut Vec<u8>,
        hear: &mut impl FnMut(Message<'_>, Coding),
    ) -> Result<Received, Reason> {
        let coding = self.boundary.coding();
        let held = mem::take(&mut self.held);
        debug_assert!(input.is_empty() || !self.has_more() && held.is_empty());
        let mut input = if held.is_empty() { input } else { &held };
        self.deflated.inflate(protocol, coding, hear)?;
        while !input.is_empty() {
            // What is read of one connection in a turn is bounded, and so is what comes of it.
            if self.has_more() || protocol.toll.inflated >= RECEIVE_BYTES_MAX {
                self.held = input.to_vec();
                break;
            }
            if self.boundary.is_deflated(input) {
                let piece = self.boundary.feed_deflated(input)?;
                let end = piece.payload.end;
                self.deflated.add(&input[piece.payload], piece.mask);
                self.deflated.whole = piece.ends;
                input = &input[end..];
                self.deflated.inflate(protocol, coding, hear)?;
            } else {
                let extent = self.boundary.feed(input);
                let sound;
                (sound, input) = input.split_at(extent.sound);
                let received = self.read(protocol, sound, extent.clean, replies, hear);
                match (received, extent.fault) {
                    (Ok(Received::Open), Some(reason)) => return Err(reason),
                    (Ok(Received::Open), None) => {}
                    (received, _) => return received,
                }
            }
        }
        Ok(Received::Open)
    }

    /// Has the library read frames of which nothing is unfinished at `clean`.
    fn read(
        &mut self,
        protocol: &mut Protocol,
        frames: &[u8],
        clean: usize,
        replies: &mut Vec<u8>,
        hear: &mut impl FnMut(Message<'_>, Coding),
    ) -> Result<Received, Reason> {
        let max_message_bytes = protocol.max_message_bytes;
        let mut frames = frames;
        if self.context.is_none() {
            let whole;
            (whole, frames) = frames.split_at(clean);
            let received = read_all(&mut protocol.shared, whole, replies, hear);
            if received != Ok(Received::Open) {
                protocol.shared = context(SHARED_READ_BYTES, max_message_bytes);
                return received;
            }
        }
        if frames.is_empty() {
            return Ok(Received::Open);
        }
        let own = self
            .context
            .get_or_insert_with(|| context(OWN_READ_BYTES, max_message_bytes));
        let received = read_all(own, frames, replies, hear);
        if self.boundary.is_plain_clean() {
            self.context = None;
        }
        received
    }
}

impl Deflated {
    /// Adds some masked bytes (RFC 6455, section 5.3).
    fn add(&mut self, masked: &[u8], mask: [u8; 4]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(masked);
        for chunk in self.bytes[start..].chunks_mut(mask.len()) {
            for (byte, mask) in chunk.iter_mut().zip(mask) {
                *byte ^= mask;
            }
        }
    }

    /// Goes on with a message that is whole, and hands it over once it is inflated.
    fn inflate(
        &mut self,
        protocol: &mut Protocol,
        coding: Coding,
        hear: &mut impl FnMut(Message<'_>, Coding),
    ) -> Result<(), Reason> {
        let Some(kind) = self.whole else {
            return Ok(());
        };
        let has_room = Rc::strong_count(&protocol.own_states) <= INFLATE_STATES_MAX;
        if self.is_long && self.own.is_none() && !has_room {
            protocol.toll.waits = true;
            return Ok(());
        }
        let shared = &mut protocol.inflation;
        let shared = shared.get_or_insert_with(|| Inflation::new(Context::Fresh));
        let inflation = if let Some(own) = &mut self.own {
            &mut own.inflation
        } else {
            shared.begin();
            shared
        };
        let sent = self.bytes.len();
        let before = inflation.output().len().max(sent);
        let is_over = inflation.go_on(&self.bytes, protocol.max_message_bytes)?;
        protocol.toll.inflated += inflation.output().len().max(sent) - before;
        if !is_over {
            self.is_long = true;
            if self.own.is_none() && has_room {
                self.own = protocol.inflation.take().map(|inflation| Own {
                    inflation,
                    _one: Rc::clone(&protocol.own_states),
                });
            }
            return Ok(());
        }
        let message = match kind {
            Kind::Text => {
                Message::Text(str::from_utf8(inflation.output()).map_err(|_| Reason::NotUtf8)?)
            }
            Kind::Binary => Message::Binary(inflation.output()),
        };
        hear(message, coding);
        if self.is_long {
            *self = Self::default();
        }
        self.bytes.clear();
        self.whole = None;
        Ok(())
    }
}
