//! A chat server in small: channels that are joined with JSON actions, and frames that carry several objects.

use std::{
    collections::BTreeMap,
    mem,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::common::room::{self, Door, Host, Room};

/// How often what waits for a client leaves, in one frame.
const PERIOD: Duration = Duration::from_millis(5);

/// The server, and what it answers those who want to join.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    entry: Entry,
    channels: BTreeMap<String, Channel>,
    /// What waits for each client.
    outbox: BTreeMap<usize, Vec<String>>,
}

/// What becomes of those who want to join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Entry {
    /// They are in.
    #[default]
    Free,
    /// They are told that they may not.
    Forbidden,
    /// They are told nothing.
    Ignored,
}

#[derive(Debug, Default)]
struct Channel {
    members: Vec<usize>,
    seq: u64,
}

impl Chat {
    /// A server that has this answer.
    pub(crate) fn with(entry: Entry) -> Self {
        Self {
            entry,
            ..Self::default()
        }
    }

    /// Starts it; its URL.
    pub(crate) fn start(self) -> String {
        room::open(self, Door::OPEN)
    }

    fn tell(&mut self, client: usize, object: &Value) {
        let lines = self.outbox.entry(client).or_default();
        lines.push(object.to_string());
    }

    fn tell_members(&mut self, name: &str, mut object: Value) {
        let channel = self.channels.entry(name.to_owned()).or_default();
        channel.seq += 1;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        object["action"] = json!("send-message");
        object["target"] = json!(name);
        object["seq"] = json!(channel.seq);
        object["time"] = json!(now.unwrap().as_secs() * 1000);
        for client in channel.members.clone() {
            self.tell(client, &object);
        }
    }

    fn join(&mut self, client: usize, name: &str) {
        match self.entry {
            Entry::Free => {}
            Entry::Ignored => return,
            Entry::Forbidden => {
                let error = json!({"action": "error", "code": "bad-name", "message": "not you"});
                return self.tell(client, &error);
            }
        }
        self.tell_members(name, notice(client, "joined"));
        let channel = self.channels.entry(name.to_owned()).or_default();
        channel.members.push(client);
        let seq = channel.seq;
        self.tell(
            client,
            &json!({"action": "joined", "channel": name, "members": [], "seq": seq, "epoch": 1}),
        );
    }

    fn leave(&mut self, client: usize, name: &str) {
        let channel = self.channels.entry(name.to_owned()).or_default();
        channel.members.retain(|&member| member != client);
        self.tell_members(name, notice(client, "left"));
        self.tell(client, &json!({"action": "left", "channel": name}));
    }
}

fn notice(client: usize, event: &str) -> Value {
    json!({"message": format!("{client} {event} the channel"), "event": event, "member": {"name": client.to_string()}})
}

impl Host for Chat {
    fn entered(&mut self, room: &mut Room, client: usize) {
        assert!(room.query(client).contains("name="), "a client has a name");
        self.tell(
            client,
            &json!({"action": "welcome", "client": {"id": client.to_string()}}),
        );
    }

    fn said(&mut self, _room: &mut Room, from: usize, text: &str) {
        let said: Value = serde_json::from_str(text).unwrap();
        let word = |name: &str| said[name].as_str().unwrap_or_default();
        match word("action") {
            "join-channel" => self.join(from, word("message")),
            "leave-channel" => self.leave(from, word("message")),
            "send-message" => {
                let sender = json!({"id": from.to_string(), "name": from.to_string()});
                let object = json!({"message": word("message"), "sender": sender});
                self.tell_members(word("target"), object);
            }
            other => panic!("nobody asked for {other}"),
        }
    }

    fn period(&self) -> Option<Duration> {
        Some(PERIOD)
    }

    fn due(&mut self, room: &mut Room) {
        for (client, lines) in mem::take(&mut self.outbox) {
            room.say(client, lines.join("\n"));
        }
    }
}
