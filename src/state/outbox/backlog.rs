//! What could not leave at once: a queue of batches, and the frames that a vectored write makes of them.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};
use std::mem;
use std::time::Duration;

use arrayvec::ArrayVec;
use bytes::Bytes;

use super::{
    Flushed,
    skipping::{Limits, Thinning, oldest_skippable},
    write,
};
use crate::{
    state::{
        batch::{Begun, SEPARATOR, Slice},
        memory::of_list,
    },
    vocabulary::{
        coding::Coding,
        config::{FRAME_BYTES_MAX, OUTBOX_BATCHES_MAX, Slow},
        frame::Header,
    },
};

/// Slices of one vectored write: the most that Linux takes (writev(2), `IOV_MAX`).
const WRITE_SLICES_MAX: usize = 1024;
/// Frames planned for one vectored write.
const WRITE_FRAMES_MAX: usize = 256;
/// Bytes planned for one vectored write; more than any socket buffer takes at once would be planned in vain.
const WRITE_BYTES_MAX: usize = 512 << 10;

#[derive(Debug, Default)]
pub(super) struct Backlog {
    staged: Vec<u8>,
    pub(super) batches: VecDeque<Slice>,
    pub(super) begun: Option<Begun>,
    close: Bytes,
    /// The weight of `batches` in bytes.
    weight: usize,
    /// Messages that were skipped for a gap's sake and not reported yet.
    skipped: usize,
}

impl Backlog {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.staged.is_empty() && self.close.is_empty()
    }

    /// Bytes that wait.
    pub(super) fn unsent_bytes(&self) -> usize {
        let begun = self.begun.map_or(0, |begun| begun.written);
        (self.weight + self.staged.len() + self.close.len()).saturating_sub(begun)
    }

    /// Bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let batches = self.batches.iter().map(Slice::heap_bytes);
        size_of::<Self>()
            + self.staged.capacity()
            + of_list::<Slice>(self.batches.capacity())
            + batches.sum::<usize>()
            + self.close.len()
    }

    /// Whether more waits than may: bytes, not counting a message that is larger than that by itself and first in line,
    /// or batches of whatever size.
    pub(super) fn exceeds(&self, max_unsent_bytes: usize) -> bool {
        self.batches.len() > OUTBOX_BATCHES_MAX
            || self.charged_bytes(max_unsent_bytes) > max_unsent_bytes
    }

    /// Bytes that wait and count: not those of a message that is larger than may wait by itself and first in line.
    fn charged_bytes(&self, max_unsent_bytes: usize) -> usize {
        let first = self.batches.front().map_or(0, Slice::first_bytes);
        let begun = self.begun.map_or(0, |begun| begun.written);
        let allowance = if first > max_unsent_bytes {
            first.saturating_sub(begun)
        } else {
            0
        };
        self.unsent_bytes().saturating_sub(allowance)
    }

    /// When the oldest run was sealed that may wait for so long and no longer.
    pub(super) fn oldest(&self, slow: Slow) -> Option<Duration> {
        match slow {
            Slow::Close => self.batches.front().map(|slice| slice.run.seal().at),
            Slow::Gap | Slow::Latest => {
                oldest_skippable(&self.batches, self.begun_messages(), slow)
            }
        }
    }

    /// Adds messages. A gap grows by one that is adjacent.
    pub(super) fn push(&mut self, slice: Slice) {
        let is_gap = slice.run.seal().gap().is_some();
        self.append(slice);
        if is_gap {
            self.skipped += self.thin(Slow::Gap, Limits::default());
        }
    }

    /// Skips what may be skipped until a quarter of what may wait is left, and nothing older than this. Returns how many
    /// messages.
    pub(super) fn skip(
        &mut self,
        slow: Slow,
        max_unsent_bytes: usize,
        sealed_before: Duration,
    ) -> usize {
        let limits = Limits {
            waiting_bytes: self.charged_bytes(max_unsent_bytes),
            bytes_max: max_unsent_bytes / 4,
            surplus_batches: self.batches.len().saturating_sub(OUTBOX_BATCHES_MAX / 4),
            sealed_before,
        };
        self.thin(slow, limits)
    }

    fn thin(&mut self, slow: Slow, limits: Limits) -> usize {
        let mut thinning = Thinning::new(slow, limits, self.begun_messages());
        for slice in mem::take(&mut self.batches) {
            thinning.pass(slice);
        }
        let (kept, skipped) = thinning.finish();
        self.weight = 0;
        for slice in kept {
            self.append(slice);
        }
        skipped
    }

    fn begun_messages(&self) -> u32 {
        self.begun.map_or(0, |begun| begun.messages)
    }

    fn append(&mut self, slice: Slice) {
        if !slice.is_empty() {
            let slice = slice.frugal();
            self.weight += slice.weight();
            self.batches.push_back(slice);
        }
    }

    /// Adds wire bytes, which go before messages not yet begun.
    pub(super) fn stage(&mut self, bytes: &[u8]) {
        self.staged.extend_from_slice(bytes);
    }

    /// Notes that the frame of the first messages is half out.
    pub(super) fn begin(&mut self, begun: Option<Begun>) {
        self.begun = begun;
    }

    /// Adds the close frame, which goes last.
    pub(super) fn close(&mut self, frame: Bytes) {
        debug_assert!(self.close.is_empty(), "a peer is closed once");
        self.close = frame;
    }

    /// Drops every message of which no byte is out.
    pub(super) fn abandon(&mut self) {
        let mut kept = self.begun_messages();
        let batches = mem::take(&mut self.batches);
        self.weight = 0;
        for mut slice in batches {
            if kept == 0 {
                break;
            }
            slice.to = slice.to.min(slice.from + kept);
            kept -= slice.len();
            self.append(slice);
        }
    }

    /// Plans one vectored write, makes it, and takes off what is out.
    ///
    /// # Errors
    /// Those of the stream, except that it would block.
    pub(super) fn write(
        &mut self,
        stream: &mut impl Write,
        coding: Coding,
        flushed: &mut Flushed,
    ) -> io::Result<()> {
        flushed.skipped += mem::take(&mut self.skipped);
        let mut frames = Frames::new();
        let is_complete = self.plan(coding, &mut frames);
        let begun = usize::from(self.begun.is_some()).min(frames.len());
        let (begun, fresh) = frames.split_at(begun);
        let Some(mut written) = self.write_frames([begun, fresh], is_complete, coding, stream)?
        else {
            flushed.blocked = true;
            return Ok(());
        };
        flushed.bytes += written;
        for frame in begun {
            written = self.advance(frame, written, flushed);
        }
        let staged = written.min(self.staged.len());
        self.staged.drain(..staged);
        written -= staged;
        for frame in fresh {
            if written == 0 {
                break;
            }
            written = self.advance(frame, written, flushed);
        }
        let _ = self.close.split_to(written);
        Ok(())
    }

    /// Plans the frames of one write, in order, the one that is begun first. Returns whether every waiting message is in
    /// one of them, so that the close frame may follow.
    fn plan(&self, coding: Coding, frames: &mut Frames) -> bool {
        let mut cursor = Cursor::new(&self.batches, coding);
        let mut begun = self.begun;
        let mut bytes = 0;
        while !frames.is_full() && bytes < WRITE_BYTES_MAX {
            let Some(frame) = cursor.frame(begun.take()) else {
                break;
            };
            bytes += frame.bytes();
            frames.push(frame);
        }
        cursor.is_at_end()
    }

    /// Gathers the planned bytes and writes them with one call; `None` if the stream would block.
    fn write_frames(
        &self,
        [begun, fresh]: [&[Frame]; 2],
        is_complete: bool,
        coding: Coding,
        stream: &mut impl Write,
    ) -> io::Result<Option<usize>> {
        let mut slices = Gather::default();
        let mut cursor = Cursor::new(&self.batches, coding);
        let fits = begun.iter().all(|frame| cursor.gather(frame, &mut slices))
            && slices.push(&self.staged)
            && fresh.iter().all(|frame| cursor.gather(frame, &mut slices));
        if fits && is_complete {
            slices.push(&self.close);
        }
        write(stream, |stream| stream.write_vectored(&slices.slices))
    }

    /// Takes a planned frame off the front, as far as `written` bytes go, and returns what is left of them.
    fn advance(&mut self, frame: &Frame, written: usize, flushed: &mut Flushed) -> usize {
        let rest = frame.bytes() - frame.skip;
        if written < rest {
            self.begun = Some(Begun {
                messages: frame.messages,
                written: frame.skip + written,
                is_deflated: frame.header.is_none(),
            });
            return 0;
        }
        self.begun = None;
        self.pop(frame.messages);
        flushed.messages += frame.messages as usize;
        flushed.frames += 1;
        written - rest
    }

    fn pop(&mut self, mut messages: u32) {
        while messages > 0 {
            let front = &mut self.batches[0];
            let before = front.weight();
            let taken = messages.min(front.len());
            front.from += taken;
            self.weight -= before - front.weight();
            messages -= taken;
            if front.is_empty() {
                self.batches.pop_front();
            }
        }
    }
}

/// The plan of one vectored write. It is large, so it stays where it was made.
type Frames = ArrayVec<Frame, WRITE_FRAMES_MAX>;

/// A frame about to be written: its header and how many messages from the queue it carries.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// `None` if it is deflated, and stands in its run with its header.
    header: Option<Header>,
    /// Bytes without the header.
    payload: usize,
    messages: u32,
    /// Bytes of it that are out already.
    skip: usize,
}

impl Frame {
    fn bytes(&self) -> usize {
        self.header_bytes().len() + self.payload
    }

    fn header_bytes(&self) -> &[u8] {
        self.header.as_ref().map_or(&[], Header::as_ref)
    }
}

/// Slices for a vectored write, the first bytes of which may be out already.
#[derive(Default)]
struct Gather<'a> {
    slices: ArrayVec<IoSlice<'a>, WRITE_SLICES_MAX>,
    skip: usize,
}

impl<'a> Gather<'a> {
    /// Adds bytes, and says whether there was room. Nothing may be added after a refusal.
    fn push(&mut self, bytes: &'a [u8]) -> bool {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        let rest = &bytes[skipped..];
        rest.is_empty() || self.slices.try_push(IoSlice::new(rest)).is_ok()
    }
}

/// A walk over the queued messages, from the front.
struct Cursor<'a> {
    batches: &'a VecDeque<Slice>,
    coding: Coding,
    batch: usize,
    /// Messages of the current batch that are behind.
    behind: u32,
}

impl<'a> Cursor<'a> {
    fn new(batches: &'a VecDeque<Slice>, coding: Coding) -> Self {
        Self {
            batches,
            coding,
            batch: 0,
            behind: 0,
        }
    }

    fn is_at_end(&self) -> bool {
        self.batch == self.batches.len()
    }

    /// The next message: its batch and its number there.
    fn peek(&self) -> Option<(&'a Slice, u32)> {
        let slice = self.batches.get(self.batch)?;
        Some((slice, slice.from + self.behind))
    }

    fn skip(&mut self, messages: u32) {
        self.behind += messages;
        if self.behind == self.batches[self.batch].len() {
            self.batch += 1;
            self.behind = 0;
        }
    }

    /// Plans the next frame: the one that is begun, as it was; one that is deflated; or as many other messages as may share
    /// one.
    fn frame(&mut self, begun: Option<Begun>) -> Option<Frame> {
        let (slice, first) = self.peek()?;
        let skip = begun.map_or(0, |begun| begun.written);
        if begun.is_none_or(|begun| begun.is_deflated)
            && let Some((bytes, next)) = slice.deflated_frame(self.coding, first)
        {
            self.skip(next - first);
            return Some(Frame {
                header: None,
                payload: bytes.len(),
                messages: next - first,
                skip,
            });
        }
        let kind = slice.run.kind(first);
        let joinable = slice.run.is_joinable(first);
        let mut payload = slice.run.body(first).len();
        let mut messages = 1;
        self.skip(1);
        while let Some((slice, next)) = self.peek() {
            let grown = payload + 1 + slice.run.body(next).len();
            let joins = match begun {
                Some(begun) => messages < begun.messages,
                None => {
                    joinable
                        && slice.run.is_joinable(next)
                        && grown <= FRAME_BYTES_MAX
                        && slice.deflated_frame(self.coding, next).is_none()
                }
            };
            if !joins {
                break;
            }
            payload = grown;
            messages += 1;
            self.skip(1);
        }
        Some(Frame {
            header: Some(Header::new(kind, payload)),
            payload,
            messages,
            skip,
        })
    }

    /// Adds a planned frame's bytes to a write, and says whether all of them found room.
    fn gather<'b>(&mut self, frame: &'b Frame, slices: &mut Gather<'b>) -> bool
    where
        'a: 'b,
    {
        slices.skip = frame.skip;
        if frame.header.is_none() {
            let Some((slice, first)) = self.peek() else {
                return true;
            };
            let bytes = slice.deflated_frame(self.coding, first);
            self.skip(frame.messages);
            return bytes.is_none_or(|(bytes, _)| slices.push(bytes));
        }
        let mut fits = slices.push(frame.header_bytes());
        let mut left = frame.messages;
        while fits && left > 0 {
            let Some((slice, first)) = self.peek() else {
                break;
            };
            let (bodies, next) = slice.run.contiguous(first, slice.to.min(first + left));
            if left < frame.messages {
                fits = slices.push(&[SEPARATOR]);
            }
            fits = fits && slices.push(bodies);
            left -= next - first;
            self.skip(next - first);
        }
        fits
    }
}
