//! Someone in the chat, over all their connections, to whatever node: what they ask, and whether what they hear is what they
//! were promised.

use std::collections::BTreeSet;

use serde_json::{Value, json, value::RawValue};

use crate::connection::Connection;
use crate::fields::{listed, text};
use crate::recall::{Past, Place, Recall};
use crate::record::Record;
use crate::socket::Manners;

/// Channels of the chat.
pub const CHANNELS: [&str; 4] = ["tea", "coffee", "milk", "soup"];

/// Someone.
#[derive(Debug)]
pub struct Person {
    pub id: usize,
    pub recall: Recall,
    pub session: Option<Session>,
    sessions: usize,
    /// Private messages that arrived.
    privates: BTreeSet<String>,
    manners: Manners,
}

/// One of their connections.
#[derive(Debug)]
pub struct Session {
    pub connection: Connection,
    asked: Vec<Asked>,
    /// Who the node says that it is, once it has said welcome.
    pub id: Option<String>,
}

/// A request.
#[derive(Debug)]
struct Asked {
    what: What,
    is_answered: bool,
    /// Whether it is something that was said, as its copy shows.
    is_said: bool,
    /// Whether it may be among what was declared missing.
    is_excused: bool,
}

impl Asked {
    fn is_settled(&self) -> bool {
        self.is_answered || self.is_excused
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Join(&'static str, Past),
    Leave(&'static str),
    Say(&'static str),
    Private,
    Members,
    Channels,
    History,
}

/// What someone is called.
pub fn name(id: usize) -> String {
    format!("p{id}")
}

impl Person {
    pub fn new(id: usize, manners: Manners) -> Self {
        Self {
            id,
            recall: Recall::default(),
            session: None,
            sessions: 0,
            privates: BTreeSet::new(),
            manners,
        }
    }

    /// Knocks at any node. Whoever was in channels asks for what they missed.
    pub fn come(&mut self) -> &Connection {
        self.recall = self.recall.later();
        self.sessions += 1;
        let path = format!("/ws?name={}", name(self.id));
        let connection = Connection::knock(&path, self.id, self.manners);
        self.session = Some(Session {
            connection,
            asked: Vec::new(),
            id: None,
        });
        for channel in CHANNELS {
            if let Some(place) = self.recall.away(channel) {
                let past = Past::Since {
                    epoch: place.epoch,
                    seq: place.last,
                };
                self.ask(What::Join(channel, past), "");
            }
        }
        &self.session.as_ref().expect("there is one now").connection
    }

    /// Does something by chance.
    pub fn act(&mut self, everyone: usize, chance: &mut fastrand::Rng) {
        let channel = chance.choice(CHANNELS).expect("there are some");
        let what = match chance.u8(0..24) {
            0..4 => What::Join(channel, self.past(channel, chance)),
            4..6 => What::Leave(channel),
            6..18 => What::Say(channel),
            18..21 => What::Private,
            21 => What::Members,
            22 => What::Channels,
            _ => What::History,
        };
        let filler = match chance.u8(0..16) {
            0 => chance.usize(0..2000),
            _ => chance.usize(0..20),
        };
        let target = match what {
            What::Private => name(chance.usize(0..everyone)),
            _ => channel.to_owned(),
        };
        self.ask_of(what, &target, filler);
    }

    /// Asks for something that is about a channel, if any.
    pub fn ask(&mut self, what: What, target: &str) {
        self.ask_of(what, target, 0);
    }

    fn ask_of(&mut self, what: What, target: &str, filler: usize) {
        let Some(session) = &mut self.session else {
            return;
        };
        let message = "x".repeat(filler);
        let mut request = match &what {
            What::Join(channel, past) => join(channel, *past),
            What::Leave(channel) => json!({"action": "leave-channel", "message": channel}),
            What::Say(channel) => {
                json!({"action": "send-message", "target": channel, "message": message})
            }
            What::Private => {
                json!({"action": "send-private", "target": target, "message": message})
            }
            What::Members => json!({"action": "list-members", "target": target, "limit": 1000}),
            What::Channels => json!({"action": "list-channels"}),
            What::History => json!({"action": "history", "target": target}),
        };
        let number = session.asked.len();
        request["ref"] = json!(format!("{}.{}.{number}", self.id, self.sessions));
        session.connection.say(&request.to_string());
        session.asked.push(Asked {
            what,
            is_answered: false,
            is_said: false,
            is_excused: false,
        });
    }

    /// What one says who joins: what they have is certain only if nothing that they asked can change it.
    fn past(&self, channel: &str, chance: &mut fastrand::Rng) -> Past {
        let session = self.session.as_ref();
        let is_moving = session.is_some_and(|session| {
            session.asked.iter().any(|asked| match asked.what {
                What::Join(of, _) | What::Leave(of) => !asked.is_answered && of == channel,
                _ => false,
            })
        });
        let away = self.recall.away(channel).filter(|_| !is_moving);
        match (away, chance.u8(0..4)) {
            (Some(place), 0..2) => Past::Since {
                epoch: place.epoch,
                seq: place.last,
            },
            (_, 2) => Past::Last(chance.usize(0..8)),
            _ => Past::None,
        }
    }

    /// How far it has come in a channel that it is in, as far as it knows.
    pub fn inside(&self, channel: &str) -> Option<Place> {
        let place = self.recall.place(channel);
        place.filter(|place| place.is_member)
    }

    /// Whether all is answered that was asked.
    pub fn is_answered(&self) -> bool {
        let session = self.session.as_ref();
        session.is_none_or(|session| session.asked.iter().all(Asked::is_settled))
    }

    /// What is not.
    pub fn unanswered(&self) -> Vec<(usize, &What)> {
        let asked = self.session.iter().flat_map(|session| &session.asked);
        let numbered = asked.enumerate();
        let unanswered = numbered.filter(|(_, asked)| !asked.is_settled());
        unanswered
            .map(|(number, asked)| (number, &asked.what))
            .collect()
    }

    /// Sends and hears.
    ///
    /// # Errors
    /// Which promise was broken.
    pub fn step(&mut self, record: &mut Record) -> Result<Vec<Value>, String> {
        let Some(session) = &mut self.session else {
            return Ok(Vec::new());
        };
        let mut lists = Vec::new();
        for object in session.connection.exchange(record)? {
            let told = self.hear(&object, record);
            let body = told.map_err(|error| {
                format!(
                    "{} on its {}. connection: {error}",
                    name(self.id),
                    self.sessions
                )
            })?;
            if text(&body, "action") == "members" {
                lists.push(body);
            }
        }
        if let Some(session) = &self.session {
            if session.connection.is_turned_out() {
                return Err(format!("{} was turned out", name(self.id)));
            }
            if session.connection.is_over() {
                record.dismissed += usize::from(session.connection.is_dismissed());
                self.session = None;
            }
        }
        Ok(lists)
    }

    fn hear(&mut self, object: &str, record: &mut Record) -> Result<Value, String> {
        let body: Value = serde_json::from_str(object).map_err(|error| error.to_string())?;
        let session = self.session.as_mut().expect("it hears something");
        if body["action"] == "welcome" {
            session.id = body["client"]["id"].as_str().map(str::to_owned);
        }
        let is_own = body["sender"]["name"] == name(self.id);
        let is_answer = body["sender"].is_null() || is_own;
        let asked = match body["ref"].as_str() {
            Some(reference) if is_answer => self.answered(reference, &body, record)?,
            _ => None,
        };
        let past = match asked {
            Some(What::Join(_, past)) => Some(past),
            _ => None,
        };
        match text(&body, "action") {
            "epoch" if !record.has_lost && !record.may_miss => {
                return Err(format!("nothing was lost: {body}"));
            }
            "gap" if !record.may_miss => return Err(format!("nothing is missing: {body}")),
            "joined" if !body["gap"].is_null() && !record.may_miss => {
                return Err(format!("nothing is missing: {body}"));
            }
            "joined" if body["reason"] == "future" => {
                return Err(format!("they say what they know: {body}"));
            }
            "joined" if body["reason"] == "epoch" && !record.has_lost && !record.may_miss => {
                return Err(format!("nothing was forgotten: {body}"));
            }
            "history" => hear_history(&body, object, record)?,
            "send-private" if !is_own => {
                let reference = text(&body, "ref").to_owned();
                if !self
                    .privates
                    .insert(format!("{}:{reference}", self.sessions))
                {
                    return Err(format!("heard twice: {body}"));
                }
            }
            _ => {}
        }
        if let Some(epoch) = self.recall.hear(&body, past)? {
            record.hear(epoch, &body, object)?;
        }
        if ["gap", "epoch"].contains(&text(&body, "action")) {
            self.excuse(text(&body, "channel"));
        }
        Ok(body)
    }

    /// What was said in a channel may be among what is declared missing.
    fn excuse(&mut self, channel: &str) {
        let session = self.session.as_mut().expect("it hears something");
        for asked in &mut session.asked {
            asked.is_excused |= matches!(asked.what, What::Say(of) if of == channel);
        }
    }

    /// Something was answered: in the order in which it was asked, and once.
    fn answered(
        &mut self,
        reference: &str,
        body: &Value,
        record: &mut Record,
    ) -> Result<Option<What>, String> {
        let mut numbers = reference.split('.').skip(1).map(str::parse::<usize>);
        let (Some(Ok(of)), Some(Ok(number))) = (numbers.next(), numbers.next()) else {
            return Err(format!("answers nothing: {body}"));
        };
        if of != self.sessions {
            // It was said before, over another connection.
            return Ok(None);
        }
        let session = self.session.as_mut().expect("it hears something");
        let asked = &mut session.asked;
        let is_copy = text(body, "action") == "send-message";
        if asked
            .get(number)
            .is_none_or(|asked| asked.is_answered && !is_copy)
        {
            return Err(format!("was answered before or not asked: {body}"));
        }
        let what = asked[number].what.clone();
        // What was refused has no place among what was said.
        let is_overtaken = if is_copy {
            let mut later = asked[number + 1..].iter();
            !asked[number].is_answered && later.any(|other| other.what == what && other.is_said)
        } else {
            let mut before = asked[..number].iter();
            before.any(|other| !matches!(other.what, What::Say(_)) && !other.is_answered)
        };
        if is_overtaken {
            return Err(format!("comes in another order than asked for: {body}"));
        }
        let code = text(body, "code");
        if !what.is_answered_by(text(body, "action"), code) {
            return Err(format!("answers {what:?}: {body}"));
        }
        asked[number].is_answered = true;
        asked[number].is_said |= is_copy;
        if !code.is_empty() && code != "unknown" {
            record.refuse(reference)?;
        }
        Ok(Some(what))
    }
}

impl What {
    fn is_answered_by(&self, action: &str, code: &str) -> bool {
        const DELAYED: [&str; 2] = ["unavailable", "unknown"];
        const OUTSIDE: [&str; 2] = ["not-a-member", "no-such-channel"];
        if action == "error" {
            let codes: &[&str] = match self {
                Self::Join(..) => &["server-full", "too-many-channels"],
                Self::Leave(_) | Self::Say(_) | Self::History | Self::Members => &OUTSIDE,
                Self::Private => &["no-such-client", "ambiguous-name"],
                Self::Channels => &[],
            };
            let is_deed = !matches!(self, Self::Members | Self::Channels | Self::History);
            return codes.contains(&code) || is_deed && DELAYED.contains(&code);
        }
        action
            == match self {
                Self::Join(..) => "joined",
                Self::Leave(_) => "left",
                Self::Say(_) => "send-message",
                Self::Private => "send-private",
                Self::Members => "members",
                Self::Channels => "channels",
                Self::History => "history",
            }
    }
}

/// Who is in a list.
pub fn members(list: &Value) -> BTreeSet<String> {
    listed(list)
}

fn join(channel: &str, past: Past) -> Value {
    let mut request = json!({"action": "join-channel", "message": channel});
    match past {
        Past::None => {}
        Past::Since { epoch, seq } => request["since"] = json!({"epoch": epoch, "seq": seq}),
        Past::Last(wanted) => request["last"] = json!(wanted),
    }
    request
}

/// What is told of what was said before is what was said.
fn hear_history(body: &Value, object: &str, record: &mut Record) -> Result<(), String> {
    #[derive(serde::Deserialize)]
    struct History<'a> {
        #[serde(borrow)]
        messages: Vec<&'a RawValue>,
        epoch: u64,
    }
    let _ = body;
    let History { messages, epoch } = serde_json::from_str(object).expect("it was read before");
    for message in messages {
        let body = serde_json::from_str(message.get()).expect("it is JSON");
        record.hear(epoch, &body, message.get())?;
    }
    Ok(())
}
