//! The lines of an entry: what clients of one node do, as bytes.

use std::borrow::Cow;
use std::mem;
use std::rc::Rc;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use crate::{
    state::engine::{Deed, Saying},
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
    Private {
        target: &'a str,
        message: &'a str,
        reference: Option<&'a str>,
    },
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
            Deed::Private {
                target,
                message,
                reference,
            } => Act::Private {
                target,
                message,
                reference: reference.as_deref(),
            },
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
        let Act::Say(channel, body) = self.act else {
            return None;
        };
        Some(Saying {
            node,
            client: self.client,
            channel,
            body,
        })
    }

    /// What is done. `None` if nobody of ours would have written so.
    pub(super) fn deed(&self) -> Option<Deed<'a>> {
        let say = |channel: &&'a str, kind, body: &&'a Bytes| Deed::Relay {
            channel: Cow::Borrowed(*channel),
            kind,
            body: Cow::Borrowed(&***body),
        };
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
            Act::Private {
                target,
                message,
                reference,
            } => Deed::Private {
                target: Cow::Borrowed(target),
                message: Cow::Borrowed(message),
                reference: reference.map(Cow::Borrowed),
            },
            Act::RelayText(channel, body) => say(channel, Kind::Text, body),
            Act::RelayBinary(channel, body) => say(channel, Kind::Binary, body),
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
