//! One run without chance, with something of everything in it, in which any one operation of a stream may fail.

use std::time::Duration;

use crate::faults::Operations;
use crate::knock::Knock;
use crate::oracle;
use crate::peer::{
    Kind, Part,
    wish::Wish::{self, *},
};
use crate::sabotage::{Belief, Sabotage};
use crate::settings::Settings;
use crate::simulation::{Simulation, Weather};
use crate::socket::Manners;

/// Bytes of what is said on the relay: all of it is more than one may leave unsent.
const LONG: usize = 6000;
/// Messages of so many bytes that they are more than anyone may hoard.
const HOARDED_MESSAGES: usize = 700;
/// More steps than there are.
const FOREVER: u32 = 10_000;

/// What two people of the chat ask for, step by step; each is known by the number it has here.
const WISHES: [[Wish; 2]; 7] = [
    [Join(0), Join(0)],
    [Send(0), Join(1)],
    [SendPrivate(CHATTERS[1]), Send(0)],
    [ListMembers(0), Leave(0)],
    [Send(0), SendPrivate(CHATTERS[0])],
    [ListChannels, Nonsense],
    [Leave(0), Join(0)],
];

const RELAY: [usize; 5] = [4, 5, 6, 7, 8];
const CHATTERS: [usize; 2] = [9, 10];
const ECHO: usize = 11;
const HTTP: usize = 12;
const PROGRAM: usize = 13;

/// Runs it, and returns what it came to.
///
/// # Errors
/// In which way the promise was broken.
pub fn run(operations: Operations) -> Result<Simulation, String> {
    let mut simulation = Simulation::new(settings(), operations, 0, Sabotage::None);
    enter(&mut simulation)?;
    for wishes in WISHES {
        for id in [RELAY[0], RELAY[1], ECHO, HTTP, PROGRAM] {
            speak(&mut simulation, id);
        }
        for (id, wish) in CHATTERS.into_iter().zip(wishes) {
            ask(&mut simulation, id, wish);
        }
        simulation.step(Weather::Calm)?;
    }
    simulation.peers[RELAY[1]].close();
    simulation.peers[CHATTERS[0]].close();
    simulation.calm_down()?;
    oracle::check(&simulation)?;
    simulation.drain(Weather::Calm)?;
    Ok(simulation)
}

/// A server that is told to let its peers lag as far as they like, of which the oracle knows nothing, and peers who do.
pub fn hoard() -> Simulation {
    let belief = Sabotage::Misled(Belief::Unsent);
    let mut simulation = Simulation::new(Settings::generous(), Operations::default(), 0, belief);
    let witness = simulation.connect(Knock::witness(Kind::Relay, 0), Manners::plain());
    let deaf = Manners {
        window: 1000,
        ..Manners::plain()
    };
    let member = simulation.connect(Knock::steady(Kind::Relay, 0), deaf);
    simulation.peers[member].stall(FOREVER);
    for _ in 0..HOARDED_MESSAGES {
        speak(&mut simulation, witness);
        // What the oracle says of it is looked at in the end.
        let _ = simulation.step(Weather::Calm);
    }
    simulation
}

fn settings() -> Settings {
    let mut settings = Settings::generous();
    settings.config.drain_timeout = Duration::from_millis(1100);
    settings.config.history.age = Duration::from_secs(1);
    settings
}

/// Two witnesses of everything, as one may fail; then the others: on the relay one who keeps up, one who leaves, one who
/// holds back what it is sent, one who lags, and one who stands still.
fn enter(simulation: &mut Simulation) -> Result<(), String> {
    for kind in [Kind::Relay, Kind::Relay, Kind::Chat, Kind::Chat] {
        let id = simulation.connect(Knock::witness(kind, 0), Manners::plain());
        if kind == Kind::Chat {
            simulation.greet(id, 0);
        }
    }
    for _ in 0..3 {
        simulation.step(Weather::Calm)?;
    }
    let narrow = |window, holds_back| Manners {
        window,
        holds_back,
        ..Manners::plain()
    };
    let relay = [
        Manners::plain(),
        Manners::plain(),
        narrow(9000, true),
        narrow(9000, false),
        narrow(1000, false),
    ];
    for manners in relay {
        simulation.connect(Knock::steady(Kind::Relay, 0), manners);
    }
    let others = [
        Kind::Chat,
        Kind::Chat,
        Kind::Echo,
        Kind::Http,
        Kind::Program,
    ];
    for kind in others {
        simulation.connect(Knock::steady(kind, 0), Manners::plain());
    }
    simulation.peers[RELAY[4]].stall(FOREVER);
    Ok(())
}

fn speak(simulation: &mut Simulation, id: usize) {
    let Simulation { peers, chance, .. } = simulation;
    let peer = &mut peers[id];
    match &mut peer.part {
        Part::Relay(relay) => relay.say(LONG, chance, &mut peer.outgoing),
        Part::Echo(echo) => echo.say(LONG, chance, &mut peer.outgoing),
        Part::Http(http) => http.ask_next(&mut peer.outgoing.bytes),
        Part::Program(program) => program.ask(0, chance, &mut peer.outgoing.bytes),
        Part::Chat(_) => {}
    }
}

fn ask(simulation: &mut Simulation, id: usize, wish: Wish) {
    let peer = &mut simulation.peers[id];
    if let Part::Chat(chat) = &mut peer.part {
        chat.ask(wish, 0, &mut peer.outgoing);
    }
}
