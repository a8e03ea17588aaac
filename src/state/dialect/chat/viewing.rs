//! What an operator is shown of the chat, who need not be anyone in it.

use serde_json::value::RawValue;

use super::{Page, Registry, looking::excerpt};
use crate::{
    state::hub::{ChannelId, ClientId, Hub},
    vocabulary::{chat::Identity, id::NodeId},
};

/// Up to `limit` messages and notices of a channel of the chat before a number, the oldest first, as an array.
pub fn history(hub: &Hub, channel: ChannelId, before: Option<u64>, limit: usize) -> Box<RawValue> {
    let (messages, _) = excerpt(hub.log(channel), before, limit);
    messages
}

impl Registry {
    /// Up to `limit` members of a channel of the chat whose ids come after another, if one is named; those of one id together.
    pub fn members(&mut self, channel: ChannelId, after: Option<&str>, limit: usize) -> Page {
        self.rosters.page(channel, after, limit, &self.people)
    }

    /// How others see a client, if it is in the chat, and the server that it is at if that is another one.
    pub fn shown(&self, client: ClientId) -> Option<(&Identity, Option<NodeId>)> {
        self.people.shown_at(client)
    }

    /// All clients with this id, and then those with this name, at whichever server.
    pub fn known_as(&self, text: &str) -> impl Iterator<Item = ClientId> {
        self.people.known_as(text)
    }

    /// How many places its people have taken.
    pub fn places(&self) -> usize {
        self.people.places()
    }

    /// Bytes that the one in a place takes, and the members of a channel.
    pub fn heap_bytes_at(&self, place: usize, channel: Option<ChannelId>) -> usize {
        let members = channel.map_or(0, |channel| self.rosters.heap_bytes_of(channel));
        self.people.heap_bytes_at(place) + members
    }

    /// Bytes that all take beside.
    pub fn heap_bytes_beside(&self) -> usize {
        self.people.heap_bytes_beside()
            + self.rosters.heap_bytes_beside()
            + self.elsewhere.heap_bytes()
    }
}
