//! Dialects: what a message means, by the endpoint that a client chose.

pub mod echo;
pub mod relay;

use crate::vocabulary::message::Message;

use super::{hub::Hub, outbox::Outbox};
use relay::Relay;

/// What a session speaks.
#[derive(Debug)]
pub enum Dialect {
    /// Everything said goes to everyone in the channel.
    Relay(Relay),
    /// Everything said comes back.
    Echo,
}

/// The names of the dialects, as metrics count by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialectName {
    /// [`Dialect::Relay`].
    Relay,
    /// [`Dialect::Echo`].
    Echo,
}

impl DialectName {
    /// All of them, in the order of their counters.
    pub const ALL: [Self; 2] = [Self::Relay, Self::Echo];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Echo => "echo",
        }
    }
}

impl Dialect {
    /// Which one it is.
    pub fn name(&self) -> DialectName {
        match self {
            Self::Relay(_) => DialectName::Relay,
            Self::Echo => DialectName::Echo,
        }
    }

    /// Acts on a message: speaks in the hub, or answers into the speaker's own outbox.
    pub fn hear(&self, message: Message<'_>, hub: &mut Hub, outbox: &mut Outbox) {
        match self {
            Self::Relay(relay) => relay.hear(message, hub),
            Self::Echo => echo::hear(message, outbox),
        }
    }

    /// Ends the session: out of all channels.
    pub fn end(&self, hub: &mut Hub) {
        match self {
            Self::Relay(relay) => relay.end(hub),
            Self::Echo => {}
        }
    }
}
