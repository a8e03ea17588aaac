//! The chat: named people in channels, who speak JSON. What is said is encoded once, however many hear it.
//!
//! What someone asks is *read* here, where rights and form are judged. What is to be done goes through the engine and
//! is *folded* once it is sequenced; what is only to be *looked* at is answered when all before it is.

mod clients;
mod elsewhere;
mod folding;
mod hearing;
mod looking;
mod notices;
mod overhearing;
mod people;
mod publishing;
mod receipts;
mod record;
mod removing;
mod returning;
mod rosters;
mod session;
mod telling;
mod vanishing;
mod viewing;

use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Builder;

use self::{
    elsewhere::Elsewhere, notices::Notices, people::People, receipts::Receipts, rosters::Rosters,
    session::Waiting, vanishing::Vanishing,
};
pub use self::{
    folding::fold,
    hearing::Chat,
    looking::look_on,
    overhearing::overhear,
    publishing::{publication, publish, whisper, whispering},
    receipts::ReceiptRecord,
    record::{PersonRecord, SummaryRecord},
    removing::{Dismissal, dismiss, expel},
    returning::{Returning, uproot},
    rosters::Page,
    session::{Asked, Waited},
    vanishing::{bury, vanish},
    viewing::history,
};
use crate::{
    state::{
        batch::{Form, Run},
        channel::Departure,
        engine::Refusal,
        events::Events,
        hub::{ChannelId, ClientId, Hub, Space},
        seal::{Origin, Seal},
    },
    vocabulary::{
        chat::{ChatError, Identity, Limits, Told},
        coding::Coding,
        config::Config,
        frame::Kind,
    },
};

/// What chance adds to an epoch is below this, so that an epoch is exact where numbers are doubles.
const ORIGIN_MAX: u64 = 1 << 52;

/// Room for most answers, that of a list of [`LISTED_DEFAULT`](crate::vocabulary::config::LISTED_DEFAULT) members included.
const ANSWER_BYTES: usize = 10 << 10;

/// What came of asking for what was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is replayed.
    Recovered,
    /// Some of it is kept no longer.
    Gap,
    /// What one has is of another life of the channel.
    Epoch,
    /// One has what was not said yet.
    Future,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Recovered, Self::Gap, Self::Epoch, Self::Future];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Gap => "gap",
            Self::Epoch => "epoch",
            Self::Future => "future",
        }
    }
}

/// What all sessions of the chat share.
#[derive(Debug)]
pub struct Registry {
    people: People,
    elsewhere: Elsewhere,
    /// Those of one that is gone, until they are all gone too.
    vanishing: Option<Vanishing>,
    rosters: Rosters,
    notices: Notices,
    /// What a program is told of, if there is one.
    events: Option<Box<Events>>,
    limits: Limits,
    /// What programs have said that is not to be said again.
    receipts: Receipts,
    chance: fastrand::Rng,
    /// How those recovered who asked for what they missed, by [`Outcome`].
    recoveries: [u64; Outcome::ALL.len()],
    /// What is to be said, while it is put together; empty in between.
    scratch: Vec<u8>,
}

impl Registry {
    /// Nobody yet. The seed decides ids, and what epochs are counted from. Others may have the same sequence.
    pub fn new(config: &Config, seed: u64, is_shared: bool) -> (Self, u64) {
        let mut chance = fastrand::Rng::with_seed(seed);
        let origin = chance.u64(..ORIGIN_MAX);
        let webhook = config.webhook.as_ref();
        let events = webhook.map(|webhook| {
            let seed = (!is_shared).then(|| chance.u64(..));
            Box::new(Events::new(webhook, seed))
        });
        let registry = Self {
            people: People::default(),
            elsewhere: Elsewhere::default(),
            vanishing: None,
            rosters: Rosters::default(),
            notices: Notices::new(config.notice_limit),
            events,
            limits: Limits::new(config.max_message_bytes, config.notice_limit),
            receipts: Receipts::default(),
            chance,
            recoveries: [0; Outcome::ALL.len()],
            scratch: Vec::new(),
        };
        (registry, origin)
    }

    /// Members of a channel beyond which comings and goings are summarised.
    pub fn notice_limit(&self) -> usize {
        self.notices.limit()
    }

    /// When something is to be said or told that nobody's message brings about.
    pub fn next(&self) -> Option<Duration> {
        let events = self.events.as_ref();
        let due = [self.notices.next(), events.and_then(|events| events.due())];
        due.into_iter().flatten().min()
    }

    /// Says what is due, and forgets what is too old.
    pub fn expire(&mut self, hub: &mut Hub) {
        self.receipts.expire(hub.moment().at);
        self.notices.expire(hub);
        if let Some(events) = &mut self.events {
            events.reach(hub.moment());
        }
    }

    /// Whether some are to vanish before anything else is done.
    pub fn is_vanishing(&self) -> bool {
        self.vanishing.is_some()
    }

    /// How those recovered who asked for what they missed, by [`Outcome`].
    pub fn recoveries(&self) -> [u64; Outcome::ALL.len()] {
        self.recoveries
    }

    /// Forgets what was kept to be told again this turn.
    pub fn end_turn(&mut self) {
        self.rosters.end_turn();
    }

    /// Bytes that it takes to know what is not to be said again.
    pub fn receipts_bytes(&self) -> usize {
        self.receipts.heap_bytes()
    }

    /// Notes what is to be known of a deed of a client that is under way.
    pub(in crate::state) fn wait(&mut self, client: ClientId, asked: Asked<'_>) {
        if let Some(session) = self.people.session(client) {
            session.waiting.push_back(Waiting::Deed(asked.keep()));
        }
    }

    /// Notes what is to be answered to a client of which something is not done, if it waits for anything before.
    pub(in crate::state) fn wait_for_refusal(
        &mut self,
        client: ClientId,
        why: Refusal,
        reference: Option<&str>,
    ) -> Option<usize> {
        let session = self.people.session(client);
        let session = session.filter(|session| !session.waiting.is_empty())?;
        let bytes = Waiting::look_bytes(reference);
        let reference = reference.map(Into::into);
        session
            .waiting
            .push_back(Waiting::Refused { why, reference });
        Some(bytes)
    }

    /// What was noted of the one that comes next.
    pub(in crate::state) fn waited(&mut self, client: ClientId) -> Waited {
        let session = self.people.session(client);
        match session.and_then(|session| session.waiting.pop_front()) {
            Some(Waiting::Deed(waited)) => waited,
            Some(Waiting::Return { stays, .. }) => Waited::returning(stays),
            other => unreachable!("deeds come back in their order, not {other:?}"),
        }
    }

    /// Makes someone a member of a channel, of which it hears nothing yet.
    fn enroll(&mut self, hub: &mut Hub, client: ClientId, channel: ChannelId) {
        self.people.keep(hub, client);
        hub.enroll(client, channel);
        let identity = self.people.identity(client);
        self.rosters.join(channel, client, &identity.id);
        if let Some(events) = &mut self.events {
            let members = hub.count(channel);
            events.join(hub.moment(), hub.name(channel), identity, members);
        }
    }

    /// Takes a member out of a channel. Returns who it is.
    fn depart(
        &mut self,
        hub: &mut Hub,
        client: ClientId,
        channel: ChannelId,
        departure: Departure,
    ) -> Rc<Identity> {
        self.people.keep(hub, client);
        hub.leave(client, channel, departure);
        let identity = Rc::clone(self.people.identity(client));
        self.rosters.leave(channel, client, &identity.id);
        if let Some(events) = &mut self.events {
            let members = hub.count(channel);
            events.leave(hub.moment(), hub.name(channel), &identity, members);
        }
        identity
    }

    /// Lets someone go who is out of all channels.
    fn let_go(&mut self, hub: &mut Hub, client: ClientId) {
        self.people.keep(hub, client);
        self.people.exit(client);
        hub.exit(client, Departure::Vanishes);
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
            id: id.into(),
            name: name.into(),
            avatar,
        }
    }
}

/// The channel of this name, of which a client is a member.
fn membership(hub: &Hub, client: ClientId, name: &str) -> Result<ChannelId, ChatError> {
    let channel = hub.membership(client, name);
    channel.ok_or_else(|| match hub.find(Space::Chat, name) {
        Some(_) => ChatError::NotAMember(name.to_owned()),
        None => ChatError::NoSuchChannel(name.to_owned()),
    })
}

/// Tells one client something. Returns its bytes.
fn answer(hub: &mut Hub, client: ClientId, told: &Told<'_>) -> usize {
    let run = alone(hub, told, None);
    post(hub, client, run)
}

/// Tells one client that a request is not granted. Returns the bytes of it.
pub fn refuse(
    hub: &mut Hub,
    client: ClientId,
    error: &ChatError,
    reference: Option<&str>,
) -> usize {
    let told = Told::Error {
        code: error.code(),
        message: &error.to_string(),
        reference,
    };
    answer(hub, client, &told)
}

/// Leaves for one client what may be shared with another. Returns its bytes.
fn post(hub: &mut Hub, client: ClientId, run: Rc<Run>) -> usize {
    let bytes = run.bytes(Coding::Plain).len();
    hub.tell(client, run);
    bytes
}

fn alone(hub: &Hub, told: &Told<'_>, origin: Option<Origin>) -> Rc<Run> {
    let mut bytes = Vec::with_capacity(ANSWER_BYTES);
    write(told, &mut bytes);
    sealed(hub, &bytes, origin)
}

/// An object that is whole, for those who are told it apart from all else.
fn sealed(hub: &Hub, object: &[u8], origin: Option<Origin>) -> Rc<Run> {
    let at = hub.now().monotonic;
    let seal = Seal { at, origin };
    Rc::new(Run::alone(Kind::Text, object, Form::Joined, seal))
}

/// Writes an object on one line.
fn write(told: &impl Serialize, bytes: &mut Vec<u8>) {
    serde_json::to_writer(bytes, told).expect("texts and numbers are always JSON");
}

/// The SHA-256 of a text, in hexadecimal.
fn fingerprint(text: &str) -> ArrayString<64> {
    let mut hexadecimal = ArrayString::new();
    for byte in Sha256::digest(text) {
        for digit in [byte >> 4, byte & 0xf] {
            hexadecimal.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    hexadecimal
}

#[cfg(test)]
mod tests;
