//! The outbox: the one writer of a socket. Every byte for a peer leaves through it, and in an order that keeps frames
//! whole.
//!
//! The order is: the rest of a frame that is half out; wire bytes that were [staged](Outbox::stage) (control frames,
//! HTTP); messages; and last the close frame. A single batch leaves as the bytes that all its receivers share. Once
//! something could not leave at once there is a backlog, and its pending text is joined under fresh headers, so that a
//! peer that lags gets fewer, fuller frames.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice, Write},
    mem,
};

use arrayvec::ArrayVec;
use bytes::Bytes;

use super::batch::{Begun, SEPARATOR, Slice};
use crate::vocabulary::{
    config::{FRAME_BYTES_MAX, OUTBOX_BATCHES_MAX},
    frame::Header,
};

/// Slices of one vectored write: the most that Linux takes (writev(2), `IOV_MAX`).
const WRITE_SLICES_MAX: usize = 1024;
/// Frames planned for one vectored write.
const WRITE_FRAMES_MAX: usize = 256;
/// Bytes planned for one vectored write; more than any socket buffer takes at once would be planned in vain.
const WRITE_BYTES_MAX: usize = 512 << 10;

/// What waits for one peer.
#[derive(Debug, Default)]
pub struct Outbox {
    pending: Pending,
}

/// One thing is held in place; only what could not leave at once, or came beside another, costs an allocation.
#[derive(Debug, Default)]
enum Pending {
    #[default]
    Nothing,
    Staged(Bytes),
    Messages(Slice),
    Backlog(Box<Backlog>),
}

#[derive(Debug, Default)]
struct Backlog {
    staged: Vec<u8>,
    batches: VecDeque<Slice>,
    begun: Option<Begun>,
    close: Bytes,
    /// Messages in `batches`.
    messages: usize,
    /// Their weight in bytes.
    weight: usize,
}

/// What a flush got rid of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Messages whose frame is out.
    pub messages: usize,
    /// Data frames that are out.
    pub frames: usize,
    /// Bytes taken by the stream.
    pub bytes: usize,
    /// Whether the stream would take no more.
    pub blocked: bool,
}

impl Outbox {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        matches!(self.pending, Pending::Nothing)
    }

    /// Bytes that wait, the headers of frames not yet begun counted about as they will be.
    pub fn unsent_bytes(&self) -> usize {
        match &self.pending {
            Pending::Nothing => 0,
            Pending::Staged(bytes) => bytes.len(),
            Pending::Messages(slice) => slice.weight(),
            Pending::Backlog(backlog) => backlog.unsent_bytes(),
        }
    }

    /// Whether more waits than a peer may leave unsent. One message alone may be of any size.
    pub fn exceeds(&self, max_unsent_bytes: usize) -> bool {
        let Pending::Backlog(backlog) = &self.pending else {
            return false;
        };
        let alone = backlog.messages <= 1 && backlog.staged.len() <= max_unsent_bytes;
        backlog.batches.len() > OUTBOX_BATCHES_MAX
            || (!alone && backlog.unsent_bytes() > max_unsent_bytes)
    }

    /// Queues messages.
    pub fn push(&mut self, slice: Slice) {
        match &mut self.pending {
            Pending::Nothing => self.pending = Pending::Messages(slice),
            _ => self.backlog().push(slice),
        }
    }

    /// Queues wire bytes that are whole units of their protocol, to leave before any message not yet begun.
    pub fn stage(&mut self, bytes: Bytes) {
        match &mut self.pending {
            Pending::Nothing => self.pending = Pending::Staged(bytes),
            _ => self.backlog().staged.extend_from_slice(&bytes),
        }
    }

    /// Queues the close frame, to leave after everything else. Only what was owed before it may still be pushed.
    pub fn close(&mut self, frame: Bytes) {
        let backlog = self.backlog();
        debug_assert!(backlog.close.is_empty(), "a peer is closed once");
        backlog.close = frame;
    }

    /// Drops every message of which no byte is out.
    pub fn abandon(&mut self) {
        match &mut self.pending {
            Pending::Nothing | Pending::Staged(_) => {}
            Pending::Messages(_) => self.pending = Pending::Nothing,
            Pending::Backlog(backlog) => backlog.abandon(),
        }
    }

    /// Writes until nothing waits or the stream would block. A lone batch costs one write and no copy.
    ///
    /// # Errors
    /// Those of the stream, except that it would block: the peer is gone.
    pub fn flush(&mut self, stream: &mut impl Write) -> io::Result<Flushed> {
        let mut flushed = Flushed::default();
        if let Pending::Messages(slice) = &self.pending
            && slice.is_whole()
            && self.write_whole(stream, &mut flushed)?
        {
            return Ok(flushed);
        }
        if let Pending::Staged(bytes) = &mut self.pending {
            match write(stream, |stream| stream.write(bytes))? {
                Some(written) if written == bytes.len() => {
                    flushed.bytes += written;
                    self.pending = Pending::Nothing;
                }
                Some(written) => {
                    flushed.bytes += written;
                    let _ = bytes.split_to(written);
                }
                None => flushed.blocked = true,
            }
        }
        if self.is_empty() || flushed.blocked {
            return Ok(flushed);
        }
        let backlog = self.backlog();
        while !flushed.blocked && !backlog.is_empty() {
            backlog.write(stream, &mut flushed)?;
        }
        if backlog.is_empty() {
            self.pending = Pending::Nothing;
        }
        Ok(flushed)
    }

    /// Writes a whole run as it is, and says whether that settled the flush.
    fn write_whole(&mut self, stream: &mut impl Write, flushed: &mut Flushed) -> io::Result<bool> {
        let Pending::Messages(slice) = &mut self.pending else {
            return Ok(false);
        };
        let run = &slice.run;
        let Some(written) = write(stream, |stream| stream.write(run.bytes()))? else {
            flushed.blocked = true;
            return Ok(true);
        };
        flushed.bytes = written;
        if written == run.bytes().len() {
            flushed.messages = run.messages() as usize;
            flushed.frames = run.frames() as usize;
            self.pending = Pending::Nothing;
            return Ok(true);
        }
        let (first, begun) = run.locate(written);
        flushed.messages = first as usize;
        flushed.frames = run.frames_before(first);
        slice.from = first;
        self.backlog().begun = begun;
        Ok(false)
    }

    /// The backlog, made of whatever waits.
    fn backlog(&mut self) -> &mut Backlog {
        if !matches!(self.pending, Pending::Backlog(_)) {
            let mut backlog = Box::<Backlog>::default();
            match mem::take(&mut self.pending) {
                Pending::Staged(bytes) => backlog.staged.extend_from_slice(&bytes),
                Pending::Messages(slice) => backlog.push(slice),
                Pending::Nothing | Pending::Backlog(_) => {}
            }
            self.pending = Pending::Backlog(backlog);
        }
        match &mut self.pending {
            Pending::Backlog(backlog) => backlog,
            _ => unreachable!("made just above"),
        }
    }
}

impl Backlog {
    fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.staged.is_empty() && self.close.is_empty()
    }

    fn unsent_bytes(&self) -> usize {
        let begun = self.begun.map_or(0, |begun| begun.written);
        (self.weight + self.staged.len() + self.close.len()).saturating_sub(begun)
    }

    fn push(&mut self, slice: Slice) {
        if !slice.is_empty() {
            self.messages += slice.len() as usize;
            self.weight += slice.weight();
            self.batches.push_back(slice);
        }
    }

    fn abandon(&mut self) {
        let mut kept = self.begun.map_or(0, |begun| begun.messages);
        let batches = mem::take(&mut self.batches);
        self.messages = 0;
        self.weight = 0;
        for mut slice in batches {
            if kept == 0 {
                break;
            }
            slice.to = slice.to.min(slice.from + kept);
            kept -= slice.len();
            self.push(slice);
        }
    }

    /// Plans one vectored write, makes it, and takes off what is out.
    fn write(&mut self, stream: &mut impl Write, flushed: &mut Flushed) -> io::Result<()> {
        let plan = Plan::new(self);
        let Some(mut written) = plan.write(self, stream)? else {
            flushed.blocked = true;
            return Ok(());
        };
        flushed.bytes += written;
        let mut frames = plan.frames.into_iter();
        if self.begun.is_some()
            && let Some(frame) = frames.next()
        {
            written = self.advance(frame, written, flushed);
        }
        let staged = written.min(self.staged.len());
        self.staged.drain(..staged);
        written -= staged;
        for frame in frames {
            if written == 0 {
                break;
            }
            written = self.advance(frame, written, flushed);
        }
        let _ = self.close.split_to(written);
        Ok(())
    }

    /// Takes a planned frame off the front, as far as `written` bytes go, and returns what is left of them.
    fn advance(&mut self, frame: Frame, written: usize, flushed: &mut Flushed) -> usize {
        let rest = frame.bytes() - frame.skip;
        if written < rest {
            self.begun = Some(Begun {
                messages: frame.messages,
                written: frame.skip + written,
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
        self.messages -= messages as usize;
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

/// A frame about to be written: its header and how many messages from the queue it carries.
#[derive(Clone, Copy, Debug)]
struct Frame {
    header: Header,
    payload: usize,
    messages: u32,
    /// Bytes of it that are out already.
    skip: usize,
}

impl Frame {
    fn bytes(&self) -> usize {
        self.header.as_ref().len() + self.payload
    }
}

/// The frames of one vectored write, in order.
struct Plan {
    frames: ArrayVec<Frame, WRITE_FRAMES_MAX>,
    /// Whether every waiting message is in a frame of the plan, so that the close frame may follow.
    complete: bool,
}

impl Plan {
    fn new(backlog: &Backlog) -> Self {
        let mut frames = ArrayVec::new();
        let mut cursor = Cursor::new(&backlog.batches);
        let mut begun = backlog.begun;
        let mut bytes = 0;
        while !frames.is_full() && bytes < WRITE_BYTES_MAX {
            let Some(frame) = cursor.frame(begun.take()) else {
                break;
            };
            bytes += frame.bytes();
            frames.push(frame);
        }
        Self {
            frames,
            complete: cursor.is_at_end(),
        }
    }

    /// Gathers the planned bytes and writes them with one call; `None` if the stream would block.
    fn write(&self, backlog: &Backlog, stream: &mut impl Write) -> io::Result<Option<usize>> {
        let mut slices = Gather::default();
        let mut cursor = Cursor::new(&backlog.batches);
        let (begun, fresh) = self
            .frames
            .split_at(usize::from(backlog.begun.is_some()).min(self.frames.len()));
        let fits = begun.iter().all(|frame| cursor.gather(frame, &mut slices))
            && slices.push(&backlog.staged)
            && fresh.iter().all(|frame| cursor.gather(frame, &mut slices));
        if fits && self.complete {
            slices.push(&backlog.close);
        }
        write(stream, |stream| stream.write_vectored(&slices.slices))
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
    batch: usize,
    /// Messages of the current batch that are behind.
    behind: u32,
}

impl<'a> Cursor<'a> {
    fn new(batches: &'a VecDeque<Slice>) -> Self {
        Self {
            batches,
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

    /// Plans the next frame: the one that is begun, as it was, or as many messages as may share one.
    fn frame(&mut self, begun: Option<Begun>) -> Option<Frame> {
        let (slice, first) = self.peek()?;
        let kind = slice.run.kind(first);
        let joinable = slice.run.is_joinable(first);
        let mut payload = slice.run.body(first).len();
        let mut messages = 1;
        self.skip(1);
        while let Some((slice, next)) = self.peek() {
            let grown = payload + 1 + slice.run.body(next).len();
            let joins = match begun {
                Some(begun) => messages < begun.messages,
                None => joinable && slice.run.is_joinable(next) && grown <= FRAME_BYTES_MAX,
            };
            if !joins {
                break;
            }
            payload = grown;
            messages += 1;
            self.skip(1);
        }
        Some(Frame {
            header: Header::new(kind, payload),
            payload,
            messages,
            skip: begun.map_or(0, |begun| begun.written),
        })
    }

    /// Adds a planned frame's bytes to a write, and says whether all of them found room.
    fn gather<'b>(&mut self, frame: &'b Frame, slices: &mut Gather<'b>) -> bool
    where
        'a: 'b,
    {
        slices.skip = frame.skip;
        let mut fits = slices.push(frame.header.as_ref());
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

/// Makes one write, again if it was interrupted; `None` if it would block.
fn write<W: Write>(
    stream: &mut W,
    mut attempt: impl FnMut(&mut W) -> io::Result<usize>,
) -> io::Result<Option<usize>> {
    loop {
        match attempt(stream) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => return Ok(Some(written)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
