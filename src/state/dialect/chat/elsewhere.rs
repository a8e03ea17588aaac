//! The clients of other servers, by the numbers that they have there.

use std::collections::BTreeMap;

use crate::{
    state::{hub::ClientId, memory::of_list},
    vocabulary::{config::NODE_CLIENTS_MAX, id::NodeId},
};

/// Who they are here. A server numbers its clients by the places that they have taken there, and they have the same ones in a
/// list here, so that whoever speaks is found without a search.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    by_node: BTreeMap<NodeId, Vec<Option<ClientId>>>,
}

impl Elsewhere {
    /// Whether a server may have a client of this number.
    pub(super) fn may_have(client: u32) -> bool {
        client < NODE_CLIENTS_MAX
    }

    /// Notes who a client is here, which its server [may have](Self::may_have).
    pub(super) fn add(&mut self, node: NodeId, client: u32, here: ClientId) {
        debug_assert!(Self::may_have(client));
        let clients = self.by_node.entry(node).or_default();
        let place = client as usize;
        if place >= clients.len() {
            clients.resize(place + 1, None);
        }
        clients[place] = Some(here);
    }

    /// Who a client is here.
    pub(super) fn find(&self, node: NodeId, client: u32) -> Option<ClientId> {
        *self.by_node.get(&node)?.get(client as usize)?
    }

    /// Knows a client no more.
    pub(super) fn remove(&mut self, node: NodeId, client: u32) {
        let clients = self.by_node.get_mut(&node);
        if let Some(place) = clients.and_then(|clients| clients.get_mut(client as usize)) {
            *place = None;
        }
    }

    /// Knows those of a server no more. Returns who they are here, by their numbers there.
    pub(super) fn remove_all(&mut self, node: NodeId) -> impl DoubleEndedIterator<Item = ClientId> {
        let clients = self.by_node.remove(&node).unwrap_or_default();
        clients.into_iter().flatten()
    }

    /// Bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let clients = self.by_node.values();
        clients
            .map(|clients| of_list::<Option<ClientId>>(clients.capacity()))
            .sum()
    }
}
