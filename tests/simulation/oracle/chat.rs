//! The promise of the chat: every member of a channel gets every message and notice there, exactly once and in order,
//! from its join to its leave, or is told which are missing and why; every request is answered once, and every private
//! message arrives once, at both ends. The witness, who is in most channels, heard what was said in them.

use std::collections::HashMap;

use hubbub::vocabulary::config::LISTED_DEFAULT;
use serde_json::Value;

use super::{
    record::{Record, Room},
    recovery::Bounds,
};
use crate::peer::{
    Part, Peer, Role,
    chat::{Answer, Chat, Heard, channel_name, name, witnessed},
    fields::{listed, number, reference, span, text},
};
use crate::settings::Settings;

/// Members of a channel up to whom each coming and going is told for sure.
const EVERYONE: usize = 100;

/// Judges everyone in the chat after everything has calmed down. Returns what was said there.
///
/// # Errors
/// Who was promised what, and what they got.
pub fn check(peers: &[Peer], settings: &Settings) -> Result<Record, String> {
    let people: Vec<_> = people(peers).collect();
    let mut witnesses = people.iter().filter(|(peer, _)| {
        let is_failed = peer.pipe.borrow().is_failed;
        peer.role == Role::Witness && !is_failed
    });
    let (_, witness) = witnesses.next().expect("someone is in the chat throughout");
    let record = Record::new(people.iter().map(|&(_, chat)| chat), witness)?;
    let relayed = peers.iter().map(|peer| match &peer.part {
        Part::Relay(relay) if peer.role == Role::Witness => relay.heard_bytes(),
        _ => 0,
    });
    let said_bytes = record.bytes() + relayed.sum::<usize>();
    let judge = Judge {
        bounds: Bounds::new(settings, said_bytes),
        record,
        is_told_of_all: settings.config.notice_limit >= EVERYONE,
        is_late: settings.is_late,
    };
    for &(peer, chat) in &people {
        let judged = judge.check(peer, chat);
        judged.map_err(|error| format!("peer {}: {error}", peer.id))?;
    }
    judge.check_privates(&people)?;
    Ok(judge.record)
}

fn people(peers: &[Peer]) -> impl Iterator<Item = (&Peer, &Chat)> {
    peers.iter().filter_map(|peer| match &peer.part {
        Part::Chat(chat) => Some((peer, chat)),
        _ => None,
    })
}

/// Whatever the promises are judged by.
struct Judge<'a> {
    record: Record,
    bounds: Bounds<'a>,
    /// Whether each coming and going was told on its own.
    is_told_of_all: bool,
    /// Whether what is done takes effect only later.
    is_late: bool,
}

impl Judge<'_> {
    fn check(&self, peer: &Peer, chat: &Chat) -> Result<(), String> {
        self.check_heard(peer, chat)?;
        self.check_said(peer, chat)?;
        self.bounds.check(chat, &self.record)?;
        self.check_answers(peer, chat)
    }

    /// Whether one got all that it was owed, and nobody cut it off: whoever leaves does not wait for what is under way, and
    /// not for what it was behind with.
    fn is_whole(&self, peer: &Peer, chat: &Chat) -> bool {
        peer.is_open() || peer.is_whole() && !self.is_late && !chat.was_behind()
    }

    /// Whatever one heard in a channel it heard up to its end or to its leave. (That nothing is missing in between is seen
    /// when it is heard, and that it was said when it is put together.)
    fn check_heard(&self, peer: &Peer, chat: &Chat) -> Result<(), String> {
        let mut places: HashMap<&str, (u64, u64)> = HashMap::new();
        for Heard { body, epoch, .. } in &chat.heard {
            match text(body, "action") {
                "joined" => {
                    let channel = text(body, "channel");
                    let (epoch, seq) = (number(body, "epoch"), number(body, "seq"));
                    let (from, _) = span(&body["replay"]);
                    let last = from.checked_sub(1).unwrap_or(seq);
                    if places.insert(channel, (epoch, last)).is_none() && self.is_told_of_all {
                        self.check_joined(body, chat)?;
                    }
                }
                "left" => {
                    let channel = text(body, "channel");
                    let place = places.remove(channel).unwrap_or_default();
                    if !self.has_left(channel, place, chat) {
                        return Err(format!("left {channel} after {place:?}"));
                    }
                }
                "send-message" => {
                    let place = (epoch.unwrap_or_default(), number(body, "seq"));
                    places.insert(text(body, "target"), place);
                }
                "gap" if body["reason"] == "slow" && !peer.pipe.borrow().is_narrow() => {
                    return Err(format!("went without, and never lagged: {body}"));
                }
                "gap" => {
                    let place = (number(body, "epoch"), number(body, "to"));
                    places.insert(text(body, "channel"), place);
                }
                _ => {}
            }
        }
        for (channel, (epoch, last)) in places {
            let room = self.record.room(channel, epoch);
            let end = room.map_or(last, Room::last);
            if peer.is_open() && last < end {
                return Err(format!("heard up to {last} of {end} in {channel}"));
            }
            let is_gone = self.is_whole(peer, chat) && !peer.is_open();
            if is_gone && !self.has_left(channel, (epoch, last), chat) {
                return Err(format!("went from {channel} after {last}"));
            }
        }
        Ok(())
    }

    /// Whether the next that a witness heard in a channel is that one has left it.
    fn has_left(&self, channel: &str, (epoch, last): (u64, u64), chat: &Chat) -> bool {
        let room = self.record.room(channel, epoch);
        let room = room.filter(|room| room.is_witnessed_since(last));
        room.is_none_or(|room| {
            let next = room.at(last + 1);
            !self.is_told_of_all || next.is_some_and(|next| is_notice(next, "left", chat))
        })
    }

    /// One who joins is told so between the notice of it and what is said next, and who is there.
    fn check_joined(&self, body: &Value, chat: &Chat) -> Result<(), String> {
        let (seq, epoch) = (number(body, "seq"), number(body, "epoch"));
        let room = self.record.room(text(body, "channel"), epoch);
        let is_witnessed = |room: &&Room| seq > 0 && room.is_witnessed_since(seq - 1);
        let Some(room) = room.filter(is_witnessed) else {
            return Ok(());
        };
        let notice = room.at(seq);
        if !notice.is_some_and(|notice| is_notice(notice, "joined", chat)) {
            return Err(format!("joined after {notice:?}: {body}"));
        }
        let asked = reference(body).and_then(|number| chat.asked.get(number));
        let most = match asked.map(|asked| &asked.answer) {
            Some(Answer::Joined { members, .. }) => members.unwrap_or(LISTED_DEFAULT as u64),
            _ => 0,
        };
        let (listed, expected) = (listed(body), room.members(seq));
        let count = expected.len() as u64;
        let is_right = listed.is_subset(&expected) && listed.len() as u64 == most.min(count);
        if !is_right || number(body, "count") != count {
            return Err(format!("the members were {expected:?}: {body}"));
        }
        Ok(())
    }

    /// What one said was said in the order in which it was sent, and all of it unless it was cut off.
    fn check_said(&self, peer: &Peer, chat: &Chat) -> Result<(), String> {
        for index in witnessed(chat.breadth) {
            let channel = channel_name(index);
            let rooms = self.record.witnessed(&channel);
            let own = rooms
                .flat_map(Room::witnessed)
                .filter(|body| is_own(body, chat));
            let said: Vec<_> = own.map(reference).collect();
            let sent = asked(chat, |answer| *answer == Answer::Said(index));
            check_prefix(&said, &sent, peer.is_whole())
                .map_err(|error| format!("in {channel}: {error}"))?;
        }
        Ok(())
    }

    /// Each request was answered, and as it had to be: those to nobody but the one who asked in order.
    fn check_answers(&self, peer: &Peer, chat: &Chat) -> Result<(), String> {
        let mut answered = Vec::new();
        for Heard { body, .. } in &chat.heard {
            if !is_answer(body, chat) {
                continue;
            }
            let number = reference(body);
            let asked = number.and_then(|number| chat.asked.get(number));
            if !asked.is_some_and(|asked| is_fit(&asked.answer, body)) {
                return Err(format!("asked for {asked:?}, and got {body}"));
            }
            if text(body, "action") != "send-message" {
                answered.push(number);
            }
        }
        let asked = asked(chat, |answer| !matches!(answer, Answer::Said(_)));
        check_prefix(&answered, &asked, self.is_whole(peer, chat))
    }

    /// A private message arrives if its sender was told that it does, and not if it was told that nobody is there.
    fn check_privates(&self, people: &[(&Peer, &Chat)]) -> Result<(), String> {
        for (target, heard) in people {
            for (sender, chat) in people.iter().filter(|(sender, _)| sender.id != target.id) {
                let from = name(sender.id);
                let arrived = privates(heard).filter(|body| body["sender"]["name"] == from);
                let arrived: Vec<_> = arrived.map(reference).collect();
                let told = privates(chat).filter(|body| is_answer(body, chat));
                let told = told.filter(|body| text(&body["target"], "name") == name(target.id));
                let told: Vec<_> = told.map(reference).collect();
                // One who was cut off may not have heard of what arrived, or not have got what its sender heard of.
                let (fewer, more) = if told.len() < arrived.len() {
                    (&told, &arrived)
                } else {
                    (&arrived, &told)
                };
                let is_known = arrived.len() <= told.len() || !self.is_whole(sender, chat);
                let is_here = told.len() <= arrived.len() || !self.is_whole(target, heard);
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
}

fn privates(chat: &Chat) -> impl Iterator<Item = &Value> {
    let bodies = chat.heard.iter().map(|heard| &heard.body);
    bodies.filter(|body| text(body, "action") == "send-private")
}

/// Whether it is such an answer.
fn is_fit(answer: &Answer, body: &Value) -> bool {
    let action = text(body, "action");
    let is_refused = |codes: &[&str]| action == "error" && codes.contains(&text(body, "code"));
    match answer {
        Answer::Told(told, codes) => action == *told || is_refused(codes),
        Answer::Joined { .. } => action == "joined",
        Answer::History { .. } => action == "history",
        Answer::Refused(codes) => is_refused(codes),
        Answer::Said(_) => action == "send-message",
        Answer::Private(to) => {
            action == "send-private" && text(&body["target"], "name") == name(*to)
                || is_refused(&["no-such-client"])
        }
    }
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
    let such = numbered.filter(|(_, asked)| is_such(&asked.answer));
    such.map(|(number, _)| Some(number)).collect()
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
