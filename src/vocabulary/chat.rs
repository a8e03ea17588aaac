//! The chat protocol of `/ws`: what clients ask, what they are answered, and what goes wrong, as JSON.

use std::borrow::Cow;
use std::io::Write;
use std::ops::RangeInclusive;
use std::rc::Rc;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize, de};
use serde_json::value::RawValue;
use thiserror::Error;

use super::{
    config::{
        CHANNELS_MAX, CLIENT_CHANNELS_MAX, HISTORY_LISTED_DEFAULT, HISTORY_LISTED_MAX,
        LISTED_DEFAULT, LISTED_MAX, NAME_CHARS_MAX, REF_BYTES_MAX, TURN_LISTED_MAX,
    },
    name::{is_name, name_rule, quoted},
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
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(de::Error::custom("expected an object"))
    }
}

/// What a client is told: `{"action":"…", …}`.
#[derive(Debug, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Told<'a> {
    /// The first message of a session.
    Welcome {
        /// Who the client is.
        client: &'a Identity,
        /// Who the server is.
        server: ServerIdentity,
        /// What the server's bounds are.
        limits: Limits,
    },
    /// An answer: the client is a member.
    Joined {
        /// The channel's name.
        channel: &'a str,
        /// Members, as many as are listed: an array, encoded.
        members: &'a RawValue,
        /// How many members there are.
        count: usize,
        /// The number of the last message before those that come as they are said.
        seq: u64,
        /// Another one when a channel that was forgotten begins again.
        epoch: u64,
        /// The number of the oldest message that is kept.
        oldest: u64,
        /// What it is told of what was said before.
        #[serde(flatten)]
        recovery: Recovery,
        /// What the request said.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// An answer: the client is a member no more.
    Left {
        /// The channel's name.
        channel: &'a str,
        /// What the request said.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// Something that is said in a channel, as yet without its [number and time](number).
    SendMessage {
        /// What was said.
        message: &'a str,
        /// The channel's name.
        target: &'a str,
        /// Who said it.
        sender: Mention<'a>,
        /// What the sender's request said.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// Something that happens in a channel, as yet without its [number and time](number).
    #[serde(rename = "send-message")]
    Notice {
        /// What happened, in words.
        message: &'a str,
        /// The channel's name.
        target: &'a str,
        /// What happened.
        #[serde(flatten)]
        event: Event<'a>,
    },
    /// Something that was said to one client.
    SendPrivate {
        /// What was said.
        message: &'a str,
        /// Who said it.
        sender: Mention<'a>,
        /// To whom.
        target: Mention<'a>,
        /// When, in milliseconds since the Unix epoch.
        time: u64,
        /// What the sender's request said.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// In the place of messages of a channel that the client does not get.
    Gap {
        /// The channel's name.
        channel: &'a str,
        /// Which of the channel's lives.
        epoch: u64,
        /// The number of the first of them.
        from: u64,
        /// The number of the last of them.
        to: u64,
        /// Why.
        reason: GapReason,
    },
    /// An answer: who is in a channel.
    Members {
        /// The channel's name.
        channel: &'a str,
        /// Members, as many as are listed: an array, encoded.
        members: &'a RawValue,
        /// How many members there are.
        count: usize,
        /// After which id to go on.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<&'a str>,
        /// What the request said.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// An answer: what was said in a channel.
    History {
        /// The channel's name.
        channel: &'a str,
        /// Which of the channel's lives.
        epoch: u64,
        /// Messages and notices, oldest first: an array, encoded.
        messages: &'a RawValue,
        /// The number of the oldest message that is kept.
        oldest: u64,
        /// What the request said.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// An answer: which channels there are.
    Channels {
        /// Channels by name, as many as are listed.
        channels: &'a [ChannelEntry<'a>],
        /// How many channels there are.
        count: usize,
        /// What the request said.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// A request that was not granted. The session goes on.
    Error {
        /// What went wrong, for programs.
        code: &'a str,
        /// What went wrong and what to do, for people.
        message: &'a str,
        /// What the request said.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
}

/// Gives an object its number in its channel (1, 2, 3 …), and its time in milliseconds since the Unix epoch. They are the
/// last two fields, so that they can be added to bytes that exist already.
pub fn number(object: &mut Vec<u8>, seq: u64, unix_ms: u64) {
    let brace = object.pop();
    debug_assert_eq!(brace, Some(b'}'), "an object ends with a brace");
    write!(object, r#","seq":{seq},"time":{unix_ms}}}"#).expect("a list takes all bytes");
}

/// Numbers of a channel, from one to another; none if the first is beyond the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// What one who joins is told of what was said before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// What comes next: what was said before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<Span>,
    /// Whether nothing is missing of what the client did not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered: Option<bool>,
    /// What is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Span>,
    /// Why what is missing cannot be told by numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Unrecovered>,
}

/// Why nobody can say how much a client misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unrecovered {
    /// What it has is of another life of the channel.
    Epoch,
    /// It has what was not said yet.
    Future,
}

/// Why messages of a channel are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GapReason {
    /// The client did not keep up.
    Slow,
    /// They were kept no longer.
    Trimmed,
}

/// What a notice is about.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event<'a> {
    /// Someone came.
    Joined {
        /// Who.
        member: &'a Identity,
    },
    /// Someone went.
    Left {
        /// Who.
        member: &'a Identity,
    },
    /// In a large channel: how many came and went since the last summary.
    Summary {
        /// How many came.
        joined: u64,
        /// How many went.
        left: u64,
        /// How many members there are now.
        count: usize,
    },
}

/// A client as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Its alone: new in each session, or what its token says, which all sessions of the same person share.
    pub id: Rc<str>,
    /// What it calls itself; others may do so too.
    pub name: Box<str>,
    /// The seed of its picture: a SHA-256 in hexadecimal.
    pub avatar: ArrayString<64>,
}

impl Identity {
    /// Who to name as sender or receiver.
    pub fn mention(&self) -> Mention<'_> {
        Mention {
            id: &self.id,
            name: &self.name,
        }
    }
}

/// A client in short.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mention<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// A channel in a list.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ChannelEntry<'a> {
    /// The channel's name.
    pub channel: &'a str,
    /// How many members it has.
    pub count: usize,
}

/// Which server it is.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ServerIdentity {
    name: &'static str,
    version: &'static str,
}

impl ServerIdentity {
    /// This one.
    pub const OURS: Self = Self {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
    };
}

/// The bounds that a client may want to know.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Bytes of the largest message that a client may send.
    pub message_bytes: usize,
    /// Characters of a name.
    pub name_chars: usize,
    /// Bytes of a `ref`.
    pub ref_bytes: usize,
    /// Channels of one client.
    pub channels: usize,
    /// Members, or channels, listed in one answer.
    pub listed: usize,
    /// Members of a channel beyond which comings and goings are summarised.
    pub notice_members: usize,
}

/// Why a request was not granted. The client's to mend; the connection stays open.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChatError {
    /// Not JSON, or not an object, or with fields of other types.
    #[error(
        "not a request in JSON: {0}; send one object in each text message, such as {{\"action\":\"list-channels\"}}"
    )]
    BadJson(String),
    /// A binary message.
    #[error("a binary message; send JSON as text")]
    Binary,
    /// An action that there is not.
    #[error(
        "there is no action {}; there are join-channel, leave-channel, send-message, send-private, list-members, list-channels and history",
        quoted(.0)
    )]
    UnknownAction(String),
    /// Something that the action needs.
    #[error("the field {0:?} is missing")]
    MissingField(&'static str),
    /// A `ref` that is too long to come back.
    #[error("ref must have at most {REF_BYTES_MAX} bytes")]
    BadRef,
    /// A number or an epoch that cannot be one.
    #[error(
        "{0} must be made of integers from 0 to 2^53 - 1, as they were told: since of an epoch and a seq"
    )]
    BadSince(&'static str),
    /// An epoch that is not the channel's.
    #[error("{} has begun again since, and what was said under that epoch is gone; leave epoch out", quoted(.0))]
    OtherEpoch(String),
    /// Two ways to say what is wanted.
    #[error("since and last exclude each other; ask for what is missing, or for the latest")]
    SinceAndLast,
    /// More, or less, than may be asked for.
    #[error("{field} must be an integer from {least} to {most}")]
    BadLimit {
        /// The field.
        field: &'static str,
        /// The least that it may be.
        least: usize,
        /// The most that it may be.
        most: usize,
    },
    /// A channel's name that cannot be one.
    #[error("a channel's name must have {}", name_rule())]
    BadName,
    /// To act in a channel one must have joined it.
    #[error("you are not a member of {}; join it first", quoted(.0))]
    NotAMember(String),
    /// A channel without members.
    #[error("there is no channel {}; it is created when someone joins it", quoted(.0))]
    NoSuchChannel(String),
    /// A channel that the token does not name.
    #[error("your token does not allow to {deed} {}", quoted(.channel))]
    NotAllowed {
        /// What was to be done there.
        deed: &'static str,
        /// The channel's name.
        channel: String,
    },
    /// To say something to anyone, with a token that is for listening.
    #[error("your token does not allow to send anything")]
    ListenOnly,
    /// An id or a name that is nobody's.
    #[error("there is no client with the id or name {}", quoted(.0))]
    NoSuchClient(String),
    /// A name that several have.
    #[error("several clients are called {}; name one by its id", quoted(.0))]
    AmbiguousName(String),
    /// More channels than one client may be in.
    #[error("you are in {CLIENT_CHANNELS_MAX} channels, and that is the most; leave one first")]
    TooManyChannels,
    /// More channels than the server has room for.
    #[error("the server has {CHANNELS_MAX} channels, and that is the most; join one that exists")]
    ServerFull,
    /// More lists than a client may ask for at once.
    #[error("more than {TURN_LISTED_MAX} entries were asked for at once; ask again later")]
    TooManyRequests,
}

impl ChatError {
    /// The error in a word, for programs; it does not change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadJson(_) | Self::Binary => "bad-json",
            Self::UnknownAction(_) => "unknown-action",
            Self::MissingField(_) => "missing-field",
            Self::BadRef => "bad-ref",
            Self::BadSince(_) | Self::OtherEpoch(_) | Self::SinceAndLast => "bad-since",
            Self::BadLimit { .. } => "bad-limit",
            Self::BadName => "bad-name",
            Self::NotAMember(_) => "not-a-member",
            Self::NoSuchChannel(_) => "no-such-channel",
            Self::NotAllowed { .. } | Self::ListenOnly => "not-allowed",
            Self::NoSuchClient(_) => "no-such-client",
            Self::AmbiguousName(_) => "ambiguous-name",
            Self::TooManyChannels | Self::ServerFull => "too-many-channels",
            Self::TooManyRequests => "too-many-requests",
        }
    }
}

impl Limits {
    /// Those of a server with these settings.
    pub fn new(message_bytes: usize, notice_members: usize) -> Self {
        Self {
            message_bytes,
            name_chars: NAME_CHARS_MAX,
            ref_bytes: REF_BYTES_MAX,
            channels: CLIENT_CHANNELS_MAX,
            listed: LISTED_MAX,
            notice_members,
        }
    }
}

/// A text, borrowed if it has no escapes. (Within an `Option` the library borrows only through a type of our own.)
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

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
mod tests;
