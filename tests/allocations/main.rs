//! What a turn allocates, counted: nothing for each delivery, and nothing for each heartbeat.

mod stream;

use std::rc::Rc;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use hubbub::{
    server::{Server, stream::Readiness},
    vocabulary::{config::Config, id::Key, time::Now},
};

use stream::{Peer, Stream};

const PONG: &[u8] = &[0x8a, 0x80, 0, 0, 0, 0];
const PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];

/// A server, and clients who are members of its lobby or of the chat's.
struct Room {
    server: Server<Stream>,
    clients: Vec<(Key, Rc<Peer>)>,
    now: Now,
}

impl Room {
    fn of(clients: usize, path: &str, first_words: &[u8]) -> Self {
        let now = Now {
            monotonic: Duration::from_secs(1),
            unix_ms: 1_700_000_000_000,
        };
        let mut room = Self {
            server: Server::new(Config::default(), clients, || None, 1),
            clients: Vec::new(),
            now,
        };
        for _ in 0..clients {
            let peer = Rc::<Peer>::default();
            let stream = Stream(Rc::clone(&peer));
            let key = room.server.accept(now, |_| Ok(stream)).unwrap().unwrap();
            room.clients.push((key, peer));
        }
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let everyone = 0..clients;
        room.speak(everyone.clone(), request.as_bytes());
        if !first_words.is_empty() {
            room.speak(everyone, first_words);
        }
        room
    }

    /// Lets some clients send the same bytes, and turns the server until it has read them all. Returns what that
    /// allocated.
    fn speak(&mut self, clients: impl Iterator<Item = usize>, bytes: &[u8]) -> AllocationInfo {
        for client in clients {
            let (key, peer) = &self.clients[client];
            peer.send(bytes);
            let readable = Readiness {
                readable: true,
                ..Readiness::default()
            };
            self.server.signal(*key, readable);
        }
        self.settle()
    }

    /// Lets time pass, and returns what the turns after it allocate.
    fn wait(&mut self, time: Duration) -> AllocationInfo {
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
    fn taken(&self) -> usize {
        self.clients.iter().map(|(_, peer)| peer.taken()).sum()
    }
}

/// A text frame of a client, masked with zeroes.
fn text(words: &str) -> Vec<u8> {
    let len = u8::try_from(words.len()).unwrap();
    assert!(len < 126, "a short frame");
    let header = [0x81, 0x80 | len, 0, 0, 0, 0];
    [&header, words.as_bytes()].concat()
}

/// Allocations of a turn in which one of the clients says something to all of them, once everything has its size.
fn allocations_of_a_message(clients: usize, path: &str, first_words: &str, words: &str) -> u64 {
    let first_words = match first_words {
        "" => Vec::new(),
        words => text(words),
    };
    let mut room = Room::of(clients, path, &first_words);
    let words = text(words);
    for _ in 0..3 {
        room.speak(0..1, &words);
    }
    let before = room.taken();
    let allocations = room.speak(0..1, &words).count_total;
    let taken = room.taken() - before;
    assert!(taken >= clients * 16, "everyone heard it: {taken} bytes");
    allocations
}

#[test]
fn a_delivery_on_a_relay_allocates_nothing() {
    let of = |clients| allocations_of_a_message(clients, "/relay", "", "hello to everybody");
    assert_eq!(of(10), of(1000));
    assert!(of(10) <= 3, "a run, its bytes and its bodies: {}", of(10));
}

#[test]
fn a_delivery_in_the_chat_allocates_nothing() {
    let of = |clients| {
        allocations_of_a_message(
            clients,
            "/ws?name=Ada",
            r#"{"action":"join-channel","message":"tea"}"#,
            r#"{"action":"send-message","target":"tea","message":"hello"}"#,
        )
    };
    assert_eq!(of(10), of(300));
}

#[test]
fn a_heartbeat_of_ours_allocates_nothing() {
    let mut room = Room::of(1000, "/relay", b"");
    let interval = Config::default().ping_interval;
    let beat = |room: &mut Room| {
        let before = room.taken();
        let asked = room.wait(interval + Duration::from_millis(50));
        assert_eq!(room.taken() - before, 1000 * 2, "everyone got a ping");
        let answered = room.speak(0..1000, PONG);
        asked.count_total + answered.count_total
    };
    beat(&mut room);
    assert_eq!(beat(&mut room), 0);
}

#[test]
fn a_heartbeat_of_a_peer_allocates_nothing() {
    let mut room = Room::of(1000, "/relay", b"");
    let mut beat = || {
        let before = room.taken();
        let allocations = room.speak(0..1000, PING).count_total;
        assert_eq!(room.taken() - before, 1000 * 2, "everyone got a pong");
        allocations
    };
    beat();
    assert_eq!(beat(), 0);
}
