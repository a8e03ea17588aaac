//! What people ask that changes nothing.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    Registry, alone,
    hearing::{Read, read},
    membership, post, refuse,
    session::Waiting,
};
use crate::{
    state::{
        commons::Commons,
        hub::{ClientId, Hub, Space},
        log::Log,
    },
    vocabulary::{
        chat::{ChannelEntry, ChatError, Request, Told, reference},
        config::HISTORY_ANSWER_BYTES_MAX,
        pass::Rights,
    },
};

/// What of a turn it takes to look whether a channel may be shown, in bytes that could have been read instead.
const EXAMINED_BYTES: usize = 16;

/// What is asked.
pub(super) enum Look<'a> {
    /// Who is in a channel.
    Members {
        channel: &'a str,
        after: Option<Cow<'a, str>>,
        limit: usize,
    },
    /// Which channels there are.
    Channels,
    /// What was said in a channel.
    History {
        channel: &'a str,
        epoch: Option<u64>,
        before: Option<u64>,
        limit: usize,
    },
}

/// Answers what a client has asked up to what it waits for. Returns the bytes of that.
pub fn look_on(commons: &mut Commons, client: ClientId) -> usize {
    let mut told = 0;
    while let Some(session) = commons.registry.people.session(client)
        && let Some(waiting) = session.waiting.pop_front_if(|next| !next.is_sequenced())
    {
        let text = match waiting {
            Waiting::Refused { why, reference } => {
                let reference = reference.as_deref();
                told += refuse(&mut commons.hub, client, &why.error(), reference);
                commons.relieve(client, Waiting::look_bytes(reference));
                continue;
            }
            Waiting::Look(text) => text,
            Waiting::Return { .. } | Waiting::Deed(_) => unreachable!("it is under way"),
        };
        let text = text.as_deref();
        let request = text.ok_or(ChatError::Binary).and_then(Request::parse);
        told += match &request {
            Ok(request) => {
                let look = match read(request, &session.rights) {
                    Ok(Read::Look(look)) => Ok(look),
                    Ok(_) => unreachable!("deeds are under way, and not looked at"),
                    Err(error) => Err(error),
                };
                answer(commons, client, look, request.reference())
            }
            Err(error) => answer(
                commons,
                client,
                Err(error.clone()),
                text.and_then(reference).as_deref(),
            ),
        };
        commons.relieve(client, Waiting::look_bytes(text));
    }
    told
}

/// Answers what is asked, or why not. Returns the bytes that it took.
pub(super) fn answer(
    commons: &mut Commons,
    client: ClientId,
    look: Result<Look<'_>, ChatError>,
    reference: Option<&str>,
) -> usize {
    let Commons { hub, registry, .. } = commons;
    let mut looking = Looking {
        hub,
        registry,
        client,
        reference,
    };
    let done = look.and_then(|look| match look {
        Look::Members {
            channel,
            after,
            limit,
        } => looking.list_members(channel, after.as_deref(), limit),
        Look::Channels => looking.list_channels(),
        Look::History {
            channel,
            epoch,
            before,
            limit,
        } => looking.tell_history(channel, epoch, before, limit),
    });
    done.unwrap_or_else(|error| refuse(hub, client, &error, reference))
}

struct Looking<'a> {
    hub: &'a mut Hub,
    registry: &'a mut Registry,
    client: ClientId,
    reference: Option<&'a str>,
}

/// The bytes that it took, or why nothing is told.
type Done = Result<usize, ChatError>;

impl Looking<'_> {
    fn list_members(&mut self, name: &str, after: Option<&str>, limit: usize) -> Done {
        let channel = self.hub.find(Space::Chat, name);
        let channel = channel.ok_or_else(|| ChatError::NoSuchChannel(name.to_owned()))?;
        let limit = limit.min(self.room()?);
        let Registry {
            people, rosters, ..
        } = &mut *self.registry;
        let page = rosters.page(channel, after, limit, people);
        self.spend(page.listed);
        let told = Told::Members {
            channel: name,
            members: &page.members,
            count: self.hub.count(channel),
            next: page.next.as_deref(),
            reference: self.reference,
        };
        Ok(self.tell(&told))
    }

    fn list_channels(&mut self) -> Done {
        let room = self.room()?;
        let session = self.registry.people.session(self.client);
        let session = session.expect("it has asked for it");
        let (channels, count, price) = shown(self.hub, &session.rights, room);
        session.allowance.spend(channels.len());
        let told = Told::Channels {
            channels: &channels,
            count,
            reference: self.reference,
        };
        let run = alone(self.hub, &told, None);
        Ok(price + post(self.hub, self.client, run))
    }

    fn tell_history(
        &mut self,
        name: &str,
        epoch: Option<u64>,
        before: Option<u64>,
        limit: usize,
    ) -> Done {
        let channel = membership(self.hub, self.client, name)?;
        let is_other = |of: &u64| *of != self.hub.epoch(channel);
        if epoch.as_ref().is_some_and(is_other) {
            return Err(ChatError::OtherEpoch(name.to_owned()));
        }
        let limit = limit.min(self.room()?);
        let log = self.hub.log(channel);
        let (messages, listed) = excerpt(log, before, limit);
        let oldest = log.first() + 1;
        self.spend(listed);
        let told = Told::History {
            channel: name,
            epoch: self.hub.epoch(channel),
            messages: &messages,
            oldest,
            reference: self.reference,
        };
        Ok(self.tell(&told))
    }

    fn tell(&mut self, told: &Told<'_>) -> usize {
        super::answer(self.hub, self.client, told)
    }

    /// How many entries may be listed, if any.
    fn room(&mut self) -> Result<usize, ChatError> {
        let now = self.hub.now().monotonic;
        let session = self.registry.people.session(self.client);
        match session.map_or(0, |session| session.allowance.room(now)) {
            0 => Err(ChatError::TooManyRequests),
            room => Ok(room),
        }
    }

    fn spend(&mut self, entries: usize) {
        if let Some(session) = self.registry.people.session(self.client) {
            session.allowance.spend(entries);
        }
    }
}

/// Up to `limit` of the messages before a number as an array, and how many they are.
pub(super) fn excerpt(log: &Log, before: Option<u64>, limit: usize) -> (Box<RawValue>, usize) {
    let said = log.said();
    let end = before.map_or(said, |before| before.saturating_sub(1).min(said));
    let most = HISTORY_ANSWER_BYTES_MAX - "[".len();
    let (start, bytes) = log.before(end, limit, most);
    let mut array = Vec::with_capacity("[]".len() + bytes);
    array.push(b'[');
    for place in start..end {
        if place > start {
            array.push(b',');
        }
        for part in log.body(place) {
            array.extend_from_slice(part);
        }
    }
    array.push(b']');
    let array = String::from_utf8(array).expect("what was said in the chat is text");
    let messages = RawValue::from_string(array).expect("what was said in the chat is JSON");
    (
        messages,
        usize::try_from(end - start).expect("it is below a limit"),
    )
}

/// The channels that may be shown, as many as there is room for; how many they are in all; and what it took to look, in
/// bytes that could have been read instead.
fn shown<'a>(hub: &'a Hub, rights: &Rights, room: usize) -> (Vec<ChannelEntry<'a>>, usize, usize) {
    let entries = hub
        .channels_of(Space::Chat)
        .map(|(channel, id)| ChannelEntry {
            channel,
            count: hub.count(id),
        });
    let mut entries = entries.filter(|entry| rights.may_join(entry.channel));
    let channels: Vec<_> = entries.by_ref().take(room).collect();
    let toll = hub.remembered(Space::Chat) * EXAMINED_BYTES;
    if rights.are_bounded() {
        let count = channels.len() + entries.count();
        (channels, count, toll)
    } else {
        (channels, hub.populated(Space::Chat), toll)
    }
}
