//! What people ask for, done.

use std::rc::Rc;

use super::{Chat, Registry, alone, answer, notices::Move, post, write};
use crate::{
    state::{
        channel::Departure,
        hub::{ChannelId, Hub, Space},
    },
    vocabulary::{
        chat::{Action, ChannelEntry, ChatError, Identity, Told},
        config::{CHANNELS_MAX, CLIENT_CHANNELS_MAX},
        pass::Rights,
        time::Now,
    },
};

/// What of a turn it takes to look whether a channel may be shown, in bytes that could have been read instead.
const EXAMINED_BYTES: usize = 16;

/// Someone who asks for something now.
pub(super) struct Acting<'a> {
    pub(super) chat: &'a mut Chat,
    pub(super) hub: &'a mut Hub,
    pub(super) registry: &'a mut Registry,
    pub(super) reference: Option<&'a str>,
    pub(super) now: Now,
}

/// The bytes that were said and answered, or why nothing was done.
type Done = Result<usize, ChatError>;

impl Acting<'_> {
    /// Does it.
    pub(super) fn act(&mut self, action: Action<'_>) -> Done {
        match action {
            Action::Join { channel } => self.join(channel),
            Action::Leave { channel } => self.leave(channel),
            Action::Send { channel, message } => self.send(channel, message),
            Action::SendPrivate { target, message } => self.send_private(target, message),
            Action::ListMembers { channel } => self.list_members(channel),
            Action::ListChannels => self.list_channels(),
        }
    }

    fn join(&mut self, name: &str) -> Done {
        if !self.chat.rights.may_join(name) {
            return Err(not_allowed("join", name));
        }
        let client = self.chat.client;
        let mut said = 0;
        let channel = if let Some(channel) = self.hub.membership(client, name) {
            channel
        } else {
            said = self.announce(name)?;
            self.hub.join(client, Space::Chat, name)
        };
        let room = self.chat.allowance.room(self.now);
        let members = list(channel, room, self.hub, self.registry);
        self.chat.allowance.spend(members.len());
        let joined = Told::Joined {
            channel: name,
            members: &members,
            count: self.hub.count(channel),
            seq: self.hub.heard(client, channel),
            epoch: self.registry.epoch(self.hub, channel),
            reference: self.reference,
        };
        Ok(said + answer(self.hub, client, &joined, self.now))
    }

    /// Tells the members of a channel, if there are any, who is about to come.
    fn announce(&mut self, name: &str) -> Done {
        let (hub, identity) = (&mut *self.hub, &self.chat.identity);
        if hub.memberships(self.chat.client).len() >= CLIENT_CHANNELS_MAX {
            return Err(ChatError::TooManyChannels);
        }
        let Some(channel) = find(hub, name) else {
            let has_room = hub.channels_of(Space::Chat).len() < CHANNELS_MAX;
            return has_room.then_some(0).ok_or(ChatError::ServerFull);
        };
        let members = hub.count(channel) + 1;
        let notices = &mut self.registry.notices;
        Ok(notices.tell(hub, channel, identity, Move::Joined, members, self.now))
    }

    fn leave(&mut self, name: &str) -> Done {
        let channel = self.channel(name)?;
        let (chat, hub) = (&*self.chat, &mut *self.hub);
        let said = chat.depart(channel, Departure::Leaves, hub, self.registry, self.now);
        let left = Told::Left {
            channel: name,
            reference: self.reference,
        };
        Ok(said + answer(hub, chat.client, &left, self.now))
    }

    fn send(&mut self, name: &str, message: &str) -> Done {
        let channel = self.channel(name)?;
        if !self.chat.rights.may_publish(name) {
            return Err(not_allowed("send to", name));
        }
        let told = Told::SendMessage {
            message,
            target: name,
            sender: self.chat.identity.mention(),
            seq: self.hub.said(channel) + 1,
            time: self.now.unix_ms,
            reference: self.reference,
        };
        let channel = self.hub.speak(channel);
        Ok(channel.compose(|bytes| write(&told, bytes)))
    }

    fn send_private(&mut self, target: &str, message: &str) -> Done {
        if !self.chat.rights.may_speak() {
            return Err(ChatError::ListenOnly);
        }
        let people = &self.registry.people;
        let (clients, target) = people.find(target)?;
        let told = Told::SendPrivate {
            message,
            sender: self.chat.identity.mention(),
            target: target.mention(),
            time: self.now.unix_ms,
            reference: self.reference,
        };
        let run = alone(&told, self.now);
        let ours = self.chat.client;
        let others = clients.iter().filter(|&&client| client != ours);
        let said: usize = others
            .map(|&client| post(self.hub, client, Rc::clone(&run)))
            .sum();
        Ok(said + post(self.hub, ours, run))
    }

    fn list_members(&mut self, name: &str) -> Done {
        if !self.chat.rights.may_join(name) {
            return Err(not_allowed("look into", name));
        }
        let channel = find(self.hub, name);
        let channel = channel.ok_or_else(|| ChatError::NoSuchChannel(name.to_owned()))?;
        let room = self.room()?;
        let members = list(channel, room, self.hub, self.registry);
        self.chat.allowance.spend(members.len());
        let told = Told::Members {
            channel: name,
            members: &members,
            count: self.hub.count(channel),
            reference: self.reference,
        };
        Ok(answer(self.hub, self.chat.client, &told, self.now))
    }

    fn list_channels(&mut self) -> Done {
        let room = self.room()?;
        let (channels, count, toll) = shown(self.hub, &self.chat.rights, room);
        self.chat.allowance.spend(channels.len());
        let answered = Told::Channels {
            channels: &channels,
            count,
            reference: self.reference,
        };
        let run = alone(&answered, self.now);
        Ok(toll + post(self.hub, self.chat.client, run))
    }

    /// How many entries may be listed, if any.
    fn room(&mut self) -> Result<usize, ChatError> {
        match self.chat.allowance.room(self.now) {
            0 => Err(ChatError::TooManyRequests),
            room => Ok(room),
        }
    }

    /// The channel of this name, of which this is a member.
    fn channel(&self, name: &str) -> Result<ChannelId, ChatError> {
        let channel = self.hub.membership(self.chat.client, name);
        channel.ok_or_else(|| match find(self.hub, name) {
            _ if !self.chat.rights.may_join(name) => not_allowed("join", name),
            Some(_) => ChatError::NotAMember(name.to_owned()),
            None => ChatError::NoSuchChannel(name.to_owned()),
        })
    }
}

fn not_allowed(deed: &'static str, channel: &str) -> ChatError {
    ChatError::NotAllowed {
        deed,
        channel: channel.to_owned(),
    }
}

/// The channel of this name, if it has members: one that the last of them left this turn is about to be forgotten.
fn find(hub: &Hub, name: &str) -> Option<ChannelId> {
    let channel = hub.find(Space::Chat, name);
    channel.filter(|&channel| hub.count(channel) > 0)
}

/// The channels that may be shown, as many as there is room for; how many they are in all; and what it took to look, in
/// bytes that could have been read instead.
fn shown<'a>(hub: &'a Hub, rights: &Rights, room: usize) -> (Vec<ChannelEntry<'a>>, usize, usize) {
    let all = hub.channels_of(Space::Chat);
    let examined = all.len();
    let entries = all.map(|(channel, id)| ChannelEntry {
        channel,
        count: hub.count(id),
    });
    let mut entries = entries.filter(|entry| entry.count > 0 && rights.may_join(entry.channel));
    let channels: Vec<_> = entries.by_ref().take(room).collect();
    if rights.are_bounded() {
        let count = channels.len() + entries.count();
        (channels, count, examined * EXAMINED_BYTES)
    } else {
        (channels, hub.populated(Space::Chat), 0)
    }
}

/// Members of a channel, as many as there is room for.
fn list<'a>(
    channel: ChannelId,
    room: usize,
    hub: &Hub,
    registry: &'a Registry,
) -> Vec<&'a Identity> {
    let members = hub.members(channel).take(room);
    let identities = members.map(|member| registry.people.identity(member));
    identities.collect()
}
