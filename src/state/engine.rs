//! The engine: it brings what everyone does into one sequence. What is said or done takes effect, and is numbered,
//! encoded, logged and delivered, only once the engine gives it back.

use std::borrow::Cow;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use super::hub::ClientId;
use crate::vocabulary::{chat::Identity, frame::Kind, time::Now};

/// Something that is done, and by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Action<'a> {
    /// Who does it.
    pub actor: Actor,
    /// What is done.
    pub deed: Deed<'a>,
}

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A client of this server.
    Ours(ClientId),
    /// A client of another, by the number that it alone has.
    Theirs(u64),
}

/// What is done. A client of the chat enters before, and exits after all else.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed<'a> {
    /// To enter the chat.
    Enter(Rc<Identity>),
    /// To be gone from the chat, and from all its channels.
    Exit,
    /// To become a member of a channel.
    Join(Cow<'a, str>),
    /// To be a member of a channel no more.
    Leave(Cow<'a, str>),
    /// To say something in a channel of the chat.
    Say {
        /// The channel's name.
        channel: Cow<'a, str>,
        /// The message's JSON, up to its number and time, which it has not got yet.
        body: Cow<'a, [u8]>,
    },
    /// To say something to one person.
    Private {
        /// The person's id or name.
        target: Cow<'a, str>,
        /// What is said.
        message: Cow<'a, str>,
        /// What the request said.
        reference: Option<Cow<'a, str>>,
    },
    /// To say something in a channel of the relay.
    Relay {
        /// The channel's name.
        channel: Cow<'a, str>,
        /// Text or binary.
        kind: Kind,
        /// What is said, text on one line.
        body: Cow<'a, [u8]>,
    },
}

/// An action in its place, at its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequenced<'a> {
    /// The action.
    pub action: Action<'a>,
    /// When it is done, in milliseconds since the Unix epoch.
    pub unix_ms: u64,
}

/// What brings actions into a sequence. Those of one actor come back in the order in which they were given, each once.
pub trait Engine: Debug {
    /// Takes an action, and gives it back at once if its place is known at once.
    fn submit<'a>(&mut self, action: Action<'a>, now: Now) -> Option<Sequenced<'a>>;

    /// The next action in the sequence that was not given back at once, if its place is known by now.
    fn next(&mut self, now: Now) -> Option<Sequenced<'static>>;

    /// When to ask for the next, if there is anything to wait for.
    fn due(&self) -> Option<Duration>;
}

/// The engine of a server that is alone: what comes first is first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl Engine for Local {
    fn submit<'a>(&mut self, action: Action<'a>, now: Now) -> Option<Sequenced<'a>> {
        let unix_ms = now.unix_ms;
        Some(Sequenced { action, unix_ms })
    }

    fn next(&mut self, _: Now) -> Option<Sequenced<'static>> {
        None
    }

    fn due(&self) -> Option<Duration> {
        None
    }
}

impl Deed<'_> {
    /// Bytes that it takes while it is under way.
    pub fn bytes(&self) -> usize {
        let texts = match self {
            Self::Enter(_) | Self::Exit => 0,
            Self::Join(channel) | Self::Leave(channel) => channel.len(),
            Self::Say { channel, body } | Self::Relay { channel, body, .. } => {
                channel.len() + body.len()
            }
            Self::Private {
                target, message, ..
            } => target.len() + message.len(),
        };
        size_of::<Self>() + texts
    }

    /// Whether whoever does it waits for an answer.
    pub fn is_answered(&self) -> bool {
        !matches!(self, Self::Enter(_) | Self::Exit | Self::Relay { .. })
    }

    /// The same, with texts of its own.
    pub fn into_owned(self) -> Deed<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Enter(identity) => Deed::Enter(identity),
            Self::Exit => Deed::Exit,
            Self::Join(channel) => Deed::Join(own(channel)),
            Self::Leave(channel) => Deed::Leave(own(channel)),
            Self::Say { channel, body } => Deed::Say {
                channel: own(channel),
                body: Cow::Owned(body.into_owned()),
            },
            Self::Private {
                target,
                message,
                reference,
            } => Deed::Private {
                target: own(target),
                message: own(message),
                reference: reference.map(own),
            },
            Self::Relay {
                channel,
                kind,
                body,
            } => Deed::Relay {
                channel: own(channel),
                kind,
                body: Cow::Owned(body.into_owned()),
            },
        }
    }
}
