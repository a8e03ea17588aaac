//! Commands and replies over a stream that may take and give any part of them.

use std::io::{self, ErrorKind};

use bytes::{Buf, BytesMut};

use super::{
    outage::Outage,
    resp::{self, Replies, Reply},
};
use crate::server::stream::{Readiness, Stream};

/// A stream, what is to be written to it, and what was read from it.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    readiness: Readiness,
    out: BytesMut,
    replies: Replies,
}

impl<S: Stream> Wire<S> {
    /// Nothing was said yet. The stream need not be connected yet, as long as it signals when it is.
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            readiness: Readiness {
                readable: true,
                writable: true,
                is_deceptive: false,
            },
            out: BytesMut::new(),
            replies: Replies::default(),
        }
    }

    pub(super) fn signal(&mut self, readiness: Readiness) {
        self.readiness.readable |= readiness.readable | readiness.is_deceptive;
        self.readiness.writable |= readiness.writable;
        self.readiness.is_deceptive |= readiness.is_deceptive;
    }

    /// Says a command, once it is [flushed](Self::flush).
    pub(super) fn say(&mut self, words: &[&[u8]]) {
        resp::command(words, &mut self.out);
    }

    /// Whether there may be more to receive.
    pub(super) fn is_readable(&self) -> bool {
        self.readiness.readable
    }

    /// Writes what is to be said, as far as the stream takes it.
    pub(super) fn flush(&mut self) -> Result<(), Outage> {
        while self.readiness.writable && !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => self.out.advance(written),
                Err(error) => self.readiness.writable = !is_blocked(&error)?,
            }
        }
        if self.readiness.writable && self.stream.held_bytes() > 0 {
            self.stream
                .push_held()
                .or_else(|error| is_blocked(&error).map(drop))?;
            self.readiness.writable = self.stream.held_bytes() == 0;
        }
        Ok(())
    }

    /// Reads what fits into `buffer`, and says how much that was.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Outage> {
        if !self.readiness.readable {
            return Ok(0);
        }
        match self.stream.read(buffer) {
            Ok(0) => Err(Outage::Closed),
            Ok(read) => {
                let is_drained = read < buffer.len()
                    && self.stream.short_read_drains()
                    && !self.readiness.is_deceptive;
                self.readiness.readable = !is_drained;
                self.replies.feed(&buffer[..read]);
                Ok(read)
            }
            Err(error) => {
                self.readiness.readable = !is_blocked(&error)?;
                Ok(0)
            }
        }
    }

    /// The next reply that is whole. Nothing that was not asked for is one.
    pub(super) fn reply(&mut self) -> Result<Option<Reply>, Outage> {
        loop {
            match self.replies.next()? {
                Some(Reply::Push) => {}
                reply => return Ok(reply),
            }
        }
    }
}

/// Whether the stream takes or gives nothing for now, if it has not failed. One that is not connected yet says so in its
/// own way.
fn is_blocked(error: &io::Error) -> Result<bool, Outage> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::NotConnected => Ok(true),
        ErrorKind::Interrupted => Ok(false),
        _ => Err(Outage::unreachable(error)),
    }
}
