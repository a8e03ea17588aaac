//! What people of other servers say. Most of it is in channels that nobody here is in, where it is numbered and kept, and no
//! more.

use arrayvec::ArrayVec;

use super::{Registry, folding::say};
use crate::{
    state::{
        engine::Saying,
        hub::{ClientId, Hub},
    },
    vocabulary::{config::SAYINGS_MAX, id::NodeId},
};

/// Says one thing after the other, at most [`SAYINGS_MAX`]. Returns the bytes that were said.
///
/// Nobody moves by speaking, so that it can be looked up where all of them are before the first has spoken. Each step is taken
/// for all of them before the next is: they wait for memory together, and not one after the other.
pub fn overhear(hub: &mut Hub, registry: &Registry, sayings: &[Saying<'_>]) -> usize {
    let clients = sayings
        .iter()
        .map(|saying| registry.theirs(saying.node, saying.client));
    let clients: ArrayVec<_, SAYINGS_MAX> = clients.collect();
    hub.fetch_places(clients.iter().copied().flatten());
    let channels = sayings
        .iter()
        .zip(clients)
        .map(|(saying, client)| hub.membership(client?, saying.channel));
    let channels: ArrayVec<_, SAYINGS_MAX> = channels.collect();
    let bytes = sayings.iter().map(|saying| saying.body.len()).sum();
    hub.fetch(channels.iter().copied().flatten(), bytes);
    let sayings = sayings.iter().zip(channels);
    // Who is not there is told so by their own server.
    let said = sayings.filter_map(|(saying, channel)| Some(say(hub, channel?, saying.body)));
    said.sum()
}

impl Registry {
    /// Who a client of another server is here.
    pub(super) fn theirs(&self, node: NodeId, client: u32) -> Option<ClientId> {
        self.foreign.get(&node)?.get(&client).copied()
    }
}
