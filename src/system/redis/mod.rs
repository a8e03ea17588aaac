//! Redis as this machine reaches it: sockets for the link, watched by the reactor.

mod dial;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use mio::{Registry, Token};
use thiserror::Error;

use self::dial::{Dial, Dialled};
use super::{
    socket::Socket,
    tls::client::{Tls, Trust, TrustError},
};
use crate::{
    server::{
        Server,
        node::Node,
        redis::{LinkError, Side},
        stream::Readiness,
    },
    state::engine::Engine,
    vocabulary::{
        redis::{RedisPlace, RedisSettings},
        time::Now,
    },
};

/// What makes the server one of several, and the connections that it has or is about to have.
#[derive(Debug)]
pub struct Redis {
    node: Node<Socket>,
    route: Route,
    /// The first of the tokens of its connections.
    tokens: Token,
    dials: [Option<Dial>; SIDES.len()],
    /// How often was dialled, so that each address has its turn.
    attempts: usize,
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
        Ok(Self {
            node: Node::new(settings, seed),
            route: Route::to(settings)?,
            tokens,
            dials: [None, None],
            attempts: 0,
        })
    }

    /// What sequences what is done here.
    pub fn engine(&self) -> Box<dyn Engine> {
        Box::new(self.node.engine())
    }

    /// Notes an event of the connection with a token: the first, or the one after.
    pub fn signal(&mut self, token: Token, readiness: Readiness, now: Now) {
        let side = SIDES[token.0 - self.tokens.0];
        match self.dials[side as usize].take() {
            Some(dial) => self.go_on(side, dial, now),
            None => self.node.signal(side, readiness),
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
        while let Some(side) = self.node.wants(now.monotonic) {
            self.dial(side, now, registry);
        }
        self.node.turn(now, server).map(|_| ())
    }

    /// Writes at once what the server says, between the two parts of its turn.
    pub fn speak(&mut self, now: Now) {
        self.node.speak(now);
    }

    /// When there is something to do that no event brings about.
    pub fn due(&self) -> Option<Duration> {
        self.node.due()
    }

    /// Whether the others know that the server is gone, or it was waited for long enough.
    pub fn is_gone(&self, now: Duration) -> bool {
        self.node.is_gone(now)
    }

    /// Tells the operator, at the end, if what there was has ended with the server.
    pub fn tell_end(&self) {
        self.node.tell_end();
    }

    fn dial(&mut self, side: Side, now: Now, registry: &Registry) {
        let token = Token(self.tokens.0 + side as usize);
        self.attempts += 1;
        match Dial::begin(&self.route, self.attempts, registry, token) {
            Ok(dial) => self.dials[side as usize] = Some(dial),
            Err(error) => self.node.opened(side, Err(error), now),
        }
    }

    fn go_on(&mut self, side: Side, dial: Dial, now: Now) {
        match dial.go_on(&self.route) {
            Ok(Dialled::Waiting(dial)) => self.dials[side as usize] = Some(dial),
            Ok(Dialled::Connected(socket)) => self.node.opened(side, Ok(socket), now),
            Err(error) => self.node.opened(side, Err(error), now),
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
