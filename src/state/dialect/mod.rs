//! Dialects: what a message means, by the endpoint that a client chose.

pub mod chat;
pub mod echo;
pub mod relay;

use crate::vocabulary::{coding::Coding, message::Message, reason::Reason, time::Now};

use self::{chat::Chat, relay::Relay};
use super::{channel::Departure, commons::Commons, hub::ClientId, outbox::Outbox};

/// What a session speaks.
#[derive(Debug)]
pub enum Dialect {
    /// Everything said goes to everyone in the channel.
    Relay(Relay),
    /// Everything said comes back.
    Echo,
    /// Named people, in channels that they join and leave.
    Chat(Box<Chat>),
}

/// The names of the dialects, as metrics count by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialectName {
    /// [`Dialect::Relay`].
    Relay,
    /// [`Dialect::Echo`].
    Echo,
    /// [`Dialect::Chat`].
    Chat,
}

impl DialectName {
    /// All of them, in the order of their counters.
    pub const ALL: [Self; 3] = [Self::Relay, Self::Echo, Self::Chat];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Echo => "echo",
            Self::Chat => "chat",
        }
    }
}

impl Dialect {
    /// Which one it is.
    pub fn name(&self) -> DialectName {
        match self {
            Self::Relay(_) => DialectName::Relay,
            Self::Echo => DialectName::Echo,
            Self::Chat(_) => DialectName::Chat,
        }
    }

    /// Its client in the hub; an echo has none.
    pub fn client(&self) -> Option<ClientId> {
        match self {
            Self::Relay(relay) => Some(relay.client()),
            Self::Echo => None,
            Self::Chat(chat) => Some(chat.client()),
        }
    }

    /// Bytes that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Relay(_) | Self::Echo => 0,
            Self::Chat(chat) => size_of::<Chat>() + chat.heap_bytes(),
        }
    }

    /// Acts on a message that came in a coding: speaks in the hub, or answers. Returns how many bytes came of it.
    ///
    /// # Errors
    /// The client may not do that: the reason to close it with.
    pub fn hear(
        &mut self,
        message: Message<'_>,
        coding: Coding,
        commons: &mut Commons,
        outbox: &mut Outbox,
        now: Now,
    ) -> Result<usize, Reason> {
        match self {
            Self::Relay(relay) => relay.hear(message, commons, now),
            Self::Echo => Ok(echo::hear(
                message,
                coding,
                commons.hub.press_mut(),
                outbox,
                now,
            )),
            Self::Chat(chat) => Ok(chat.hear(message, commons, now)),
        }
    }

    /// Ends the session: out of all channels.
    pub fn end(&self, departure: Departure, commons: &mut Commons, now: Now) {
        match self {
            Self::Relay(relay) => relay.end(departure, &mut commons.hub, now),
            Self::Echo => {}
            Self::Chat(chat) => chat.end(departure, commons, now),
        }
    }
}
