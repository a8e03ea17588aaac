//! The chat: named people in channels, who speak JSON. What is said is encoded once, however many hear it.

mod notices;
mod people;

use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use self::{
    notices::{Move, Notices},
    people::People,
};
use crate::{
    state::{
        batch::{Form, Run},
        channel::Departure,
        commons::Commons,
        hub::{ChannelId, ClientId, Hub, Space},
    },
    vocabulary::{
        chat::{
            Action, ChannelEntry, ChatError, Identity, Limits, Request, ServerIdentity, Told,
            reference,
        },
        config::{CHANNELS_MAX, CLIENT_CHANNELS_MAX, Config, LISTED_MAX, TURN_LISTED_MAX},
        frame::Kind,
        message::Message,
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

    fn identity(&mut self, name: &str, email: Option<&str>) -> Identity {
        let id = Builder::from_random_bytes(self.chance.u128(..).to_le_bytes()).into_uuid();
        let email = email.map(str::trim).filter(|email| !email.is_empty());
        Identity {
            id,
            name: name.into(),
            avatar: match email {
                Some(email) => fingerprint(&email.to_lowercase()),
                None => fingerprint(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            },
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
    /// When the turn was for which entries were listed last, and how many.
    listed: (Duration, usize),
}

impl Chat {
    /// Takes someone in and says welcome; what concerns them is delivered to `slot`.
    pub fn enter(commons: &mut Commons, slot: u32, name: &str, email: Option<&str>) -> Self {
        let Commons { hub, registry } = commons;
        let client = hub.enter(slot, Form::Joined);
        let identity = Rc::new(registry.identity(name, email));
        registry.people.enter(client, Rc::clone(&identity));
        let welcome = Told::Welcome {
            client: &identity,
            server: ServerIdentity::OURS,
            limits: registry.limits,
        };
        answer(hub, client, &welcome);
        Self {
            client,
            identity,
            listed: (Duration::ZERO, 0),
        }
    }

    /// Does what a message asks for, or answers why not. Returns the bytes that were said or answered.
    pub fn hear(&mut self, message: Message<'_>, commons: &mut Commons, now: Now) -> usize {
        let Message::Text(text) = message else {
            return self.refuse(&mut commons.hub, &ChatError::Binary, None);
        };
        match Request::parse(text) {
            Ok(request) => {
                let done = request
                    .action()
                    .and_then(|action| self.act(action, request.reference(), commons, now));
                done.unwrap_or_else(|error| {
                    self.refuse(&mut commons.hub, &error, request.reference())
                })
            }
            Err(error) => self.refuse(&mut commons.hub, &error, reference(text).as_deref()),
        }
    }

    /// Leaves all channels and the chat.
    pub fn end(&self, departure: Departure, commons: &mut Commons, now: Now) {
        let channels: Vec<_> = commons.hub.memberships(self.client).collect();
        for channel in channels {
            self.depart(channel, departure, commons, now);
        }
        commons.registry.people.exit(self.client);
        commons.hub.exit(self.client, departure);
    }

    fn act(
        &mut self,
        action: Action<'_>,
        reference: Option<&str>,
        commons: &mut Commons,
        now: Now,
    ) -> Result<usize, ChatError> {
        match action {
            Action::Join { channel } => self.join(channel, reference, commons, now),
            Action::Leave { channel } => self.leave(channel, reference, commons, now),
            Action::Send { channel, message } => {
                self.send(channel, message, reference, commons, now)
            }
            Action::SendPrivate { target, message } => {
                self.send_private(target, message, reference, commons, now)
            }
            Action::ListMembers { channel } => self.list_members(channel, reference, commons, now),
            Action::ListChannels => self.list_channels(reference, commons, now),
        }
    }

    fn join(
        &mut self,
        name: &str,
        reference: Option<&str>,
        commons: &mut Commons,
        now: Now,
    ) -> Result<usize, ChatError> {
        let mut said = 0;
        let channel = if let Some(channel) = commons.hub.membership(self.client, name) {
            channel
        } else {
            said = self.announce(name, commons, now)?;
            commons.hub.join(self.client, Space::Chat, name)
        };
        let Commons { hub, registry } = commons;
        let joined = Told::Joined {
            channel: name,
            members: &self.list(channel, hub, registry, now),
            count: hub.count(channel),
            seq: hub.said(channel),
            epoch: registry.epoch(hub, channel),
            reference,
        };
        Ok(said + answer(hub, self.client, &joined))
    }

    /// Tells the members of a channel, if there are any, who is about to come.
    fn announce(&self, name: &str, commons: &mut Commons, now: Now) -> Result<usize, ChatError> {
        let Commons { hub, registry } = commons;
        if hub.memberships(self.client).len() >= CLIENT_CHANNELS_MAX {
            return Err(ChatError::TooManyChannels);
        }
        let Some(channel) = find(hub, name) else {
            let has_room = hub.channels_of(Space::Chat).len() < CHANNELS_MAX;
            return has_room.then_some(0).ok_or(ChatError::ServerFull);
        };
        let members = hub.count(channel) + 1;
        let notices = &mut registry.notices;
        Ok(notices.tell(hub, channel, &self.identity, Move::Joined, members, now))
    }

    fn leave(
        &self,
        name: &str,
        reference: Option<&str>,
        commons: &mut Commons,
        now: Now,
    ) -> Result<usize, ChatError> {
        let channel = self.channel(name, &commons.hub)?;
        let said = self.depart(channel, Departure::Leaves, commons, now);
        let left = Told::Left {
            channel: name,
            reference,
        };
        Ok(said + answer(&mut commons.hub, self.client, &left))
    }

    /// Leaves a channel and tells those who stay. Returns the bytes said.
    fn depart(
        &self,
        channel: ChannelId,
        departure: Departure,
        commons: &mut Commons,
        now: Now,
    ) -> usize {
        let Commons { hub, registry } = commons;
        let others = hub.count(channel) - 1;
        hub.leave(self.client, channel, departure);
        let notices = &mut registry.notices;
        match others {
            0 => 0,
            _ => notices.tell(hub, channel, &self.identity, Move::Left, others, now),
        }
    }

    fn send(
        &self,
        name: &str,
        message: &str,
        reference: Option<&str>,
        commons: &mut Commons,
        now: Now,
    ) -> Result<usize, ChatError> {
        let hub = &mut commons.hub;
        let channel = self.channel(name, hub)?;
        let told = Told::SendMessage {
            message,
            target: name,
            sender: self.identity.mention(),
            seq: hub.said(channel) + 1,
            time: now.unix_ms,
            reference,
        };
        Ok(hub.speak(channel).compose(|bytes| write(&told, bytes)))
    }

    fn send_private(
        &self,
        target: &str,
        message: &str,
        reference: Option<&str>,
        commons: &mut Commons,
        now: Now,
    ) -> Result<usize, ChatError> {
        let Commons { hub, registry } = commons;
        let target = registry.people.find(target)?;
        let run = alone(&Told::SendPrivate {
            message,
            sender: self.identity.mention(),
            target: registry.people.identity(target).mention(),
            time: now.unix_ms,
            reference,
        });
        let bytes = run.bytes().len();
        if target != self.client {
            hub.tell(target, Rc::clone(&run));
        }
        hub.tell(self.client, run);
        Ok(bytes)
    }

    fn list_members(
        &mut self,
        name: &str,
        reference: Option<&str>,
        commons: &mut Commons,
        now: Now,
    ) -> Result<usize, ChatError> {
        let Commons { hub, registry } = commons;
        let channel = find(hub, name);
        let channel = channel.ok_or_else(|| ChatError::NoSuchChannel(name.to_owned()))?;
        if self.room(now) == 0 {
            return Err(ChatError::TooManyRequests);
        }
        let members = self.list(channel, hub, registry, now);
        let told = Told::Members {
            channel: name,
            members: &members,
            count: hub.count(channel),
            reference,
        };
        Ok(answer(hub, self.client, &told))
    }

    fn list_channels(
        &mut self,
        reference: Option<&str>,
        commons: &mut Commons,
        now: Now,
    ) -> Result<usize, ChatError> {
        let hub = &mut commons.hub;
        let room = self.room(now);
        if room == 0 {
            return Err(ChatError::TooManyRequests);
        }
        let channels = hub.channels_of(Space::Chat);
        let count = channels.len();
        let entries = channels.map(|(channel, id)| ChannelEntry {
            channel,
            count: hub.count(id),
        });
        let channels: Vec<_> = entries.filter(|entry| entry.count > 0).take(room).collect();
        self.listed.1 += channels.len();
        let run = alone(&Told::Channels {
            channels: &channels,
            count,
            reference,
        });
        let bytes = run.bytes().len();
        hub.tell(self.client, run);
        Ok(bytes)
    }

    /// Members of a channel, as many as may be listed.
    fn list<'a>(
        &mut self,
        channel: ChannelId,
        hub: &Hub,
        registry: &'a Registry,
        now: Now,
    ) -> Vec<&'a Identity> {
        let members = hub.members(channel).take(self.room(now));
        let members: Vec<_> = members
            .map(|member| registry.people.identity(member))
            .collect();
        self.listed.1 += members.len();
        members
    }

    /// How many entries may be listed now.
    fn room(&mut self, now: Now) -> usize {
        if self.listed.0 != now.monotonic {
            self.listed = (now.monotonic, 0);
        }
        LISTED_MAX.min(TURN_LISTED_MAX.saturating_sub(self.listed.1))
    }

    /// The channel of this name, of which this is a member.
    fn channel(&self, name: &str, hub: &Hub) -> Result<ChannelId, ChatError> {
        let channel = hub.membership(self.client, name);
        channel.ok_or_else(|| match find(hub, name) {
            Some(_) => ChatError::NotAMember(name.to_owned()),
            None => ChatError::NoSuchChannel(name.to_owned()),
        })
    }

    fn refuse(&self, hub: &mut Hub, error: &ChatError, reference: Option<&str>) -> usize {
        let told = Told::Error {
            code: error.code(),
            message: &error.to_string(),
            reference,
        };
        answer(hub, self.client, &told)
    }
}

/// The channel of this name, if it has members: one that the last of them left this turn is about to be forgotten.
fn find(hub: &Hub, name: &str) -> Option<ChannelId> {
    let channel = hub.find(Space::Chat, name);
    channel.filter(|&channel| hub.count(channel) > 0)
}

/// Tells one client something. Returns its bytes.
fn answer(hub: &mut Hub, client: ClientId, told: &Told<'_>) -> usize {
    let run = alone(told);
    let bytes = run.bytes().len();
    hub.tell(client, run);
    bytes
}

fn alone(told: &Told<'_>) -> Rc<Run> {
    let mut bytes = Vec::new();
    write(told, &mut bytes);
    Rc::new(Run::alone(Kind::Text, &bytes, Form::Joined))
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
