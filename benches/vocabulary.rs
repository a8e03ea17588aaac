//! Ring 0: what it costs to write headers, and to read and write the chat's protocol. Throughput is in frames, requests,
//! or objects.

mod common;

use std::hint::black_box;

use arrayvec::ArrayString;
use common::{MESSAGE, TURN};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hubbub::vocabulary::{
    chat::{Content, Event, Identity, Recovery, Request, Told},
    config::LISTED_MAX,
    frame::{self, Header, Kind},
    reason::Reason,
};
use serde_json::{json, value::to_raw_value};
use uuid::Uuid;

/// Headers with lengths of 7, 16 and 64 bits: before one message, a busy turn's messages, and the largest payload that is
/// allowed by default, doubled. And a close frame, with its reason.
fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    group.throughput(Throughput::Elements(1));
    for payload in [MESSAGE.len(), TURN * MESSAGE.len(), 128 << 10] {
        group.bench_function(BenchmarkId::new("header", payload), |bencher| {
            bencher.iter(|| Header::new(Kind::Text, black_box(payload)));
        });
    }
    let (code, words) = Reason::SlowUnsent.close().expect("the peer is told");
    group.bench_function("close", |bencher| {
        bencher.iter(|| frame::close(black_box(code), black_box(words)));
    });
}

/// Requests, read down to the action that they ask for: the usual ones, and one with a text that cannot be borrowed.
fn decode(criterion: &mut Criterion) {
    let requests = [
        ("join", json!({"action": "join-channel", "message": "tea"})),
        (
            "send",
            json!({"action": "send-message", "target": "tea", "message": MESSAGE}),
        ),
        (
            "send escaped",
            json!({"action": "send-message", "target": "tea", "message": format!("\"{MESSAGE}\"\n")}),
        ),
        (
            "send private",
            json!({"action": "send-private", "target": "Ada", "message": MESSAGE, "ref": "7"}),
        ),
        (
            "list members",
            json!({"action": "list-members", "target": "tea"}),
        ),
        ("list channels", json!({"action": "list-channels"})),
    ];
    let mut group = criterion.benchmark_group("chat/decode");
    group.throughput(Throughput::Elements(1));
    for (name, request) in requests {
        let text = request.to_string();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let request = Request::parse(black_box(&text)).expect("a request");
                black_box(request.action()).expect("an action");
            });
        });
    }
}

/// What most is told: a message, who is in a channel of 1,000 members, and that someone came.
fn encode(criterion: &mut Criterion) {
    let identities: Vec<_> = (0..LISTED_MAX).map(identity).collect();
    let members: Vec<_> = identities.iter().collect();
    let listed = to_raw_value(&members).expect("texts are JSON");
    let ada = &identities[0];
    let sender = ada.mention().encode();
    let message = Told::SendMessage {
        content: Content::Message(MESSAGE),
        target: "tea",
        sender: &sender,
        reference: None,
    };
    let joined = Told::Joined {
        channel: "tea",
        members: &listed,
        count: members.len(),
        seq: 1_000_000,
        epoch: 1,
        oldest: 1,
        recovery: Recovery::default(),
        reference: None,
    };
    let notice = Told::Notice {
        message: "member 0 joined",
        target: "tea",
        event: Event::Joined { member: ada },
    };
    let mut group = criterion.benchmark_group("chat/encode");
    group.throughput(Throughput::Elements(1));
    for (name, told) in [("message", message), ("joined", joined), ("notice", notice)] {
        let mut bytes = Vec::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                bytes.clear();
                serde_json::to_writer(&mut bytes, black_box(&told)).expect("writing to memory");
                black_box(&bytes);
            });
        });
    }
}

fn identity(number: usize) -> Identity {
    Identity {
        id: Uuid::from_u128(number as u128).to_string().into(),
        name: format!("member {number}").into(),
        avatar: ArrayString::from(MESSAGE).expect("64 digits"),
    }
}

criterion_group! {
    name = benches;
    config = common::criterion();
    targets = frames, decode, encode
}
criterion_main!(benches);
