//! The whole server over fake sockets, under seeded chance: short reads, short writes, resets, stalls, jumps of the
//! clock, and edges as the only signals; judged by a model of what the server promises.
//!
//! `HUBBUB_SIM_SEED=7` replays one seed, `HUBBUB_SIM_SEEDS=10000` runs as many.

mod model;
mod peer;
mod scenario;
mod socket;

use std::env;

use scenario::run;
use socket::Sabotage;

const SEEDS: u64 = 256;

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
    )
}

#[test]
fn the_promise_holds_for_every_seed() {
    let seeds = match number("HUBBUB_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("HUBBUB_SIM_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        if let Err(violation) = run(seed, Sabotage::None) {
            panic!("{violation}\nreplay with HUBBUB_SIM_SEED={seed}");
        }
    }
}

#[test]
fn a_seed_replays_by_itself() {
    assert_eq!(run(3, Sabotage::None), run(3, Sabotage::None));
}

#[test]
fn a_planted_fault_is_caught() {
    for sabotage in [Sabotage::Lose, Sabotage::Duplicate, Sabotage::Swap] {
        let caught = (0..20).filter(|&seed| run(seed, sabotage).is_err()).count();
        assert!(
            caught >= 18,
            "{sabotage:?} was caught in {caught} of 20 seeds"
        );
    }
}
