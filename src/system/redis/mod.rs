//! Redis as this machine reaches it: sockets for the link, watched by the reactor.

mod dial;

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mio::{Registry, Token};
use thiserror::Error;
use tracing::{info, warn};

use self::dial::{Dial, Dialled};
use super::{
    socket::Socket,
    tls::client::{Tls, Trust, TrustError},
};
use crate::{
    server::{
        Server,
        health::Health,
        redis::{Eras, Link, LinkError, Side, Standing},
        stream::Readiness,
    },
    state::{
        engine::Engine,
        journal::{Journal, JournalEngine},
        metrics::EngineGauges,
        snapshot::SnapshotError,
    },
    vocabulary::{
        config::REDIS_LEAVE_TIMEOUT,
        redis::{RedisPlace, RedisSettings},
        time::Now,
    },
};

/// The link, and the connections that it has or is about to have.
#[derive(Debug)]
pub struct Redis {
    link: Link<Socket>,
    journal: Rc<RefCell<Journal>>,
    route: Route,
    /// The first of the tokens of its connections.
    tokens: Token,
    dials: [Option<Dial>; SIDES.len()],
    /// How often was dialled, so that each address has its turn.
    attempts: usize,
    /// When it is waited no longer until the others know that this server goes.
    leaves_by: Option<Duration>,
}

const SIDES: [Side; 2] = [Side::Append, Side::Read];

/// How Redis is reached.
#[derive(Debug)]
enum Route {
    Tcp {
        host: String,
        addresses: Vec<SocketAddr>,
        tls: Option<Tls>,
    },
    Unix(PathBuf),
}

/// Why Redis cannot even be tried. The operator's to mend.
#[derive(Debug, Error)]
pub enum RedisError {
    /// The name of its host has no address.
    #[error("cannot find {host} (--redis): {cause}; check its name")]
    Host {
        /// The name.
        host: String,
        /// What the resolver said.
        cause: io::Error,
    },
    /// Nobody can be trusted there.
    #[error("cannot speak TLS with Redis: {0}")]
    Trust(#[from] TrustError),
}

impl Redis {
    /// Finds out how it is reached; its name is looked up this once. Its connections are watched under two tokens.
    ///
    /// # Errors
    /// It cannot be tried.
    pub fn new(settings: &RedisSettings, tokens: Token, seed: u64) -> Result<Self, RedisError> {
        let journal = Rc::new(RefCell::new(Journal::new(settings.bounds)));
        Ok(Self {
            link: Link::new(settings, seed),
            journal,
            route: Route::to(settings)?,
            tokens,
            dials: [None, None],
            attempts: 0,
            leaves_by: None,
        })
    }

    /// What sequences what is done here.
    pub fn engine(&self) -> Box<dyn Engine> {
        Box::new(JournalEngine(Rc::clone(&self.journal)))
    }

    /// Notes an event of the connection with a token: the first, or the one after.
    pub fn signal(&mut self, token: Token, readiness: Readiness, now: Now) {
        let side = SIDES[token.0 - self.tokens.0];
        match self.dials[side as usize].take() {
            Some(dial) => self.go_on(side, dial, now),
            None => self.link.signal(side, readiness),
        }
    }

    /// Reads what is there, and writes what is to be said.
    ///
    /// # Errors
    /// This server cannot be one of the hub.
    pub fn turn(
        &mut self,
        now: Now,
        registry: &Registry,
        server: &mut Server<Socket>,
    ) -> Result<(), LinkError> {
        while let Some(side) = self.link.wants(now.monotonic) {
            self.dial(side, now, registry);
        }
        let turned = self.link.turn(now, &mut self.journal.borrow_mut());
        if self.link.take_fallen() {
            server.forget(now);
            self.journal.borrow_mut().forget();
        }
        self.learn(now, server)?;
        server.note_engine(self.health(), self.gauges(now.monotonic));
        turned
    }

    /// When there is something to do that no event brings about.
    pub fn due(&self) -> Option<Duration> {
        let due = [self.link.due(), self.leaves_by];
        due.into_iter().flatten().min()
    }

    /// Tells the other servers that this one goes, as soon as that is possible.
    pub fn leave(&mut self, now: Duration) {
        self.leaves_by.get_or_insert(now + REDIS_LEAVE_TIMEOUT);
        self.link.leave();
    }

    /// Whether they know, or it was waited for long enough.
    pub fn is_gone(&self, now: Duration) -> bool {
        self.link.standing() == Standing::Gone || self.leaves_by.is_some_and(|by| by <= now)
    }

    fn health(&self) -> Health {
        match self.link.standing() {
            Standing::Living(_) if self.link.is_up() => Health::Good,
            Standing::Living(_) | Standing::Gone => Health::Cut,
            Standing::Listening | Standing::Founding(_) | Standing::Loading(_) => Health::Coming,
        }
    }

    /// Has the server learn what another one has told this one, once all of it is there.
    fn learn(&mut self, now: Now, server: &mut Server<Socket>) -> Result<(), LinkError> {
        let Some(told) = self.link.snapshot() else {
            return Ok(());
        };
        match server.learn(&told.bytes) {
            Ok(()) => {
                info!(
                    bytes = told.bytes.len(),
                    "goes on from what another server knew"
                );
                let journal = &mut self.journal.borrow_mut();
                self.link.accept_snapshot(now, journal);
            }
            Err(error @ SnapshotError::Rules { .. }) => return Err(LinkError::Rules(error)),
            Err(error) => {
                warn!(%error, "what another server has told is of no use");
                server.forget(now);
                self.link.refuse_snapshot();
            }
        }
        Ok(())
    }

    fn gauges(&self, now: Duration) -> EngineGauges {
        let journal = self.journal.borrow();
        let Eras { kept, lost } = self.link.eras();
        EngineGauges {
            is_up: self.link.is_up(),
            queue_bytes: journal.queue_bytes(),
            oldest: journal
                .oldest()
                .map_or(Duration::ZERO, |since| now.saturating_sub(since)),
            lag_bytes: self.link.lag_bytes() + journal.unread_bytes(),
            foreign: self.link.foreign() + journal.foreign(),
            nodes: self.link.nodes(),
            eras: [kept, lost],
        }
    }

    fn dial(&mut self, side: Side, now: Now, registry: &Registry) {
        let token = Token(self.tokens.0 + side as usize);
        self.attempts += 1;
        match Dial::begin(&self.route, self.attempts, registry, token) {
            Ok(dial) => self.dials[side as usize] = Some(dial),
            Err(error) => self.link.opened(side, Err(error), now),
        }
    }

    fn go_on(&mut self, side: Side, dial: Dial, now: Now) {
        match dial.go_on(&self.route) {
            Ok(Dialled::Waiting(dial)) => self.dials[side as usize] = Some(dial),
            Ok(Dialled::Connected(socket)) => self.link.opened(side, Ok(socket), now),
            Err(error) => self.link.opened(side, Err(error), now),
        }
    }
}

impl Route {
    fn to(settings: &RedisSettings) -> Result<Self, RedisError> {
        let (host, port, is_tls) = match &settings.url.place {
            RedisPlace::Unix(path) => return Ok(Self::Unix(path.clone())),
            RedisPlace::Tcp { host, port, is_tls } => (host, *port, *is_tls),
        };
        let failed = |cause| RedisError::Host {
            host: host.clone(),
            cause,
        };
        let addresses = (host.as_str(), port).to_socket_addrs().map_err(failed)?;
        let mut addresses: Vec<_> = addresses.collect();
        // `localhost` is both, and Redis mostly listens at 127.0.0.1.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        if addresses.is_empty() {
            return Err(failed(io::ErrorKind::NotFound.into()));
        }
        let trust = || Tls::trusting(&Trust::new(false, settings.authorities.clone()));
        Ok(Self::Tcp {
            host: host.clone(),
            addresses,
            tls: is_tls.then(trust).transpose()?,
        })
    }
}
