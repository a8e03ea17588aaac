//! One run by chance: clients come and go, the clock jumps, then everything calms down and the server drains.

use std::time::Duration;

use crate::faults::Operations;
use crate::knock::Knock;
use crate::oracle;
use crate::peer::{Kind, Part, Peer, Role, relay::RELAY_CHANNELS};
use crate::sabotage::Sabotage;
use crate::settings::Settings;
use crate::simulation::{Simulation, Weather};
use crate::socket::Manners;

const PEERS_MAX: usize = 28;
const STEPS: usize = 250;
/// What fits on the way to one who takes little.
const SLUGGISH_WINDOW_BYTES: usize = 1000;

/// What a run came to, to compare replays by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub taken: Vec<u64>,
    pub disconnects: Vec<u64>,
    pub pauses: Vec<u64>,
    pub operations: u64,
    /// Deflated messages that reached those who inflate within a small window, and within the usual one.
    pub inflated: [u64; 2],
    /// Messages that these have deflated.
    pub deflated: [u64; 2],
    /// What programs published, and what of it they asked for again.
    pub published: [u64; 2],
}

/// Runs one seed.
///
/// # Errors
/// In which way the promise was broken.
pub fn run(seed: u64, sabotage: Sabotage) -> Result<Summary, String> {
    let settings = Settings::draw(seed, sabotage);
    let mut simulation = Simulation::new(settings, Operations::default(), seed, sabotage);
    for channel in 0..RELAY_CHANNELS {
        enter(
            &mut simulation,
            Knock::witness(Kind::Relay, channel),
            Manners::plain(),
        );
    }
    enter(
        &mut simulation,
        Knock::witness(Kind::Chat, 0),
        Manners::plain(),
    );
    for _ in 0..3 {
        simulation.step(Weather::Calm)?;
    }
    for kind in Kind::ALL {
        let manners = Manners {
            flaw: sabotage.flaw(kind),
            ..Manners::plain()
        };
        let knock = Knock {
            window: window(seed, simulation.peers.len()),
            ..Knock::steady(kind, 0)
        };
        enter(&mut simulation, knock, manners);
    }
    for _ in 0..STEPS {
        if simulation.peers.len() < PEERS_MAX && simulation.chance.u8(0..8) == 0 {
            let (mut knock, manners) = newcomer(&mut simulation);
            knock.window = window(seed, simulation.peers.len());
            enter(&mut simulation, knock, manners);
        }
        if simulation.chance.u8(0..100) == 0 {
            simulation.connect_in_vain();
        }
        simulation.step(Weather::Rough)?;
    }
    simulation.calm_down()?;
    oracle::check(&simulation)?;
    let is_busy = simulation.chance.bool();
    simulation.drain(if is_busy {
        Weather::Busy
    } else {
        Weather::Calm
    })?;
    Ok(summary(&simulation))
}

fn enter(simulation: &mut Simulation, knock: Knock, manners: Manners) {
    let id = simulation.connect(knock, manners);
    simulation.greet(id, knock.channel);
}

/// Within which window one offers to inflate, if it does: each in turn.
fn window(seed: u64, id: usize) -> Option<u8> {
    let turn = seed.wrapping_add(id as u64) % 3;
    [None, Some(9), Some(15)][usize::try_from(turn).expect("fewer than three")]
}

fn newcomer(simulation: &mut Simulation) -> (Knock, Manners) {
    let returning = returning(simulation);
    let breadth = simulation.settings.breadth;
    let chance = &mut simulation.chance;
    let kind = match chance.u8(0..10) {
        0..4 => Kind::Relay,
        4..8 => Kind::Chat,
        8 => Kind::Echo,
        _ if chance.bool() => Kind::Http,
        _ => Kind::Program,
    };
    let channels = match kind {
        Kind::Chat => breadth,
        _ => RELAY_CHANNELS,
    };
    let lasts = match chance.u8(0..6) {
        0 => Duration::ZERO,
        1..3 => Duration::from_millis(chance.u64(500..3000)),
        _ => Duration::from_hours(24),
    };
    let knock = Knock {
        role: Role::Member,
        is_steady: false,
        is_sluggish: chance.u8(0..3) == 0,
        kind,
        channel: chance.usize(0..channels),
        returning,
        window: None,
        lasts,
    };
    let mut manners = Manners::by_chance(chance);
    if knock.is_sluggish {
        manners.window = manners.window.min(SLUGGISH_WINDOW_BYTES);
    }
    (knock, manners)
}

/// Someone who was in the chat, and mostly is there no more.
fn returning(simulation: &mut Simulation) -> Option<usize> {
    let Simulation { peers, chance, .. } = simulation;
    if chance.u8(0..4) == 0 {
        return None;
    }
    let is_any = chance.u8(0..4) == 0;
    let known = peers.iter().filter(|peer| {
        let is_chat = matches!(peer.part, Part::Chat(_)) && peer.role == Role::Member;
        is_chat && (is_any || !peer.is_open())
    });
    let known: Vec<_> = known.map(|peer| peer.id).collect();
    chance.choice(known)
}

fn summary(simulation: &Simulation) -> Summary {
    Summary {
        taken: simulation.peers.iter().map(|peer| peer.taken).collect(),
        disconnects: simulation.server.metrics().disconnects.to_vec(),
        pauses: simulation.server.metrics().pauses.to_vec(),
        operations: simulation.operations.made(),
        inflated: of_each_window(simulation, |peer| peer.inflated),
        deflated: of_each_window(simulation, |peer| peer.outgoing.deflated),
        published: ["done", "duplicate"].map(|result| published(simulation, result)),
    }
}

fn published(simulation: &Simulation, result: &str) -> u64 {
    let items = &simulation.server.metrics().published_items;
    let such = items.iter().filter(|(of, _)| *of == result);
    such.map(|(_, count)| count).sum()
}

fn of_each_window(simulation: &Simulation, count: fn(&Peer) -> u64) -> [u64; 2] {
    [9, 15].map(|window| {
        let peers = simulation.peers.iter();
        let peers = peers.filter(|peer| peer.inflates == Some(window));
        peers.map(count).sum()
    })
}
