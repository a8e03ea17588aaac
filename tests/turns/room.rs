//! A server with clients, turned by hand.

use std::rc::Rc;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use hubbub::{
    server::{Server, stream::Readiness},
    vocabulary::{
        arrival::{Arrival, Role},
        config::Config,
        id::Key,
        time::Now,
    },
};

use crate::stream::{Peer, Stream};

/// A server, and clients who are members of its lobby or of the chat's.
pub struct Room {
    pub server: Server<Stream>,
    pub clients: Vec<(Key, Rc<Peer>)>,
    pub now: Now,
}

impl Room {
    /// Clients who are connected, and have said nothing yet.
    pub fn of_strangers(config: Config, clients: usize) -> Self {
        let now = Now {
            monotonic: Duration::from_secs(1),
            unix_ms: 1_700_000_000_000,
        };
        let mut room = Self {
            server: Server::new(config, clients, || None, 1),
            clients: Vec::new(),
            now,
        };
        for _ in 0..clients {
            room.admit(Role::Whole);
        }
        room
    }

    /// Lets one more in, by a listener of this role.
    pub fn admit(&mut self, role: Role) {
        let peer = Rc::<Peer>::default();
        let stream = Stream(Rc::clone(&peer));
        let arrival = Arrival { peer: None, role };
        let admitted = self.server.accept(self.now, arrival, |_| Ok(stream));
        let key = admitted.unwrap().unwrap();
        self.clients.push((key, peer));
    }

    /// Clients who are at an endpoint, and have said something there.
    pub fn of(config: Config, clients: usize, path: &str, first_words: &[u8]) -> Self {
        let mut room = Self::of_strangers(config, clients);
        let everyone = 0..clients;
        room.speak(everyone.clone(), &upgrade(path));
        if !first_words.is_empty() {
            room.speak(everyone, first_words);
        }
        room
    }

    /// Lets some clients send the same bytes, and turns the server until it has read them all. Returns what that
    /// allocated.
    pub fn speak(&mut self, clients: impl Iterator<Item = usize>, bytes: &[u8]) -> AllocationInfo {
        self.send(clients, bytes);
        self.settle()
    }

    /// Lets some clients send the same bytes, which the next turn meets.
    pub fn send(&mut self, clients: impl Iterator<Item = usize>, bytes: &[u8]) {
        for client in clients {
            let (key, peer) = &self.clients[client];
            peer.send(bytes);
            let readable = Readiness {
                readable: true,
                ..Readiness::default()
            };
            self.server.signal(*key, readable);
        }
    }

    /// Lets everyone take nothing more, or all again, and turns the server.
    pub fn set_deaf(&mut self, is_deaf: bool) {
        for (key, peer) in &self.clients {
            peer.set_deaf(is_deaf);
            let writable = Readiness {
                writable: !is_deaf,
                ..Readiness::default()
            };
            self.server.signal(*key, writable);
        }
        self.settle();
    }

    /// Lets time pass, and returns what the turns after it allocate.
    pub fn wait(&mut self, time: Duration) -> AllocationInfo {
        self.now.monotonic += time;
        self.settle()
    }

    fn settle(&mut self) -> AllocationInfo {
        measure(|| {
            loop {
                self.server.turn(self.now, false);
                self.server.finish_turn(self.now.monotonic);
                let patience = self.server.patience(self.now.monotonic);
                if patience != Some(Duration::ZERO) {
                    break;
                }
            }
        })
    }

    /// Bytes that reached everyone.
    pub fn taken(&self) -> usize {
        self.clients.iter().map(|(_, peer)| peer.taken()).sum()
    }
}

/// A request for an endpoint.
pub fn upgrade(path: &str) -> Vec<u8> {
    upgrade_with(path, "")
}

/// The same with lines of one's own.
pub fn upgrade_with(path: &str, lines: &str) -> Vec<u8> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n{lines}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    request.into()
}

/// A text frame of a client, masked with zeroes.
pub fn text(words: &str) -> Vec<u8> {
    let len = u16::try_from(words.len()).unwrap();
    let [high, low] = len.to_be_bytes();
    let header: &[u8] = match len {
        ..126 => &[0x81, 0x80 | low],
        _ => &[0x81, 0xfe, high, low],
    };
    [header, &[0; 4], words.as_bytes()].concat()
}
