//! What must happen, kept as simply as possible.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hubbub::vocabulary::time::Now;
use serde_json::{Value, json};

use crate::hearing::Hearing;
use crate::telling::Telling;
use crate::{CHANNELS, NOTICE_LIMIT, name};

/// What must happen.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) rooms: BTreeMap<usize, Room>,
    /// What each session has heard by the end of the last turn.
    pub(crate) heard: Vec<Hearing>,
    /// What each session hears at the end of this turn, in a channel or apart.
    pub(crate) coming: Vec<Vec<(Option<usize>, Value)>>,
    pub(crate) now: Now,
    /// What a program is to be told.
    pub(crate) telling: Telling,
}

/// A channel: the sessions in it, each with the messages that there were before it, and how many there were.
#[derive(Default)]
pub(crate) struct Room {
    members: BTreeMap<usize, u64>,
    seq: u64,
    /// How many there were by the end of the last turn.
    handed_out: u64,
    /// Joined, left, and when to say so.
    summary: Option<(u64, u64, Duration)>,
}

impl Room {
    fn names(&self) -> BTreeSet<String> {
        self.members.keys().map(|&member| name(member)).collect()
    }
}

impl Model {
    pub(crate) fn enter(&mut self, session: usize) {
        self.heard.push(Hearing::default());
        self.coming.push(Vec::new());
        self.tell(session, json!({"action": "welcome", "name": name(session)}));
    }

    pub(crate) fn leave(&mut self, session: usize, channel: usize) {
        if self.is_member(session, channel) {
            self.depart(session, channel);
            self.tell(
                session,
                json!({"action": "left", "channel": CHANNELS[channel]}),
            );
        } else {
            self.refuse(session, channel);
        }
    }

    pub(crate) fn send(&mut self, session: usize, channel: usize, message: &str) {
        if self.is_member(session, channel) {
            self.telling.publish(channel, message);
            self.say(
                channel,
                json!({"message": message, "sender": name(session)}),
            );
        } else {
            self.refuse(session, channel);
        }
    }

    pub(crate) fn list_members(&mut self, session: usize, channel: usize) {
        let room = self
            .rooms
            .get(&channel)
            .filter(|room| !room.members.is_empty());
        let told = room.map(|room| {
            json!({"action": "members", "channel": CHANNELS[channel], "members": room.names()})
        });
        let refused = json!({"action": "error", "code": "no-such-channel"});
        self.tell(session, told.unwrap_or(refused));
    }

    pub(crate) fn list_channels(&mut self, session: usize) {
        let rooms = self
            .rooms
            .iter()
            .filter(|(_, room)| !room.members.is_empty());
        let counts = rooms.map(|(&channel, room)| (CHANNELS[channel], room.members.len()));
        let by_name: BTreeMap<_, _> = counts.collect();
        let entry = |(channel, count)| json!({"channel": channel, "count": count});
        let channels: Vec<_> = by_name.into_iter().map(entry).collect();
        let count = channels.len();
        let told = json!({"action": "channels", "channels": channels, "count": count});
        self.tell(session, told);
    }

    fn say(&mut self, channel: usize, message: Value) {
        let room = self.rooms.get_mut(&channel).unwrap();
        room.seq += 1;
        let mut message = message;
        message["seq"] = json!(room.seq);
        for &member in room.members.keys() {
            self.coming[member].push((Some(channel), message.clone()));
        }
    }

    pub(crate) fn tell(&mut self, session: usize, told: Value) {
        self.coming[session].push((None, told));
    }

    fn notice(&mut self, channel: usize, event: &str, who: usize) {
        let now = self.now.monotonic;
        let room = self.rooms.get_mut(&channel).unwrap();
        let members = room.members.len() + 1;
        if room.members.is_empty() {
            return;
        }
        if members > NOTICE_LIMIT {
            let fresh = (0, 0, now + Duration::from_secs(1));
            let summary = room.summary.get_or_insert(fresh);
            match event {
                "joined" => summary.0 += 1,
                _ => summary.1 += 1,
            }
        } else {
            let message = format!("{} {event} the channel", name(who));
            self.say(
                channel,
                json!({"event": event, "message": message, "member": name(who)}),
            );
        }
    }

    pub(crate) fn join(&mut self, session: usize, channel: usize) {
        let is_member = self.is_member(session, channel);
        self.rooms.entry(channel).or_default();
        if !is_member {
            self.notice(channel, "joined", session);
        }
        let room = self.rooms.get_mut(&channel).unwrap();
        let since = *room.members.entry(session).or_insert(room.seq);
        if !is_member {
            self.telling.join(channel, session, room.members.len());
        }
        let seq = since.max(room.handed_out);
        let told = json!({"action": "joined", "channel": CHANNELS[channel], "members": room.names(), "seq": seq});
        self.tell(session, told);
    }

    fn depart(&mut self, session: usize, channel: usize) {
        let room = self.rooms.get_mut(&channel).unwrap();
        room.members.remove(&session);
        let (members, now) = (room.members.len(), self.now.monotonic);
        self.telling.leave(channel, session, members, now);
        self.notice(channel, "left", session);
    }

    fn is_member(&self, session: usize, channel: usize) -> bool {
        self.rooms
            .get(&channel)
            .is_some_and(|room| room.members.contains_key(&session))
    }

    /// Which error one who is not a member gets.
    fn refuse(&mut self, session: usize, channel: usize) {
        let code = match self.rooms.get(&channel) {
            Some(room) if !room.members.is_empty() => "not-a-member",
            _ => "no-such-channel",
        };
        self.tell(session, json!({"action": "error", "code": code}));
    }

    pub(crate) fn exit(&mut self, session: usize) {
        for channel in 0..CHANNELS.len() {
            if self.is_member(session, channel) {
                self.depart(session, channel);
            }
        }
    }

    /// Time has passed, and what is due is said.
    pub(crate) fn begin_turn(&mut self, passed: Duration) {
        self.now.monotonic += passed;
        self.telling.go_on(self.now.monotonic);
        let due = |room: &Room| {
            room.summary
                .filter(|&(_, _, due)| due <= self.now.monotonic)
        };
        let mut due: Vec<_> = self
            .rooms
            .iter()
            .filter_map(|(&channel, room)| Some((channel, due(room)?)))
            .collect();
        due.sort_by_key(|&(_, (_, _, due))| due);
        for (channel, (joined, left, _)) in due {
            let room = self.rooms.get_mut(&channel).unwrap();
            room.summary = None;
            let count = room.members.len();
            if count == 0 {
                continue;
            }
            self.say(
                channel,
                json!({"event": "summary", "joined": joined, "left": left, "count": count}),
            );
        }
    }

    /// Everything said is heard.
    pub(crate) fn end_turn(&mut self) {
        for (heard, coming) in self.heard.iter_mut().zip(&mut self.coming) {
            for (channel, value) in coming.drain(..) {
                match channel {
                    Some(channel) => heard
                        .channels
                        .entry(CHANNELS[channel].to_owned())
                        .or_default()
                        .push(value),
                    None => heard.told.push(value),
                }
            }
        }
        for room in self.rooms.values_mut() {
            room.handed_out = room.seq;
        }
    }
}
