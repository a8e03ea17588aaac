//! What a program has nodes do, as it is known to all who ask for the same: orders, each told once, by whichever node.

use hubbub::state::{
    dialect::chat::publication,
    engine::{Deed, Once},
};
use hubbub::vocabulary::chat::{Content, Mention};
use serde_json::value::to_raw_value;

/// Something that is to be told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(pub u64);

impl Order {
    /// To tell it in a channel, or to tell something else by the same key.
    pub fn told(self, channel: &'static str, is_other: bool) -> Deed<'static> {
        let data = to_raw_value(&self.0).expect("a number is JSON");
        let (id, name) = ("api:till", "till");
        let sender = Mention { id, name }.encode();
        let mut key = [0; 16];
        key[..8].copy_from_slice(&self.0.to_le_bytes());
        let (body, all) = ([u8::from(is_other); 16], None);
        Deed::Publish {
            channel: channel.into(),
            body: publication(channel, Content::Data(&data), &sender).into(),
            once: Some(Box::new(Once { key, body, all })),
        }
    }
}
