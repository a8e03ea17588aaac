//! What a server asks of the streams it serves.

use std::io::{self, Read, Write};

/// A non-blocking byte stream that signals readiness by edges, such as a socket in an edge-triggered epoll(7).
pub trait Stream: Read + Write {
    /// Pushes on what the stream itself holds back, and says how many bytes it still does.
    ///
    /// A plain socket holds nothing. An encrypting stream takes bytes that the socket has not taken yet; they count as
    /// unsent.
    ///
    /// # Errors
    /// Those of writing, except that it would block.
    fn flush_held(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    /// Whether a read that did not fill its buffer has drained the stream, so that the next would only say
    /// `WouldBlock` (epoll(7), "Questions and answers"). Not so for a stream that reads records.
    fn short_read_drains(&self) -> bool {
        true
    }

    /// Tells the peer that nothing more will be written (shutdown(2), `SHUT_WR`).
    ///
    /// # Errors
    /// The peer is gone already.
    fn shutdown_write(&mut self) -> io::Result<()>;
}

/// What an event says about a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// There may be something to read.
    pub readable: bool,
    /// There may be room to write.
    pub writable: bool,
    /// A short read proves nothing any more: the peer has ended its side, the stream has failed, or there is urgent data.
    pub is_deceptive: bool,
}
