//! Several nodes that read one journal make the same of it: the same bytes under the same numbers, and the same members,
//! after every entry, wherever their turns end, whatever their clocks say, and whoever of them it is that does it. Under
//! seeded chance, with channels that lapse and are too many, logs that are too long and too old, summaries, nodes that die,
//! and others that come, are told what there is, and go on from there; and with nodes that are taken for dead, or make something
//! else of it, and eras that are lost, after which those who are connected come back. Programs have all of them publish, each
//! thing once, and remove people, and one is told what happens.
//!
//! `HUBBUB_FOLD_SEED=7` replays one seed, `HUBBUB_FOLD_SEEDS=10000` runs as many.

mod node;
mod program;
mod stream;
mod world;

use std::env;
use std::panic;

use world::{Sights, World};

/// Runs that have something of everything, too.
const SEEDS: u64 = 150;
const STEPS: usize = 400;

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

/// Runs a seed, and says what there was to be seen.
fn run(seed: u64) -> Sights {
    let run = panic::catch_unwind(|| {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        world.end()
    });
    run.unwrap_or_else(|_| panic!("replay with HUBBUB_FOLD_SEED={seed}"))
}

#[test]
fn all_nodes_make_the_same_of_the_same_journal() {
    let seeds = match number("HUBBUB_FOLD_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("HUBBUB_FOLD_SEEDS").unwrap_or(SEEDS),
    };
    let is_usual = seeds == (0..SEEDS);
    let mut all = Sights::default();
    for seed in seeds {
        all += run(seed);
    }
    if is_usual {
        assert_eq!(all.missing(), [""; 0], "the seeds bring about everything");
    }
}
