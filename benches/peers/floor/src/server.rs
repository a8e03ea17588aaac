//! The loop.

use std::{
    io, mem,
    net::TcpListener,
    os::fd::{AsRawFd, RawFd},
};

use libc::epoll_event;

use crate::{
    batch::Batch,
    sys::{self, Poller},
    wire::{self, Frame},
};

/// Events of one turn, at most.
const EVENTS_MAX: usize = 4096;
/// Bytes of one `recv`.
const INBOX: usize = 256 * 1024;
/// After these there is an end to read, which no further edge tells.
const HANGUP: u32 = (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR).cast_unsigned();

/// When a message goes out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As it is read.
    Each,
    /// At the end of the turn, with all that were read in it.
    Batched,
}

/// A broadcast server.
pub struct Server {
    listener: TcpListener,
    poller: Poller,
    style: Style,
    connections: Connections,
    batch: Batch,
    /// What one `recv` brought.
    inbox: Vec<u8>,
    /// An answer to one client.
    answer: Vec<u8>,
}

/// All connections.
struct Connections {
    by_descriptor: Vec<Connection>,
    /// The descriptors of those that are members.
    members: Vec<RawFd>,
    /// Those that are closed at the end of the turn, so that no event of it meets a newcomer with the same descriptor.
    ended: Vec<RawFd>,
}

#[derive(Default)]
struct Connection {
    stage: Stage,
    /// Where among the members.
    seat: u32,
    /// The beginning of a frame or request whose end has not come.
    unread: Vec<u8>,
    /// What the socket did not take.
    unsent: Option<Box<Unsent>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Ended,
    Greeting,
    Member,
    /// Ends when all is sent.
    Closing,
}

struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
}

impl Server {
    pub fn new(listener: TcpListener, style: Style) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        sys::lengthen_backlog(&listener)?;
        let poller = Poller::new()?;
        poller.watch(listener.as_raw_fd())?;
        Ok(Self {
            listener,
            poller,
            style,
            connections: Connections {
                by_descriptor: Vec::new(),
                members: Vec::new(),
                ended: Vec::new(),
            },
            batch: Batch::new(),
            inbox: vec![0; INBOX],
            answer: Vec::with_capacity(256),
        })
    }

    /// Serves until the system fails it.
    pub fn run(&mut self) -> io::Error {
        let mut room = sys::room_for_events(EVENTS_MAX);
        loop {
            if let Err(error) = self.turn(&mut room) {
                return error;
            }
        }
    }

    fn turn(&mut self, room: &mut [epoll_event]) -> io::Result<()> {
        for event in self.poller.wait(room)? {
            let (events, fd) = (event.events, descriptor(event));
            if fd == self.listener.as_raw_fd() {
                self.accept()?;
                continue;
            }
            if events & libc::EPOLLOUT.cast_unsigned() != 0 {
                self.connections.send_rest(fd);
            }
            if events & libc::EPOLLIN.cast_unsigned() != 0 || events & HANGUP != 0 {
                self.read(fd, events & HANGUP != 0);
            }
        }
        self.broadcast();
        self.connections.close_ended();
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match sys::accept(&self.listener) {
                Ok(fd) => {
                    self.poller.watch(fd)?;
                    self.connections.add(fd);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads all there is: a `recv` that does not fill its room leaves nothing behind but an end.
    fn read(&mut self, fd: RawFd, to_the_end: bool) {
        let mut inbox = mem::take(&mut self.inbox);
        while self.connections.at(fd).stage != Stage::Ended {
            match sys::receive(fd, &mut inbox) {
                Ok(0) => self.connections.end(fd),
                Ok(count) => {
                    self.take(fd, &mut inbox[..count]);
                    if count < inbox.len() && !to_the_end {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.connections.end(fd),
            }
        }
        self.inbox = inbox;
    }

    /// Does what the bytes say, and keeps those of a frame or request that has not come whole.
    fn take(&mut self, fd: RawFd, bytes: &mut [u8]) {
        let mut unread = mem::take(&mut self.connections.at(fd).unread);
        let rest = if unread.is_empty() {
            self.heed(fd, bytes)
        } else {
            unread.extend_from_slice(bytes);
            self.heed(fd, &mut unread)
        };
        if !rest.is_empty() {
            self.connections.at(fd).unread = rest.to_vec();
        }
    }

    /// Does what the bytes say; those of what has not come whole are left.
    fn heed<'bytes>(&mut self, fd: RawFd, mut bytes: &'bytes mut [u8]) -> &'bytes [u8] {
        if self.connections.at(fd).stage == Stage::Greeting {
            let Some(length) = wire::request_length(bytes) else {
                return bytes;
            };
            let (request, rest) = bytes.split_at_mut(length);
            self.welcome(fd, request);
            bytes = rest;
        }
        while self.connections.at(fd).stage == Stage::Member {
            let (frame, rest) = match wire::take(bytes) {
                Ok(taken) => taken,
                Err(incomplete) => return incomplete,
            };
            match frame {
                Frame::Text(message) => {
                    self.batch.push(message);
                    if self.style == Style::Each {
                        self.broadcast();
                    }
                }
                Frame::Ping(said) => {
                    wire::pong(said, &mut self.answer);
                    self.connections.send(&self.poller, fd, &self.answer);
                }
                Frame::Pong => {}
                Frame::Close => self.connections.close(&self.poller, fd),
                Frame::Unsupported => self.connections.end(fd),
            }
            bytes = rest;
        }
        &[]
    }

    fn welcome(&mut self, fd: RawFd, request: &[u8]) {
        if wire::answer(request, &mut self.answer).is_none() {
            return self.connections.end(fd);
        }
        self.connections.join(fd);
        self.connections.send(&self.poller, fd, &self.answer);
    }

    /// Sends what is pending to every member.
    fn broadcast(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let frame = self.batch.frame();
        let mut seat = 0;
        while let Some(&fd) = self.connections.members.get(seat) {
            self.connections.send(&self.poller, fd, frame);
            // Whoever ended has left the seat to another, who is still to be served.
            seat += usize::from(self.connections.members.get(seat) == Some(&fd));
        }
        self.batch.clear();
    }
}

impl Connections {
    fn at(&mut self, fd: RawFd) -> &mut Connection {
        &mut self.by_descriptor[index(fd)]
    }

    fn add(&mut self, fd: RawFd) {
        let index = index(fd);
        if self.by_descriptor.len() <= index {
            self.by_descriptor
                .resize_with(index + 1, Connection::default);
        }
        self.by_descriptor[index].stage = Stage::Greeting;
    }

    fn join(&mut self, fd: RawFd) {
        let seat = u32::try_from(self.members.len()).expect("descriptors are fewer than 2^32");
        let connection = self.at(fd);
        connection.stage = Stage::Member;
        connection.seat = seat;
        self.members.push(fd);
    }

    /// Takes a member off the list.
    fn leave(&mut self, fd: RawFd) {
        let seat = self.at(fd).seat;
        self.members.swap_remove(seat as usize);
        if let Some(&moved) = self.members.get(seat as usize) {
            self.at(moved).seat = seat;
        }
    }

    /// Sends, now or as soon as the socket takes it.
    fn send(&mut self, poller: &Poller, fd: RawFd, bytes: &[u8]) {
        let connection = self.at(fd);
        if let Some(unsent) = &mut connection.unsent {
            unsent.bytes.extend_from_slice(bytes);
            return;
        }
        let sent = match sys::send(fd, bytes) {
            Ok(sent) if sent == bytes.len() => return,
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => return self.end(fd),
        };
        connection.unsent = Some(Box::new(Unsent {
            bytes: bytes[sent..].to_vec(),
            sent: 0,
        }));
        if poller.watch_room(fd).is_err() {
            self.end(fd);
        }
    }

    /// Sends what the socket did not take before.
    fn send_rest(&mut self, fd: RawFd) {
        let connection = self.at(fd);
        let Some(unsent) = &mut connection.unsent else {
            return;
        };
        while unsent.sent < unsent.bytes.len() {
            match sys::send(fd, &unsent.bytes[unsent.sent..]) {
                Ok(sent) => unsent.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.end(fd),
            }
        }
        connection.unsent = None;
        if connection.stage == Stage::Closing {
            self.end(fd);
        }
    }

    /// Answers a close frame.
    fn close(&mut self, poller: &Poller, fd: RawFd) {
        self.send(poller, fd, &wire::CLOSE);
        let connection = self.at(fd);
        match connection.stage {
            Stage::Member if connection.unsent.is_some() => {
                connection.stage = Stage::Closing;
                self.leave(fd);
            }
            Stage::Member => self.end(fd),
            Stage::Ended | Stage::Greeting | Stage::Closing => {}
        }
    }

    fn end(&mut self, fd: RawFd) {
        match self.at(fd).stage {
            Stage::Ended => return,
            Stage::Member => self.leave(fd),
            Stage::Greeting | Stage::Closing => {}
        }
        *self.at(fd) = Connection::default();
        self.ended.push(fd);
    }

    fn close_ended(&mut self) {
        for fd in self.ended.drain(..) {
            sys::close(fd);
        }
    }
}

fn descriptor(event: &epoll_event) -> RawFd {
    RawFd::try_from(event.u64).expect("it is the descriptor that was watched")
}

fn index(fd: RawFd) -> usize {
    usize::try_from(fd).expect("descriptors are not negative")
}
