//! What a server asks of the streams it serves.

use std::io::{self, Read, Write};

/// A non-blocking byte stream that signals readiness by edges, such as a socket in an edge-triggered epoll(7).
pub trait Stream: Read + Write {
    /// Bytes that the stream itself holds back, which count as unsent. A plain socket holds none; an encrypting stream
    /// takes bytes that the socket has not taken yet, and has to answer bytes that nobody above sees.
    fn held_bytes(&self) -> usize {
        0
    }

    /// Pushes on what the stream holds back.
    ///
    /// # Errors
    /// Those of writing, except that it would block.
    fn push_held(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Work that reading brought about beside what was read, in bytes that could have been read instead; and bytes of the
    /// peer that held nothing to read. The first to ask is told.
    fn take_toll(&mut self) -> usize {
        0
    }

    /// Whether a read that did not fill its buffer has drained the stream, so that the next would only say
    /// `WouldBlock` (epoll(7), "Questions and answers"). Not so for a stream that reads records.
    fn short_read_drains(&self) -> bool {
        true
    }

    /// Begins what the stream speaks itself, such as TLS. What is read before is as it came over the wire; of that, `rest`
    /// was read too much. Returns what of it is for those above.
    ///
    /// # Errors
    /// Those of reading.
    fn begin<'a>(&mut self, rest: &'a [u8]) -> io::Result<&'a [u8]> {
        Ok(rest)
    }

    /// Bytes that it takes beside itself, as far as is known.
    fn heap_bytes(&self) -> usize {
        0
    }

    /// Tells the peer that nothing more will be written (shutdown(2), `SHUT_WR`).
    ///
    /// # Errors
    /// `WouldBlock` if the stream holds something back first: it is to be asked again once that is out. Else the peer is
    /// gone already.
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
