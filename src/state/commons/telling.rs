//! What a program is told of, by whom, and what became of that.

use super::Commons;
use crate::{
    state::{dialect::chat::Asked, events::Settlement},
    vocabulary::{id::NodeId, time::Now},
};

impl Commons {
    /// Which server this is, if it is the one that tells programs what happens.
    pub fn teller(&self) -> Option<NodeId> {
        self.engine.teller()
    }

    /// Whether nobody would go on where this server ends.
    pub fn is_last(&self) -> bool {
        self.engine.is_last()
    }

    /// Notes what became of some of what a program is told of, once that is sequenced, which may be at once.
    pub fn settle(&mut self, settlement: Settlement, now: Now) {
        if let Some(sequenced) = self.engine.settle(settlement, now) {
            self.fold(sequenced, Asked::default());
        }
    }
}
