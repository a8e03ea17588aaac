//! What clients ask.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::{Deserialize, de};
use serde_json::value::RawValue;

use super::error::ChatError;
use crate::vocabulary::{
    config::{
        HISTORY_LISTED_DEFAULT, HISTORY_LISTED_MAX, LISTED_DEFAULT, LISTED_MAX, REF_BYTES_MAX,
    },
    name::is_name,
};

/// The largest integer that is exact where numbers are doubles.
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// What a client asks: `{"action":"…", …}`. Unknown fields are ignored, and texts borrowed where they have no escapes.
#[derive(Debug, Deserialize)]
pub struct Request<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    target: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    reference: Option<Text<'a>>,
    #[serde(borrow)]
    since: Option<&'a RawValue>,
    #[serde(borrow)]
    last: Option<&'a RawValue>,
    #[serde(borrow)]
    members: Option<&'a RawValue>,
    #[serde(borrow)]
    after: Option<&'a RawValue>,
    #[serde(borrow)]
    before: Option<&'a RawValue>,
    #[serde(borrow)]
    limit: Option<&'a RawValue>,
    #[serde(borrow)]
    epoch: Option<&'a RawValue>,
}

/// What one who joins has already, or wants to know of what was said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Nothing of it.
    None,
    /// All up to a number in one of the channel's lives is known; what follows is missing.
    Since {
        /// The life.
        epoch: u64,
        /// The number.
        seq: u64,
    },
    /// So many of the latest messages.
    Last(usize),
}

/// An action with what it takes. Channels' names are valid ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// To become a member of a channel.
    Join {
        /// The channel's name.
        channel: &'a str,
        /// What is to come first.
        past: Past,
        /// The most members that are to be listed.
        members: usize,
    },
    /// To be a member no more.
    Leave {
        /// The channel's name.
        channel: &'a str,
    },
    /// To say something to all members of a channel.
    Send {
        /// The channel's name.
        channel: &'a str,
        /// What is said.
        message: &'a str,
    },
    /// To say something to one client.
    SendPrivate {
        /// The client's id or name.
        target: &'a str,
        /// What is said.
        message: &'a str,
    },
    /// To be told who is in a channel.
    ListMembers {
        /// The channel's name.
        channel: &'a str,
        /// An id: those that come after it are wanted.
        after: Option<Cow<'a, str>>,
        /// The most members that are to be listed.
        limit: usize,
    },
    /// To be told what was said in a channel.
    History {
        /// The channel's name.
        channel: &'a str,
        /// The life of it that is meant.
        epoch: Option<u64>,
        /// The number before which it was said.
        before: Option<u64>,
        /// The most messages that are wanted.
        limit: usize,
    },
    /// To be told which channels there are.
    ListChannels,
}

impl<'a> Request<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// [`ChatError::BadJson`], the client's fault.
    pub fn parse(text: &'a str) -> Result<Self, ChatError> {
        object(text).map_err(|error| ChatError::BadJson(error.to_string()))
    }

    /// What comes back in the answer, if the client gave something that may.
    pub fn reference(&self) -> Option<&str> {
        let text = self.reference.as_deref();
        text.filter(|text| text.len() <= REF_BYTES_MAX)
    }

    /// What is asked.
    ///
    /// # Errors
    /// What is missing or wrong about it, the client's fault.
    pub fn action(&self) -> Result<Action<'_>, ChatError> {
        if self.reference.is_some() && self.reference().is_none() {
            return Err(ChatError::BadRef);
        }
        let message = || field("message", self.message.as_ref());
        let target = || field("target", self.target.as_ref());
        Ok(match field("action", self.action.as_ref())? {
            "join-channel" | "join-communication-channel" => Action::Join {
                channel: channel(message()?)?,
                past: self.past()?,
                members: limit("members", self.members, 0..=LISTED_MAX)?.unwrap_or(LISTED_DEFAULT),
            },
            "leave-channel" | "leave-communication-channel" => Action::Leave {
                channel: channel(message()?)?,
            },
            "send-message" => Action::Send {
                channel: channel(target()?)?,
                message: message()?,
            },
            "send-private" => Action::SendPrivate {
                target: target()?,
                message: message()?,
            },
            "list-members" => Action::ListMembers {
                channel: channel(target()?)?,
                after: self.after()?,
                limit: limit("limit", self.limit, 1..=LISTED_MAX)?.unwrap_or(LISTED_DEFAULT),
            },
            "history" => Action::History {
                channel: channel(target()?)?,
                epoch: place("epoch", self.epoch)?,
                before: place("before", self.before)?,
                limit: limit("limit", self.limit, 1..=HISTORY_LISTED_MAX)?
                    .unwrap_or(HISTORY_LISTED_DEFAULT),
            },
            "list-channels" => Action::ListChannels,
            other => return Err(ChatError::UnknownAction(other.to_owned())),
        })
    }

    fn past(&self) -> Result<Past, ChatError> {
        #[derive(Deserialize)]
        struct Since<'a> {
            #[serde(borrow)]
            epoch: Option<&'a RawValue>,
            #[serde(borrow)]
            seq: Option<&'a RawValue>,
        }
        match (self.since, self.last) {
            (None, None) => Ok(Past::None),
            (None, Some(_)) => {
                let last = limit("last", self.last, 0..=LISTED_MAX)?;
                Ok(last.map_or(Past::None, Past::Last))
            }
            (Some(since), None) => {
                let Since { epoch, seq } =
                    object(since.get()).map_err(|_| ChatError::BadSince("since"))?;
                let both = place("since", epoch)?.zip(place("since", seq)?);
                let (epoch, seq) = both.ok_or(ChatError::BadSince("since"))?;
                Ok(Past::Since { epoch, seq })
            }
            (Some(_), Some(_)) => Err(ChatError::SinceAndLast),
        }
    }

    fn after(&self) -> Result<Option<Cow<'_, str>>, ChatError> {
        let after = self.after.map(|raw| serde_json::from_str(raw.get()));
        let after: Option<Text<'_>> = after
            .transpose()
            .map_err(|error| ChatError::BadJson(error.to_string()))?;
        Ok(after.map(|Text(after)| after))
    }
}

/// An integer that is exact where numbers are doubles, written as one.
fn integer(raw: &RawValue) -> Option<u64> {
    let number = raw.get().parse().ok()?;
    (number <= INTEGER_MAX).then_some(number)
}

/// A number or an epoch of a channel.
fn place(field: &'static str, raw: Option<&RawValue>) -> Result<Option<u64>, ChatError> {
    let read = |raw| integer(raw).ok_or(ChatError::BadSince(field));
    raw.map(read).transpose()
}

/// How many of something are wanted.
fn limit(
    field: &'static str,
    raw: Option<&RawValue>,
    allowed: RangeInclusive<usize>,
) -> Result<Option<usize>, ChatError> {
    let read = |raw| {
        let wanted = integer(raw).and_then(|wanted| wanted.try_into().ok());
        let error = ChatError::BadLimit {
            field,
            least: *allowed.start(),
            most: *allowed.end(),
        };
        wanted
            .filter(|wanted| allowed.contains(wanted))
            .ok_or(error)
    };
    raw.map(read).transpose()
}

/// The `ref` of a request that could not be read otherwise.
pub fn reference(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Referring {
        #[serde(rename = "ref")]
        reference: String,
    }
    let Referring { reference } = object(text).ok()?;
    (reference.len() <= REF_BYTES_MAX).then_some(reference)
}

/// Reads a struct out of an object, and of nothing else: the library would take an array for a struct too.
pub(in crate::vocabulary) fn object<'a, T: Deserialize<'a>>(
    text: &'a str,
) -> Result<T, serde_json::Error> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(de::Error::custom("expected an object"))
    }
}

/// A text, borrowed if it has no escapes. (Within an `Option` the library borrows only through a type of our own.)
#[derive(Debug, Deserialize)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Text<'a> {
    /// The same as the text that it is.
    pub fn into_inner(self) -> Cow<'a, str> {
        self.0
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

fn field<'a>(name: &'static str, value: Option<&'a Text<'_>>) -> Result<&'a str, ChatError> {
    value
        .map(|text| &**text)
        .ok_or(ChatError::MissingField(name))
}

fn channel(name: &str) -> Result<&str, ChatError> {
    is_name(name).then_some(name).ok_or(ChatError::BadName)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let request = Request::parse(r#"{"action":"a","message":"\n","ref":"r"}"#).unwrap();
        let is_borrowed = |text: &Option<Text>| matches!(text, Some(Text(Cow::Borrowed(_))));
        assert!(is_borrowed(&request.action) && is_borrowed(&request.reference));
        assert!(!is_borrowed(&request.message));
    }
}
