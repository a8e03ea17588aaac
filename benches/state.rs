//! Ring 1: what a turn costs without sockets. Throughput is in messages where they are taken in or encoded, in deliveries
//! where they are fanned out, and in deadlines. Messages have 64 bytes.

mod common;
#[path = "common/prose.rs"]
mod prose;

use std::hint::black_box;
use std::io::{self, IoSlice, Write};
use std::rc::Rc;
use std::time::Duration;

use common::{MESSAGE, TURN};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hubbub::state::{
    batch::{Form, OpenBatch, Slice},
    channel::Departure,
    commons::Commons,
    dialect::chat::{Chat, publication},
    engine::{Deed, Once},
    hub::{Hub, Space, Start},
    log::Log,
    outbox::Outbox,
    press::Press,
    seal::Seal,
    timers::{TICK, Timers},
};
use hubbub::vocabulary::{
    chat::{Content, Mention},
    coding::{Coding, Window},
    config::{Config, HistoryBounds},
    frame::Kind,
    message::Message,
    pass::Pass,
    time::Now,
};
use prose::prose;
use serde_json::json;

/// A socket that takes so many bytes at a time, and always has room for more.
struct Sink(usize);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(black_box(bytes).len().min(self.0))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: usize = black_box(slices).iter().map(|slice| slice.len()).sum();
        Ok(bytes.min(self.0))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn flush(outbox: &mut Outbox, most: usize) {
    let flushed = outbox.flush(&mut Sink(most), Coding::Plain);
    black_box(flushed).expect("a sink takes everything");
}

fn batch(messages: usize) -> OpenBatch {
    let mut batch = OpenBatch::default();
    for _ in 0..messages {
        batch.push(Kind::Text, MESSAGE.as_bytes());
    }
    batch
}

fn sealed(messages: usize) -> Slice {
    Slice::whole(Rc::new(
        batch(messages).encode(Form::Joined, Seal::default()),
    ))
}

/// A quiet and a busy turn's batch, encoded in each form.
fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batch/encode");
    for form in [Form::Joined, Form::Single] {
        for messages in [1, TURN] {
            let batch = batch(messages);
            group.throughput(Throughput::Elements(messages as u64));
            group.bench_function(BenchmarkId::new(format!("{form:?}"), messages), |bencher| {
                bencher.iter(|| black_box(&batch).encode(form, Seal::default()));
            });
        }
    }
}

/// What deflating adds to that: one message of a quiet turn, and the messages of busy ones, for each window.
fn deflate(criterion: &mut Criterion) {
    let mut press = Press::default();
    let mut group = criterion.benchmark_group("batch/deflate");
    for (messages, bytes) in [(1, 400), (1, 1 << 10), (10, 64), (TURN, 64)] {
        let said = prose(messages * bytes);
        let mut batch = OpenBatch::default();
        for message in said.as_bytes().chunks(bytes) {
            batch.push(Kind::Text, message);
        }
        let mut run = batch.encode(Form::Joined, Seal::default());
        group.throughput(Throughput::Bytes(said.len() as u64));
        for window in Window::ALL {
            let what = format!("{messages} x {bytes} B");
            group.bench_function(BenchmarkId::new(format!("{window:?}"), what), |bencher| {
                bencher.iter(|| {
                    press.end_turn();
                    run.deflate(window, &mut press).expect("prose gets smaller");
                });
            });
        }
    }
}

/// A busy turn's messages on their way through one outbox: said, sealed and queued as one batch; queued behind each other
/// as 60 batches; and either of these written, at once or 1 KiB at a time.
fn outbox(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("outbox");
    group.throughput(Throughput::Elements(TURN as u64));
    group.bench_function("seal", |bencher| {
        bencher.iter_batched_ref(
            Outbox::default,
            |outbox| outbox.push(sealed(TURN)),
            BatchSize::SmallInput,
        );
    });
    let one = sealed(1);
    let push = |outbox: &mut Outbox| {
        for _ in 0..TURN {
            outbox.push(one.clone());
        }
    };
    group.bench_function("push", |bencher| {
        bencher.iter_batched_ref(Outbox::default, push, BatchSize::SmallInput);
    });
    let whole = sealed(TURN);
    for (manner, most) in [("at once", usize::MAX), ("in parts", 1 << 10)] {
        group.bench_function(BenchmarkId::new("batch", manner), |bencher| {
            let mut outbox = Outbox::default();
            bencher.iter(|| {
                outbox.push(whole.clone());
                flush(&mut outbox, most);
            });
        });
        group.bench_function(BenchmarkId::new("backlog", manner), |bencher| {
            let backlog = || {
                let mut outbox = Outbox::default();
                push(&mut outbox);
                outbox
            };
            bencher.iter_batched_ref(backlog, |outbox| flush(outbox, most), BatchSize::SmallInput);
        });
    }
}

/// A message of a full log, which drops its oldest for it.
fn log(criterion: &mut Criterion) {
    let bounds = HistoryBounds::default();
    let mut log = Log::default();
    let mut group = criterion.benchmark_group("log");
    group.throughput(Throughput::Elements(1));
    group.bench_function("push", |bencher| {
        bencher.iter(|| {
            let body = black_box(MESSAGE.as_bytes());
            log.push(Kind::Text, false, body, Duration::ZERO, &bounds);
        });
    });
}

/// Someone who joins, is handed all that a full log keeps, and goes. Others have just been handed the same.
fn recover(criterion: &mut Criterion) {
    let history = HistoryBounds::default();
    let mut hub = Hub::new(history, 0);
    let host = hub.enter(Some(0), Form::Joined, Coding::Plain);
    let channel = hub.join(host, Space::Chat, "bench", Start::Now);
    let channel = channel.expect("it is the first");
    for _ in 0..history.messages {
        hub.say(channel, Kind::Text, false, |bytes, _, _| {
            bytes.extend_from_slice(MESSAGE.as_bytes());
        });
    }
    hub.seal(|_, _| {});
    let mut group = criterion.benchmark_group("hub");
    group.throughput(Throughput::Elements(1));
    group.bench_function("recover", |bencher| {
        bencher.iter(|| {
            let client = hub.enter(Some(1), Form::Joined, Coding::Plain);
            hub.join(client, Space::Chat, "bench", Start::At(0));
            let mut handed = 0;
            let mut deliver = |_, slice: Slice| handed += black_box(slice).len() as usize;
            hub.replay(|_| usize::MAX, &mut deliver);
            assert_eq!(handed, history.messages, "all at once");
            hub.exit(client, Departure::Vanishes);
        });
    });
}

/// One message to every member: said, sealed, and through every outbox.
fn fan_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hub/fan-out");
    for members in [1, 100, 10_000_u32] {
        let mut hub = Hub::new(HistoryBounds::default(), 0);
        let mut outboxes: Vec<_> = (0..members).map(|_| Outbox::default()).collect();
        let mut channel = None;
        for slot in 0..members {
            let client = hub.enter(Some(slot), Form::Joined, Coding::Plain);
            channel = hub.join(client, Space::Relay, "bench", Start::Now);
        }
        let channel = channel.expect("there are members");
        group.throughput(Throughput::Elements(u64::from(members)));
        group.bench_function(BenchmarkId::from_parameter(members), |bencher| {
            bencher.iter(|| {
                hub.say(channel, Kind::Text, false, |bytes, _, _| {
                    bytes.extend_from_slice(MESSAGE.as_bytes());
                });
                hub.seal(|slot, slice| {
                    outboxes[slot as usize].push(slice);
                });
                for outbox in &mut outboxes {
                    flush(outbox, usize::MAX);
                }
            });
        });
    }
}

/// One message of 1 KiB to every member, all of whom read it plain or deflated.
fn fan_out_prose(criterion: &mut Criterion) {
    const MEMBERS: u32 = 1000;
    let said = prose(1 << 10);
    let mut group = criterion.benchmark_group("hub/fan-out of 1 KiB");
    group.throughput(Throughput::Elements(u64::from(MEMBERS)));
    for coding in [Coding::Plain, Coding::Deflate(Window::Full)] {
        let mut hub = Hub::new(HistoryBounds::default(), 0);
        let mut outboxes: Vec<_> = (0..MEMBERS).map(|_| Outbox::default()).collect();
        let mut channel = None;
        for slot in 0..MEMBERS {
            let client = hub.enter(Some(slot), Form::Joined, coding);
            channel = hub.join(client, Space::Relay, "bench", Start::Now);
        }
        let channel = channel.expect("there are members");
        group.bench_function(
            BenchmarkId::from_parameter(format!("{coding:?}")),
            |bencher| {
                bencher.iter(|| {
                    hub.say(channel, Kind::Text, false, |bytes, _, _| {
                        bytes.extend_from_slice(said.as_bytes());
                    });
                    hub.seal(|slot, slice| outboxes[slot as usize].push(slice));
                    for outbox in &mut outboxes {
                        let flushed = outbox.flush(&mut Sink(usize::MAX), coding);
                        black_box(flushed).expect("a sink takes everything");
                    }
                });
            },
        );
    }
}

/// A busy turn's messages as the chat takes them: read, told in a channel of one member, and sealed.
fn hear(criterion: &mut Criterion) {
    let mut commons = Commons::new(&Config::default(), 1);
    let mut ada = Chat::enter(
        &mut commons,
        0,
        Coding::Plain,
        "Ada",
        None,
        Pass::default(),
        Now::default(),
    );
    let mut hear = |request: &str, commons: &mut Commons| {
        ada.hear(Message::Text(black_box(request)), commons, Now::default())
    };
    let join = json!({"action": "join-channel", "message": "tea"});
    hear(&join.to_string(), &mut commons);
    commons.hub.seal(|_, _| {});
    let send = json!({"action": "send-message", "target": "tea", "message": MESSAGE}).to_string();
    let mut group = criterion.benchmark_group("chat");
    group.throughput(Throughput::Elements(TURN as u64));
    group.bench_function("hear", |bencher| {
        bencher.iter(|| {
            for _ in 0..TURN {
                hear(&send, &mut commons);
            }
            let told = |_, slice: Slice| assert_eq!(slice.len() as usize, TURN, "no refusals");
            commons.hub.seal(told);
        });
    });
}

/// A message of a program in a channel with one member, under a key of its own or none.
fn publish(criterion: &mut Criterion) {
    let mut commons = Commons::new(&Config::default(), 1);
    let (pass, now) = (Pass::default(), Now::default());
    let mut ada = Chat::enter(&mut commons, 0, Coding::Plain, "Ada", None, pass, now);
    let join = json!({"action": "join-channel", "message": "tea"}).to_string();
    ada.hear(Message::Text(&join), &mut commons, now);
    let caller = commons.greet_caller(1);
    let (id, name) = ("api:till", "till");
    let sender = Mention { id, name }.encode();
    let mut group = criterion.benchmark_group("chat/publish");
    group.throughput(Throughput::Elements(1));
    for is_once in [false, true] {
        let name = if is_once { "once" } else { "any" };
        let mut key = 0_u128;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                key += 1;
                let once = Once {
                    key: key.to_le_bytes(),
                    body: [0; 16],
                    all: None,
                };
                let body = publication("tea", Content::Message(MESSAGE), &sender);
                let deed = Deed::Publish {
                    channel: "tea".into(),
                    body: body.into(),
                    once: is_once.then(|| Box::new(once)),
                };
                commons.call(caller, deed);
                black_box(commons.take_outcomes());
                commons.hub.seal(|_, slice| {
                    black_box(slice);
                });
            });
        });
    }
}

/// Someone who joins a large channel, is told who is there, and leaves.
fn join(criterion: &mut Criterion) {
    const MEMBERS: u32 = 10_000;
    let mut commons = Commons::new(&Config::default(), 1);
    let mut enter = |slot| {
        let (pass, now) = (Pass::default(), Now::default());
        let mut chat = Chat::enter(&mut commons, slot, Coding::Plain, "Ada", None, pass, now);
        let join = json!({"action": "join-channel", "message": "tea"}).to_string();
        chat.hear(Message::Text(&join), &mut commons, now);
        commons.hub.seal(|_, _| {});
        chat
    };
    for slot in 0..MEMBERS {
        enter(slot);
    }
    let mut ada = enter(MEMBERS);
    let [join, leave] = ["join-channel", "leave-channel"]
        .map(|action| json!({"action": action, "message": "tea"}).to_string());
    let mut group = criterion.benchmark_group("chat");
    group.throughput(Throughput::Elements(1));
    group.bench_function("join", |bencher| {
        bencher.iter(|| {
            for request in [&leave, &join] {
                ada.hear(Message::Text(request), &mut commons, Now::default());
            }
            commons.hub.seal(|_, slice| {
                black_box(slice);
            });
        });
    });
}

/// Deadlines of 20,000 clients, 20 to a tick: one of them moved, and those of the next tick taken out and set again, as
/// heartbeats are.
fn timers(criterion: &mut Criterion) {
    const CLIENTS: u32 = 20_000;
    const IN_A_TICK: u32 = 20;
    const PERIOD: u32 = CLIENTS / IN_A_TICK;
    let mut timers = Timers::default();
    for slot in 0..CLIENTS {
        timers.set(slot, TICK * (1 + slot % PERIOD));
    }
    let mut tick = 0;
    let mut due = Vec::new();
    let mut group = criterion.benchmark_group("timers");
    group.throughput(Throughput::Elements(u64::from(IN_A_TICK)));
    group.bench_function("expire", |bencher| {
        bencher.iter(|| {
            tick += 1;
            timers.expire(TICK * tick, &mut due);
            assert_eq!(due.len(), IN_A_TICK as usize);
            for slot in due.drain(..) {
                timers.set(slot, TICK * (tick + PERIOD));
            }
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("set", |bencher| {
        let mut slot = 0;
        bencher.iter(|| {
            slot = (slot + 7919) % CLIENTS;
            timers.set(slot, TICK * (tick + 1 + slot % PERIOD));
        });
    });
}

criterion_group! {
    name = benches;
    config = common::criterion();
    targets = encode, deflate, outbox, log, recover, fan_out, fan_out_prose, hear, publish, join,
        timers
}
criterion_main!(benches);
