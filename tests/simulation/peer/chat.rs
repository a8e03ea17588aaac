//! Someone in the chat. What they are to be answered is known when they ask, since nobody but themselves decides in
//! which channels they are.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json, value::RawValue};

use super::{
    fields::{number, reference, span, text},
    outgoing::Outgoing,
    recall::{Past, Place, Recall},
    wire,
    wish::{Wish, join},
};
use crate::tamper::Tampering;

/// The most channels that one can be in.
pub const CHANNELS_MAX: usize = 64;
/// Channels that the witness is not in, so that they may be forgotten.
const UNWITNESSED: usize = 2;
/// A channel that nobody is ever in.
const NOWHERE: &str = "nowhere";
/// Beyond any number that is ever said.
const FUTURE: u64 = 1_000_000;

/// What one is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With an action of this name, or an error of one of these codes.
    Told(&'static str, &'static [&'static str]),
    /// That it is a member.
    Joined {
        /// What it asked of before.
        past: Past,
        /// How many members it asked for.
        members: Option<u64>,
    },
    /// What was said before a number, which was one of such a life of the channel.
    History { before: Option<Place>, limit: u64 },
    /// With an error of one of these codes.
    Refused(&'static [&'static str]),
    /// By hearing what it said itself, in a channel.
    Said(usize),
    /// As the one it wrote to, or not at all if that one is not there.
    Private(usize),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub answer: Answer,
    /// The channel, if it joins or leaves one.
    moves_in: Option<usize>,
    pub at: Duration,
}

/// Something that was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    pub body: Value,
    /// As it came.
    pub text: String,
    /// The life of the channel that it is a message of.
    pub epoch: Option<u64>,
    pub at: Duration,
}

/// What one asks, and hears.
#[derive(Debug)]
pub struct Chat {
    pub id: usize,
    /// How many channels it talks in.
    pub breadth: usize,
    pub asked: Vec<Asked>,
    pub heard: Vec<Heard>,
    pub recall: Recall,
    pub now: Duration,
    pub tampering: Option<Tampering>,
    memberships: BTreeSet<usize>,
    /// Joins and leaves of each channel that are not answered yet.
    moving: Vec<u32>,
}

/// What a client of the chat is called.
pub fn name(id: usize) -> String {
    format!("p{id}")
}

/// What a channel is called.
pub fn channel_name(channel: usize) -> String {
    format!("c{channel}")
}

/// Of so many channels, those that the witness is in.
pub fn witnessed(breadth: usize) -> Range<usize> {
    0..breadth - UNWITNESSED
}

impl Chat {
    pub fn new(id: usize, breadth: usize, recall: Recall) -> Self {
        Self {
            id,
            breadth,
            asked: Vec::new(),
            heard: Vec::new(),
            recall,
            now: Duration::ZERO,
            tampering: None,
            memberships: BTreeSet::new(),
            moving: vec![0; breadth],
        }
    }

    pub fn path(&self) -> String {
        format!("/ws?name={}", name(self.id))
    }

    /// Comes back to the channels that it was in, or to one if there are none.
    pub fn come_back(
        &mut self,
        channel: usize,
        chance: &mut fastrand::Rng,
        outgoing: &mut Outgoing,
    ) {
        let known: Vec<_> = (0..self.breadth)
            .filter(|&channel| self.recall.away(&channel_name(channel)).is_some())
            .collect();
        if known.is_empty() {
            let is_everywhere = chance.u8(0..8) == 0;
            let one = channel..channel + 1;
            let channels = if is_everywhere { 0..self.breadth } else { one };
            for channel in channels {
                self.ask(Wish::join_by_chance(channel, chance), 0, outgoing);
            }
        }
        for channel in known {
            let wish = match chance.u8(0..8) {
                0 => Wish::join_by_chance(channel, chance),
                _ => Wish::Recover(channel),
            };
            self.ask(wish, 0, outgoing);
            match chance.u8(0..16) {
                0 => self.ask(Wish::Leave(channel), 0, outgoing),
                1 => self.ask(Wish::History(channel), 0, outgoing),
                2 => self.ask(Wish::ListMembers(channel), 0, outgoing),
                3 => self.ask(Wish::Send(channel), 0, outgoing),
                _ => {}
            }
        }
    }

    /// Asks for something by chance.
    pub fn ask_anything(
        &mut self,
        everyone: usize,
        filler: usize,
        chance: &mut fastrand::Rng,
        outgoing: &mut Outgoing,
    ) {
        let channel = chance.usize(0..self.breadth);
        self.ask(Wish::by_chance(channel, everyone, chance), filler, outgoing);
    }

    /// Asks for something, with a `ref` that tells which of its requests it is.
    pub fn ask(&mut self, wish: Wish, filler: usize, outgoing: &mut Outgoing) {
        let text = format!("{}.{}.{}", self.id, self.asked.len(), super::filler(filler));
        let mut moves_in = None;
        let (mut request, answer) = match wish {
            Wish::Join(channel)
            | Wish::Latest(channel, _)
            | Wish::Recover(channel)
            | Wish::Lie(channel) => {
                let past = self.past(wish, channel);
                self.memberships.insert(channel);
                moves_in = Some(channel);
                let number = self.asked.len() as u64;
                let wants_few = past != Past::None && number.is_multiple_of(4);
                let members = wants_few.then_some(number % 3);
                let request = join(&channel_name(channel), past, members);
                (request, Answer::Joined { past, members })
            }
            Wish::Leave(channel) => {
                moves_in = Some(channel);
                let answer = if self.memberships.remove(&channel) {
                    Answer::Told("left", &[])
                } else {
                    Answer::Refused(self.outsider(channel))
                };
                let channel = channel_name(channel);
                let request = json!({"action": "leave-channel", "message": channel});
                (request, answer)
            }
            Wish::Send(channel) => {
                let answer = self.inside(channel, Answer::Said(channel));
                let target = channel_name(channel);
                let request = json!({"action": "send-message", "target": target, "message": text});
                (request, answer)
            }
            Wish::SendPrivate(to) => {
                let request =
                    json!({"action": "send-private", "target": name(to), "message": text});
                (request, Answer::Private(to))
            }
            Wish::ListMembers(channel) => {
                let is_there = witnessed(self.breadth).contains(&channel);
                let nobody: &[_] = if is_there { &[] } else { &["no-such-channel"] };
                let target = channel_name(channel);
                let request = json!({"action": "list-members", "target": target});
                (request, Answer::Told("members", nobody))
            }
            Wish::ListChannels => {
                let request = json!({"action": "list-channels"});
                (request, Answer::Told("channels", &[]))
            }
            Wish::History(channel) => {
                let target = channel_name(channel);
                let limit = 1 + self.asked.len() as u64 % 100;
                let mut request = json!({"action": "history", "target": target, "limit": limit});
                let before = self.recall.place(&target);
                let before = before.filter(|place| place.last % 2 == 0);
                if let Some(place) = before {
                    request["before"] = json!(place.last);
                }
                let answer = self.inside(channel, Answer::History { before, limit });
                (request, answer)
            }
            Wish::Nonsense => {
                let request = json!({"action": "leave-channel", "message": NOWHERE});
                (request, Answer::Refused(&["no-such-channel"]))
            }
        };
        request["ref"] = json!(self.asked.len().to_string());
        if let Some(channel) = moves_in {
            self.moving[channel] += 1;
        }
        self.asked.push(Asked {
            answer,
            moves_in,
            at: self.now,
        });
        outgoing.say(wire::TEXT, false, request.to_string().as_bytes());
    }

    /// What one says who joins: what it has of the channel is certain only if nothing that it asked can change it.
    fn past(&self, wish: Wish, channel: usize) -> Past {
        let is_certain = self.moving[channel] == 0;
        let away = self.recall.away(&channel_name(channel));
        let away = away.filter(|_| is_certain);
        match wish {
            Wish::Latest(_, wanted) => Past::Last(wanted),
            Wish::Lie(_) => away.map_or(Past::Since { epoch: 0, seq: 0 }, |place| Past::Since {
                epoch: place.epoch,
                seq: FUTURE,
            }),
            Wish::Recover(_) => away.map_or(Past::None, |place| Past::Since {
                epoch: place.epoch,
                seq: place.last,
            }),
            _ => Past::None,
        }
    }

    /// What is answered to a member.
    fn inside(&self, channel: usize, answer: Answer) -> Answer {
        if self.memberships.contains(&channel) {
            answer
        } else {
            Answer::Refused(self.outsider(channel))
        }
    }

    /// What one who is no member is told: in a channel without a witness there may be nobody.
    fn outsider(&self, channel: usize) -> &'static [&'static str] {
        if witnessed(self.breadth).contains(&channel) {
            &["not-a-member"]
        } else {
            &["not-a-member", "no-such-channel"]
        }
    }

    pub fn hear_text(&mut self, text: &str) -> Result<(), String> {
        for object in text.split('\n') {
            match &mut self.tampering {
                None => self.hear(object)?,
                Some(tampering) => {
                    for object in tampering.pass(object) {
                        self.hear(&object)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn hear(&mut self, object: &str) -> Result<(), String> {
        let body: Value = serde_json::from_str(object).map_err(|error| error.to_string())?;
        let is_answer = body["sender"].is_null();
        let asked = reference(&body).and_then(|number| self.asked.get(number));
        let asked = asked.filter(|_| is_answer);
        let past = match asked {
            Some(Asked {
                answer: Answer::Joined { past, .. },
                ..
            }) => Some(*past),
            _ => None,
        };
        if let Some(channel) = asked.and_then(|asked| asked.moves_in) {
            let moving = self.moving[channel].checked_sub(1);
            self.moving[channel] = moving.ok_or_else(|| format!("answered twice: {body}"))?;
        }
        if body["action"] == "epoch" {
            return Err(format!("nothing was lost: {body}"));
        }
        let epoch = self.recall.hear(&body, past)?;
        self.heard.push(Heard {
            body,
            text: object.to_owned(),
            epoch,
            at: self.now,
        });
        Ok(())
    }

    /// Whether it was ever handed what it had missed, so that what it heard may have lagged behind.
    pub fn was_behind(&self) -> bool {
        let mut joined = self.heard.iter().map(|heard| &heard.body["replay"]);
        joined.any(|replay| {
            let (from, to) = span(replay);
            !replay.is_null() && from <= to
        })
    }
}

impl Heard {
    /// What was said before, of an answer that tells of it.
    pub fn history(&self) -> Vec<Heard> {
        #[derive(serde::Deserialize)]
        struct History<'a> {
            #[serde(borrow)]
            messages: Vec<&'a RawValue>,
        }
        if text(&self.body, "action") != "history" {
            return Vec::new();
        }
        let History { messages } = serde_json::from_str(&self.text).expect("it was read before");
        let of = |raw: &RawValue| Heard {
            body: serde_json::from_str(raw.get()).expect("it is JSON"),
            text: raw.get().to_owned(),
            epoch: Some(number(&self.body, "epoch")),
            at: self.at,
        };
        messages.into_iter().map(of).collect()
    }
}
