//! The channels of the chat as they are, to be made again elsewhere: what others know of them, and nothing of who is here.

use std::num::NonZeroU64;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ChannelId, ClientId, Hub};
use crate::{
    state::{batch::Form, log::LogRecord},
    vocabulary::coding::Coding,
};

/// What is common to all channels.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct HubRecord {
    /// The epoch of the one that was founded last.
    pub(super) epoch: u64,
    /// How many places in orders were ever taken.
    pub(super) moments: u64,
    /// How many of them there are.
    pub(super) channels: u32,
}

/// A channel without its members.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct ChannelRecord {
    pub(super) name: Box<str>,
    pub(super) epoch: u64,
    pub(super) said: u64,
    pub(super) unix_ms: u64,
    pub(super) emptied: Option<(u64, Duration)>,
    pub(super) said_at: Option<Duration>,
    pub(super) quiet: Option<NonZeroU64>,
    pub(super) log: LogRecord,
}

impl Hub {
    /// What is common to all channels.
    pub fn record(&self) -> HubRecord {
        self.channels.record()
    }

    /// Has each channel of the chat written down as it is now, those that are empty included, whatever happens in it until it
    /// is.
    pub fn freeze(&mut self) {
        self.channels.freeze();
    }

    /// The next of them. `None` if that were all.
    pub fn next_frozen(&mut self) -> Option<ChannelRecord> {
        self.channels.next_frozen()
    }

    /// Goes on where another ended, with so many clients. There must be no channel of the chat yet.
    pub fn resume_from(&mut self, record: &HubRecord, clients: usize) {
        self.channels.resume_from(record);
        self.clients.reserve(clients);
    }

    /// Makes a channel as it was elsewhere, without its members. `None` if it could not have been so.
    pub fn restore(&mut self, record: &ChannelRecord) -> Option<ChannelId> {
        self.channels.restore(record, self.moment.at)
    }

    /// Goes on once all channels are restored.
    pub fn put_in_order(&mut self) {
        self.channels.put_in_order();
    }

    /// Makes a client of another server that was in these channels already, in this order.
    pub fn restore_member(&mut self, channels: &[ChannelId]) -> ClientId {
        let client = self.enter(None, Form::Joined, Coding::Plain);
        for &channel in channels {
            self.channels.reenter(channel);
            self.clients[client.0 as usize].join(channel);
        }
        client
    }
}
