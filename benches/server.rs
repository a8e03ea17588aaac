//! Ring 2: what the protocols and a turn cost without sockets. Throughput is in messages received, requests, or
//! deliveries. Messages have 64 bytes.

#[path = "common/client.rs"]
mod client;
mod common;
#[path = "common/prose.rs"]
mod prose;
#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../tests/turns/stream.rs"]
mod stream;

use std::hint::black_box;
use std::rc::Rc;

use client::{REQUEST, frame, frames, joined_bytes};
use common::TURN;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Compress, Compression as Level, FlushCompress};
use hubbub::server::{
    Server, http,
    stream::Readiness,
    websocket::{self, Protocol, WebSocket},
};
use hubbub::vocabulary::{
    arrival::Arrival,
    coding::{Coding, Window},
    config::{Compression, Config, REQUEST_HEAD_BYTES_MAX},
    id::Key,
    message::Message,
    time::Now,
};
use prose::prose;
use stream::{Peer, Stream};

/// A server, and the members of its one channel at the other ends of streams that take everything.
struct Room {
    server: Server<Stream>,
    members: Vec<(Key, Rc<Peer>)>,
}

impl Room {
    fn of(members: usize) -> Self {
        let mut room = Self {
            server: Server::new(Config::default(), members, || None, 1),
            members: Vec::with_capacity(members),
        };
        for member in 0..members {
            let peer = Rc::<Peer>::default();
            let stream = Stream(Rc::clone(&peer));
            let key = room
                .server
                .accept(Now::default(), Arrival::of(None), |_| Ok(stream));
            let key = key.expect("a stream").expect("there is room");
            room.members.push((key, peer));
            room.turn(member, REQUEST);
        }
        room
    }

    /// Lets a member send some bytes, and turns the server.
    fn turn(&mut self, member: usize, bytes: &[u8]) {
        let (key, peer) = &self.members[member];
        peer.send(bytes);
        let readable = Readiness {
            readable: true,
            ..Readiness::default()
        };
        self.server.signal(*key, readable);
        self.server.turn(Now::default(), false);
    }

    /// Bytes that reached the members.
    fn taken(&self) -> usize {
        self.members.iter().map(|(_, peer)| peer.taken()).sum()
    }
}

/// Messages read from one receive: a lone one, and as many as busy publishers send at once.
fn receive(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("websocket/receive");
    for messages in [1, 8, TURN] {
        let input = frames(messages);
        let mut protocol = Protocol::new(64 << 10);
        let mut websocket = WebSocket::default();
        let mut replies = Vec::new();
        group.throughput(Throughput::Elements(messages as u64));
        group.bench_function(BenchmarkId::from_parameter(messages), |bencher| {
            bencher.iter(|| {
                websocket.receive(
                    &mut protocol,
                    black_box(&input),
                    &mut replies,
                    |message, _| {
                        black_box(message);
                    },
                )
            });
        });
    }
}

/// A message of what people write, as it is and deflated.
fn inflate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("websocket/inflate");
    for bytes in [64, 200, 1 << 10, 64 << 10] {
        let said = prose(bytes);
        let mut deflated = Vec::with_capacity(bytes + 100);
        Compress::new(Level::new(6), false)
            .compress_vec(said.as_bytes(), &mut deflated, FlushCompress::Sync)
            .expect("there is room");
        // The last four bytes are left out (RFC 7692, section 7.2.1).
        let deflated = &deflated[..deflated.len() - 4];
        group.throughput(Throughput::Bytes(bytes as u64));
        for (manner, input) in [
            ("plain", frame(said.as_bytes(), false)),
            ("deflated", frame(deflated, true)),
        ] {
            let mut protocol = Protocol::new(bytes);
            let mut websocket = WebSocket::new(Coding::Deflate(Window::Full));
            let mut replies = Vec::new();
            group.bench_function(BenchmarkId::new(manner, bytes), |bencher| {
                bencher.iter(|| {
                    let mut heard = 0;
                    let input = black_box(&input);
                    let hear = |message: Message<'_>, _| heard += message.bytes().len();
                    let received = websocket.receive(&mut protocol, input, &mut replies, hear);
                    received.expect("it is sound");
                    assert_eq!(heard, bytes);
                });
            });
        }
    }
}

/// An upgrade: the request parsed, the answer written.
fn upgrade(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("http");
    group.throughput(Throughput::Elements(1));
    group.bench_function("upgrade", |bencher| {
        bencher.iter(|| {
            let parsed = http::parse(black_box(REQUEST), REQUEST_HEAD_BYTES_MAX)
                .expect("a request")
                .expect("all of it");
            websocket::accept(&parsed.request, &Compression::default()).expect("a handshake")
        });
    });
}

/// One turn, named by members and messages: one of the members says something, and all are written to.
fn turn(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("server/turn");
    for members in [1, 100, 10_000] {
        let mut room = Room::of(members);
        for messages in [1, TURN] {
            let input = frames(messages);
            let before = room.taken();
            let mut turns = 0;
            group.throughput(Throughput::Elements((members * messages) as u64));
            group.bench_function(BenchmarkId::new(members.to_string(), messages), |bencher| {
                bencher.iter(|| {
                    room.turn(0, black_box(&input));
                    turns += 1;
                });
            });
            let taken = room.taken() - before;
            assert_eq!(taken, turns * members * joined_bytes(messages));
        }
    }
}

criterion_group! {
    name = benches;
    config = common::criterion();
    targets = receive, inflate, upgrade, turn
}
criterion_main!(benches);
