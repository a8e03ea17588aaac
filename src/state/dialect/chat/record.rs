//! The people of the chat as they are, to be known elsewhere.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};

use super::Registry;
use crate::{
    state::hub::{ChannelId, ClientId, Hub, Space},
    vocabulary::{chat::Identity, id::NodeId},
};

/// A client anywhere, by the number that it has at its node.
pub type Whereabouts = (NodeId, u32);

/// Someone in the chat, and the channels that they are in, in the order in which they came there.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct PersonRecord {
    client: Whereabouts,
    id: Box<str>,
    name: Box<str>,
    avatar: ArrayString<64>,
    channels: Vec<Box<str>>,
}

/// The sessions in a channel of a person who has several there, in the order in which they are listed.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct SessionsRecord {
    channel: Box<str>,
    clients: Vec<Whereabouts>,
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
    /// Everyone who has entered, in the order in which they did; who is here has a number at `ours`.
    pub fn records(&self, hub: &Hub, ours: NodeId) -> (Vec<PersonRecord>, Vec<SessionsRecord>) {
        let whereabouts = self.whereabouts(ours);
        let people = self.people.in_order().map(|(client, identity)| {
            let channels = hub.memberships(client);
            PersonRecord {
                client: whereabouts[&client],
                id: identity.id.as_ref().into(),
                name: identity.name.clone(),
                avatar: identity.avatar,
                channels: channels.map(|channel| hub.name(channel).into()).collect(),
            }
        });
        let several = self.rosters.several();
        let sessions = several.map(|(channel, clients)| SessionsRecord {
            channel: hub.name(channel).into(),
            clients: clients.map(|client| whereabouts[&client]).collect(),
        });
        let mut sessions: Vec<_> = sessions.collect();
        sessions.sort_by(|one, other| one.channel.cmp(&other.channel));
        (people.collect(), sessions)
    }

    /// Summaries in the order in which they fall due.
    pub fn summaries(&self, hub: &Hub) -> Vec<SummaryRecord> {
        self.notices.records(hub)
    }

    /// Takes in someone of another node who is in these channels already. `None` if there is no such channel.
    pub fn restore(&mut self, hub: &mut Hub, record: &PersonRecord) -> Option<()> {
        let identity = Rc::new(Identity {
            id: record.id.as_ref().into(),
            name: record.name.clone(),
            avatar: record.avatar,
        });
        let channels = record.channels.iter();
        let found = channels.map(|name| hub.find_remembered(Space::Chat, name));
        let found: Vec<ChannelId> = found.collect::<Option<_>>()?;
        let client = hub.restore_member(&found);
        let (node, number) = record.client;
        self.foreign.entry(node).or_default().insert(number, client);
        self.people.expect(client, Rc::clone(&identity), None);
        self.people.enter(client);
        for channel in found {
            self.rosters.join(channel, client, &identity.id);
        }
        Some(())
    }

    /// Puts the sessions of someone in a channel into their order. `None` if they are not there.
    pub fn restore_order(&mut self, hub: &Hub, record: &SessionsRecord) -> Option<()> {
        let channel = hub.find_remembered(Space::Chat, &record.channel)?;
        let clients = record.clients.iter();
        let clients = clients.map(|(node, number)| self.foreign.get(node)?.get(number).copied());
        let clients: Vec<ClientId> = clients.collect::<Option<_>>()?;
        let id = &self.people.identity(*clients.first()?).id;
        self.rosters.arrange(channel, id, &clients)
    }

    /// Has a summary said when it is due. `None` if there is no such channel.
    pub fn restore_summary(&mut self, hub: &Hub, record: &SummaryRecord) -> Option<()> {
        self.notices.restore(hub, record)
    }

    fn whereabouts(&self, ours: NodeId) -> HashMap<ClientId, Whereabouts> {
        let theirs = self.foreign.iter().flat_map(|(&node, clients)| {
            let clients = clients.iter();
            clients.map(move |(&number, &client)| (client, (node, number)))
        });
        let here = self.people.here();
        theirs
            .chain(here.map(|client| (client, (ours, client.number()))))
            .collect()
    }
}
