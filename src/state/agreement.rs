//! Whether servers that have the same sequence make the same of it: each says now and then what it made of it up to an entry
//! of its own, and the others compare.

use std::collections::BTreeMap;

use crate::vocabulary::id::NodeId;

/// What was made of the sequence up to an entry of some server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// The entry's number among those of its server.
    pub number: i64,
    /// The [sum](super::hub::Hub::sum) of all channels behind it.
    pub sum: u64,
}

/// What this server made of it, up to the last entry of each that says so.
#[derive(Debug, Default)]
pub struct Agreement {
    own: BTreeMap<NodeId, Voucher>,
}

impl Agreement {
    /// Notes what this server made of the sequence up to an entry of another. Returns whether that one made something else of
    /// it up to the entry that it has `said` something of; of any but its last before nothing is known any more.
    pub fn compare(&mut self, node: NodeId, said: Option<Voucher>, own: Voucher) -> bool {
        let before = self.own.insert(node, own);
        let of_the_same = before.zip(said);
        of_the_same.is_some_and(|(own, said)| own.number == said.number && own.sum != said.sum)
    }

    /// A server that is gone says nothing any more.
    pub fn forget(&mut self, node: NodeId) {
        self.own.remove(&node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_made_of_the_sequence_is_compared_at_the_place_that_it_names() {
        const NODE: NodeId = NodeId(2);
        let of = |number, sum| Voucher { number, sum };
        let mut agreement = Agreement::default();
        assert!(!agreement.compare(NODE, None, of(1, 10)));
        assert!(!agreement.compare(NODE, Some(of(1, 10)), of(4, 20)));
        assert!(agreement.compare(NODE, Some(of(4, 21)), of(6, 30)));
        assert!(!agreement.compare(NODE, Some(of(4, 21)), of(8, 40)));
        agreement.forget(NODE);
        assert!(!agreement.compare(NODE, Some(of(8, 41)), of(9, 50)));
    }
}
