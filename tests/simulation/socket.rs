//! A fake socket: two byte queues, and edges as an edge-triggered epoll(7) would signal them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::rc::Rc;

use hubbub::server::stream::{Readiness, Stream};

use super::faults::{Fault, Operations};

/// A fault in what reaches a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// One write never arrives.
    Lose,
    /// One write arrives twice.
    Duplicate,
    /// One write arrives after the next.
    Swap,
}

/// How a socket treats the server.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// Bytes that fit between server and peer.
    pub window: usize,
    /// Reads and writes are cut short at random, so a short read proves nothing.
    pub is_short: bool,
    /// Bytes are taken and held back, as TLS does.
    pub holds_back: bool,
    /// What goes wrong on the way to the peer.
    pub flaw: Option<Flaw>,
}

impl Manners {
    /// Those of a socket that takes everything.
    pub fn plain() -> Self {
        Self {
            window: usize::MAX,
            is_short: false,
            holds_back: false,
            flaw: None,
        }
    }

    /// Those of one that may be narrow, or cut everything short.
    pub fn by_chance(chance: &mut fastrand::Rng) -> Self {
        Self {
            window: chance.usize(200..60_000),
            is_short: chance.bool(),
            holds_back: chance.u8(0..4) == 0,
            flaw: None,
        }
    }
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
    /// An operation failed, so that the connection ended without either side's doing.
    pub is_failed: bool,
    /// What an event would say.
    pub edge: Readiness,
    operations: Rc<Operations>,
    manners: Manners,
    held: Vec<u8>,
    is_write_blocked: bool,
    chance: fastrand::Rng,
    writes: usize,
    postponed: Vec<u8>,
}

/// A pipe, shared by the server's socket and the peer.
pub type Shared = Rc<RefCell<Pipe>>;

/// The server's end.
#[derive(Debug)]
pub struct FakeSocket(pub Shared);

/// The write that a flaw is in: after the handshake's answer, and some more.
const FLAWED_WRITE: usize = 3;

impl Pipe {
    pub fn new(manners: Manners, operations: Rc<Operations>, seed: u64) -> Shared {
        Rc::new(RefCell::new(Self {
            to_server: VecDeque::new(),
            to_peer: VecDeque::new(),
            is_ended: false,
            is_reset: false,
            is_shut: false,
            is_dropped: false,
            is_failed: false,
            edge: Readiness {
                writable: true,
                ..Readiness::default()
            },
            operations,
            manners,
            held: Vec::new(),
            is_write_blocked: false,
            chance: fastrand::Rng::with_seed(seed),
            writes: 0,
            postponed: Vec::new(),
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

    /// Counts an operation of the server. If it is to end the connection, that happens here.
    fn count(&mut self, broken: ErrorKind) -> io::Result<Option<Fault>> {
        let fault = self.operations.count();
        if let Some(Fault::Reset) = fault {
            self.is_failed = true;
            self.reset();
            return Err(broken.into());
        }
        Ok(fault)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let fault = self.count(ErrorKind::ConnectionReset)?;
        if self.is_reset {
            return Err(ErrorKind::ConnectionReset.into());
        }
        match fault {
            Some(Fault::Block) => {
                self.edge.readable = true;
                return Err(ErrorKind::WouldBlock.into());
            }
            Some(Fault::Interrupt) => return Err(ErrorKind::Interrupted.into()),
            Some(Fault::End) => {
                self.is_failed = true;
                self.to_server.clear();
                self.end();
            }
            _ => {}
        }
        if self.to_server.is_empty() {
            return if self.is_ended {
                Ok(0)
            } else {
                Err(ErrorKind::WouldBlock.into())
            };
        }
        let mut most = buffer.len().min(self.to_server.len());
        if self.manners.is_short {
            most = self.chance.usize(1..=most);
        }
        if fault == Some(Fault::Short) {
            // The rest arrives just afterwards.
            most = 1;
            self.edge.readable = true;
        }
        self.to_server.read_exact(&mut buffer[..most])?;
        Ok(most)
    }

    /// Whether not everything fits.
    pub fn is_narrow(&self) -> bool {
        self.manners.window < usize::MAX
    }

    fn room(&self) -> usize {
        self.manners.window.saturating_sub(self.to_peer.len())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fault = self.count(ErrorKind::BrokenPipe)?;
        if self.is_reset {
            return Err(ErrorKind::BrokenPipe.into());
        }
        assert!(
            !self.is_shut,
            "nothing is written after the end of the writing side"
        );
        match fault {
            Some(Fault::Block) => {
                self.edge.writable = true;
                return Err(ErrorKind::WouldBlock.into());
            }
            Some(Fault::Interrupt) => return Err(ErrorKind::Interrupted.into()),
            Some(Fault::End) => {
                self.is_failed = true;
                self.reset();
                return Ok(0);
            }
            _ => {}
        }
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
        if fault == Some(Fault::Short) {
            most = 1;
        }
        self.writes += 1;
        self.arrive(&bytes[..most]);
        Ok(most)
    }

    /// Moves on what is held back, as far as there is room.
    fn push(&mut self) {
        let most = self.held.len().min(self.room());
        self.to_peer.extend(self.held.drain(..most));
        self.is_write_blocked |= !self.held.is_empty();
    }

    fn arrive(&mut self, bytes: &[u8]) {
        let flaw = self.manners.flaw;
        match flaw.filter(|_| self.writes == FLAWED_WRITE) {
            Some(Flaw::Lose) => return,
            Some(Flaw::Duplicate) => self.to_peer.extend(bytes),
            Some(Flaw::Swap) => {
                self.postponed = bytes.to_vec();
                return;
            }
            None => {}
        }
        self.to_peer.extend(bytes);
        self.to_peer.extend(mem::take(&mut self.postponed));
    }
}

impl Read for FakeSocket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
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
        let fault = pipe.count(ErrorKind::BrokenPipe)?;
        if pipe.is_reset {
            return Err(ErrorKind::BrokenPipe.into());
        }
        match fault {
            Some(_) => pipe.edge.writable = true,
            None => pipe.push(),
        }
        Ok(())
    }

    fn short_read_drains(&self) -> bool {
        !self.0.borrow().manners.is_short
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        let mut pipe = self.0.borrow_mut();
        pipe.count(ErrorKind::NotConnected)?;
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
