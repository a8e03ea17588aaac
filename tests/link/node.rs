//! A node: its link, its journal, and what came out of that.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;
use std::time::Duration;

use hubbub::{
    server::{
        redis::{Link, Side, Standing},
        stream::{Readiness, Stream},
    },
    state::{
        engine::{Action, Actor, Deed, Engine, Event},
        hub::ClientId,
        journal::{Journal, JournalEngine},
    },
    vocabulary::{config::JournalBounds, redis::RedisSettings, time::Now},
};

use crate::redis::{Client, FakeRedis};

/// A Redis that several share.
pub type Shared = Rc<RefCell<FakeRedis>>;

/// A connection to it, which gives a few bytes at a time.
#[derive(Debug)]
pub struct Socket {
    redis: Shared,
    pub client: Client,
    most: usize,
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut redis = self.redis.borrow_mut();
        let most = self.most.min(buffer.len());
        match redis.take(self.client, most)[..] {
            [] if redis.is_over(self.client) => Ok(0),
            [] => Err(ErrorKind::WouldBlock.into()),
            ref bytes => {
                buffer[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut redis = self.redis.borrow_mut();
        if redis.is_over(self.client) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let written = self.most.min(bytes.len());
        redis.feed(self.client, &bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Socket {
    fn short_read_drains(&self) -> bool {
        false
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.redis.borrow_mut().end(self.client);
    }
}

pub fn settings(lease: Duration) -> RedisSettings {
    RedisSettings {
        url: "redis://localhost".parse().unwrap(),
        authorities: None,
        prefix: "hubbub".to_owned(),
        lease,
        bounds: JournalBounds {
            queue_bytes: 1 << 20,
            patience: Duration::from_secs(10),
        },
        history_bytes: 4 << 10,
    }
}

pub struct Node {
    pub link: Link<Socket>,
    engine: JournalEngine,
    redis: Shared,
    /// What was said, in order, by whomever.
    pub said: Vec<String>,
    /// The connections that it has, the appending one first.
    pub clients: [Option<Client>; 2],
    most: usize,
    /// Tells newcomers nothing.
    pub is_mute: bool,
}

impl Node {
    pub fn new(redis: &Shared, lease: Duration, seed: u64) -> Self {
        let settings = settings(lease);
        let journal = Journal::new(settings.bounds);
        Self {
            link: Link::new(&settings, seed),
            engine: JournalEngine(Rc::new(RefCell::new(journal))),
            redis: Rc::clone(redis),
            said: Vec::new(),
            clients: [None; 2],
            most: 700,
            is_mute: false,
        }
    }

    /// Says something, as a client of it.
    pub fn say(&mut self, text: &str, now: Now) {
        let deed = Deed::Say {
            channel: Cow::Borrowed("tea"),
            body: Cow::Owned(text.as_bytes().to_vec()),
        };
        let actor = Actor::Ours(ClientId::of_number(1));
        self.engine.submit(Action { actor, deed }, now);
    }

    /// One turn.
    pub fn turn(&mut self, now: Now) {
        self.open(now);
        for side in [Side::Append, Side::Read] {
            let readiness = Readiness {
                readable: true,
                writable: true,
                is_deceptive: false,
            };
            self.link.signal(side, readiness);
        }
        let turned = self.link.turn(now, &mut self.engine.0.borrow_mut());
        turned.unwrap();
        while let Some(sequenced) = self.engine.next(now, None) {
            match sequenced.event {
                Event::Action(Action {
                    deed: Deed::Say { body, .. },
                    ..
                }) => self
                    .said
                    .push(String::from_utf8(body.into_owned()).unwrap()),
                Event::Asked { newcomer, .. } if !self.is_mute => {
                    let snapshot = self.said.join("\n").into_bytes();
                    self.engine.give(newcomer, snapshot);
                }
                _ => {}
            }
        }
        if let Some(snapshot) = self.link.snapshot() {
            let text = str::from_utf8(&snapshot.bytes).unwrap();
            self.said = text.lines().map(str::to_owned).collect();
            self.link
                .accept_snapshot(now, &mut self.engine.0.borrow_mut());
        }
    }

    pub fn is_living(&self) -> bool {
        matches!(self.link.standing(), Standing::Living(_))
    }

    fn open(&mut self, now: Now) {
        while let Some(side) = self.link.wants(now.monotonic) {
            let client = self.redis.borrow_mut().connect();
            let stream = client.map(|client| Socket {
                redis: Rc::clone(&self.redis),
                client,
                most: self.most,
            });
            self.clients[side as usize] = client;
            let refused = || ErrorKind::ConnectionRefused.into();
            self.link.opened(side, stream.ok_or_else(refused), now);
        }
    }
}
