//! The echo: each message comes back verbatim, in a frame of its own, of the same type.

use std::rc::Rc;

use crate::{
    state::{
        batch::{Run, Slice},
        outbox::Outbox,
    },
    vocabulary::{frame::Kind, message::Message},
};

/// Answers a message with itself.
pub fn hear(message: Message<'_>, outbox: &mut Outbox) {
    let run = match message {
        Message::Text(text) => Run::alone(Kind::Text, text.as_bytes()),
        Message::Binary(bytes) => Run::alone(Kind::Binary, bytes),
    };
    outbox.push(Slice::whole(Rc::new(run)));
}
