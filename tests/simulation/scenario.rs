//! One run: clients come and go, the clock jumps, then everything calms down and the server drains.

use std::time::Duration;

use hubbub::server::{Server, stream::Readiness};
use hubbub::vocabulary::{config::Config, id::Key, time::Now};

use crate::model;
use crate::peer::{Peer, Role};
use crate::socket::{FakeSocket, Sabotage};

const CHANNELS: usize = 2;
const PEERS_MAX: usize = 24;
const STEPS: usize = 250;
/// Steps without news after which a calm server has nothing left to do.
const QUIET_STEPS: usize = 10;

/// What a run came to, to compare replays by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub heard: Vec<usize>,
    pub disconnects: Vec<u64>,
}

/// Runs one seed.
///
/// # Errors
/// In which way the promise was broken.
pub fn run(seed: u64, sabotage: Sabotage) -> Result<Summary, String> {
    let mut simulation = Simulation::new(seed);
    for channel in 0..CHANNELS {
        simulation.connect(Role::Witness, channel, Sabotage::None);
    }
    for _ in 0..3 {
        simulation.step(Weather::Calm)?;
    }
    for channel in 0..CHANNELS {
        simulation.connect(Role::Member, channel, sabotage);
    }
    for _ in 0..STEPS {
        let is_crowded = simulation.peers.len() >= PEERS_MAX;
        if !is_crowded && simulation.chance.u8(0..8) == 0 {
            let channel = simulation.chance.usize(0..CHANNELS);
            simulation.connect(Role::Member, channel, Sabotage::None);
        }
        simulation.step(Weather::Rough)?;
    }
    simulation.calm_down()?;
    model::check(&simulation.peers)?;
    simulation.drain()?;
    Ok(simulation.summary())
}

/// What may happen in a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weather {
    /// Everything: peers misbehave, the clock jumps, polls come back full.
    Rough,
    /// Peers do as they like; time and polls are good.
    Busy,
    /// Peers only listen and answer.
    Calm,
}

struct Simulation {
    server: Server<FakeSocket>,
    peers: Vec<Peer>,
    keys: Vec<Key>,
    now: Now,
    chance: fastrand::Rng,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let config = Config {
            max_unsent_bytes: 32 << 10,
            batch_window: Duration::from_millis(seed % 4 * 5),
            ..Config::default()
        };
        Self {
            server: Server::new(config, usize::MAX, || None, seed),
            peers: Vec::new(),
            keys: Vec::new(),
            now: Now::default(),
            chance: fastrand::Rng::with_seed(seed),
        }
    }

    fn connect(&mut self, role: Role, channel: usize, sabotage: Sabotage) {
        let mut peer = Peer::new(self.peers.len(), role, channel, sabotage, &mut self.chance);
        peer.witnessed_before = self
            .peers
            .iter()
            .find(|witness| witness.role == Role::Witness && witness.channel == channel)
            .map_or(0, |witness| witness.heard.len());
        let socket = FakeSocket(peer.pipe.clone());
        let key = self.server.accept(self.now, None, |_| Ok(socket));
        self.keys.push(key.unwrap().expect("there is room for all"));
        self.peers.push(peer);
    }

    /// Peers act, time passes, edges are signalled, the server turns.
    fn step(&mut self, weather: Weather) -> Result<(), String> {
        let is_calm = weather == Weather::Calm;
        let is_rough = weather == Weather::Rough;
        for peer in &mut self.peers {
            peer.step(is_calm, &mut self.chance)?;
        }
        let passed = match self.chance.u8(0..100) {
            0 if is_rough => Duration::from_secs(self.chance.u64(1..100)),
            _ => Duration::from_micros(self.chance.u64(0..20_000)),
        };
        self.now.monotonic += passed;
        let is_poll_full = is_rough && self.chance.u8(0..10) == 0;
        for (peer, key) in self.peers.iter().zip(&self.keys) {
            if is_poll_full && self.chance.bool() {
                continue;
            }
            let mut edge = std::mem::take(&mut peer.pipe.borrow_mut().edge);
            // A spurious edge does no harm.
            edge.readable |= self.chance.u8(0..50) == 0;
            if edge != Readiness::default() {
                self.server.signal(*key, edge);
            }
        }
        self.server.turn(self.now, is_poll_full);
        self.server.finish_turn(self.now.monotonic);
        let gone = self.server.metrics().disconnects.iter().sum::<u64>();
        let dropped = self
            .peers
            .iter()
            .filter(|peer| peer.pipe.borrow().is_dropped)
            .count();
        if gone != dropped as u64 {
            return Err(format!(
                "{dropped} connections ended, {gone} for a reason that was counted"
            ));
        }
        Ok(())
    }

    /// Faults stop, and everything that is under way arrives.
    fn calm_down(&mut self) -> Result<(), String> {
        let mut quiet = 0;
        while quiet < QUIET_STEPS {
            let before = self.bytes_moved();
            self.step(Weather::Calm)?;
            quiet = if self.bytes_moved() == before {
                quiet + 1
            } else {
                0
            };
        }
        Ok(())
    }

    /// Bytes that arrived on either side.
    fn bytes_moved(&self) -> u64 {
        let taken: u64 = self.peers.iter().map(|peer| peer.taken).sum();
        self.server.metrics().bytes_received + taken
    }

    /// The server goes away; everyone is told or has been, and nothing is left of anyone.
    fn drain(&mut self) -> Result<(), String> {
        let weather = if self.chance.bool() {
            Weather::Busy
        } else {
            Weather::Calm
        };
        self.server.drain(self.now, self.chance.u64(..));
        while !self.server.is_drained() {
            self.now.monotonic += Duration::from_millis(20);
            self.step(weather)?;
        }
        let leftovers = self.server.leftovers();
        if leftovers != [0; 4] {
            return Err(format!("left over after the drain: {leftovers:?}"));
        }
        let is_told = |peer: &Peer| {
            peer.is_over() && (peer.role != Role::Witness || peer.close_code == Some(1001))
        };
        match self.peers.iter().find(|peer| !is_told(peer)) {
            Some(peer) => Err(format!(
                "peer {} was not told of the drain: {:?}",
                peer.id, peer.close_code
            )),
            None => Ok(()),
        }
    }

    fn summary(&self) -> Summary {
        Summary {
            heard: self.peers.iter().map(|peer| peer.heard.len()).collect(),
            disconnects: self.server.metrics().disconnects.to_vec(),
        }
    }
}
