//! The whole server over fake sockets.

mod bounds;
mod client;
mod program;
mod script;
// The sockets of the simulation, of which nothing is made to fail here.
#[expect(dead_code, reason = "operations fail in the simulation only")]
#[path = "../../../simulation/faults.rs"]
mod faults;
#[expect(dead_code, reason = "nothing is sabotaged here")]
#[path = "../../../simulation/socket.rs"]
mod socket;

use std::rc::Rc;
use std::time::Duration;

use hubbub::{
    server::{Server, api::ApiKeys, gate::token::Keyring},
    state::memory::Memory,
    vocabulary::{
        arrival::{Arrival, Role},
        config::HistoryBounds,
        time::Now,
    },
};

use self::{
    client::Client,
    script::{Act, Script, Step},
    socket::{FakeSocket, Manners, Pipe},
};
use super::{SECRET, UNIX_MS};

/// Clients there ever are.
const CLIENTS_MAX: usize = 16;
/// Where clients come from: the unix socket, an address, and two of one site.
const ADDRESSES: [Option<&str>; 4] = [
    None,
    Some("192.0.2.1"),
    Some("2001:db8::1"),
    Some("2001:db8::2"),
];
/// Turns after which a server that hears nothing has come to rest.
const TURNS_MAX: usize = 10_000;
/// Seconds after which everyone is gone who takes everything and has ended their side.
const SECONDS_MAX: usize = 200;
/// Bytes that a server may keep for those who come next.
const KEPT_BYTES: usize = 256 << 10;

/// The first two bytes decide the bounds, the rest is a script. Whatever happens, every client gets whole responses and
/// frames, every ending is counted, and the server comes to rest after every turn. Once everyone is gone, nothing is left
/// of them, and newcomers are served.
pub fn run(data: &[u8]) {
    let Some((bounds, script)) = data.split_first_chunk() else {
        return;
    };
    let mut play = Play::new(*bounds);
    for step in Script(script) {
        play.step(step);
    }
    play.end();
    for client in &play.clients {
        client.check();
    }
    if !play.server.is_draining() {
        play.welcome_newcomers();
    }
}

struct Play {
    server: Server<FakeSocket>,
    has_balancer: bool,
    /// What it held when it was new.
    fresh: Memory,
    clients: Vec<Client>,
    now: Now,
}

impl Play {
    fn new(bounds: [u8; 2]) -> Self {
        let config = bounds::config(bounds);
        config.validate().expect("bounds that make sense");
        let max_connections = config.max_connections.unwrap_or(usize::MAX);
        let mut server = Server::new(config, max_connections, || None, 1);
        if bounds::demand_tokens(bounds) {
            server.demand_tokens(Keyring::new(SECRET, None, None).expect("a secret"));
            let keys = ApiKeys::read(program::keys().as_bytes());
            server.demand_keys(keys.expect("a key"));
        }
        Self {
            fresh: server.memory(),
            server,
            has_balancer: bounds::has_balancer(bounds),
            clients: Vec::new(),
            now: Now {
                monotonic: Duration::ZERO,
                unix_ms: UNIX_MS,
            },
        }
    }

    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Connect(address, manners) => {
                if self.clients.len() < CLIENTS_MAX {
                    let peer = ADDRESSES[address % ADDRESSES.len()];
                    self.connect(peer, Role::Whole, manners);
                    // The others say it for themselves, or something else.
                    if let Some(address) = ADDRESSES.get(address) {
                        self.introduce(*address);
                    }
                }
            }
            Step::Call(manners) => {
                if self.clients.len() < CLIENTS_MAX {
                    self.connect(None, Role::Admin, manners);
                }
            }
            Step::Act(client, act) => {
                let count = self.clients.len().max(1);
                if let Some(client) = self.clients.get_mut(client % count) {
                    client.act(act);
                }
            }
            Step::Turn(passed, is_poll_full) => self.turn(passed, is_poll_full),
            Step::Drain => self.server.drain(self.now, 1),
        }
    }

    fn connect(&mut self, address: Option<&str>, role: Role, manners: Manners) {
        let peer = address.map(|address| address.parse().expect("an address"));
        let pipe = Pipe::new(manners, Rc::default(), self.clients.len() as u64);
        let socket = FakeSocket(pipe.clone());
        let key = self
            .server
            .accept(self.now, Arrival { peer, role }, |_| Ok(socket));
        let key = key.expect("a socket that registers");
        let key = key.expect("a reserve that is not used up");
        let is_program = role == Role::Admin;
        self.clients.push(Client::new(key, is_program, pipe));
    }

    /// Says for whom the last client comes, if it is by a balancer.
    fn introduce(&mut self, address: Option<&str>) {
        let client = self.clients.last_mut().expect("just connected");
        if self.has_balancer && address.is_none() {
            client.act(Act::Send(b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 80\r\n"));
        }
    }

    /// Time passes, and the server acts on what happened.
    fn turn(&mut self, passed: Duration, is_poll_full: bool) {
        self.now.monotonic += passed;
        self.now.unix_ms += u64::try_from(passed.as_millis()).expect("not so long");
        for client in &self.clients {
            client.signal(&mut self.server);
        }
        let rests = (0..TURNS_MAX).any(|_| {
            self.server.turn(self.now, is_poll_full);
            self.server.finish_turn(self.now.monotonic);
            let patience = self.server.patience(self.now.monotonic);
            patience != Some(Duration::ZERO) || self.server.is_drained()
        });
        assert!(rests, "the server does not come to rest");
        if self.server.is_to_drain() {
            self.server.drain(self.now, 1);
        }
        let gone = self
            .clients
            .iter()
            .filter(|client| client.is_gone())
            .count();
        let ended: u64 = self.server.metrics().disconnects.iter().sum();
        assert_eq!(
            ended, gone as u64,
            "connections that ended, and that were counted"
        );
        assert_eq!(self.server.connections(), self.clients.len() - gone);
    }

    /// Everyone takes what there is to take, and goes.
    fn end(&mut self) {
        for _ in 0..SECONDS_MAX {
            while self.take_all() {
                self.turn(Duration::ZERO, false);
            }
            for client in &mut self.clients {
                client.act(Act::End);
            }
            if self.server.connections() == 0 {
                break;
            }
            self.turn(Duration::from_secs(1), false);
        }
        assert_eq!(self.server.connections(), 0, "someone cannot go");
        self.turn(HistoryBounds::default().age, false);
        assert_eq!(self.server.leftovers(), [0; 4]);
        self.check_memory();
    }

    /// Whether there was anything to take.
    fn take_all(&mut self) -> bool {
        let taken = |clients: &[Client]| clients.iter().map(|client| client.taken.len()).sum();
        let before: usize = taken(&self.clients);
        for client in &mut self.clients {
            client.act(Act::Take(usize::MAX));
        }
        taken(&self.clients) > before
    }

    fn check_memory(&self) {
        let (memory, fresh) = (self.server.memory(), self.fresh);
        assert_eq!((memory.outboxes, memory.input), (0, fresh.input));
        for ((part, bytes), (_, fresh)) in memory.parts().into_iter().zip(fresh.parts()) {
            assert!(bytes <= fresh + KEPT_BYTES, "{bytes} B are held for {part}");
        }
    }

    /// One after the other, from everywhere.
    fn welcome_newcomers(&mut self) {
        for address in ADDRESSES {
            self.turn(Duration::from_secs(1), false);
            self.connect(address, Role::Whole, script::manners(0));
            self.introduce(address);
            let newcomer = self.clients.last_mut().expect("just connected");
            newcomer.act(Act::Send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
            self.turn(Duration::ZERO, false);
            self.end();
            let newcomer = self.clients.last().expect("still there");
            assert!(newcomer.taken.starts_with(b"HTTP/1.1 200 "), "{address:?}");
        }
    }
}
