//! How nodes come and go, lose their places and are back, and what all of them lose.

use std::collections::BTreeMap;

use bytes::Bytes;
use hubbub::state::journal::{EntryKind, NEWCOMER};
use hubbub::vocabulary::id::NodeId;

use super::{FOUNDERS, NODES_MAX, World, now};
use crate::node::Node;

impl World {
    /// A node has no part in the journal any more: it says hello, and is told what there is, unless that is nothing.
    pub(super) fn fall_out(&mut self, index: usize) {
        let id = self.hello();
        let last = self.nodes[index].read.checked_sub(1);
        let last = last.map(|last| self.stream.entries[last].0.kind);
        if last == Some(EntryKind::Lost) {
            let node = &mut self.nodes[index];
            node.id = id;
            node.journal.borrow_mut().become_node(id);
            self.seen.note("a lost era");
            self.compare(index);
        } else {
            let place = self.stream.entries.len() - 1;
            let node = self.nodes.swap_remove(index);
            self.newcomers.insert(id, (place, Some(node)));
        }
    }

    fn hello(&mut self) -> NodeId {
        self.nodes_ever += 1;
        let id = NodeId(self.nodes_ever);
        let number = if self.is_known() { NEWCOMER } else { 0 };
        self.stream
            .append(EntryKind::Hello, id, number, Bytes::new());
        id
    }

    /// Whether there is a node that knows what there is.
    fn is_known(&self) -> bool {
        let living = self.stream.living(&FOUNDERS, self.stream.entries.len());
        living.values().any(|&number| number > NEWCOMER)
    }

    /// Whether all nodes have their places.
    fn is_whole(&self) -> bool {
        let living = self.stream.living(&FOUNDERS, self.stream.entries.len());
        let is_there = |node: &Node| living.contains_key(&node.id) && !node.is_astray;
        self.newcomers.is_empty() && self.nodes.iter().all(is_there)
    }

    /// The others take a node for dead, which is not.
    pub(super) fn bury(&mut self, index: usize) {
        if self.nodes.len() > 1 && self.is_whole() {
            self.nodes[index].is_doomed = true;
            self.declare_dead(self.nodes[index].id);
        }
    }

    /// A node makes something else of the journal than one that came before it.
    pub(super) fn lead_astray(&mut self, index: usize) {
        let id = self.nodes[index].id;
        if self.nodes.iter().any(|node| node.id < id) && self.is_whole() {
            self.nodes[index].stray();
        }
    }

    /// All that is shared is lost.
    pub(super) fn lose(&mut self) {
        if self.is_whole() {
            let nobody = NodeId::default();
            self.stream.append(EntryKind::Lost, nobody, 0, Bytes::new());
        }
    }

    pub(super) fn declare_dead(&mut self, id: NodeId) {
        let body = Bytes::from(id.0.to_string());
        self.stream
            .append(EntryKind::Death, self.nodes[0].id, 0, body);
    }

    /// A node comes, and asks what there is.
    pub(super) fn say_hello(&mut self) {
        if self.nodes.len() + self.newcomers.len() < NODES_MAX && self.is_known() {
            let place = self.stream.entries.len();
            let id = self.hello();
            self.newcomers.insert(id, (place, None));
        }
    }

    /// It is told what there was when it asked, and goes on from there.
    pub(super) fn come_in(&mut self, id: NodeId, snapshot: &[u8]) {
        let Some((place, former)) = self.newcomers.remove(&id) else {
            // Who has read on since all was lost knows what there is.
            return;
        };
        let mut living = self.stream.living(&FOUNDERS, place);
        living.insert(id, NEWCOMER);
        self.seen.note(match &former {
            None => "a newcomer",
            Some(node) if node.is_doomed => "one that was buried and is back",
            Some(_) => "one that was astray and is back",
        });
        let new = || Node::new(&self.config, id, BTreeMap::new(), now(&mut self.chance));
        let mut node = former.unwrap_or_else(new);
        node.begin_again(id, living, snapshot);
        node.read = place + 1;
        self.nodes.push(node);
        self.compare(self.nodes.len() - 1);
    }

    /// A node dies, and another one says so.
    pub(super) fn die(&mut self, index: usize) {
        if self.nodes.len() > 1 && self.is_whole() {
            let dead = self.nodes.swap_remove(index);
            self.declare_dead(dead.id);
        }
    }
}
