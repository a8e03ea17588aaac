//! The order in which a session hears things, as a client relies on it.

use std::collections::BTreeMap;

use serde_json::Value;

/// How far a client has followed.
#[derive(Debug, Default)]
pub(crate) struct Following {
    is_welcome: bool,
    /// The channels it is in as far as it was told, and the number of the last message of each, or told to be missing.
    membership: BTreeMap<String, u64>,
}

impl Following {
    /// Follows what a client goes by: it is welcomed first, and a channel's messages come between `joined` and `left`,
    /// each with the number after the last, or after a gap that names what is missing.
    pub(crate) fn follow(&mut self, body: &Value) {
        let text = |field: &str| body[field].as_str().unwrap().to_owned();
        let seq = || body["seq"].as_u64().unwrap();
        let action = text("action");
        assert_eq!(!self.is_welcome, action == "welcome", "{body}");
        match action.as_str() {
            "welcome" => self.is_welcome = true,
            "joined" => {
                let begins = body["replay"]["from"].as_u64();
                let last = self.membership.entry(text("channel"));
                let last = last.or_insert_with(|| begins.map_or_else(seq, |from| from - 1));
                assert!(*last <= seq(), "{body}");
                assert!(begins.is_none_or(|from| from == *last + 1), "{body}");
            }
            "left" => {
                let was_in = self.membership.remove(&text("channel"));
                assert!(was_in.is_some(), "{body}");
            }
            "gap" => {
                let last = self.membership.get_mut(&text("channel"));
                let last = last.unwrap_or_else(|| panic!("not in the channel: {body}"));
                assert_eq!(Some(*last + 1), body["from"].as_u64(), "{body}");
                *last = body["to"].as_u64().unwrap();
            }
            "send-message" => {
                let last = self.membership.get_mut(&text("target"));
                let last = last.unwrap_or_else(|| panic!("not in the channel: {body}"));
                *last += 1;
                assert_eq!(*last, seq(), "{body}");
            }
            _ => {}
        }
    }
}
