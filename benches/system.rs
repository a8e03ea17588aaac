//! Ring 3: what a turn costs over real sockets. Throughput is in deliveries. Messages have 64 bytes.
//!
//! Server and clients share this thread, so that nothing else decides when which of them runs. The server is turned as
//! the reactor turns it. The clients' reading is waited for, and not measured.

#[path = "common/client.rs"]
mod client;
mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use client::{REQUEST, frames, joined_bytes};
use common::{MESSAGE, TURN};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hubbub::server::{Server, stream::Readiness};
use hubbub::state::{dialect::DialectName, metrics::Metrics};
use hubbub::system::{clock::Clock, descriptors, socket::Socket};
use hubbub::vocabulary::{arrival::Arrival, config::Config, id::Key};
use mio::{Events, Interest, Poll, Token};

/// A wait that is longer than this is a bug of the bench.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server, and the members of its one channel at the other ends of loopback sockets.
struct Room {
    server: Server<Socket>,
    poll: Poll,
    events: Events,
    clock: Clock,
    members: Vec<TcpStream>,
}

impl Room {
    fn of(members: usize) -> Self {
        let config = Config {
            // No ping comes between.
            ping_interval: Duration::from_hours(1),
            pong_timeout: Duration::from_hours(2),
            ..Config::default()
        };
        let mut room = Self {
            server: Server::new(config, members, || None, 1),
            poll: Poll::new().expect("an epoll"),
            events: Events::with_capacity(1024),
            clock: Clock::start(),
            members: Vec::with_capacity(members),
        };
        descriptors::raise_limit().expect("more descriptors");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        for _ in 0..members {
            room.admit(&listener);
        }
        room
    }

    /// Connects one more member.
    fn admit(&mut self, listener: &TcpListener) {
        let address = listener.local_addr().expect("it is bound");
        let mut member = TcpStream::connect(address).expect("a connection");
        let (stream, _) = listener.accept().expect("a connection");
        stream.set_nonblocking(true).expect("a socket");
        for socket in [&member, &stream] {
            socket.set_nodelay(true).expect("a socket");
        }
        member.set_read_timeout(Some(PATIENCE)).expect("a socket");

        let mut socket = Socket::Tcp(mio::net::TcpStream::from_std(stream));
        let registry = self.poll.registry();
        let admitted = self
            .server
            .accept(self.clock.now(), Arrival::of(None), |key| {
                let interest = Interest::READABLE | Interest::WRITABLE;
                registry.register(socket.source(), Token(key.into()), interest)?;
                Ok(socket)
            });
        admitted.expect("it is watched").expect("there is room");

        member.write_all(REQUEST).expect("a connection");
        let before = self.server.metrics().bytes_sent;
        self.turn_until(|metrics| metrics.bytes_sent > before);
        let mut answer = [0; 512];
        let bytes = member.read(&mut answer).expect("an answer");
        assert!(answer[..bytes].starts_with(b"HTTP/1.1 101"));
        self.members.push(member);
    }

    /// Lets the first member send some bytes, and turns the server until there were so many deliveries. Returns how long
    /// that took.
    fn deliver(&mut self, bytes: &[u8], deliveries: usize) -> Duration {
        let delivered = |metrics: &Metrics| metrics.messages_delivered[DialectName::Relay as usize];
        let due = delivered(self.server.metrics()) + deliveries as u64;
        let begun = Instant::now();
        self.members[0].write_all(bytes).expect("a connection");
        self.turn_until(|metrics| delivered(metrics) >= due);
        begun.elapsed()
    }

    /// Waits until all members have so many bytes more.
    fn receive(&mut self, bytes: usize) {
        let mut received = vec![0; bytes];
        for member in &mut self.members {
            member.read_exact(&mut received).expect("a connection");
            assert!(received.ends_with(MESSAGE.as_bytes()), "whole frames");
        }
    }

    fn turn_until(&mut self, is_done: impl Fn(&Metrics) -> bool) {
        while !is_done(self.server.metrics()) {
            let patience = self.server.patience(self.clock.monotonic());
            self.poll
                .poll(&mut self.events, patience)
                .expect("a wait for events");
            let now = self.clock.now();
            for event in &self.events {
                let readiness = Readiness {
                    readable: event.is_readable(),
                    writable: event.is_writable(),
                    is_deceptive: event.is_read_closed() || event.is_error(),
                };
                self.server.signal(Key::from(event.token().0), readiness);
            }
            self.server.turn(now, false);
            self.server.finish_turn(self.clock.monotonic());
        }
    }
}

/// One turn, named by members and messages: one of the members says something, and all have it.
fn turn(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("system/turn");
    for members in [100, 1000] {
        let mut room = Room::of(members);
        for messages in [1, TURN] {
            let input = frames(messages);
            let deliveries = members * messages;
            group.throughput(Throughput::Elements(deliveries as u64));
            group.bench_function(BenchmarkId::new(members.to_string(), messages), |bencher| {
                bencher.iter_custom(|turns| {
                    let mut spent = Duration::ZERO;
                    for _ in 0..turns {
                        spent += room.deliver(&input, deliveries);
                        room.receive(joined_bytes(messages));
                    }
                    spent
                });
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = common::criterion();
    targets = turn
}
criterion_main!(benches);
