//! Ring 2: what the protocols cost without sockets. Throughput is in messages of 64 bytes, or in requests.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hubbub::server::http;
use hubbub::server::websocket::{self, Protocol, WebSocket};
use tungstenite::protocol::frame::{
    Frame, FrameHeader,
    coding::{Data, OpCode},
};

const REQUEST: &[u8] = b"GET /relay?channel=bench HTTP/1.1\r\nHost: localhost:8080\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Frames of a client with 64 bytes of text each.
fn frames(messages: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..messages {
        let header = FrameHeader {
            opcode: OpCode::Data(Data::Text),
            mask: Some([1, 2, 3, 4]),
            ..FrameHeader::default()
        };
        let frame = Frame::from_payload(header, vec![b'x'; 64].into());
        frame.format(&mut bytes).expect("writing to memory");
    }
    bytes
}

/// Messages read from one receive: a lone one, and as many as a busy publisher sends at once.
fn receive(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("websocket/receive");
    for messages in [1, 8, 64] {
        let input = frames(messages);
        let mut protocol = Protocol::new(64 << 10);
        let mut websocket = WebSocket::default();
        let mut replies = Vec::new();
        group.throughput(Throughput::Elements(messages as u64));
        group.bench_function(BenchmarkId::from_parameter(messages), |bencher| {
            bencher.iter(|| {
                websocket.receive(&mut protocol, black_box(&input), &mut replies, |message| {
                    black_box(message);
                })
            });
        });
    }
}

/// An upgrade: the request parsed, the answer written.
fn upgrade(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("http");
    group.throughput(Throughput::Elements(1));
    group.bench_function("upgrade", |bencher| {
        bencher.iter(|| {
            let parsed = http::parse(black_box(REQUEST))
                .expect("a request")
                .expect("all of it");
            websocket::accept(&parsed.0).expect("a handshake")
        });
    });
}

criterion_group!(benches, receive, upgrade);
criterion_main!(benches);
