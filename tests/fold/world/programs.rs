//! What programs have nodes do, and what comes of it.

use hubbub::state::{engine::Deed, outcome::Outcome};

use super::{CHANNELS, World};
use crate::node::Place;
use crate::program::Order;

/// More lives of channels than begin at one time.
const EPOCHS_AT_ONCE: u64 = 1000;

impl World {
    /// A program has something done, perhaps once more.
    pub(super) fn call(&mut self, index: usize) {
        let (chance, node) = (&mut self.chance, &mut self.nodes[index]);
        let target = chance
            .choice(["id of Ada", "id of Bob"])
            .expect("there are two");
        match chance.u8(0..16) {
            0 => node.call(
                None,
                Deed::Expel {
                    target: target.into(),
                    channel: chance.choice(CHANNELS).expect("there are channels").into(),
                },
            ),
            1 => node.call(
                None,
                Deed::Dismiss {
                    target: target.into(),
                    code: 4000,
                    words: "bye".into(),
                },
            ),
            _ => {
                self.orders += chance.u64(0..2);
                let order = Order(self.orders.saturating_sub(chance.u64(0..4)));
                let is_other = chance.u8(0..16) == 0;
                node.call(Some(order), order.told(channel_of(order), is_other));
            }
        }
    }

    /// What a program is told came of it is what everyone heard.
    pub(super) fn heed(&mut self, order: Option<Order>, outcome: &Outcome) {
        match *outcome {
            Outcome::Said {
                epoch,
                seq,
                is_duplicate,
            } => {
                let order = order.expect("it is an order that was told");
                let place = (channel_of(order).to_owned(), epoch, seq);
                self.tell(order, &place);
                if is_duplicate {
                    self.seen.note("an order that was told before");
                }
            }
            Outcome::Conflict => self.seen.note("an order that is another"),
            Outcome::Expelled { sessions: 1.. } => self.seen.note("someone removed"),
            Outcome::Dismissed { .. } => self.seen.note("someone dismissed"),
            Outcome::Refused(ref error) if error.code() == "unknown" => {
                self.seen.note("an order of which nobody knows");
            }
            _ => {}
        }
    }

    /// An order has one place in an era.
    pub(super) fn tell(&mut self, order: Order, place: &Place) {
        let (_, epoch, _) = *place;
        let ends = self.stream.ends();
        if ends.iter().any(|end| end.abs_diff(epoch) < EPOCHS_AT_ONCE) {
            // It may be of either.
            return;
        }
        let era = ends.iter().filter(|end| **end < epoch).count();
        let known = self.told.entry((order, era));
        let known = &*known.or_insert_with(|| place.clone());
        assert_eq!(known, place, "{order:?} is told once");
    }
}

/// Where an order is told.
fn channel_of(order: Order) -> &'static str {
    let number = usize::try_from(order.0).expect("there are few");
    CHANNELS[number % CHANNELS.len()]
}
