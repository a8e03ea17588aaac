//! The relay, the plain hub of the tutorials: whatever a client sends goes to everyone in its channel, itself included.

use crate::{
    state::{
        batch::Form,
        channel::Departure,
        hub::{ChannelId, ClientId, Hub, Space},
    },
    vocabulary::{frame::Kind, message::Message, reason::Reason},
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
    /// Joins `channel`, to say something there or only to listen; what is said is delivered to `slot` in the given form.
    pub fn join(hub: &mut Hub, slot: u32, channel: &str, form: Form, may_publish: bool) -> Self {
        let client = hub.enter(slot, form);
        let channel = hub.join(client, Space::Relay, channel);
        Self {
            client,
            channel,
            may_publish,
        }
    }

    /// Says a message to everyone. Text is trimmed and put on one line; what is empty then is ignored. Returns the
    /// message's bytes.
    ///
    /// # Errors
    /// The client may only listen: the reason to close it with.
    pub fn hear(&self, message: Message<'_>, hub: &mut Hub) -> Result<usize, Reason> {
        if !self.may_publish {
            return Err(Reason::NotAllowed);
        }
        match message {
            Message::Text(text) => match text.trim() {
                "" => {}
                line => hub.speak(self.channel).say_line(line),
            },
            Message::Binary(bytes) => hub.speak(self.channel).say(Kind::Binary, bytes),
        }
        Ok(message.bytes().len())
    }

    /// Leaves.
    pub fn end(&self, departure: Departure, hub: &mut Hub) {
        hub.exit(self.client, departure);
    }
}
