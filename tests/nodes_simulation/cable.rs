//! A connection between a node and Redis, on which bytes take their time, and which may break between any two of them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::rc::Rc;

use hubbub::server::stream::{Readiness, Stream};

use crate::redis::{Client, FakeRedis};

/// Bytes that fit on the way to Redis.
const WINDOW: usize = 64 << 10;

/// Both ends of it.
#[derive(Debug)]
pub struct Cable {
    client: Client,
    to_redis: VecDeque<u8>,
    to_node: VecDeque<u8>,
    /// What an event would say.
    edge: Readiness,
    /// It is broken: nothing arrives any more.
    is_broken: bool,
    /// Redis has ended it, behind what is on its way to the node.
    is_ended: bool,
    /// The node has dropped its end.
    is_dropped: bool,
}

/// A cable that both ends have.
pub type Shared = Rc<RefCell<Cable>>;

/// The node's end.
#[derive(Debug)]
pub struct RedisSocket(pub Shared);

impl Cable {
    /// One that is connected; none to a Redis that is down.
    pub fn plug(redis: &mut FakeRedis) -> io::Result<Shared> {
        let client = redis.connect().ok_or(ErrorKind::ConnectionRefused)?;
        Ok(Rc::new(RefCell::new(Self {
            client,
            to_redis: VecDeque::new(),
            to_node: VecDeque::new(),
            edge: Readiness {
                writable: true,
                ..Readiness::default()
            },
            is_broken: false,
            is_ended: false,
            is_dropped: false,
        })))
    }

    /// Carries at most so many bytes each way.
    pub fn carry(&mut self, redis: &mut FakeRedis, most: usize) {
        if self.is_broken {
            return;
        }
        self.deliver(redis, most);
        if self.is_dropped {
            if self.to_redis.is_empty() {
                self.is_broken = true;
                redis.end(self.client);
            }
            return;
        }
        let arrived = redis.take(self.client, most);
        self.edge.readable |= !arrived.is_empty();
        self.to_node.extend(arrived);
        if redis.is_over(self.client) && !mem::replace(&mut self.is_ended, true) {
            self.edge.readable = true;
            self.edge.is_deceptive = true;
        }
    }

    /// Breaks it, once Redis has got so many more bytes: what these ask for is done, and nobody gets to know.
    pub fn cut(&mut self, redis: &mut FakeRedis, after: usize) {
        self.deliver(redis, after);
        redis.end(self.client);
        self.is_broken = true;
        self.to_redis.clear();
        self.to_node.clear();
        self.edge = Readiness {
            readable: true,
            writable: true,
            is_deceptive: true,
        };
    }

    /// What an event says now.
    pub fn take_edge(&mut self) -> Readiness {
        mem::take(&mut self.edge)
    }

    fn deliver(&mut self, redis: &mut FakeRedis, most: usize) {
        let most = most.min(self.to_redis.len());
        let bytes: Vec<_> = self.to_redis.drain(..most).collect();
        redis.feed(self.client, &bytes);
        self.edge.writable |= most > 0;
    }
}

impl Read for RedisSocket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut cable = self.0.borrow_mut();
        if cable.is_broken {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if cable.to_node.is_empty() && !cable.is_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        cable.to_node.read(buffer)
    }
}

impl Write for RedisSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cable = self.0.borrow_mut();
        if cable.is_broken || cable.is_ended {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let room = WINDOW.saturating_sub(cable.to_redis.len());
        if room == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let most = room.min(bytes.len());
        cable.to_redis.extend(&bytes[..most]);
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for RedisSocket {
    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for RedisSocket {
    fn drop(&mut self) {
        self.0.borrow_mut().is_dropped = true;
    }
}
