//! The promise of the chat: every member of a channel gets every message and notice there, exactly once and in order,
//! from its join to its leave; every request is answered once, and every private message arrives once, at both ends. The
//! witness, who is in all channels, heard what was said in them.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::peer::{
    Part, Peer, Role,
    chat::{Answer, CHANNELS, Chat, name},
};
use crate::settings::Settings;

/// Members of a channel up to whom each coming and going is told for sure.
const EVERYONE: usize = 100;

/// Judges everyone in the chat after everything has calmed down.
///
/// # Errors
/// Who was promised what, and what they got.
pub fn check(peers: &[Peer], settings: &Settings) -> Result<(), String> {
    let people: Vec<_> = people(peers).collect();
    let mut witnesses = people.iter().filter(|(peer, _)| {
        let is_failed = peer.pipe.borrow().is_failed;
        peer.role == Role::Witness && !is_failed
    });
    let (_, witness) = witnesses.next().expect("someone is in the chat throughout");
    let record = Record::new(witness, settings.config.notice_limit >= EVERYONE)?;
    for &(peer, chat) in &people {
        let judged = record
            .check_heard(peer, chat)
            .and_then(|()| record.check_said(peer, chat))
            .and_then(|()| check_answers(peer, chat));
        judged.map_err(|error| format!("peer {}: {error}", peer.id))?;
    }
    check_privates(&people)
}

fn people(peers: &[Peer]) -> impl Iterator<Item = (&Peer, &Chat)> {
    peers.iter().filter_map(|peer| match &peer.part {
        Part::Chat(chat) => Some((peer, chat)),
        _ => None,
    })
}

/// What a witness knows of a channel.
#[derive(Default)]
struct Room<'a> {
    /// How much was said before it came.
    before: usize,
    /// Who was there when it had come.
    founders: BTreeSet<String>,
    /// What was said since, in order.
    said: Vec<&'a Value>,
}

impl<'a> Room<'a> {
    /// What was said with this number; nothing if that was before the witness came.
    fn at(&self, seq: usize) -> Option<&'a Value> {
        let index = seq.checked_sub(self.before + 1)?;
        self.said.get(index).copied()
    }

    fn last(&self) -> usize {
        self.before + self.said.len()
    }

    /// Who was there after so many messages and notices.
    fn members(&self, seq: usize) -> BTreeSet<String> {
        let mut members = self.founders.clone();
        for body in &self.said[..seq - self.before] {
            let member = text(&body["member"], "name");
            match body["event"].as_str() {
                Some("joined") => members.insert(member.to_owned()),
                Some(_) => members.remove(member),
                None => false,
            };
        }
        members
    }

    /// A summary counts those who are there: all who came and went, as they were told of.
    fn check_counts(&self) -> Result<(), String> {
        let mut members = i64::try_from(self.founders.len()).expect("a few");
        for body in &self.said {
            match body["event"].as_str() {
                Some("joined") => members += 1,
                Some("left") => members -= 1,
                Some(_) => {
                    let number = |field: &str| body[field].as_i64().unwrap_or(i64::MAX);
                    members += number("joined") - number("left");
                    if members != number("count") {
                        return Err(format!("there were {members} members: {body}"));
                    }
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// What was said in the channels, as a witness heard it.
struct Record<'a> {
    rooms: HashMap<&'a str, Room<'a>>,
    /// Whether each coming and going was told on its own.
    is_told_of_all: bool,
}

impl<'a> Record<'a> {
    fn new(witness: &'a Chat, is_told_of_all: bool) -> Result<Self, String> {
        let mut rooms: HashMap<_, Room<'_>> = HashMap::new();
        for body in &witness.heard {
            match text(body, "action") {
                "joined" => {
                    let room = rooms.entry(text(body, "channel")).or_default();
                    room.before = number(body, "seq");
                    room.founders = listed(body);
                }
                "send-message" => rooms
                    .entry(text(body, "target"))
                    .or_default()
                    .said
                    .push(body),
                _ => {}
            }
        }
        for room in rooms.values() {
            room.check_counts()?;
        }
        Ok(Self {
            rooms,
            is_told_of_all,
        })
    }

    /// Whatever one heard in a channel was said there, and it heard it up to its end or to its leave. (That nothing is
    /// missing in between is seen when it is heard.)
    fn check_heard(&self, peer: &Peer, chat: &Chat) -> Result<(), String> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        for body in &chat.heard {
            match text(body, "action") {
                "joined" => {
                    let channel = text(body, "channel");
                    let seq = number(body, "seq");
                    if places.insert(channel, seq).is_none() && self.is_told_of_all {
                        self.check_joined(body, peer, chat)?;
                    }
                }
                "left" => {
                    let channel = text(body, "channel");
                    let last = places.remove(channel).unwrap_or_default();
                    let next = self.rooms[channel].at(last + 1);
                    let is_left = next.is_some_and(|next| is_notice(next, "left", chat));
                    if self.is_told_of_all && !is_left {
                        return Err(format!("left {channel} after {last}, before {next:?}"));
                    }
                }
                "send-message" => {
                    let channel = text(body, "target");
                    let seq = number(body, "seq");
                    places.insert(channel, seq);
                    let room = &self.rooms[channel];
                    if seq > room.before && room.at(seq) != Some(body) {
                        return Err(format!("heard what was not said: {body}"));
                    }
                }
                _ => {}
            }
        }
        for (channel, last) in places {
            let room = &self.rooms[channel];
            if peer.is_open() && last != room.last() {
                return Err(format!(
                    "heard up to {last} of {} in {channel}",
                    room.last()
                ));
            }
            let next = room.at(last + 1);
            let is_left = next.is_some_and(|next| is_notice(next, "left", chat));
            if peer.is_whole() && !peer.is_open() && self.is_told_of_all && !is_left {
                return Err(format!("went from {channel} after {last}, before {next:?}"));
            }
        }
        Ok(())
    }

    /// One who joins is told so between the notice of it and what is said next, and who is there.
    fn check_joined(&self, body: &Value, peer: &Peer, chat: &Chat) -> Result<(), String> {
        let room = &self.rooms[text(body, "channel")];
        let seq = number(body, "seq");
        if seq <= room.before && peer.role == Role::Witness {
            return Ok(());
        }
        let notice = room.at(seq);
        if !notice.is_some_and(|notice| is_notice(notice, "joined", chat)) {
            return Err(format!("joined after {notice:?}: {body}"));
        }
        let (listed, expected) = (listed(body), room.members(seq));
        if listed != expected || listed.len() != number(body, "count") {
            return Err(format!("the members were {expected:?}: {body}"));
        }
        Ok(())
    }

    /// What one said was said in the order in which it was sent, and all of it unless it was cut off.
    fn check_said(&self, peer: &Peer, chat: &Chat) -> Result<(), String> {
        for (index, channel) in CHANNELS.into_iter().enumerate() {
            let own = self.rooms[channel]
                .said
                .iter()
                .filter(|body| is_own(body, chat));
            let said: Vec<_> = own.map(|body| reference(body)).collect();
            let sent = asked(chat, |answer| *answer == Answer::Said(index));
            check_prefix(&said, &sent, peer.is_whole())
                .map_err(|error| format!("in {channel}: {error}"))?;
        }
        Ok(())
    }
}

/// Each request was answered, and as it had to be: those to nobody but the one who asked in order.
fn check_answers(peer: &Peer, chat: &Chat) -> Result<(), String> {
    let mut answered = Vec::new();
    for body in chat.heard.iter().filter(|body| is_answer(body, chat)) {
        let number = reference(body);
        let answer = number.and_then(|number| chat.asked.get(number));
        let action = text(body, "action");
        let is_fit = match answer {
            None => false,
            Some(Answer::Told(told)) => action == *told,
            Some(Answer::Refused(code)) => action == "error" && text(body, "code") == *code,
            Some(Answer::Said(_)) => action == "send-message",
            Some(Answer::Private(to)) => {
                action == "send-private" && text(&body["target"], "name") == name(*to)
                    || action == "error" && text(body, "code") == "no-such-client"
            }
        };
        if !is_fit {
            return Err(format!("asked for {answer:?}, and got {body}"));
        }
        if action != "send-message" {
            answered.push(number);
        }
    }
    let asked = asked(chat, |answer| !matches!(answer, Answer::Said(_)));
    check_prefix(&answered, &asked, peer.is_whole())
}

/// A private message arrives if its sender was told that it does, and not if it was told that nobody is there.
fn check_privates(people: &[(&Peer, &Chat)]) -> Result<(), String> {
    for (target, heard) in people {
        for (sender, chat) in people.iter().filter(|(sender, _)| sender.id != target.id) {
            let named = name(sender.id);
            let privates = heard.heard.iter().filter(|body| {
                text(body, "action") == "send-private" && text(&body["sender"], "name") == named
            });
            let arrived: Vec<_> = privates.map(reference).collect();
            let told: Vec<_> = chat
                .heard
                .iter()
                .filter(|body| text(body, "action") == "send-private" && is_answer(body, chat))
                .filter(|body| text(&body["target"], "name") == name(target.id))
                .map(reference)
                .collect();
            // One who was cut off may not have heard of what arrived, or not have got what its sender heard of.
            let (fewer, more) = if told.len() < arrived.len() {
                (&told, &arrived)
            } else {
                (&arrived, &told)
            };
            let is_known = arrived.len() <= told.len() || !sender.is_whole();
            let is_here = told.len() <= arrived.len() || !target.is_whole();
            if !more.starts_with(fewer) || !is_known || !is_here {
                return Err(format!(
                    "of peer {} to peer {}: {arrived:?} arrived of {told:?}",
                    sender.id, target.id
                ));
            }
        }
    }
    Ok(())
}

fn check_prefix<T: PartialEq + std::fmt::Debug>(
    got: &[T],
    owed: &[T],
    is_whole: bool,
) -> Result<(), String> {
    if owed.starts_with(got) && (got.len() == owed.len() || !is_whole) {
        Ok(())
    } else {
        Err(format!("got {got:?} of {owed:?}"))
    }
}

/// The numbers of those requests that are to be answered in such a way.
fn asked(chat: &Chat, is_such: impl Fn(&Answer) -> bool) -> Vec<Option<usize>> {
    let numbered = chat.asked.iter().enumerate();
    let such = numbered.filter(|(_, answer)| is_such(answer));
    such.map(|(number, _)| Some(number)).collect()
}

/// Who is listed in an answer.
fn listed(body: &Value) -> BTreeSet<String> {
    let members = body["members"].as_array().into_iter().flatten();
    members
        .map(|member| text(member, "name").to_owned())
        .collect()
}

/// Whether it answers a request of this client, and is no message of another.
fn is_answer(body: &Value, chat: &Chat) -> bool {
    let is_message = body["sender"].is_object();
    body["ref"].is_string() && (!is_message || is_own(body, chat))
}

fn is_own(body: &Value, chat: &Chat) -> bool {
    body["sender"]["name"] == name(chat.id)
}

fn is_notice(body: &Value, event: &str, chat: &Chat) -> bool {
    body["event"] == event && body["member"]["name"] == name(chat.id)
}

fn reference(body: &Value) -> Option<usize> {
    body["ref"].as_str()?.parse().ok()
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_default()
}

fn number(body: &Value, field: &str) -> usize {
    let number = body[field].as_u64().unwrap_or_default();
    usize::try_from(number).expect("a small number")
}
