//! The frames of a run, deflated: a second rendering of the same messages, for those who inflate.

use super::{
    Run, offset,
    run::{Begun, Span, last_end},
};
use crate::{
    state::press::{Press, WhyPlain},
    vocabulary::{coding::Window, frame},
};

/// All frames of a run, each deflated by itself, or as it is where that is no longer.
#[derive(Debug)]
pub(super) struct Deflated {
    bytes: Box<[u8]>,
    /// Of each frame.
    ends: Box<[End]>,
}

/// Where a frame ends.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// The message after its last.
    message: u32,
    byte: u32,
}

impl Deflated {
    /// Deflates what those get who read within a window.
    ///
    /// # Errors
    /// No frame gets smaller, or none may be deflated yet.
    pub(super) fn of(run: &Run, window: Window, press: &mut Press) -> Result<Self, WhyPlain> {
        let mut why = WhyPlain::NotSmaller;
        let deflated = Self::render(run, |_, spans, bytes| {
            let payload = &run.bytes[spans[0].start as usize..last_end(spans)];
            let pressed = press.deflate(window, spans[0].kind, payload, bytes);
            pressed.map_err(|refusal| why = refusal).is_ok()
        });
        deflated.ok_or(why)
    }

    /// What of it is whole in a copy of its run that begins with message `from`.
    pub(super) fn part(&self, copy: &Run, from: u32) -> Option<Self> {
        Self::render(copy, |first, spans, bytes| {
            let next = from + first + offset(spans.len());
            let frame = self.frame(from + first).filter(|&(_, end)| end == next);
            if let Some((frame, _)) = frame {
                bytes.extend_from_slice(frame);
            }
            frame.is_some()
        })
    }

    /// Renders the frames of a run: as `deflate` appends them, which is told their first message and their messages, or as
    /// they are where it appends nothing and says so. `None` if that is all of them.
    fn render(
        run: &Run,
        mut deflate: impl FnMut(u32, &[Span], &mut Vec<u8>) -> bool,
    ) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(run.frames as usize);
        let mut message = 0;
        let mut is_any = false;
        for (spans, start) in run.layout() {
            if deflate(message, spans, &mut bytes) {
                is_any = true;
            } else {
                bytes.extend_from_slice(&run.bytes[start..last_end(spans)]);
            }
            message += offset(spans.len());
            let byte = offset(bytes.len());
            ends.push(End { message, byte });
        }
        is_any.then(|| Self {
            bytes: bytes.into(),
            ends: ends.into(),
        })
    }

    /// All frames, headers included.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes that it takes beside itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.ends)
    }

    /// The frame that begins with a message, if it is deflated, and the message after it.
    pub(super) fn frame(&self, first: u32) -> Option<(&[u8], u32)> {
        let index = self.ends.partition_point(|end| end.message <= first);
        let (start, end) = self.bounds(index)?;
        let bytes = &self.bytes[start.byte as usize..end.byte as usize];
        (start.message == first && frame::is_deflated(bytes)).then_some((bytes, end.message))
    }

    /// Where a write that stopped at `written` stands, as [`Run::locate`] tells it.
    pub(super) fn locate(&self, written: usize) -> (u32, Option<Begun>) {
        let index = self
            .ends
            .partition_point(|end| end.byte as usize <= written);
        let Some((start, end)) = self.bounds(index) else {
            let last = self.ends.last().copied().unwrap_or_default();
            return (last.message, None);
        };
        let written = written - start.byte as usize;
        let begun = (written > 0).then(|| Begun {
            messages: end.message - start.message,
            written,
            is_deflated: frame::is_deflated(&self.bytes[start.byte as usize..]),
        });
        (start.message, begun)
    }

    /// Where a frame begins and ends.
    fn bounds(&self, index: usize) -> Option<(End, End)> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map(|before| self.ends[before]);
        Some((start.unwrap_or_default(), end))
    }
}
