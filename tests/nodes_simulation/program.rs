//! Programs at any node, by what of them comes into the journal: they tell orders, each once, and ask for it again, perhaps at
//! another node, as whoever has lost the answer does; and they remove people.

use hubbub::state::{
    dialect::chat::publication,
    engine::{Deed, Once},
};
use hubbub::vocabulary::chat::{Content, Mention};
use serde_json::{json, value::to_raw_value};

use crate::person::CHANNELS;

/// The code with which people are dismissed.
pub const DISMISSED: u16 = 4403;

/// All programs.
#[derive(Debug, Default)]
pub struct Programs {
    /// How many orders were told.
    pub orders: u64,
}

impl Programs {
    /// Something that one has done by chance, perhaps about someone who has this id.
    pub fn act(&mut self, id: Option<&str>, chance: &mut fastrand::Rng) -> Deed<'static> {
        match (id, chance.u8(0..16)) {
            (Some(id), 0) => {
                let channel = chance.choice(CHANNELS).expect("there are some");
                Deed::Expel {
                    target: id.to_owned().into(),
                    channel: channel.into(),
                }
            }
            (Some(id), 1) if chance.bool() => Deed::Dismiss {
                target: id.to_owned().into(),
                code: DISMISSED,
                words: "by a program".into(),
            },
            (_, 2..9) if self.orders > 0 => {
                let last = self.orders.min(8);
                tell(self.orders - chance.u64(0..last))
            }
            _ => {
                self.orders += 1;
                tell(self.orders)
            }
        }
    }
}

/// To tell an order in its channel.
fn tell(order: u64) -> Deed<'static> {
    let channel = CHANNELS[usize::try_from(order).expect("there are few") % CHANNELS.len()];
    let data = to_raw_value(&json!({ "order": order })).expect("it is JSON");
    let (id, name) = ("api:till", "till");
    let sender = Mention { id, name }.encode();
    let mut key = [0; 16];
    key[..8].copy_from_slice(&order.to_le_bytes());
    Deed::Publish {
        channel: channel.into(),
        body: publication(channel, Content::Data(&data), &sender).into(),
        once: Some(Box::new(Once { key, body: [0; 16] })),
    }
}
