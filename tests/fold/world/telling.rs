//! What a program is to be told of, by whichever node, and what comes of it.

use hubbub::state::events::Settlement;
use hubbub::vocabulary::id::NodeId;

use super::World;

impl World {
    /// A node has told a program what is to be told next, or could not; perhaps another one has before, and nobody has read it yet.
    pub(super) fn settle(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let events = node.commons.registry.events().expect("there is a program");
        let Some(offer) = events.offer(NodeId::default()).filter(|_| !node.is_astray) else {
            return;
        };
        let span = offer.id.span;
        let (settlement, what) = match self.chance.u8(0..32) {
            0 => (Settlement::Gone(span), "a program that is told no more"),
            1 => (Settlement::Ended, "a record that ends"),
            2..8 => (Settlement::GivenUp(span), "events that are given up"),
            _ => (Settlement::Told(span), "events that are told"),
        };
        self.seen.note(what);
        node.commons.settle(settlement, node.now);
        let known = self.offers.entry(offer.id.to_string());
        let known = known.or_insert_with(|| offer.body.clone());
        assert_eq!(*known, offer.body, "{} is the same for all", offer.id);
    }
}
