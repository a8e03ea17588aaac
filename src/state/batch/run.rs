//! A batch that is sealed: its frames, shared by all who get them.

use std::mem;
use std::time::Duration;

use super::{Form, deflated::Deflated, offset};
use crate::{
    state::{
        memory::of_list,
        press::{Press, WhyPlain},
        seal::{Gap, Origin, Seal},
    },
    vocabulary::{
        chat::Told,
        coding::{Coding, Window},
        frame::{Header, Kind},
    },
};

/// A sealed batch in one form: frames ready for the socket, and where each message's body lies in them.
#[derive(Debug)]
pub struct Run {
    pub(super) bytes: Vec<u8>,
    pub(super) spans: Vec<Span>,
    pub(super) frames: u32,
    pub(super) form: Form,
    pub(super) is_alone: bool,
    pub(super) seal: Seal,
    /// The same frames, by the [`Window`] of those for whom they were deflated.
    pub(super) deflated: Option<Box<[Option<Deflated>; Window::ALL.len()]>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
    pub(super) opens_frame: bool,
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
            deflated: None,
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

    /// Deflates its frames for those who read them within a window.
    ///
    /// # Errors
    /// None of them gets smaller, or none may be deflated yet.
    pub fn deflate(&mut self, window: Window, press: &mut Press) -> Result<(), WhyPlain> {
        let deflated = Deflated::of(self, window, press)?;
        self.deflated.get_or_insert_default()[window as usize] = Some(deflated);
        Ok(())
    }

    /// Keeps what was deflated of another, of which this is a copy that begins with message `from`.
    pub(super) fn keep_deflated(&mut self, other: &Self, from: u32) {
        let Some(deflated) = &other.deflated else {
            return;
        };
        let parts = deflated.each_ref();
        let parts = parts.map(|deflated| deflated.as_ref()?.part(self, from));
        self.deflated = Some(Box::new(parts)).filter(|parts| parts.iter().any(Option::is_some));
    }

    /// Its frames as they were deflated for those of a coding, if they were.
    pub(super) fn deflated(&self, coding: Coding) -> Option<&Deflated> {
        let deflated = self.deflated.as_ref()?;
        match coding {
            Coding::Plain => None,
            Coding::Deflate(window) => deflated[window as usize].as_ref(),
        }
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        let deflated = self.deflated.as_ref().map_or(0, |deflated| {
            let all = deflated.iter().flatten().map(Deflated::heap_bytes);
            size_of_val(&**deflated) + all.sum::<usize>()
        });
        size_of::<Self>()
            + self.bytes.capacity()
            + of_list::<Span>(self.spans.capacity())
            + deflated
    }

    /// All frames, headers included, as those of a coding get them.
    pub fn bytes(&self, coding: Coding) -> &[u8] {
        self.deflated(coding).map_or(&self.bytes, Deflated::bytes)
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

    /// Where a write of `bytes(coding)` that stopped at `written` stands: the first message whose frame is not out, and
    /// the frame it has begun, if any.
    pub fn locate(&self, coding: Coding, written: usize) -> (u32, Option<Begun>) {
        if let Some(deflated) = self.deflated(coding) {
            return deflated.locate(written);
        }
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
                is_deflated: false,
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

    /// The messages of each frame, and where its bytes begin.
    pub(super) fn layout(&self) -> impl Iterator<Item = (&[Span], usize)> {
        let mut end = 0;
        let frames = self.spans.chunk_by(|_, next| !next.opens_frame);
        frames.map(move |spans| (spans, mem::replace(&mut end, last_end(spans))))
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
    /// Whether it is a deflated frame of the run that is in front.
    pub is_deflated: bool,
}

/// Where the bytes of a frame with these messages end.
pub(super) fn last_end(frame: &[Span]) -> usize {
    frame.last().map_or(0, |span| span.end as usize)
}
