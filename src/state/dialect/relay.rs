//! The relay, the plain hub of the tutorials: whatever a client sends goes to everyone in its channel, itself included.

use std::borrow::Cow;
use std::rc::Rc;

use super::chat::Asked;
use crate::{
    state::{
        batch::{Form, SEPARATOR},
        channel::Departure,
        commons::Commons,
        engine::{Actor, Deed},
        hub::{ChannelId, ClientId, Hub, Space, Start},
    },
    vocabulary::{coding::Coding, frame::Kind, message::Message, reason::Reason, time::Now},
};

/// The channel of a client that names none.
pub const LOBBY: &str = "lobby";

/// A client in its one channel.
#[derive(Debug)]
pub struct Relay {
    client: ClientId,
    channel: ChannelId,
    may_publish: bool,
}

impl Relay {
    /// Joins `channel`, to say something there or only to listen; what is said is delivered to `slot` in the given form
    /// and coding, after the latest `last` messages that were said before.
    pub fn join(
        hub: &mut Hub,
        slot: u32,
        channel: &str,
        form: Form,
        coding: Coding,
        last: usize,
        may_publish: bool,
    ) -> Self {
        let client = hub.enter(Some(slot), form, coding);
        let start = match (last, hub.found(Space::Relay, channel)) {
            (1.., Some(known)) => Start::At(hub.log(known).last(last)),
            _ => Start::Now,
        };
        let channel = hub.join(client, Space::Relay, channel, start);
        Self {
            client,
            channel: channel.expect("the relay has a channel for each connection"),
            may_publish,
        }
    }

    /// Which client it is.
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// Says a message to everyone. Text is trimmed and put on one line; what is empty then is ignored. Returns the
    /// message's bytes.
    ///
    /// # Errors
    /// The client may only listen: the reason to close it with.
    pub fn hear(
        &self,
        message: Message<'_>,
        commons: &mut Commons,
        now: Now,
    ) -> Result<usize, Reason> {
        commons.hub.begin_turn(now);
        if !self.may_publish {
            return Err(Reason::NotAllowed);
        }
        let name = Rc::clone(commons.hub.source(self.channel));
        if let Some(deed) = speech(&name.channel, message) {
            commons.act(self.client, deed, Asked::default());
        }
        Ok(message.bytes().len())
    }

    /// Leaves.
    pub fn end(&self, departure: Departure, hub: &mut Hub, now: Now) {
        hub.begin_turn(now);
        hub.exit(self.client, departure);
    }
}

/// What it takes to say a message in a channel: text is trimmed and put on one line. `None` if nothing is left of it.
pub fn speech<'a>(channel: &'a str, message: Message<'a>) -> Option<Deed<'a>> {
    let (kind, body) = match message {
        Message::Text(text) => match text.trim() {
            "" => return None,
            line => (Kind::Text, on_one_line(line)),
        },
        Message::Binary(bytes) => (Kind::Binary, Cow::Borrowed(bytes)),
    };
    Some(Deed::Relay {
        channel: Cow::Borrowed(channel),
        kind,
        body,
    })
}

/// Says a message that was sequenced. Returns its bytes.
pub(in crate::state) fn fold(
    hub: &mut Hub,
    actor: Actor,
    channel: &str,
    kind: Kind,
    body: &[u8],
) -> usize {
    // One of ours is in the channel that it speaks in, and in no other, until it has left.
    let own = match actor {
        Actor::Ours(client) => hub.memberships(client).next(),
        Actor::Theirs { .. } => None,
    };
    let Some(channel) = own.or_else(|| hub.found(Space::Relay, channel)) else {
        return 0;
    };
    hub.say(channel, kind, false, |bytes, _, _| {
        bytes.extend_from_slice(body);
    })
}

fn on_one_line(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    // All of them are looked at, several at once, as nearly always there is none.
    let separators = bytes
        .iter()
        .fold(0, |found, &byte| found | u8::from(byte == SEPARATOR));
    if separators == 0 {
        return Cow::Borrowed(bytes);
    }
    let mut line = bytes.to_vec();
    for byte in &mut line {
        if *byte == SEPARATOR {
            *byte = b' ';
        }
    }
    Cow::Owned(line)
}
