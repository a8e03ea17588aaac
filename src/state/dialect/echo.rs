//! The echo: each message comes back verbatim, in a frame of its own, of the same type.

use std::rc::Rc;

use crate::{
    state::{
        batch::{Form, Run, Slice},
        outbox::Outbox,
        seal::Seal,
    },
    vocabulary::{frame::Kind, message::Message, time::Now},
};

/// Answers a message with itself. Returns its bytes.
pub fn hear(message: Message<'_>, outbox: &mut Outbox, now: Now) -> usize {
    let kind = match message {
        Message::Text(_) => Kind::Text,
        Message::Binary(_) => Kind::Binary,
    };
    let run = Run::alone(kind, message.bytes(), Form::Single, Seal::at(now.monotonic));
    outbox.push(Slice::whole(Rc::new(run)));
    message.bytes().len()
}
