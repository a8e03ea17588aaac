//! What programs say, that are nobody in the chat.

use serde_json::value::RawValue;

use super::{
    Registry,
    folding::{say, say_to},
    receipts::Given,
    write,
};
use crate::{
    state::{
        engine::Once,
        hub::{Hub, Space},
        outcome::Outcome,
    },
    vocabulary::chat::{ChatError, Content, Told, compact},
};

/// Room for all of a message but what it says.
const AROUND_BYTES: usize = 256;

/// What is to be said in a channel, encoded once for all who hear it. The sender is a mention, encoded.
pub fn publication(channel: &str, content: Content<'_>, sender: &RawValue) -> Vec<u8> {
    let told = Told::SendMessage {
        content,
        target: channel,
        sender,
        reference: None,
    };
    encode(&told, content)
}

/// The same of what is to be said to one person.
pub fn whispering(content: Content<'_>, sender: &RawValue) -> Vec<u8> {
    let told = Told::SendPrivate {
        content,
        sender,
        reference: None,
    };
    encode(&told, content)
}

fn encode(told: &Told<'_>, content: Content<'_>) -> Vec<u8> {
    let (bytes, is_on_one_line) = match content {
        Content::Message(message) => (message.len(), true),
        Content::Data(data) => (data.get().len(), false),
    };
    let mut body = Vec::with_capacity(bytes + AROUND_BYTES);
    write(told, &mut body);
    if !is_on_one_line {
        compact(&mut body);
    }
    body
}

/// Says something in a channel. Returns its bytes, and what came of it.
pub fn publish(
    hub: &mut Hub,
    registry: &mut Registry,
    channel: &str,
    body: &[u8],
    once: Option<&Once>,
) -> (usize, Outcome) {
    do_once(hub, registry, once, |hub, registry| {
        let channel = hub.found(Space::Chat, channel);
        let channel = channel.ok_or(ChatError::ServerFull)?;
        let bytes = say(hub, registry.events_mut(), channel, body);
        let given = Given::Said {
            epoch: hub.epoch(channel),
            seq: hub.said(channel),
        };
        Ok((bytes, given))
    })
}

/// Says something to one person. Returns its bytes, as often as it was said, and what came of it.
pub fn whisper(
    hub: &mut Hub,
    registry: &mut Registry,
    target: &str,
    body: &[u8],
    once: Option<&Once>,
) -> (usize, Outcome) {
    do_once(hub, registry, once, |hub, registry| {
        let (clients, target) = registry.people.find_by_id(target)?;
        let bytes = say_to(hub, clients.iter(), target, body);
        Ok((bytes, Given::Whispered))
    })
}

/// Does something unless it was done before. What was refused may be asked for again, and nothing else in its place.
fn do_once(
    hub: &mut Hub,
    registry: &mut Registry,
    once: Option<&Once>,
    deed: impl FnOnce(&mut Hub, &mut Registry) -> Result<(usize, Given), ChatError>,
) -> (usize, Outcome) {
    if let Some(known) = once.and_then(|once| registry.receipts.find(once)) {
        return (0, known);
    }
    let done = deed(hub, registry);
    if let Some(once) = once {
        let given = done.as_ref().ok().map(|&(_, given)| given);
        registry.receipts.give(once, given, hub.moment().at);
    }
    match done {
        Ok((bytes, given)) => (bytes, given.outcome(false)),
        Err(error) => (0, Outcome::Refused(error)),
    }
}
