//! What the server says at the chat, as far as it is heeded or shown.

use serde::Deserialize;

/// An object of the server's.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub(super) enum Event {
    Welcome {
        client: Person,
        server: Software,
    },
    Joined {
        channel: String,
        members: Vec<Person>,
        count: Option<usize>,
        #[serde(rename = "ref")]
        reference: Option<String>,
    },
    Left {
        channel: String,
    },
    SendMessage {
        target: String,
        sender: Option<Person>,
        message: String,
    },
    SendPrivate {
        target: Person,
        sender: Person,
        message: String,
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
        serde_json::from_str(&serde_json::to_string(told).unwrap()).unwrap()
    }
}
