//! A stream that itself allocates nothing while the server works.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;

/// The other end: what it has sent, and how much it was sent.
#[derive(Debug, Default)]
pub struct Peer {
    sent: RefCell<Vec<u8>>,
    read: Cell<usize>,
    taken: Cell<usize>,
    is_deaf: Cell<bool>,
}

/// The server's end.
#[derive(Debug)]
pub struct Stream(pub Rc<Peer>);

impl Peer {
    /// Sends bytes, once those before were read.
    pub fn send(&self, bytes: &[u8]) {
        let mut sent = self.sent.borrow_mut();
        assert_eq!(self.read.replace(0), sent.len(), "all was read");
        sent.clear();
        sent.extend_from_slice(bytes);
    }

    /// Takes nothing more, or all again.
    pub fn set_deaf(&self, is_deaf: bool) {
        self.is_deaf.set(is_deaf);
    }

    /// Bytes that it was sent so far.
    pub fn taken(&self) -> usize {
        self.taken.get()
    }

    fn take(&self, bytes: usize) -> io::Result<usize> {
        if self.is_deaf.get() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.taken.set(self.taken.get() + bytes);
        Ok(bytes)
    }
}

impl hubbub::server::stream::Stream for Stream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let sent = self.0.sent.borrow();
        let read = (&sent[self.0.read.get()..]).read(buffer)?;
        self.0.read.set(self.0.read.get() + read);
        match read {
            0 => Err(ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.take(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.take(slices.iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
