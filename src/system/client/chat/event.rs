//! What the server says at the chat, as far as it is heeded or shown.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// An object of the server's.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub(super) enum Event {
    Welcome {
        client: Person,
        server: Software,
    },
    Joined(Joined),
    Left {
        channel: String,
    },
    SendMessage {
        target: String,
        sender: Option<Person>,
        #[serde(flatten)]
        content: Content,
        seq: Option<u64>,
        #[serde(rename = "ref")]
        reference: Option<String>,
    },
    SendPrivate {
        target: Person,
        sender: Person,
        #[serde(flatten)]
        content: Content,
        #[serde(rename = "ref")]
        reference: Option<String>,
    },
    Gap {
        channel: String,
        epoch: u64,
        from: u64,
        to: u64,
    },
    Epoch {
        channel: String,
        epoch: u64,
    },
    History {
        channel: String,
        messages: Vec<Event>,
        #[serde(rename = "ref")]
        reference: Option<String>,
    },
    Members {
        channel: String,
        members: Vec<Person>,
        count: Option<usize>,
    },
    Channels {
        channels: Vec<Channel>,
        count: Option<usize>,
    },
    Error {
        code: String,
        message: String,
        #[serde(rename = "ref")]
        reference: Option<String>,
    },
}

impl Event {
    /// The channel that it is about, if it is about one.
    pub(super) fn channel(&self) -> Option<&str> {
        match self {
            Self::Joined(Joined { channel, .. })
            | Self::Left { channel }
            | Self::SendMessage {
                target: channel, ..
            }
            | Self::Gap { channel, .. }
            | Self::Epoch { channel, .. }
            | Self::History { channel, .. }
            | Self::Members { channel, .. } => Some(channel),
            Self::Welcome { .. }
            | Self::SendPrivate { .. }
            | Self::Channels { .. }
            | Self::Error { .. } => None,
        }
    }
}

/// An answer: one is in a channel. What numbers there are, where the server gives any.
#[derive(Debug, Deserialize)]
pub(super) struct Joined {
    pub(super) channel: String,
    pub(super) members: Vec<Person>,
    pub(super) count: Option<usize>,
    pub(super) seq: Option<u64>,
    pub(super) epoch: Option<u64>,
    pub(super) replay: Option<Span>,
    pub(super) gap: Option<Span>,
    pub(super) reason: Option<String>,
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
}

impl Joined {
    /// The number of the message of the channel that comes next.
    pub(super) fn next(&self) -> Option<u64> {
        let replay = self.replay.as_ref().map(|replay| replay.from);
        replay.or(self.seq.map(|seq| seq.saturating_add(1)))
    }
}

/// What a message says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Content {
    Message(String),
    /// What programs say to programs.
    Data(Value),
}

impl fmt::Display for Content {
    /// A text, or JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(text) => formatter.write_str(text),
            Self::Data(data) => data.fmt(formatter),
        }
    }
}

/// Numbers of messages, from the first on.
#[derive(Debug, Deserialize)]
pub(super) struct Span {
    pub(super) from: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Software {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Channel {
    pub(super) channel: String,
    pub(super) count: usize,
}

#[cfg(test)]
impl Event {
    /// What the client understands of what this server says.
    pub(super) fn of(told: &crate::vocabulary::chat::Told) -> Self {
        Self::read(&serde_json::to_vec(told).unwrap())
    }

    /// The same of its bytes.
    pub(super) fn read(told: &[u8]) -> Self {
        serde_json::from_slice(told).unwrap()
    }
}
