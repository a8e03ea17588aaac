//! Several servers: what each makes of what people do at another one, in CPU time of the thread. Messages have 64 bytes.

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "people of another server say more than bytes")]
mod common;
mod cpu;
mod world;

use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubbub::state::engine::Deed;

use self::{
    cpu::CpuTime,
    world::{World, coming, entries, saying},
};

/// Fewer where it is only tried whether all of it runs.
const PEOPLE: u32 = if cfg!(debug_assertions) {
    1000
} else {
    100_000
};
/// Messages of a turn.
const TURN: u32 = 64;
/// Joins of a turn, as many as are in an entry.
const COMING: u32 = 256;
/// Messages of each channel before its log is measured: all logs together are full by then.
const SAID_BEFORE: u32 = 3;

/// Turns in which a newcomer is told of all of it.
const GIVING_TURNS_MAX: usize = 10_000;

/// The channel of its own that each is in.
fn own(client: u32) -> String {
    format!("channel {client}")
}

/// Entries of one turn's messages each, over all channels, each of which comes once.
fn said_everywhere() -> Vec<Bytes> {
    let mut clients: Vec<u32> = (0..PEOPLE).collect();
    fastrand::Rng::with_seed(1).shuffle(&mut clients);
    let turns = clients.chunks(TURN as usize).map(|turn| {
        let said = turn.iter().map(|&client| saying(client, &own(client)));
        entries(said).remove(0)
    });
    turns.collect()
}

/// A turn's messages of channels that nobody here is in.
fn elsewhere(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("nodes/elsewhere");
    group.throughput(Throughput::Elements(u64::from(TURN)));
    let mut world = World::of(1, |_| "tea".to_owned());
    let said = entries((0..TURN).map(|_| saying(0, "tea"))).remove(0);
    group.bench_function("64 in one channel", |bencher| {
        bencher.iter(|| world.turn(&said));
    });
    let mut world = World::of(PEOPLE, own);
    let said = said_everywhere();
    for _ in 0..SAID_BEFORE {
        world.turns(&said);
    }
    let mut next = said.iter().cycle();
    group.bench_function("64 in 64 of 100,000", |bencher| {
        bencher.iter(|| world.turn(next.next().expect("there is no end")));
    });
}

/// People who come into a channel of 100,000.
fn join(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("nodes");
    let mut world = World::of(PEOPLE, |_| "tea".to_owned());
    let newcomers = PEOPLE..PEOPLE + COMING;
    let come = entries(newcomers.clone().flat_map(|client| coming(client, "tea")));
    let go = entries(newcomers.map(|client| (client, Deed::Exit)));
    group.throughput(Throughput::Elements(u64::from(COMING)));
    group.bench_function("join among 100,000", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut used = Duration::ZERO;
            for _ in 0..rounds {
                used += cpu::of(|| world.turns(&come));
                world.turns(&go);
            }
            used
        });
    });
}

/// The longest turn of one who tells a newcomer of 100,000 people in as many channels, while they talk, and of the newcomer.
fn hand_over(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("nodes");
    let mut world = World::of(PEOPLE, own);
    let said = said_everywhere();
    for _ in 0..SAID_BEFORE {
        world.turns(&said);
    }
    let mut next = said.iter().cycle();
    let mut tell = || {
        let mut longest = cpu::of(|| world.ask());
        for said in next.by_ref().take(GIVING_TURNS_MAX) {
            longest = longest.max(cpu::of(|| world.turn(said)));
            if let Some(told) = world.told() {
                return (longest, told);
            }
        }
        panic!("it takes no longer");
    };
    group.sample_size(10);
    group.bench_function("longest turn of a giver", |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| tell().0).sum());
    });
    let (_, told) = tell();
    group.bench_function("longest turn of a newcomer", |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| learn(&told)).sum());
    });
}

/// The longest turn of one who learns what it is told.
fn learn(told: &Bytes) -> Duration {
    let mut world = World::new();
    let mut longest = Duration::ZERO;
    let mut is_all = false;
    while !is_all {
        longest = longest.max(cpu::of(|| is_all = world.learn(told)));
    }
    longest
}

fn criterion() -> Criterion<CpuTime> {
    common::criterion().with_measurement(CpuTime)
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = elsewhere, join, hand_over
}
criterion_main!(benches);
