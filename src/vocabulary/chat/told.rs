//! What clients are told.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    content::Content,
    who::{ChannelEntry, Identity, Limits, Mention, ServerIdentity},
};

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
        #[serde(flatten)]
        content: Content<'a>,
        /// The channel's name.
        target: &'a str,
        /// Who said it: a [`Mention`], encoded.
        sender: &'a RawValue,
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
    /// Something that is said to one person, as yet without its [receiver and time](address).
    SendPrivate {
        /// What was said.
        #[serde(flatten)]
        content: Content<'a>,
        /// Who said it: a [`Mention`], encoded.
        sender: &'a RawValue,
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
    /// Before the first message of another life of a channel that the client is in: any end of the one before may be missing.
    Epoch {
        /// The channel's name.
        channel: &'a str,
        /// Which life it is.
        epoch: u64,
        /// Why there is another.
        reason: EpochReason,
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
    add(object, r#","seq":"#, seq, unix_ms);
}

/// Gives an object its receiver and its time, in the same way.
pub fn address(object: &mut Vec<u8>, target: Mention<'_>, unix_ms: u64) {
    add(object, r#","target":"#, target, unix_ms);
}

/// Adds a field to an object, and its time behind that.
fn add(object: &mut Vec<u8>, field: &str, value: impl Serialize, unix_ms: u64) {
    let brace = object.pop();
    debug_assert_eq!(brace, Some(b'}'), "an object ends with a brace");
    object.extend_from_slice(field.as_bytes());
    write(object, value);
    object.extend_from_slice(br#","time":"#);
    write(object, unix_ms);
    object.push(b'}');
}

fn write(object: &mut Vec<u8>, value: impl Serialize) {
    serde_json::to_writer(object, &value).expect("texts and numbers are always JSON");
}

/// Numbers of a channel, from one to another; none if the first is beyond the last.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
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

/// Why a channel that has members has another life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EpochReason {
    /// What was said in it is lost.
    Lost,
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
        /// Why, if it did not leave.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<LeftReason>,
    },
    /// In a large channel: how many came and went since the last summary.
    Summary {
        /// How many came.
        joined: u64,
        /// How many went.
        left: u64,
        /// How many members there are now.
        count: usize,
        /// Why so many went at once, if they did not leave.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<LeftReason>,
    },
}

/// Why someone went who did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftReason {
    /// The server that it was connected to is gone.
    NodeLost,
}
