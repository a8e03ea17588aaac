//! The channels of the chat as they are, to be made again elsewhere: what others know of them, and nothing of who is here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ChannelId, ClientId, Hub, Space};
use crate::state::{batch::Form, log::LogRecord};

/// What is common to all channels.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct HubRecord {
    /// The epoch of the one that was founded last.
    pub(super) epoch: u64,
    /// How many places in orders were ever taken.
    pub(super) moments: u64,
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
    pub(super) quiet: Option<u64>,
    pub(super) log: LogRecord,
}

impl Hub {
    /// What is common to all channels.
    pub fn record(&self) -> HubRecord {
        self.channels.record()
    }

    /// Each channel of the chat, those that are empty included.
    pub fn records(&self) -> impl Iterator<Item = ChannelRecord> {
        let all = self.channels.remembered_by_name(Space::Chat);
        all.map(|id| self.channels.record_of(id))
    }

    /// Goes on where another ended. There must be no channel of the chat yet.
    pub fn resume_from(&mut self, record: &HubRecord) {
        self.channels.resume_from(record);
    }

    /// Makes a channel as it was elsewhere, without its members. `None` if it could not have been so.
    pub fn restore(&mut self, record: &ChannelRecord) -> Option<ChannelId> {
        self.channels.restore(record, self.moment.at)
    }

    /// Makes a client of another server that was in these channels already, in this order.
    pub fn restore_member(&mut self, channels: &[ChannelId]) -> ClientId {
        let client = self.enter(None, Form::Joined);
        for &channel in channels {
            self.channels.reenter(channel);
            self.clients[client.0 as usize].join(channel);
        }
        client
    }
}
