//! A batch: what is said in one channel in one turn, encoded once for everyone who gets it.

mod deflated;
mod run;
mod slice;

use self::run::Span;
pub use self::{
    run::{Begun, Run},
    slice::Slice,
};
use super::{memory::of_list, seal::Seal};
use crate::vocabulary::{
    config::FRAME_BYTES_MAX,
    frame::{HEADER_BYTES_MAX, Header, Kind},
};

/// What a run that nobody shares takes beside its bytes: its places in memory, and in the queue.
pub(super) const ALONE_BYTES: usize = 200;
/// Bytes of the header of a frame with less than 64 KiB.
const SHORT_HEADER_BYTES: usize = 4;

/// Between two text messages that share a frame.
pub const SEPARATOR: u8 = b'\n';

/// How a peer wants messages that leave together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Text messages share frames, up to [`FRAME_BYTES_MAX`] each.
    Joined,
    /// Every message has a frame of its own.
    Single,
}

/// The messages of a turn while they arrive: bodies end to end, and where each one ends.
#[derive(Debug, Default)]
pub struct OpenBatch {
    bodies: Vec<u8>,
    marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    end: u32,
    kind: Kind,
}

impl OpenBatch {
    /// Adds a message.
    pub fn push(&mut self, kind: Kind, body: &[u8]) {
        self.bodies.extend_from_slice(body);
        self.mark(kind);
    }

    /// Adds a message that is written by `write`. Returns its bytes.
    pub fn compose(&mut self, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.bodies.len();
        write(&mut self.bodies);
        self.mark(kind);
        self.bodies.len() - start
    }

    /// The message that was added last; there must be one.
    pub fn newest(&self) -> (Kind, &[u8]) {
        let last = self.marks.len() - 1;
        (self.marks[last].kind, self.body(last))
    }

    /// How many messages it holds.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether nothing has been said.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Encodes all messages as the frames that a peer of `form` gets.
    pub fn encode(&self, form: Form, seal: Seal) -> Run {
        let mut run = Run {
            bytes: Vec::with_capacity(self.bodies.len() + self.framing_bytes(form)),
            spans: Vec::with_capacity(self.marks.len()),
            frames: 0,
            form,
            is_alone: false,
            seal,
            deflated: None,
        };
        let mut next = 0;
        while next < self.marks.len() {
            next = self.encode_frame(next, &mut run);
        }
        run
    }

    /// Forgets all messages and keeps room for as many, but no more than a frame or two.
    pub fn clear(&mut self) {
        self.bodies.clear();
        self.bodies.shrink_to(FRAME_BYTES_MAX);
        self.marks.clear();
        self.marks.shrink_to(FRAME_BYTES_MAX / 64);
    }

    /// Bytes that it has room for.
    pub fn heap_bytes(&self) -> usize {
        self.bodies.capacity() + of_list::<Mark>(self.marks.capacity())
    }

    /// About as many bytes as headers and separators take: too few cost a copy, too many stay with whoever lags.
    fn framing_bytes(&self, form: Form) -> usize {
        match form {
            Form::Joined => {
                self.marks.len() + HEADER_BYTES_MAX * (1 + self.bodies.len() / FRAME_BYTES_MAX)
            }
            Form::Single => self.marks.len() * SHORT_HEADER_BYTES,
        }
    }

    /// Writes the frame that begins with message `first` and returns the message after it.
    fn encode_frame(&self, first: usize, run: &mut Run) -> usize {
        let kind = self.marks[first].kind;
        let mut payload = self.body(first).len();
        let mut next = first + 1;
        if run.form == Form::Joined && kind == Kind::Text {
            while next < self.marks.len() && self.marks[next].kind == Kind::Text {
                let grown = payload + 1 + self.body(next).len();
                if grown > FRAME_BYTES_MAX {
                    break;
                }
                payload = grown;
                next += 1;
            }
        }
        run.bytes
            .extend_from_slice(Header::new(kind, payload).as_ref());
        for index in first..next {
            if index > first {
                run.bytes.push(SEPARATOR);
            }
            let start = offset(run.bytes.len());
            run.bytes.extend_from_slice(self.body(index));
            run.spans.push(Span {
                start,
                end: offset(run.bytes.len()),
                kind,
                opens_frame: index == first,
            });
        }
        run.frames += 1;
        next
    }

    fn body(&self, index: usize) -> &[u8] {
        let start = match index {
            0 => 0,
            _ => self.marks[index - 1].end as usize,
        };
        &self.bodies[start..self.marks[index].end as usize]
    }

    fn mark(&mut self, kind: Kind) {
        let end = offset(self.bodies.len());
        self.marks.push(Mark { end, kind });
    }
}

/// Offsets and counts within a batch fit 32 bits: a turn takes in `TURN_BYTES_MAX` and one message more, a message is at
/// most `MESSAGE_BYTES_MAX`, and a batch that has `TURN_BYTES_MAX` waits for no further turn.
fn offset(value: usize) -> u32 {
    u32::try_from(value).expect("a batch is smaller than 4 GiB")
}
