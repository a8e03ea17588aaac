//! The whole server over fake sockets, under seeded chance: short reads, short writes, resets, stalls, jumps of the
//! clock, and edges as the only signals, with relays, the chat, echoes, plain HTTP, and programs at the operator's listener,
//! and with bounds that bite; judged by oracles of what the server promises. Many inflate what they get, within a small window or the usual one, and deflate
//! what they say in any way that there is, or in none. People of the chat come back over new connections and recover, and half
//! of the seeds have an engine that is late, with clients of other servers.
//!
//! `HUBBUB_SIM_SEED=7` replays one seed, `HUBBUB_SIM_SEEDS=10000` runs as many; both together begin with the one.

mod calm;
mod faults;
#[path = "../inflate/mod.rs"]
mod inflate;
mod knock;
mod late;
mod oracle;
mod peer;
mod sabotage;
mod scenario;
mod settings;
mod simulation;
mod socket;
mod standard;
mod tamper;

use std::env;
use std::panic;
use std::sync::LazyLock;
use std::time::Duration;

use faults::{Fault, Operations};
use hubbub::vocabulary::reason::Reason;
use knock::Knock;
use oracle::bounds;
use peer::Kind;
use sabotage::{Belief, Sabotage};
use scenario::Summary;
use settings::Settings;
use simulation::{Simulation, Weather};
use socket::{Flaw, Manners};
use tamper::Tamper;

/// Runs that have something of everything, too.
const SEEDS: u64 = 192;
/// Times that a sabotage is to be seen, and runs in which that is awaited.
const SIGHTINGS: usize = 21;
const SABOTAGED_SEEDS: u64 = 60;

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
    )
}

/// Runs a seed; a panic of the server breaks the promise too.
fn run(seed: u64, sabotage: Sabotage) -> Result<Summary, String> {
    let result = panic::catch_unwind(|| scenario::run(seed, sabotage));
    result.unwrap_or_else(|_| Err("panicked".to_owned()))
}

/// What came of the seeds that are run if none is asked for.
static USUAL: LazyLock<Vec<Result<Summary, String>>> = LazyLock::new(|| {
    let runs = (0..SEEDS).map(|seed| run(seed, Sabotage::None));
    runs.collect()
});

#[test]
fn the_promise_holds_for_every_seed() {
    let asked = (number("HUBBUB_SIM_SEED"), number("HUBBUB_SIM_SEEDS"));
    let (first, seeds) = match asked {
        (None, None) => {
            for (seed, summary) in (0..).zip(&*USUAL) {
                judge(seed, summary.as_ref());
            }
            return;
        }
        (first, seeds) => (first.unwrap_or_default(), seeds.unwrap_or(1)),
    };
    for seed in first..first + seeds {
        judge(seed, run(seed, Sabotage::None).as_ref());
    }
}

fn judge(seed: u64, summary: Result<&Summary, &String>) {
    if let Err(violation) = summary {
        panic!("{violation}\nreplay with HUBBUB_SIM_SEED={seed}");
    }
}

/// No run has all that may go wrong, but together they have.
#[test]
fn the_seeds_bring_about_nearly_every_ending_and_every_pause() {
    let runs: Vec<_> = USUAL.iter().map(|run| run.as_ref().unwrap()).collect();
    let sum =
        |of: fn(&Summary) -> &[u64], index| runs.iter().map(|run| of(run)[index]).sum::<u64>();
    // There is no TLS, no balancer that says nonsense, no token that names channels, no program that closes anyone, and no engine that refuses; and
    // what takes the clock two jumps at the right moments is rare.
    let elsewhere = [
        Reason::Tls,
        Reason::NotAllowed,
        Reason::Dismissed,
        Reason::NoPong,
        Reason::HandshakeTimeout,
        Reason::ProxyHeader,
        Reason::Unavailable,
    ];
    let missing = Reason::ALL.into_iter().filter(|&reason| {
        let count = sum(|run| &run.disconnects, reason as usize);
        count == 0 && !elsewhere.contains(&reason)
    });
    assert_eq!(missing.collect::<Vec<_>>(), []);
    let pauses = [0, 1, 2].map(|bound| sum(|run| &run.pauses, bound));
    assert!(pauses.iter().all(|&count| count > 0), "{pauses:?}");
    let inflated = [0, 1].map(|window| sum(|run| &run.inflated, window));
    assert!(inflated.iter().all(|&count| count > 100), "{inflated:?}");
    let published = [0, 1].map(|result| sum(|run| &run.published, result));
    assert!(published.iter().all(|&count| count > 100), "{published:?}");
    let deflated = [0, 1].map(|window| sum(|run| &run.deflated, window));
    assert!(deflated.iter().all(|&count| count > 100), "{deflated:?}");
}

#[test]
fn a_seed_replays_by_itself() {
    assert_eq!(run(3, Sabotage::None), run(3, Sabotage::None));
}

/// Runs the standard scenario; a panic of the server breaks the promise too.
fn run_standard(failing: Option<(u64, Fault)>) -> Result<Simulation, String> {
    let result = panic::catch_unwind(|| standard::run(Operations::new(failing)));
    result.unwrap_or_else(|_| Err("panicked".to_owned()))
}

#[test]
fn the_promise_holds_for_the_others_whichever_operation_fails() {
    let operations = run_standard(None).unwrap().operations.made();
    for fault in Fault::ALL {
        let mut harmed = 0;
        for number in 0..operations {
            let simulation = run_standard(Some((number, fault))).unwrap_or_else(|violation| {
                panic!("{violation}\nafter {fault:?} of operation {number}")
            });
            harmed += usize::from(simulation.has_failed_peer());
        }
        let is_harmless = matches!(fault, Fault::Block | Fault::Interrupt | Fault::Short);
        assert_eq!(harmed == 0, is_harmless, "{fault:?} harmed {harmed} peers");
    }
}

#[test]
fn the_standard_scenario_has_something_of_everything() {
    let simulation = run_standard(None).unwrap();
    let metrics = simulation.server.metrics();
    for reason in [
        Reason::ClosedByPeer,
        Reason::SlowUnsent,
        Reason::GoingAway,
        Reason::HttpError,
    ] {
        assert!(metrics.disconnects[reason as usize] > 0, "{reason:?}");
    }
    assert!(metrics.messages_delivered.iter().all(|&count| count > 0));
    assert!(
        metrics
            .handshake_failures
            .iter()
            .any(|(code, _)| *code == "not-found")
    );
}

#[test]
fn a_planted_fault_is_caught() {
    for kind in Kind::ALL {
        for flaw in [Flaw::Lose, Flaw::Duplicate, Flaw::Swap] {
            expect_caught(Sabotage::Flawed(kind, flaw));
        }
    }
    for tamper in Tamper::ALL {
        expect_caught(Sabotage::Tampered(tamper));
    }
}

#[test]
fn what_is_deflated_for_another_window_is_not_read() {
    expect_caught(Sabotage::Misled(Belief::Window));
}

#[test]
fn a_rule_that_is_not_kept_is_missed() {
    for belief in Belief::BY_CHANCE {
        expect_caught(Sabotage::Misled(belief));
    }
}

/// One who talks all the time is looked after as one who is silent is.
#[test]
fn a_token_let_in_while_the_clock_was_behind_ends_within_a_heartbeat_of_its_being_set_right() {
    for kind in [Kind::Relay, Kind::Echo] {
        let mut settings = Settings::generous();
        settings.demands_tokens = true;
        let heartbeat = settings.config.ping_interval;
        let operations = Operations::default();
        let mut simulation = Simulation::new(settings, operations, 0, Sabotage::None);
        simulation.clock_is_behind = Duration::from_hours(24);
        simulation.pass(Duration::from_secs(2));
        let old = Knock {
            lasts: Duration::ZERO,
            ..Knock::steady(kind, 0)
        };
        let id = simulation.connect(old, Manners::plain());
        simulation.step(Weather::Calm).unwrap();
        simulation.step(Weather::Calm).unwrap();
        assert_eq!(simulation.peers[id].status, Some(101));
        simulation.clock_is_behind = Duration::ZERO;
        let right_since = simulation.now.monotonic;
        while simulation.now.monotonic < right_since + heartbeat {
            if kind == Kind::Relay && !simulation.peers[id].is_over() {
                simulation.greet(id, 0);
            }
            simulation.step(Weather::Calm).unwrap();
        }
        simulation.step(Weather::Calm).unwrap();
        assert_eq!(simulation.peers[id].close_code, Some(1008), "{kind:?}");
    }
}

#[test]
fn what_is_hoarded_is_seen() {
    let simulation = standard::hoard();
    let (server, config) = (&simulation.server, &simulation.settings.config);
    let connections = server.connections();
    assert!(bounds::check_unsent(server, config, connections).is_err());
    assert!(bounds::check_memory(server, config, connections).is_err());
    assert!(bounds::check_deserted(server, config, connections).is_err());
    assert!(bounds::check_empty(server, connections).is_err());
}

/// Not every run gives a sabotage the chance to show: some who are sabotaged are gone before. Each shows in half of all runs at
/// least; in which ones is chance, of which any change draws another.
fn expect_caught(sabotage: Sabotage) {
    let caught = (0..SABOTAGED_SEEDS).filter(|&seed| run(seed, sabotage).is_err());
    let sightings = caught.take(SIGHTINGS).count();
    assert_eq!(
        sightings, SIGHTINGS,
        "{sabotage:?} in {SABOTAGED_SEEDS} seeds"
    );
}
