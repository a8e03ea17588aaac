//! What a session hears: reduced to what a model can know.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// What one session hears.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Hearing {
    /// Messages and notices, by channel.
    pub(crate) channels: BTreeMap<String, Vec<Value>>,
    /// Everything else.
    pub(crate) told: Vec<Value>,
}

impl Hearing {
    /// Files what was heard, reduced to what the model knows.
    pub(crate) fn note(&mut self, body: Value) {
        if body["action"] == "send-message" {
            let channel = body["target"].as_str().unwrap().to_owned();
            let message = match body["event"].as_str() {
                None => json!({"message": body["message"], "sender": body["sender"]["name"]}),
                Some("summary") => {
                    json!({"event": "summary", "joined": body["joined"], "left": body["left"], "count": body["count"]})
                }
                Some(event) => {
                    json!({"event": event, "message": body["message"], "member": body["member"]["name"]})
                }
            };
            let mut message = message;
            message["seq"] = body["seq"].clone();
            self.channels.entry(channel).or_default().push(message);
            return;
        }
        let names = |members: &Value| -> BTreeSet<String> {
            let members = members.as_array().unwrap().iter();
            members
                .map(|member| member["name"].as_str().unwrap().to_owned())
                .collect()
        };
        self.told.push(match body["action"].as_str().unwrap() {
            "welcome" => json!({"action": "welcome", "name": body["client"]["name"]}),
            "joined" => {
                assert_eq!(body["count"], names(&body["members"]).len());
                json!({"action": "joined", "channel": body["channel"], "members": names(&body["members"]), "seq": body["seq"]})
            }
            "members" => {
                json!({"action": "members", "channel": body["channel"], "members": names(&body["members"])})
            }
            "send-private" => {
                json!({"action": "send-private", "sender": body["sender"]["name"], "target": body["target"]["name"]})
            }
            "error" => json!({"action": "error", "code": body["code"]}),
            "channels" => {
                json!({"action": "channels", "channels": body["channels"], "count": body["count"]})
            }
            _ => body,
        });
    }
}
