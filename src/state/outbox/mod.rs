//! The outbox: the one writer of a socket. Every byte for a peer leaves through it, and in an order that keeps frames
//! whole.
//!
//! The order is: the rest of a frame that is half out; wire bytes that were [staged](Outbox::stage) (control frames,
//! HTTP); messages; and last the close frame. A single batch leaves as the bytes that all its receivers share. Once
//! something could not leave at once there is a backlog, and its pending text is joined under fresh headers, so that a
//! peer that lags gets fewer, fuller frames.

mod backlog;
mod skipping;

use std::io::{self, ErrorKind, Write};
use std::mem;
use std::time::Duration;

use bytes::Bytes;

use self::{backlog::Backlog, skipping::oldest_skippable};
use super::batch::Slice;
use crate::vocabulary::{coding::Coding, config::Slow};

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

/// What a flush got rid of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Messages whose frame is out.
    pub messages: usize,
    /// Data frames that are out.
    pub frames: usize,
    /// Bytes taken by the stream.
    pub bytes: usize,
    /// Messages that were skipped since the last flush because a gap before and after them became one.
    pub skipped: usize,
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

    /// Bytes that it takes beside itself; of what is shared, its share.
    pub fn heap_bytes(&self) -> usize {
        match &self.pending {
            Pending::Nothing => 0,
            Pending::Staged(bytes) => bytes.len(),
            Pending::Messages(slice) => slice.heap_bytes(),
            Pending::Backlog(backlog) => backlog.heap_bytes(),
        }
    }

    /// Whether more waits than a peer may leave unsent. One message larger than that is let through, and does not count
    /// while it is first in line.
    pub fn exceeds(&self, max_unsent_bytes: usize) -> bool {
        match &self.pending {
            Pending::Backlog(backlog) => backlog.exceeds(max_unsent_bytes),
            _ => false,
        }
    }

    /// When the oldest waiting run was sealed by which its peer lags: of all with [`Slow::Close`], else of those that may be
    /// skipped.
    pub fn oldest(&self, slow: Slow) -> Option<Duration> {
        match &self.pending {
            Pending::Nothing | Pending::Staged(_) => None,
            Pending::Messages(slice) if slow == Slow::Close => Some(slice.run.seal().at),
            Pending::Messages(slice) => oldest_skippable([slice], 0, slow),
            Pending::Backlog(backlog) => backlog.oldest(slow),
        }
    }

    /// Drops whole messages of channels, the oldest first, of frames of which no byte is out, until a quarter of the bytes
    /// that may wait is left, and nothing that was sealed before a moment; with [`Slow::Latest`] all but the newest message
    /// of a relay's channel. Where they have numbers, a gap takes their place. Returns how many messages were dropped.
    pub fn skip(&mut self, slow: Slow, max_unsent_bytes: usize, sealed_before: Duration) -> usize {
        let backlog = self.backlog();
        let skipped = backlog.skip(slow, max_unsent_bytes, sealed_before);
        if backlog.is_empty() {
            self.pending = Pending::Nothing;
        }
        skipped
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
            _ => self.backlog().stage(&bytes),
        }
    }

    /// Queues the close frame, to leave after everything else. Only what was owed before it may still be pushed.
    pub fn close(&mut self, frame: Bytes) {
        self.backlog().close(frame);
    }

    /// Drops every message of which no byte is out.
    pub fn abandon(&mut self) {
        match &mut self.pending {
            Pending::Nothing | Pending::Staged(_) => {}
            Pending::Messages(_) => self.pending = Pending::Nothing,
            Pending::Backlog(backlog) => backlog.abandon(),
        }
    }

    /// Writes until nothing waits or the stream would block, to a peer of a coding, which stays the same. A lone batch costs
    /// one write and no copy.
    ///
    /// # Errors
    /// Those of the stream, except that it would block: the peer is gone.
    pub fn flush(&mut self, stream: &mut impl Write, coding: Coding) -> io::Result<Flushed> {
        let mut flushed = Flushed::default();
        if let Pending::Messages(slice) = &self.pending
            && slice.is_whole()
            && self.write_whole(stream, coding, &mut flushed)?
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
            backlog.write(stream, coding, &mut flushed)?;
        }
        if backlog.is_empty() {
            self.pending = Pending::Nothing;
        }
        Ok(flushed)
    }

    /// Writes a whole run as it is, and says whether that settled the flush.
    fn write_whole(
        &mut self,
        stream: &mut impl Write,
        coding: Coding,
        flushed: &mut Flushed,
    ) -> io::Result<bool> {
        let Pending::Messages(slice) = &mut self.pending else {
            return Ok(false);
        };
        let run = &slice.run;
        let bytes = run.bytes(coding);
        let Some(written) = write(stream, |stream| stream.write(bytes))? else {
            flushed.blocked = true;
            self.backlog();
            return Ok(true);
        };
        flushed.bytes = written;
        if written == bytes.len() {
            flushed.messages = run.messages() as usize;
            flushed.frames = run.frames() as usize;
            self.pending = Pending::Nothing;
            return Ok(true);
        }
        let (first, begun) = run.locate(coding, written);
        flushed.messages = first as usize;
        flushed.frames = run.frames_before(first);
        slice.from = first;
        self.backlog().begin(begun);
        Ok(false)
    }

    /// The backlog, made of whatever waits.
    fn backlog(&mut self) -> &mut Backlog {
        if !matches!(self.pending, Pending::Backlog(_)) {
            let mut backlog = Box::<Backlog>::default();
            match mem::take(&mut self.pending) {
                Pending::Staged(bytes) => backlog.stage(&bytes),
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

#[cfg(test)]
mod tests;
