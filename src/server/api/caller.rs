//! Who asks at the door for programs, and what they may do.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::digest::digest;
use crate::vocabulary::{
    api::{ApiRights, Item, ItemError, Recipient},
    chat::Mention,
    pass::Pass,
};

/// What comes before the name of a key where that speaks.
const SPEAKS_AS: &str = "api:";
/// Who asks where nobody needs a key.
const LOCAL: &str = "local";
/// One whose token has no name for them.
const NAMELESS: &str = "token";

/// A program that was let in.
#[derive(Debug)]
pub struct Caller {
    name: Box<str>,
    kind: Kind,
    /// What tells it from all others, at whichever server.
    known_by: [u8; 16],
    rights: ApiRights,
    /// How what it says names it.
    sender: Box<RawValue>,
}

/// By what it was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A key, or nothing where nobody needs one.
    Key,
    /// A token, which speaks for its bearer alone.
    Token,
}

/// What a digest that tells callers apart is of.
#[derive(Clone, Copy, Debug)]
enum Tag {
    /// The name of a key.
    Key,
    /// The `sub` of tokens.
    Bearer,
    /// A token.
    Token,
}

impl Caller {
    /// The one who has the key of a name.
    pub(super) fn of_key(name: &str) -> Self {
        let id = format!("{SPEAKS_AS}{name}");
        let mention = Mention { id: &id, name };
        Self {
            name: name.into(),
            kind: Kind::Key,
            known_by: known_by(Tag::Key, name),
            rights: ApiRights::all(),
            sender: mention.encode(),
        }
    }

    /// Whoever comes, where nobody needs a key.
    pub(super) fn local() -> Self {
        Self::of_key(LOCAL)
    }

    /// The bearer of a token.
    pub(super) fn of_pass(pass: &Pass, token: &str) -> Self {
        let id = pass.id.as_deref().unwrap_or(NAMELESS);
        let name = pass.name.as_deref().unwrap_or(id);
        Self {
            name: id.into(),
            kind: Kind::Token,
            known_by: match &pass.id {
                Some(id) => known_by(Tag::Bearer, id),
                None => known_by(Tag::Token, token),
            },
            rights: pass.api.clone(),
            sender: Mention { id, name }.encode(),
        }
    }

    /// Its name in the log: the key's, or the token's `sub`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it may do.
    pub fn rights(&self) -> &ApiRights {
        &self.rights
    }

    /// A digest that tells it from all others, at whichever server: of the key's name, of the token's `sub`, or, where that has
    /// none, of the token itself.
    pub fn known_by(&self) -> &[u8; 16] {
        &self.known_by
    }

    /// As whom an item is said, encoded.
    ///
    /// # Errors
    /// It may not say that, or not there.
    pub fn sender_of(&self, item: &Item<'_>) -> Result<Cow<'_, RawValue>, ItemError> {
        match &item.recipient {
            Recipient::Channel(channel) if !self.rights.may_publish(channel) => {
                return Err(ItemError::Channel(channel.to_string()));
            }
            Recipient::Person(_) if !self.rights.may_whisper() => return Err(ItemError::Private),
            Recipient::Channel(_) | Recipient::Person(_) => {}
        }
        match (&item.sender, self.kind) {
            (None, _) => Ok(Cow::Borrowed(&self.sender)),
            (Some(sender), Kind::Key) => Ok(Cow::Owned(sender.mention().encode())),
            (Some(sender), Kind::Token) if sender.mention().encode().get() == self.sender.get() => {
                Ok(Cow::Borrowed(&self.sender))
            }
            (Some(_), Kind::Token) => Err(ItemError::Sender),
        }
    }
}

fn known_by(tag: Tag, text: &str) -> [u8; 16] {
    digest(&[&[tag as u8], text.as_bytes()])
}
