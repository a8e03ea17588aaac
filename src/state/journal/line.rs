//! The lines of an entry: what clients of one node do, as bytes.

use std::borrow::Cow;
use std::mem;
use std::rc::Rc;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use crate::{
    state::engine::{Deed, Once, Saying, Speaker},
    vocabulary::{chat::Identity, frame::Kind, id::NodeId},
};

/// Who does something, by the number that its node has for it, and what.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Line<'a> {
    pub(super) client: u32,
    #[serde(borrow)]
    pub(super) act: Act<'a>,
}

/// What is done. The order of these is part of the format, as are their fields: new ones go to the end, and change
/// [`VERSION`](super::VERSION).
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) enum Act<'a> {
    Enter {
        id: &'a str,
        name: &'a str,
        avatar: &'a str,
    },
    Exit,
    Join(Place<'a>),
    Leave(Place<'a>),
    Say(Place<'a>, #[serde(borrow)] &'a Bytes),
    Private(&'a str, #[serde(borrow)] &'a Bytes),
    RelayText(Place<'a>, #[serde(borrow)] &'a Bytes),
    RelayBinary(Place<'a>, #[serde(borrow)] &'a Bytes),
    Return {
        id: &'a str,
        name: &'a str,
        avatar: &'a str,
        #[serde(borrow)]
        channels: Vec<Place<'a>>,
        is_told: bool,
    },
    Publish(Place<'a>, #[serde(borrow)] &'a Bytes, Option<Once>),
    Whisper(&'a str, #[serde(borrow)] &'a Bytes, Option<Once>),
    Expel {
        target: &'a str,
        channel: Place<'a>,
    },
    Dismiss {
        target: &'a str,
        code: u16,
        words: &'a str,
    },
}

/// A channel, by its name.
pub(super) type Place<'a> = &'a str;

impl<'a> Line<'a> {
    /// What a client does, to be written.
    pub(super) fn of(client: u32, deed: &'a Deed<'_>) -> Self {
        let act = match deed {
            Deed::Enter(identity) => Act::Enter {
                id: &identity.id,
                name: &identity.name,
                avatar: &identity.avatar,
            },
            Deed::Return {
                identity,
                channels,
                is_told,
            } => Act::Return {
                id: &identity.id,
                name: &identity.name,
                avatar: &identity.avatar,
                channels: channels.iter().map(|channel| &**channel).collect(),
                is_told: *is_told,
            },
            Deed::Exit => Act::Exit,
            Deed::Join(channel) => Act::Join(channel),
            Deed::Leave(channel) => Act::Leave(channel),
            Deed::Say { channel, body } => Act::Say(channel, Bytes::new(body)),
            Deed::Private { target, body } => Act::Private(target, Bytes::new(body)),
            Deed::Relay {
                channel,
                kind: Kind::Text,
                body,
            } => Act::RelayText(channel, Bytes::new(body)),
            Deed::Relay {
                channel,
                kind: Kind::Binary,
                body,
            } => Act::RelayBinary(channel, Bytes::new(body)),
            Deed::Publish {
                channel,
                body,
                once,
            } => Act::Publish(channel, Bytes::new(body), once.as_deref().copied()),
            Deed::Whisper { target, body, once } => {
                Act::Whisper(target, Bytes::new(body), once.as_deref().copied())
            }
            Deed::Expel { target, channel } => Act::Expel { target, channel },
            Deed::Dismiss {
                target,
                code,
                words,
            } => Act::Dismiss {
                target,
                code: *code,
                words,
            },
        };
        Self { client, act }
    }

    /// Adds it to an entry.
    pub(super) fn write(&self, body: &mut Vec<u8>) {
        let whole = postcard::to_extend(self, mem::take(body));
        *body = whole.expect("memory grows");
    }

    /// Takes the first line off an entry. `None` if it is no line of ours.
    pub(super) fn read(body: &'a [u8]) -> Option<(Self, &'a [u8])> {
        postcard::take_from_bytes(body).ok()
    }

    /// The same, if it is something that a client of a node says in a channel of the chat.
    pub(super) fn saying(&self, node: NodeId) -> Option<Saying<'a>> {
        let (speaker, channel, body) = match self.act {
            Act::Say(channel, body) => (Speaker::Member, channel, body),
            Act::Publish(channel, body, once) => (Speaker::Program(once), channel, body),
            _ => return None,
        };
        Some(Saying {
            node,
            client: self.client,
            speaker,
            channel,
            body,
        })
    }

    /// What is done. `None` if nobody of ours would have written so.
    pub(super) fn deed(&self) -> Option<Deed<'a>> {
        let relay = |channel: &&'a str, kind, body: &&'a Bytes| Deed::Relay {
            channel: Cow::Borrowed(*channel),
            kind,
            body: Cow::Borrowed(&***body),
        };
        let boxed = |once: &Option<Once>| once.map(Box::new);
        Some(match &self.act {
            Act::Enter { id, name, avatar } => Deed::Enter(identity(id, name, avatar)?),
            Act::Return {
                id,
                name,
                avatar,
                channels,
                is_told,
            } => Deed::Return {
                identity: identity(id, name, avatar)?,
                channels: channels.iter().copied().map(Cow::Borrowed).collect(),
                is_told: *is_told,
            },
            Act::Exit => Deed::Exit,
            Act::Join(channel) => Deed::Join(Cow::Borrowed(channel)),
            Act::Leave(channel) => Deed::Leave(Cow::Borrowed(channel)),
            Act::Say(channel, body) => Deed::Say {
                channel: Cow::Borrowed(channel),
                body: Cow::Borrowed(body),
            },
            Act::Private(target, body) => Deed::Private {
                target: Cow::Borrowed(target),
                body: Cow::Borrowed(body),
            },
            Act::RelayText(channel, body) => relay(channel, Kind::Text, body),
            Act::RelayBinary(channel, body) => relay(channel, Kind::Binary, body),
            Act::Publish(channel, body, once) => Deed::Publish {
                channel: Cow::Borrowed(channel),
                body: Cow::Borrowed(body),
                once: boxed(once),
            },
            Act::Whisper(target, body, once) => Deed::Whisper {
                target: Cow::Borrowed(target),
                body: Cow::Borrowed(body),
                once: boxed(once),
            },
            Act::Expel { target, channel } => Deed::Expel {
                target: Cow::Borrowed(target),
                channel: Cow::Borrowed(channel),
            },
            Act::Dismiss {
                target,
                code,
                words,
            } => Deed::Dismiss {
                target: Cow::Borrowed(target),
                code: *code,
                words: Cow::Borrowed(words),
            },
        })
    }
}

/// Who it is. `None` if nobody of ours would be.
fn identity(id: &str, name: &str, avatar: &str) -> Option<Rc<Identity>> {
    Some(Rc::new(Identity {
        id: id.into(),
        name: name.into(),
        avatar: ArrayString::from(avatar).ok()?,
    }))
}
