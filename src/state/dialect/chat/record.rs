//! The people of the chat as they are, to be known elsewhere.

use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};

use super::{Registry, elsewhere::Elsewhere, people::Seat};
use crate::{
    state::hub::{ChannelId, Hub, Space},
    vocabulary::{chat::Identity, id::NodeId},
};

/// A client anywhere, by the number that it has at its node.
pub type Whereabouts = (NodeId, u32);

/// Someone in the chat, and the channels that they are in, in the order in which they came there.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct PersonRecord {
    pub(super) whereabouts: Whereabouts,
    /// How many had entered when they did.
    pub(super) entered: u64,
    pub(super) id: Box<str>,
    pub(super) name: Box<str>,
    pub(super) avatar: ArrayString<64>,
    pub(super) channels: Vec<Box<str>>,
}

/// What is to be said of who came and went in a channel.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct SummaryRecord {
    pub(super) channel: Box<str>,
    pub(super) due: Duration,
    pub(super) joined: u64,
    pub(super) left: u64,
}

impl Registry {
    /// Has everyone written down as they are now, and what is not to be said again; who is here has a number at `ours`. Returns
    /// how many ever entered.
    pub fn freeze(&mut self, hub: &Hub, ours: NodeId) -> u64 {
        self.receipts.freeze();
        self.people.freeze(hub, ours);
        self.people.entered_ever()
    }

    /// The next of them. `None` if that were all.
    pub fn next_frozen(&mut self, hub: &Hub) -> Option<PersonRecord> {
        self.people.next_frozen(hub)
    }

    /// How many are in the chat.
    pub fn people(&self) -> u32 {
        self.people.inside()
    }

    /// Goes on where so many have ever entered, and so many of them are there.
    pub fn resume_from(&mut self, entered: u64, inside: usize) {
        self.people.resume_from(entered, inside);
        self.rosters.reserve(inside);
    }

    /// Summaries in the order in which they fall due.
    pub fn summaries(&self, hub: &Hub) -> Vec<SummaryRecord> {
        self.notices.records(hub)
    }

    /// Takes in someone of another node who is in these channels already. `None` if there is no such channel, or no client of
    /// a node can have that number.
    pub fn restore(&mut self, hub: &mut Hub, record: &PersonRecord) -> Option<()> {
        let (node, number) = record.whereabouts;
        if !Elsewhere::may_have(number) {
            return None;
        }
        let identity = Rc::new(Identity {
            id: record.id.as_ref().into(),
            name: record.name.as_ref().into(),
            avatar: record.avatar,
        });
        let channels = record.channels.iter();
        let found = channels.map(|name| hub.find_remembered(Space::Chat, name));
        let found: Vec<ChannelId> = found.collect::<Option<_>>()?;
        let client = hub.restore_member(&found);
        self.elsewhere.add(node, number, client);
        let seat = Seat::There(record.whereabouts);
        self.people.expect(client, Rc::clone(&identity), seat);
        self.people.enter_as(client, record.entered);
        for channel in found {
            self.rosters.join(channel, client, &identity.id);
        }
        Some(())
    }

    /// Has a summary said when it is due. `None` if there is no such channel.
    pub fn restore_summary(&mut self, hub: &Hub, record: &SummaryRecord) -> Option<()> {
        self.notices.restore(hub, record)
    }
}
