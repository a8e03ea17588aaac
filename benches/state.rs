//! Ring 1: what a turn costs without sockets. Throughput is in elements: messages where they are encoded, deliveries
//! where they are fanned out. Messages have 64 bytes.

use std::hint::black_box;
use std::io::{self, IoSlice, Write};
use std::rc::Rc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hubbub::state::batch::{Form, OpenBatch, Slice};
use hubbub::state::hub::{Hub, Space};
use hubbub::state::outbox::Outbox;
use hubbub::state::timers::Timers;

const MESSAGE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Messages of a busy turn.
const TURN: usize = 60;

fn batch(messages: usize) -> OpenBatch {
    let mut batch = OpenBatch::default();
    for _ in 0..messages {
        batch.push_line(MESSAGE);
    }
    batch
}

/// Takes everything, as a socket with room does.
struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(black_box(bytes).len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(black_box(slices).iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sealing a busy turn's batch in each form.
fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batch/encode");
    group.throughput(Throughput::Elements(TURN as u64));
    let batch = batch(TURN);
    for form in [Form::Joined, Form::Single] {
        group.bench_function(format!("{form:?}"), |bencher| {
            bencher.iter(|| black_box(&batch).encode(form));
        });
    }
}

/// A lone batch through an outbox, and a backlog of one-message batches joined into one write.
fn outbox(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("outbox");
    let whole = Slice::whole(Rc::new(batch(TURN).encode(Form::Joined)));
    group.throughput(Throughput::Elements(TURN as u64));
    group.bench_function("lone batch", |bencher| {
        let mut outbox = Outbox::default();
        bencher.iter(|| {
            outbox.push(whole.clone());
            outbox.flush(&mut Sink).expect("a sink takes everything")
        });
    });
    let one = Slice::whole(Rc::new(batch(1).encode(Form::Joined)));
    group.bench_function("backlog", |bencher| {
        bencher.iter_batched_ref(
            || {
                let mut outbox = Outbox::default();
                for _ in 0..TURN {
                    outbox.push(one.clone());
                }
                outbox
            },
            |outbox| outbox.flush(&mut Sink).expect("a sink takes everything"),
            BatchSize::SmallInput,
        );
    });
}

/// One message to every member: said, sealed, and through every outbox.
fn fan_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hub/fan-out");
    for members in [1, 100, 10_000_u32] {
        let mut hub = Hub::default();
        let mut outboxes: Vec<_> = (0..members).map(|_| Outbox::default()).collect();
        let mut channel = None;
        for slot in 0..members {
            let client = hub.enter(slot, Form::Joined);
            channel = Some(hub.join(client, Space::Relay, "bench"));
        }
        let channel = channel.expect("there are members");
        group.throughput(Throughput::Elements(u64::from(members)));
        group.bench_function(BenchmarkId::from_parameter(members), |bencher| {
            bencher.iter(|| {
                hub.speak(channel).say_line(MESSAGE);
                hub.seal(|slot, slice| outboxes[slot as usize].push(slice));
                for outbox in &mut outboxes {
                    outbox.flush(&mut Sink).expect("a sink takes everything");
                }
            });
        });
    }
}

/// A heartbeat's timer moved on, among 20,000.
fn timers(criterion: &mut Criterion) {
    let entries = 20_000;
    let mut timers = Timers::default();
    for slot in 0..entries {
        timers.set(slot, Duration::from_millis(u64::from(slot) * 3));
    }
    let mut group = criterion.benchmark_group("timers");
    group.throughput(Throughput::Elements(1));
    group.bench_function("set", |bencher| {
        let mut slot = 0;
        bencher.iter(|| {
            slot = (slot + 7919) % entries;
            timers.set(slot, Duration::from_millis(u64::from(slot)));
        });
    });
}

criterion_group!(benches, encode, outbox, fan_out, timers);
criterion_main!(benches);
