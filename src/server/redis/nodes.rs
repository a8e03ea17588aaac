//! The living nodes, as the journal shows them, and who of them was not heard for too long.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{
    state::journal::{EntryKind, Header, dead},
    vocabulary::id::NodeId,
};

/// When whom was last heard, by our own clock. Whether that is really so long ago, Redis judges by its own.
#[derive(Debug)]
pub(super) struct Nodes {
    lease: Duration,
    heard: BTreeMap<NodeId, Duration>,
}

impl Nodes {
    /// Nobody yet. Whoever is not heard for as long as the lease may be declared dead.
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease,
            heard: BTreeMap::new(),
        }
    }

    /// How long nobody need be heard.
    pub(super) fn lease(&self) -> Duration {
        self.lease
    }

    /// These and no others. Those that were there before were not heard by that.
    pub(super) fn reset(&mut self, nodes: impl IntoIterator<Item = NodeId>, now: Duration) {
        let heard = |node| self.heard.get(&node).copied().unwrap_or(now);
        let nodes = nodes.into_iter();
        self.heard = nodes.map(|node| (node, heard(node))).collect();
    }

    /// Takes note of an entry.
    pub(super) fn hear(&mut self, header: &Header, body: &[u8], now: Duration) {
        match header.kind {
            EntryKind::Hello => {
                self.heard.insert(header.node, now);
            }
            EntryKind::Actions | EntryKind::Alive | EntryKind::Settled => {
                if let Some(heard) = self.heard.get_mut(&header.node) {
                    *heard = now;
                }
            }
            EntryKind::Bye => self.bury(header.node),
            EntryKind::Death => self.bury(dead(body)),
            EntryKind::Lost => self.heard.clear(),
            EntryKind::Kept => {}
        }
    }

    /// A node is none any more.
    pub(super) fn bury(&mut self, node: NodeId) {
        self.heard.remove(&node);
    }

    /// A node is not to be declared dead before another `time` is over.
    pub(super) fn spare(&mut self, node: NodeId, time: Duration, now: Duration) {
        if let Some(heard) = self.heard.get_mut(&node) {
            *heard = (now + time).saturating_sub(self.lease).max(*heard);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.heard.len()
    }

    /// The first that is not among these.
    pub(super) fn first_but(&self, these: &[NodeId]) -> Option<NodeId> {
        self.heard
            .keys()
            .find(|node| !these.contains(node))
            .copied()
    }

    /// The next, but for one, whose lease is over, and when.
    pub(super) fn dies(&self, but: NodeId) -> Option<(NodeId, Duration)> {
        let others = self.heard.iter().filter(|&(&node, _)| node != but);
        let (&node, &heard) = others.min_by_key(|&(_, heard)| heard)?;
        Some((node, heard + self.lease))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: EntryKind, node: u32) -> Header {
        Header {
            kind,
            node: NodeId(node),
            number: 1,
            time: Duration::ZERO,
            previous: None,
        }
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn nodes(nodes: &[u32]) -> Nodes {
        let mut heard = Nodes::new(at(10));
        heard.reset(nodes.iter().copied().map(NodeId), at(0));
        heard
    }

    #[test]
    fn nodes_live_from_their_hello_to_their_bye_or_death() {
        let mut nodes = nodes(&[1, 2]);
        nodes.hear(&header(EntryKind::Hello, 3), b"", at(1));
        nodes.hear(&header(EntryKind::Actions, 9), b"", at(1));
        assert_eq!(nodes.len(), 3);
        nodes.hear(&header(EntryKind::Death, 3), b"1", at(2));
        nodes.hear(&header(EntryKind::Bye, 2), b"", at(2));
        assert_eq!(nodes.len(), 1);
        assert_eq!(nodes.first_but(&[]), Some(NodeId(3)));
        assert_eq!(nodes.first_but(&[NodeId(3)]), None);
        nodes.hear(&header(EntryKind::Lost, 0), b"", at(3));
        assert_eq!(nodes.len(), 0);
    }

    #[test]
    fn who_was_heard_longest_ago_dies_first() {
        let mut nodes = nodes(&[1, 2, 3]);
        nodes.hear(&header(EntryKind::Alive, 2), b"", at(5));
        assert_eq!(nodes.dies(NodeId(1)), Some((NodeId(3), at(10))));
        nodes.spare(NodeId(3), at(6), at(10));
        assert_eq!(nodes.dies(NodeId(1)), Some((NodeId(2), at(15))));
        assert_eq!(nodes.dies(NodeId(2)), Some((NodeId(1), at(10))));
    }
}
