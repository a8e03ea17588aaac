//! A fake socket: two byte queues, and edges as an edge-triggered epoll(7) would signal them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::rc::Rc;

use hubbub::server::stream::{Readiness, Stream};

/// How a socket treats the server.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// Bytes that fit between server and peer.
    pub window: usize,
    /// Reads and writes are cut short at random, so a short read proves nothing.
    pub is_short: bool,
    /// Bytes are taken and held back, as TLS does.
    pub holds_back: bool,
}

/// Both ends of a connection.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that may have happened to a socket, in any combination"
)]
pub struct Pipe {
    pub to_server: VecDeque<u8>,
    pub to_peer: VecDeque<u8>,
    /// The peer has ended its side.
    pub is_ended: bool,
    /// The connection is broken.
    pub is_reset: bool,
    /// The server has ended its side.
    pub is_shut: bool,
    /// The server has dropped its socket.
    pub is_dropped: bool,
    /// What an event would say.
    pub edge: Readiness,
    manners: Manners,
    held: Vec<u8>,
    is_write_blocked: bool,
    chance: fastrand::Rng,
}

/// A pipe, shared by the server's socket and the peer.
pub type Shared = Rc<RefCell<Pipe>>;

/// The server's end.
#[derive(Debug)]
pub struct FakeSocket(pub Shared);

impl Pipe {
    pub fn new(manners: Manners, seed: u64) -> Shared {
        Rc::new(RefCell::new(Self {
            to_server: VecDeque::new(),
            to_peer: VecDeque::new(),
            is_ended: false,
            is_reset: false,
            is_shut: false,
            is_dropped: false,
            edge: Readiness {
                writable: true,
                ..Readiness::default()
            },
            manners,
            held: Vec::new(),
            is_write_blocked: false,
            chance: fastrand::Rng::with_seed(seed),
        }))
    }

    /// The peer sends.
    pub fn send(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() && !self.is_reset && !self.is_ended {
            self.to_server.extend(bytes);
            self.edge.readable = true;
        }
    }

    /// The peer ends its side.
    pub fn end(&mut self) {
        self.is_ended = true;
        self.edge.readable = true;
        self.edge.is_deceptive = true;
    }

    /// The connection breaks.
    pub fn reset(&mut self) {
        self.is_reset = true;
        self.to_server.clear();
        self.to_peer.clear();
        self.edge = Readiness {
            readable: true,
            writable: true,
            is_deceptive: true,
        };
    }

    /// The peer takes up to `most` bytes.
    pub fn take(&mut self, most: usize) -> Vec<u8> {
        let taken = most.min(self.to_peer.len());
        let rest = self.to_peer.split_off(taken);
        let bytes = mem::replace(&mut self.to_peer, rest).into();
        if taken > 0 && mem::take(&mut self.is_write_blocked) {
            self.edge.writable = true;
        }
        bytes
    }

    fn room(&self) -> usize {
        self.manners.window.saturating_sub(self.to_peer.len())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_reset {
            return Err(ErrorKind::BrokenPipe.into());
        }
        assert!(
            !self.is_shut,
            "nothing is written after the end of the writing side"
        );
        if self.manners.holds_back {
            self.push();
            if !self.held.is_empty() {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.held.extend_from_slice(bytes);
            self.push();
            return Ok(bytes.len());
        }
        let mut most = bytes.len().min(self.room());
        if most == 0 {
            self.is_write_blocked = true;
            return Err(ErrorKind::WouldBlock.into());
        }
        if self.manners.is_short {
            most = self.chance.usize(1..=most);
        }
        self.to_peer.extend(&bytes[..most]);
        Ok(most)
    }

    /// Moves on what is held back, as far as there is room.
    fn push(&mut self) {
        let most = self.held.len().min(self.room());
        self.to_peer.extend(self.held.drain(..most));
        self.is_write_blocked |= !self.held.is_empty();
    }
}

impl Read for FakeSocket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.0.borrow_mut();
        if pipe.is_reset {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if pipe.to_server.is_empty() {
            return if pipe.is_ended {
                Ok(0)
            } else {
                Err(ErrorKind::WouldBlock.into())
            };
        }
        let mut most = buffer.len().min(pipe.to_server.len());
        if pipe.manners.is_short {
            most = pipe.chance.usize(1..=most);
        }
        pipe.to_server.read_exact(&mut buffer[..most])?;
        Ok(most)
    }
}

impl Write for FakeSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let slices: Vec<&[u8]> = slices.iter().map(|slice| &**slice).collect();
        self.0.borrow_mut().write(&slices.concat())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for FakeSocket {
    fn held_bytes(&self) -> usize {
        self.0.borrow().held.len()
    }

    fn push_held(&mut self) -> io::Result<()> {
        let mut pipe = self.0.borrow_mut();
        if pipe.is_reset {
            return Err(ErrorKind::BrokenPipe.into());
        }
        pipe.push();
        Ok(())
    }

    fn short_read_drains(&self) -> bool {
        !self.0.borrow().manners.is_short
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        let mut pipe = self.0.borrow_mut();
        assert!(
            pipe.held.is_empty(),
            "everything is out before the writing side ends"
        );
        pipe.is_shut = true;
        Ok(())
    }
}

impl Drop for FakeSocket {
    fn drop(&mut self) {
        self.0.borrow_mut().is_dropped = true;
    }
}
