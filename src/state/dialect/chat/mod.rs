//! The chat: named people in channels, who speak JSON. What is said is encoded once, however many hear it.

mod acting;
mod notices;
mod people;

use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Builder;

use self::{
    acting::Acting,
    notices::{Move, Notices},
    people::People,
};
use crate::{
    state::{
        batch::{Form, Run},
        channel::Departure,
        commons::Commons,
        hub::{ChannelId, ClientId, Hub},
        seal::Seal,
    },
    vocabulary::{
        chat::{ChatError, Identity, Limits, Request, ServerIdentity, Told, reference},
        config::{Config, LISTED_MAX, TURN_LISTED_MAX},
        frame::Kind,
        message::Message,
        pass::{Pass, Rights},
        time::Now,
    },
};

/// What chance adds to an epoch is below this, so that an epoch is exact where numbers are doubles.
const ORIGIN_MAX: u64 = 1 << 52;

/// What all sessions of the chat share.
#[derive(Debug)]
pub struct Registry {
    people: People,
    notices: Notices,
    limits: Limits,
    chance: fastrand::Rng,
    /// What epochs are counted from, so that they are others when the server has begun again.
    origin: u64,
}

impl Registry {
    /// Nobody yet. The seed decides ids and epochs.
    pub fn new(config: &Config, seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        Self {
            people: People::default(),
            notices: Notices::new(config.notice_limit),
            limits: Limits::new(config.max_message_bytes, config.notice_limit),
            origin: chance.u64(..ORIGIN_MAX),
            chance,
        }
    }

    /// When something is to be said that nobody's message brings about.
    pub fn next(&self) -> Option<Duration> {
        self.notices.next()
    }

    /// Says what is due.
    pub fn expire(&mut self, hub: &mut Hub, now: Now) {
        self.notices.expire(hub, now);
    }

    /// Bytes that the people take.
    pub fn heap_bytes(&self) -> usize {
        self.people.heap_bytes()
    }

    fn identity(&mut self, name: &str, email: Option<&str>, id: Option<Box<str>>) -> Identity {
        let id = id.unwrap_or_else(|| {
            let id = Builder::from_random_bytes(self.chance.u128(..).to_le_bytes());
            id.into_uuid().to_string().into()
        });
        let email = email.map(str::trim).filter(|email| !email.is_empty());
        let avatar = match email {
            Some(email) => fingerprint(&email.to_lowercase()),
            None => fingerprint(&id),
        };
        Identity {
            id,
            name: name.into(),
            avatar,
        }
    }

    fn epoch(&self, hub: &Hub, channel: ChannelId) -> u64 {
        let serial = hub.serial(channel).expect("a channel with a member");
        self.origin + serial
    }
}

/// Someone in the chat.
#[derive(Debug)]
pub struct Chat {
    client: ClientId,
    identity: Rc<Identity>,
    rights: Rights,
    allowance: Allowance,
}

/// How many entries of lists someone may still be told this turn.
#[derive(Debug, Default)]
struct Allowance {
    /// When the turn was that entries were listed in last.
    turn: Duration,
    /// How many were.
    listed: usize,
}

impl Chat {
    /// Takes someone in and says welcome; what concerns them is delivered to `slot`. What a pass says of them counts for
    /// more than what they say themselves.
    pub fn enter(
        commons: &mut Commons,
        slot: u32,
        name: &str,
        email: Option<&str>,
        pass: Pass,
        now: Now,
    ) -> Self {
        let Commons { hub, registry } = commons;
        let client = hub.enter(slot, Form::Joined);
        let Pass {
            id,
            name: given_name,
            rights,
        } = pass;
        // Nobody shall be able to pass for another's id by calling itself so.
        let name = given_name
            .as_deref()
            .or(id.as_deref())
            .unwrap_or(name)
            .to_owned();
        let identity = Rc::new(registry.identity(&name, email, id));
        registry.people.enter(client, Rc::clone(&identity));
        let welcome = Told::Welcome {
            client: &identity,
            server: ServerIdentity::OURS,
            limits: registry.limits,
        };
        answer(hub, client, &welcome, now);
        Self {
            client,
            identity,
            rights,
            allowance: Allowance::default(),
        }
    }

    /// Does what a message asks for, or answers why not. Returns the bytes that were said or answered.
    pub fn hear(&mut self, message: Message<'_>, commons: &mut Commons, now: Now) -> usize {
        let Message::Text(text) = message else {
            return self.refuse(&mut commons.hub, &ChatError::Binary, None, now);
        };
        match Request::parse(text) {
            Ok(request) => {
                let reference = request.reference();
                let done = request.action().and_then(|action| {
                    let Commons { hub, registry } = &mut *commons;
                    let mut acting = Acting {
                        chat: self,
                        hub,
                        registry,
                        reference,
                        now,
                    };
                    acting.act(action)
                });
                done.unwrap_or_else(|error| self.refuse(&mut commons.hub, &error, reference, now))
            }
            Err(error) => self.refuse(&mut commons.hub, &error, reference(text).as_deref(), now),
        }
    }

    /// Leaves all channels and the chat.
    pub fn end(&self, departure: Departure, commons: &mut Commons, now: Now) {
        let Commons { hub, registry } = commons;
        let channels: Vec<_> = hub.memberships(self.client).collect();
        for channel in channels {
            self.depart(channel, departure, hub, registry, now);
        }
        registry.people.exit(self.client);
        hub.exit(self.client, departure);
    }

    /// Leaves a channel and tells those who stay. Returns the bytes said.
    fn depart(
        &self,
        channel: ChannelId,
        departure: Departure,
        hub: &mut Hub,
        registry: &mut Registry,
        now: Now,
    ) -> usize {
        let members = hub.count(channel);
        hub.leave(self.client, channel, departure);
        let notices = &mut registry.notices;
        match members {
            1 => 0,
            _ => notices.tell(hub, channel, &self.identity, Move::Left, members, now),
        }
    }

    fn refuse(&self, hub: &mut Hub, error: &ChatError, reference: Option<&str>, now: Now) -> usize {
        let told = Told::Error {
            code: error.code(),
            message: &error.to_string(),
            reference,
        };
        answer(hub, self.client, &told, now)
    }
}

impl Allowance {
    /// How many entries the next list may have.
    fn room(&mut self, now: Now) -> usize {
        if self.turn != now.monotonic {
            *self = Self {
                turn: now.monotonic,
                listed: 0,
            };
        }
        LISTED_MAX.min(TURN_LISTED_MAX.saturating_sub(self.listed))
    }

    /// Notes that a list had `entries`.
    fn spend(&mut self, entries: usize) {
        self.listed += entries;
    }
}

/// Tells one client something. Returns its bytes.
fn answer(hub: &mut Hub, client: ClientId, told: &Told<'_>, now: Now) -> usize {
    post(hub, client, alone(told, now))
}

/// Leaves for one client what may be shared with another. Returns its bytes.
fn post(hub: &mut Hub, client: ClientId, run: Rc<Run>) -> usize {
    let bytes = run.bytes().len();
    hub.tell(client, run);
    bytes
}

fn alone(told: &Told<'_>, now: Now) -> Rc<Run> {
    let mut bytes = Vec::new();
    write(told, &mut bytes);
    Rc::new(Run::alone(
        Kind::Text,
        &bytes,
        Form::Joined,
        Seal::at(now.monotonic),
    ))
}

/// Writes an object on one line.
fn write(told: &impl Serialize, bytes: &mut Vec<u8>) {
    serde_json::to_writer(bytes, told).expect("texts and numbers are always JSON");
}

/// The SHA-256 of a text, in hexadecimal.
fn fingerprint(text: &str) -> ArrayString<64> {
    let mut hexadecimal = ArrayString::new();
    for byte in Sha256::digest(text) {
        write!(hexadecimal, "{byte:02x}").expect("32 bytes are 64 digits");
    }
    hexadecimal
}
