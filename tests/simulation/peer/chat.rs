//! Someone in the chat. What they are to be answered is known when they ask, since nobody but themselves decides in
//! which channels they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::wire;
use crate::following::Following;

/// The channels of the chat; the witness is in all of them.
pub const CHANNELS: [&str; 3] = ["tea", "coffee", "milk"];
/// A channel that nobody is ever in.
const NOWHERE: &str = "nowhere";

/// What one asks for, as to one of the [`CHANNELS`] or to someone else.
#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Join(usize),
    Leave(usize),
    Send(usize),
    SendPrivate(usize),
    ListMembers(usize),
    ListChannels,
    /// To leave a channel that there is not.
    Nonsense,
}

/// What one is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With an action of this name.
    Told(&'static str),
    /// With an error of this code.
    Refused(&'static str),
    /// By hearing what it said itself, in a channel.
    Said(usize),
    /// As the one it wrote to, or not at all if that one is not there.
    Private(usize),
}

/// What one asks, and hears.
#[derive(Debug)]
pub struct Chat {
    pub id: usize,
    pub asked: Vec<Answer>,
    pub heard: Vec<Value>,
    memberships: BTreeSet<usize>,
    following: Following,
}

/// What a client of the chat is called.
pub fn name(id: usize) -> String {
    format!("p{id}")
}

impl Chat {
    pub fn new(id: usize) -> Self {
        Self {
            id,
            asked: Vec::new(),
            heard: Vec::new(),
            memberships: BTreeSet::new(),
            following: Following::default(),
        }
    }

    pub fn path(&self) -> String {
        format!("/ws?name={}", name(self.id))
    }

    /// Asks for something by chance.
    pub fn ask_anything(
        &mut self,
        everyone: usize,
        filler: usize,
        chance: &mut fastrand::Rng,
        outgoing: &mut Vec<u8>,
    ) {
        let channel = chance.usize(0..CHANNELS.len());
        let wish = match chance.u8(0..20) {
            0..4 => Wish::Join(channel),
            4..6 => Wish::Leave(channel),
            6..14 => Wish::Send(channel),
            14..17 => Wish::SendPrivate(chance.usize(0..everyone)),
            17 => Wish::ListMembers(channel),
            18 => Wish::ListChannels,
            _ => Wish::Nonsense,
        };
        self.ask(wish, filler, outgoing);
    }

    /// Asks for something, with a `ref` that tells which of its requests it is.
    pub fn ask(&mut self, wish: Wish, filler: usize, outgoing: &mut Vec<u8>) {
        let text = format!("{}.{}.{}", self.id, self.asked.len(), "x".repeat(filler));
        let (mut request, answer) = match wish {
            Wish::Join(channel) => {
                self.memberships.insert(channel);
                let request = json!({"action": "join-channel", "message": CHANNELS[channel]});
                (request, Answer::Told("joined"))
            }
            Wish::Leave(channel) => {
                let answer = if self.memberships.remove(&channel) {
                    Answer::Told("left")
                } else {
                    Answer::Refused("not-a-member")
                };
                let request = json!({"action": "leave-channel", "message": CHANNELS[channel]});
                (request, answer)
            }
            Wish::Send(channel) => {
                let answer = if self.memberships.contains(&channel) {
                    Answer::Said(channel)
                } else {
                    Answer::Refused("not-a-member")
                };
                let target = CHANNELS[channel];
                let request = json!({"action": "send-message", "target": target, "message": text});
                (request, answer)
            }
            Wish::SendPrivate(to) => {
                let request =
                    json!({"action": "send-private", "target": name(to), "message": text});
                (request, Answer::Private(to))
            }
            Wish::ListMembers(channel) => {
                let request = json!({"action": "list-members", "target": CHANNELS[channel]});
                (request, Answer::Told("members"))
            }
            Wish::ListChannels => (json!({"action": "list-channels"}), Answer::Told("channels")),
            Wish::Nonsense => {
                let request = json!({"action": "leave-channel", "message": NOWHERE});
                (request, Answer::Refused("no-such-channel"))
            }
        };
        request["ref"] = json!(self.asked.len().to_string());
        self.asked.push(answer);
        wire::write(wire::TEXT, request.to_string().as_bytes(), outgoing);
    }

    pub fn hear_text(&mut self, text: &str) -> Result<(), String> {
        for object in text.split('\n') {
            let body: Value = serde_json::from_str(object).map_err(|error| error.to_string())?;
            self.following.follow(&body);
            self.heard.push(body);
        }
        Ok(())
    }
}
