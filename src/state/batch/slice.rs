//! A part of a run, as one peer gets it.

use std::rc::Rc;

use super::{ALONE_BYTES, OpenBatch, Run};
use crate::vocabulary::coding::Coding;

/// Messages `from..to` of a run, shared by reference.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The run.
    pub run: Rc<Run>,
    /// The first message.
    pub from: u32,
    /// The message after the last.
    pub to: u32,
}

impl Slice {
    /// All of a run.
    pub fn whole(run: Rc<Run>) -> Self {
        let to = run.messages();
        Self { run, from: 0, to }
    }

    /// Whether it is all of its run, so that the run's frames can leave as they are.
    pub fn is_whole(&self) -> bool {
        self.from == 0 && self.to == self.run.messages()
    }

    /// How many messages.
    pub fn len(&self) -> u32 {
        self.to - self.from
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.from == self.to
    }

    /// Bytes it stands for, framing included about as it will be, and the memory of a run that nobody else shares.
    pub fn weight(&self) -> usize {
        let is_kept_alone = self.run.is_alone && !self.is_empty();
        let own = if is_kept_alone { ALONE_BYTES } else { 0 };
        own + self.run.weight(self.from, self.to)
    }

    /// Itself, or a copy if it is little of much: what waits keeps its run alive, whoever else has got it by then.
    #[must_use]
    pub fn frugal(self) -> Self {
        let own = ALONE_BYTES + self.run.weight(self.from, self.to);
        if self.is_empty() || self.run.bytes.len() <= 2 * own {
            return self;
        }
        let mut batch = OpenBatch::default();
        for message in self.from..self.to {
            batch.push(self.run.kind(message), self.run.body(message));
        }
        let mut own = batch.encode(self.run.form, self.run.seal.from(self.from));
        own.is_alone = true;
        own.keep_deflated(&self.run, self.from);
        Self::whole(Rc::new(own))
    }

    /// The frame that begins with one of the messages and holds no others, as it was deflated for those of a coding, and
    /// the message after it. `None` if there is no such frame.
    pub fn deflated_frame(&self, coding: Coding, first: u32) -> Option<(&[u8], u32)> {
        let frame = self.run.deflated(coding)?.frame(first)?;
        Some(frame).filter(|&(_, next)| next <= self.to)
    }

    /// Its share of the bytes that the run takes.
    pub fn heap_bytes(&self) -> usize {
        self.run.heap_bytes() / Rc::strong_count(&self.run)
    }

    /// Bytes of the first message's body.
    pub fn first_bytes(&self) -> usize {
        self.run.body(self.from).len()
    }
}
