//! A batch: what is said in one channel in one turn, encoded once for everyone who gets it.

use std::rc::Rc;
use std::time::Duration;

use super::{
    memory::of_list,
    seal::{Gap, Origin, Seal},
};
use crate::vocabulary::{
    chat::Told,
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

/// A sealed batch in one form: frames ready for the socket, and where each message's body lies in them.
#[derive(Debug)]
pub struct Run {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    frames: u32,
    form: Form,
    is_alone: bool,
    seal: Seal,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
    kind: Kind,
    opens_frame: bool,
}

impl Run {
    /// One message, for one peer; if it is single it shares its frame with no other.
    pub fn alone(kind: Kind, body: &[u8], form: Form, seal: Seal) -> Self {
        let header = Header::new(kind, body.len());
        let header = header.as_ref();
        let mut bytes = Vec::with_capacity(header.len() + body.len());
        bytes.extend_from_slice(header);
        let start = offset(bytes.len());
        bytes.extend_from_slice(body);
        let span = Span {
            start,
            end: offset(bytes.len()),
            kind,
            opens_frame: true,
        };
        Self {
            bytes,
            spans: vec![span],
            frames: 1,
            form,
            is_alone: true,
            seal,
        }
    }

    /// What tells of a gap; `at` is when the first of what it lacks was sealed.
    pub fn gap(gap: Gap, at: Duration) -> Self {
        let told = Told::Gap {
            channel: &gap.source.channel,
            epoch: gap.source.epoch,
            from: gap.from,
            to: gap.to,
            reason: gap.reason,
        };
        let body = serde_json::to_vec(&told).expect("texts and numbers are always JSON");
        let origin = Some(Origin::Gap(Box::new(gap)));
        Self::alone(Kind::Text, &body, Form::Joined, Seal { at, origin })
    }

    /// When it was sealed, and where it comes from.
    pub fn seal(&self) -> &Seal {
        &self.seal
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.bytes.capacity() + of_list::<Span>(self.spans.capacity())
    }

    /// All frames, headers included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many frames.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// How many messages.
    pub fn messages(&self) -> u32 {
        offset(self.spans.len())
    }

    /// The message's body.
    pub fn body(&self, message: u32) -> &[u8] {
        let span = self.span(message);
        &self.bytes[span.start as usize..span.end as usize]
    }

    /// Whether the message is text or binary.
    pub fn kind(&self, message: u32) -> Kind {
        self.span(message).kind
    }

    /// Whether the message may share a frame with text before and after it.
    pub fn is_joinable(&self, message: u32) -> bool {
        self.form == Form::Joined && self.kind(message) == Kind::Text
    }

    /// Bodies that stand in one frame with nothing but separators between them, as they are: those from `first` on,
    /// fewer than `end`; and the message after them.
    pub fn contiguous(&self, first: u32, end: u32) -> (&[u8], u32) {
        let mut next = first + 1;
        while next < end && !self.span(next).opens_frame {
            next += 1;
        }
        let start = self.span(first).start as usize;
        (&self.bytes[start..self.span(next - 1).end as usize], next)
    }

    /// Where a write of `bytes()` that stopped at `written` stands: the first message whose frame is not out, and the
    /// frame it has begun, if any.
    pub fn locate(&self, written: usize) -> (u32, Option<Begun>) {
        let first = self
            .spans
            .partition_point(|span| (span.end as usize) <= written);
        let opener = (0..=first)
            .rev()
            .find(|&index| self.spans.get(index).is_some_and(|span| span.opens_frame))
            .unwrap_or(0);
        let frame_start = match opener {
            0 => 0,
            _ => self.spans[opener - 1].end as usize,
        };
        let begun = (written > frame_start).then(|| {
            let end = (opener + 1..self.spans.len())
                .find(|&index| self.spans[index].opens_frame)
                .unwrap_or(self.spans.len());
            Begun {
                messages: offset(end - opener),
                written: written - frame_start,
            }
        });
        (offset(opener), begun)
    }

    /// How many frames begin before `message`.
    pub fn frames_before(&self, message: u32) -> usize {
        let spans = &self.spans[..message as usize];
        spans.iter().filter(|span| span.opens_frame).count()
    }

    /// Bytes of the bodies from `first` on, fewer than `end`, with what stands between them in the run.
    pub fn weight(&self, first: u32, end: u32) -> usize {
        if first == end {
            return 0;
        }
        (self.span(end - 1).end - self.span(first).start) as usize
    }

    fn span(&self, message: u32) -> &Span {
        &self.spans[message as usize]
    }
}

/// A frame of which some bytes are out: it must be finished before anything else, and is never framed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// How many messages, from the front of the outbox, it carries.
    pub messages: u32,
    /// How many of its bytes, header included, are out.
    pub written: usize,
}

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
        Self::whole(Rc::new(Run {
            is_alone: true,
            ..batch.encode(self.run.form, self.run.seal.from(self.from))
        }))
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

/// Offsets and counts within a batch fit 32 bits: a turn takes in `TURN_BYTES_MAX` and one message more, a message is at
/// most `MESSAGE_BYTES_MAX`, and a batch that has `TURN_BYTES_MAX` waits for no further turn.
fn offset(value: usize) -> u32 {
    u32::try_from(value).expect("a batch is smaller than 4 GiB")
}
