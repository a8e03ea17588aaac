//! A server and its clients, moved step by step: peers act, time passes, edges are signalled, the server turns, and the
//! oracle looks at what must hold at every turn.

use std::cell::RefCell;
use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use hubbub::server::{Server, stream::Readiness};
use hubbub::state::engine::{Engine, Local};
use hubbub::vocabulary::{
    arrival::{self, Arrival},
    id::Key,
    time::Now,
};

use crate::faults::Operations;
use crate::knock::Knock;
use crate::late::{Late, Sequence};
use crate::oracle::{
    admission::{Admission, Admissions},
    bounds,
};
use crate::peer::{
    Kind, Means, Part, Peer, Role, chat, chat::Chat, echo::Echo, http::Http, program::Program,
    recall::Recall, relay::Relay, wire, wish::Wish,
};
use crate::sabotage::{Belief, Sabotage};
use crate::settings::{self, BALANCER, EPOCH_MS, Settings};
use crate::socket::{FakeSocket, Manners, Pipe};

/// Addresses that members come from; witnesses have their own.
const ADDRESSES: u8 = 4;
/// How long ago a token has expired that is old.
const OLD: Duration = Duration::from_secs(1);

/// What may happen in a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Everything: peers misbehave, the clock jumps, polls come back full.
    Rough,
    /// Peers do as they like; time and polls are good.
    Busy,
    /// Peers only listen and answer.
    Calm,
}

/// A server, its clients, and what the oracle knows of them.
pub struct Simulation {
    pub server: Server<FakeSocket>,
    pub peers: Vec<Peer>,
    pub admissions: Admissions,
    pub settings: Settings,
    pub now: Now,
    /// How far the wall clock is behind.
    pub clock_is_behind: Duration,
    pub chance: fastrand::Rng,
    pub operations: Rc<Operations>,
    /// What is under way, if it takes time.
    pub sequence: Option<Rc<RefCell<Sequence>>>,
    keys: Vec<Option<Key>>,
    /// The most connections that there ever were at once.
    pub most_connections: usize,
    sabotage: Sabotage,
}

impl Simulation {
    pub fn new(settings: Settings, operations: Operations, seed: u64, sabotage: Sabotage) -> Self {
        let (told, settings) = settings.apart(sabotage);
        let sequence = settings
            .is_late
            .then(|| Sequence::new(seed, settings.breadth));
        let engine: Box<dyn Engine> = match &sequence {
            Some(sequence) => Box::new(Late::new(Rc::clone(sequence))),
            None => Box::new(Local),
        };
        let (config, most) = (told.config, told.max_connections);
        let mut server = Server::with_engine(config, most, || None, seed, engine);
        if settings.demands_tokens {
            server.demand_tokens(settings::keyring());
        }
        Self {
            server,
            peers: Vec::new(),
            admissions: Admissions::default(),
            settings,
            now: Now {
                monotonic: Duration::ZERO,
                unix_ms: EPOCH_MS,
            },
            clock_is_behind: Duration::ZERO,
            chance: fastrand::Rng::with_seed(seed),
            operations: Rc::new(operations),
            sequence,
            keys: Vec::new(),
            most_connections: 0,
            sabotage,
        }
    }

    /// Someone knocks, and says something along with it. Returns who it is.
    pub fn connect(&mut self, knock: Knock, manners: Manners) -> usize {
        let id = self.peers.len();
        let part = self.part(id, knock);
        let now = self.now.monotonic;
        let expires_at = match knock.lasts {
            Duration::ZERO => now.saturating_sub(OLD),
            lasts => now + lasts,
        };
        let token = self.settings.demands_tokens.then(|| {
            let real = if self.sabotage.misleads(Belief::Expiry) {
                expires_at + Duration::from_hours(24)
            } else {
                expires_at
            };
            format!("Bearer {}", settings::token(real))
        });
        let pipe = Pipe::new(manners, Rc::clone(&self.operations), self.chance.u64(..));
        let socket = FakeSocket(Rc::clone(&pipe));
        let address = address(id, knock.role);
        let is_program = knock.kind == Kind::Program;
        // Programs have seats of their own.
        let refusal = if is_program {
            None
        } else {
            self.judge(address)
        };
        let is_introduced = self.settings.config.proxy_protocol && !is_program;
        let from = if is_introduced { BALANCER } else { address };
        let arrival = if is_program {
            Arrival {
                peer: Some(from),
                role: arrival::Role::Admin,
            }
        } else {
            Arrival::of(Some(from))
        };
        let key = self.server.accept(self.now, arrival, |_| Ok(socket));
        self.keys.push(key.expect("it could be registered"));
        if is_introduced {
            pipe.borrow_mut().send(&introduction(address));
        }
        self.admissions.note(Admission {
            address,
            refusal,
            knocked_at: now,
            expires_at,
        });
        let offer = knock.window.map(|window| {
            if self.sabotage.misleads(Belief::Window) {
                wire::offer(15)
            } else {
                wire::offer(window)
            }
        });
        let headers = [
            ("Authorization", token),
            ("Sec-WebSocket-Extensions", offer),
        ];
        let peer = Peer::new(id, knock, part, &headers, pipe, now);
        self.peers.push(peer);
        if is_introduced {
            // It is judged by when it is introduced.
            self.signal(false);
            self.server.turn(self.now, false);
            self.server.finish_turn(self.now.monotonic);
        }
        self.most_connections = self.most_connections.max(self.server.connections());
        id
    }

    /// Someone knocks whose socket is gone before it is registered.
    pub fn connect_in_vain(&mut self) {
        let address = address(self.peers.len(), Role::Member);
        self.judge(address);
        let before = self.server.connections();
        let accepted = self
            .server
            .accept(self.now, Arrival::of(Some(address)), |_| {
                Err(io::ErrorKind::NotConnected.into())
            });
        assert!(!matches!(accepted, Ok(Some(_))));
        assert_eq!(self.server.connections(), before);
    }

    fn judge(&mut self, address: IpAddr) -> Option<u16> {
        let (now, settings) = (self.now.monotonic, &self.settings);
        self.admissions.judge(address, now, &self.peers, settings)
    }

    fn part(&mut self, id: usize, knock: Knock) -> Part {
        match knock.kind {
            Kind::Relay => {
                let witnessed_before = self.peers.iter().find_map(|peer| match &peer.part {
                    Part::Relay(relay) if peer.role == Role::Witness => {
                        (relay.channel == knock.channel).then_some(relay.heard.len())
                    }
                    _ => None,
                });
                let is_joined_form = self.chance.u8(0..3) > 0;
                let asks = knock.role == Role::Member && self.chance.bool();
                let last = if asks { self.chance.usize(1..12) } else { 0 };
                let witnessed_before = witnessed_before.unwrap_or_default();
                Part::Relay(Relay::new(
                    id,
                    knock.channel,
                    is_joined_form,
                    last,
                    witnessed_before,
                ))
            }
            Kind::Chat => Part::Chat(self.chat(id, knock)),
            Kind::Echo => Part::Echo(Echo::default()),
            Kind::Http => Part::Http(Http::default()),
            Kind::Program => Part::Program(self.program(id)),
        }
    }

    /// A program, which asks again for what the last one that is gone had asked for.
    fn program(&self, id: usize) -> Program {
        let before = self.peers.iter().rev().find_map(|peer| match &peer.part {
            Part::Program(program) if !peer.is_open() => Some(program.recall()),
            _ => None,
        });
        let demands_tokens = self.settings.demands_tokens;
        let token = demands_tokens.then(settings::program_token);
        Program::new(id, self.settings.breadth, token, before.unwrap_or_default())
    }

    /// Someone in the chat, who remembers what it heard before.
    fn chat(&self, id: usize, knock: Knock) -> Chat {
        let before = knock.returning.map(|id| &self.peers[id].part);
        let recall = match before {
            Some(Part::Chat(chat)) => chat.recall.later(),
            _ => Recall::default(),
        };
        let mut chat = Chat::new(id, self.settings.breadth, recall);
        chat.now = self.now.monotonic;
        if knock.role == Role::Member {
            chat.tampering = self.sabotage.tampering();
        }
        chat
    }

    /// One step.
    pub fn step(&mut self, weather: Weather) -> Result<(), String> {
        let is_rough = weather == Weather::Rough;
        let everyone = self.peers.len();
        for peer in &mut self.peers {
            peer.step(&mut Means {
                now: self.now.monotonic,
                is_calm: weather == Weather::Calm,
                everyone,
                too_large: self.settings.config.max_message_bytes + 1,
                chance: &mut self.chance,
            })?;
        }
        let passed = match self.chance.u16(0..400) {
            0 if is_rough => Duration::from_secs(self.chance.u64(1..100)),
            _ => Duration::from_micros(self.chance.u64(0..20_000)),
        };
        self.pass(passed);
        if let Some(sequence) = &self.sequence {
            let is_calm = weather == Weather::Calm;
            sequence.borrow_mut().look(is_calm, everyone);
        }
        let is_poll_full = is_rough && self.chance.u8(0..10) == 0;
        let has_news = self.signal(is_poll_full) || is_poll_full;
        let patience = self.server.patience(self.now.monotonic);
        let is_awaited = has_news || patience == Some(Duration::ZERO);
        let sent = self.server.metrics().bytes_sent;
        self.server.turn(self.now, is_poll_full);
        self.server.finish_turn(self.now.monotonic);
        if !is_awaited && self.server.metrics().bytes_sent != sent {
            return Err(format!("would have waited {patience:?} to say something"));
        }
        self.look()
    }

    pub fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        let unix = Duration::from_millis(EPOCH_MS) + self.now.monotonic;
        let unix = unix.saturating_sub(self.clock_is_behind);
        self.now.unix_ms = u64::try_from(unix.as_millis()).expect("no such age");
    }

    /// Signals what events say, and whether there were any.
    fn signal(&mut self, is_poll_full: bool) -> bool {
        let mut has_news = false;
        for (peer, key) in self.peers.iter().zip(&self.keys) {
            let Some(key) = key else {
                continue;
            };
            if is_poll_full && self.chance.bool() {
                continue;
            }
            let mut edge = mem::take(&mut peer.pipe.borrow_mut().edge);
            // A spurious edge does no harm.
            edge.readable |= self.chance.u8(0..50) == 0;
            if edge != Readiness::default() {
                self.server.signal(*key, edge);
                has_news = true;
            }
        }
        has_news
    }

    /// What must hold at every turn.
    fn look(&mut self) -> Result<(), String> {
        let gone = self.server.metrics().disconnects.iter().sum::<u64>();
        let turned_away = self.server.metrics().turned_away_total;
        let pipes = self.peers.iter().map(|peer| peer.pipe.borrow());
        let dropped = pipes.filter(|pipe| pipe.is_dropped).count();
        if gone + turned_away != dropped as u64 {
            return Err(format!(
                "{dropped} connections ended, {gone} for a reason that was counted"
            ));
        }
        let sequence = self.sequence.as_ref();
        let elsewhere = sequence.map_or(0, |sequence| sequence.borrow().clients());
        let (config, most) = (&self.settings.config, self.most_connections);
        bounds::check(&self.server, config, most, elsewhere)
    }

    /// Whether a fault ended someone's connection.
    pub fn has_failed_peer(&self) -> bool {
        self.peers.iter().any(|peer| peer.pipe.borrow().is_failed)
    }

    /// Asks for something in the chat, or says something elsewhere, as the one who knocked.
    pub fn greet(&mut self, id: usize, channel: usize) {
        let peer = &mut self.peers[id];
        let (chance, outgoing) = (&mut self.chance, &mut peer.outgoing);
        match &mut peer.part {
            Part::Relay(relay) => relay.say(0, chance, outgoing),
            Part::Chat(chat) if peer.role == Role::Witness => {
                for channel in chat::witnessed(chat.breadth) {
                    chat.ask(Wish::Join(channel), 0, outgoing);
                }
            }
            Part::Chat(chat) => chat.come_back(channel, chance, outgoing),
            Part::Echo(echo) => echo.say(0, chance, outgoing),
            Part::Http(http) => http.ask(chance, &mut outgoing.bytes),
            Part::Program(program) => program.ask(0, chance, &mut outgoing.bytes),
        }
    }
}

/// What a balancer says first.
fn introduction(client: IpAddr) -> Vec<u8> {
    format!("PROXY TCP4 {client} {BALANCER} 4711 80\r\n").into()
}

/// Where one comes from.
fn address(id: usize, role: Role) -> IpAddr {
    let last = u8::try_from(id).expect("few peers");
    match role {
        Role::Witness => Ipv4Addr::new(192, 0, 2, last).into(),
        Role::Member => Ipv4Addr::new(198, 51, 100, last % ADDRESSES).into(),
    }
}
