//! Who and what there is to be told of: clients, channels, and the server with its bounds.

use std::rc::Rc;

use arrayvec::ArrayString;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::vocabulary::config::{CLIENT_CHANNELS_MAX, LISTED_MAX, NAME_CHARS_MAX, REF_BYTES_MAX};

/// A client as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Its alone: new in each session, or what its token says, which all sessions of the same person share.
    pub id: Rc<str>,
    /// What it calls itself; others may do so too.
    pub name: Rc<str>,
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

impl Mention<'_> {
    /// Encodes it, once for all that it says.
    pub fn encode(&self) -> Box<RawValue> {
        serde_json::value::to_raw_value(self).expect("texts are always JSON")
    }
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
