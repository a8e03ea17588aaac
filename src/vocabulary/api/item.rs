//! One thing to publish.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{ItemError, data};
use crate::vocabulary::{
    chat::{Content, Mention, Text, object},
    config::IDEMPOTENCY_KEY_CHARS_MAX,
    name::is_name,
};

/// Something to be said to someone.
#[derive(Debug)]
pub struct Item<'a> {
    /// To whom.
    pub recipient: Recipient<'a>,
    /// What.
    pub said: Said<'a>,
    /// As whom, if it says so.
    pub sender: Option<Sender<'a>>,
    /// The name by which it is done once, however often it is asked for.
    pub id: Option<Text<'a>>,
}

/// To whom something is said.
#[derive(Debug)]
pub enum Recipient<'a> {
    /// Everyone in a channel, by its name, which is a valid one.
    Channel(Text<'a>),
    /// One person, by an id or a name.
    Person(Text<'a>),
}

/// What is said.
#[derive(Debug)]
pub enum Said<'a> {
    /// A text.
    Message(Text<'a>),
    /// Any JSON.
    Data(&'a RawValue),
}

/// Who says something: an id and a name, which are valid ones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

/// An item as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form<'a> {
    #[serde(borrow)]
    channel: Option<Text<'a>>,
    #[serde(borrow)]
    to: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    sender: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

impl<'a> Item<'a> {
    /// Reads one, of which what is said has at most so many bytes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(raw: &'a RawValue, most: usize) -> Result<Self, ItemError> {
        let Form {
            channel,
            to,
            message,
            data,
            sender,
            id,
        } = object(raw.get()).map_err(|error| bad(&error))?;
        let recipient = match (channel, to) {
            (Some(channel), None) if is_name(&channel) => Recipient::Channel(channel),
            (Some(_), None) => return Err(ItemError::BadName("channel")),
            (None, Some(person)) => Recipient::Person(person),
            (None, None) => return Err(ItemError::Missing("channel", "to")),
            (Some(_), Some(_)) => return Err(ItemError::Both("channel", "to")),
        };
        let said = match (message, data) {
            (Some(message), None) => Said::Message(message),
            (None, Some(data)) => {
                data::check(data)?;
                Said::Data(data)
            }
            (None, None) => return Err(ItemError::Missing("message", "data")),
            (Some(_), Some(_)) => return Err(ItemError::Both("message", "data")),
        };
        if said.bytes() > most {
            let bytes = said.bytes();
            return Err(ItemError::TooLarge { bytes, most });
        }
        if id.as_ref().is_some_and(|id| !is_idempotency_key(id)) {
            return Err(ItemError::BadId);
        }
        Ok(Self {
            recipient,
            said,
            sender: sender.map(Sender::read).transpose()?,
            id,
        })
    }
}

impl Said<'_> {
    /// The same for those who hear it.
    pub fn content(&self) -> Content<'_> {
        match self {
            Self::Message(text) => Content::Message(text),
            Self::Data(json) => Content::Data(json),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Message(text) => text.len(),
            Self::Data(json) => json.get().len(),
        }
    }
}

impl<'a> Sender<'a> {
    /// How what it says names it.
    pub fn mention(&self) -> Mention<'_> {
        Mention {
            id: &self.id,
            name: &self.name,
        }
    }

    fn read(raw: &'a RawValue) -> Result<Self, ItemError> {
        let sender: Self = object(raw.get()).map_err(|error| bad(&error))?;
        for (text, field) in [(&sender.id, "sender.id"), (&sender.name, "sender.name")] {
            if !is_name(text) {
                return Err(ItemError::BadName(field));
            }
        }
        Ok(sender)
    }
}

/// Whether something can be known by a text: 1 to [`IDEMPOTENCY_KEY_CHARS_MAX`] visible characters of ASCII.
pub fn is_idempotency_key(text: &str) -> bool {
    (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A field that is there, be it `null`.
fn even_null<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn bad(error: &serde_json::Error) -> ItemError {
    ItemError::BadItem(error.to_string())
}
