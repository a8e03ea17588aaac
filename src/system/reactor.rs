//! The reactor: waits for events, reads the clock, and turns the server.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use thiserror::Error;
use tracing::{error, info, warn};

use super::{
    clock::Clock,
    credentials::{CredentialError, Credentials, Keys},
    descriptors::{self, Spare},
    listener::{ListenError, Listener},
    listeners::{Listeners, Place},
    process,
    redis::{Redis, RedisError},
    signals::{Call, SignalError, Signals},
    socket::Socket,
    supervisor,
    webhooks::{WebhookError, Webhooks},
};
use crate::{
    server::{Server, redis::LinkError, stream::Readiness},
    state::engine::Local,
    vocabulary::{
        arrival::Arrival,
        config::{Config, ConfigError, LISTENERS_MAX, REDIS_CONNECTIONS},
        id::Key,
        time::Now,
    },
};

/// Events taken from one poll; when they are as many, there may be more.
const POLL_EVENTS_MAX: usize = 1024;
/// A wait this much longer than it was to be says that the process was stopped, not that its peers were silent.
const OVERSLEEP: Duration = Duration::from_millis(100);

const ALL: Interest = Interest::READABLE
    .add(Interest::WRITABLE)
    .add(Interest::PRIORITY);
const SIGNALS: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);
/// The first of the tokens of the listeners.
const LISTENERS: Token = Token(WAKER.0 - LISTENERS_MAX);
/// The first of the tokens of the connections to Redis. Those of peers are less.
const REDIS: Token = Token(LISTENERS.0 - REDIS_CONNECTIONS);

/// A server bound to its addresses, on the thread that runs it.
#[expect(
    missing_debug_implementations,
    reason = "the library's signal source has none"
)]
pub struct Reactor {
    poll: Poll,
    server: Server<Socket>,
    redis: Option<Redis>,
    webhooks: Option<Webhooks>,
    listeners: Listeners,
    credentials: Credentials,
    spare: Spare,
    signals: Option<Signals>,
    stopper: Stopper,
    clock: Clock,
}

/// Stops a reactor from another thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    waker: Arc<Waker>,
    is_stopping: Arc<AtomicBool>,
}

/// How a server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was stopped, and everyone is gone.
    Drained,
    /// It was stopped a second time, by this signal, before everyone was gone.
    Cut {
        /// The signal's number.
        signal: i32,
    },
}

impl Outcome {
    /// The exit status of the process, which after a signal is that of POSIX shells.
    pub fn status(self) -> u8 {
        match self {
            Self::Drained => 0,
            Self::Cut { signal } => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }
}

/// Why a server did not start, or stopped. The operator's to mend.
#[derive(Debug, Error)]
pub enum ReactorError {
    /// A setting cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing can listen on an address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A file that the configuration names is of no use.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// What several servers would share cannot be reached.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// This server cannot be one of several.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Nobody can be told what happens.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// Signals cannot be watched.
    #[error(transparent)]
    Signals(#[from] SignalError),
    /// The system refused what every server needs.
    #[error("the system refused {what}: {cause}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What it said.
        cause: io::Error,
    },
}

impl Reactor {
    /// Raises the descriptor limit and listens, for [`run`](Self::run) to serve.
    ///
    /// # Errors
    /// A setting that cannot work, an address that cannot be had, or a system without resources.
    pub fn bind(config: Config) -> Result<Self, ReactorError> {
        Self::bind_beside(Vec::new(), config)
    }

    /// The same with sockets beside that listen already.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    pub fn bind_beside(inherited: Vec<Listener>, config: Config) -> Result<Self, ReactorError> {
        config.validate()?;
        let limit = descriptors::raise_limit().map_err(refused("a higher descriptor limit"))?;
        let max_connections = descriptors::max_connections(&config, limit)?;
        let (credentials, mut keys) = Credentials::load(&config)?;
        let mut listeners = Listeners::bind(inherited, &config, credentials.scheme())?;
        let poll = Poll::new().map_err(refused("an epoll"))?;
        listeners
            .watch(poll.registry(), LISTENERS)
            .map_err(refused("to watch the listeners"))?;
        let waker = Waker::new(poll.registry(), WAKER).map_err(refused("a waker"))?;
        let waker = Arc::new(waker);
        let redis = config.redis.as_ref();
        let redis = redis.map(|settings| Redis::new(settings, REDIS, fastrand::u64(..)));
        let redis = redis.transpose()?;
        let engine = redis.as_ref().map(Redis::engine);
        let webhook = config.webhook.as_ref().zip(keys.webhook_secret.take());
        let webhooks = webhook.map(|(settings, secret)| {
            Webhooks::start(settings, secret, Arc::clone(&waker), fastrand::u64(..))
        });
        let webhooks = webhooks.transpose()?;
        let mut server = Server::with_engine(
            config,
            max_connections,
            process::usage,
            fastrand::u64(..),
            engine.unwrap_or_else(|| Box::new(Local)),
        );
        demand(&mut server, keys);
        Ok(Self {
            spare: Spare::take().map_err(refused("a spare descriptor"))?,
            server,
            redis,
            webhooks,
            credentials,
            stopper: Stopper {
                waker,
                is_stopping: Arc::default(),
            },
            poll,
            listeners,
            signals: None,
            clock: Clock::start(),
        })
    }

    /// Ends gracefully on SIGTERM and SIGINT from now on, and at once on the second of them; reads its files again on
    /// SIGHUP, also on one that came since the signals are held.
    ///
    /// # Errors
    /// The system does not let them be watched.
    pub fn heed(&mut self, mut signals: Signals) -> Result<(), ReactorError> {
        signals.heed(self.poll.registry(), SIGNALS)?;
        self.signals = Some(signals);
        Ok(())
    }

    /// Where the server listens, in the order of the configuration, and where for the operator.
    pub fn places(&self) -> &[Place] {
        self.listeners.places()
    }

    /// What ends the server gracefully from another thread.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Serves until it was stopped and everyone is gone, or it was stopped twice.
    ///
    /// # Errors
    /// The system refused to wait for events.
    pub fn run(mut self) -> Result<Outcome, ReactorError> {
        let mut events = Events::with_capacity(POLL_EVENTS_MAX);
        let mut end = self.clock.monotonic();
        while !self.is_over(end) {
            let patience = self.patience(end);
            match self.poll.poll(&mut events, patience) {
                Ok(()) => {}
                // Of what happened nothing is known yet, so the time must not be judged by. It is so after every stop
                // and continuation of the process (signal(7)).
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    end = self.clock.monotonic();
                    continue;
                }
                Err(error) => return Err(refused("to wait for events")(error)),
            }
            let now = self.clock.now();
            let mut count = 0;
            for event in &events {
                count += 1;
                match event.token() {
                    SIGNALS => {
                        if let Some(signal) = self.heed_calls(now) {
                            return Ok(Outcome::Cut { signal });
                        }
                    }
                    WAKER => self.stop_if_asked(now),
                    token if token >= LISTENERS => self.listeners.knock(token.0 - LISTENERS.0),
                    token if token >= REDIS => self.hear_redis(token, event, now),
                    Token(token) => self.server.signal(Key::from(token), readiness(event)),
                }
            }
            self.accept(now);
            self.turn_redis(now)?;
            let overslept = patience.is_some_and(|wait| now.monotonic > end + wait + OVERSLEEP);
            self.server
                .take_in(now, overslept || count == POLL_EVENTS_MAX);
            if let Some(redis) = &mut self.redis {
                redis.speak(now);
            }
            self.server.write_out();
            if let Some(webhooks) = &mut self.webhooks {
                webhooks.turn(now, &mut self.server);
            }
            self.turn_redis(now)?;
            end = self.clock.monotonic();
            self.server.finish_turn(end);
            if self.server.is_to_drain() {
                self.drain_for_program(now);
            }
        }
        if let Some(redis) = &self.redis {
            redis.tell_end();
        }
        info!(cut = self.server.cut_connections(), "drained");
        Ok(Outcome::Drained)
    }

    /// Whether it was stopped, everyone is gone, and the other servers of the hub know, or, if there are none, a webhook's
    /// endpoint, unless there is no time left to tell it.
    fn is_over(&self, now: Duration) -> bool {
        if !self.server.is_drained() {
            return false;
        }
        if let Some(redis) = &self.redis {
            return redis.is_gone(now);
        }
        let is_late = self.server.ends_at().is_some_and(|end| end <= now);
        let is_told = |webhooks: &Webhooks| webhooks.is_done(&self.server);
        is_late || self.webhooks.as_ref().is_none_or(is_told)
    }

    fn patience(&self, now: Duration) -> Option<Duration> {
        let redis = self.redis.as_ref().and_then(Redis::due);
        let webhooks = self.webhooks.as_ref().and_then(Webhooks::due);
        let waits = [
            self.listeners.patience(now),
            self.server.patience(now),
            redis.map(|due| due.saturating_sub(now)),
            webhooks.map(|due| due.saturating_sub(now)),
        ];
        waits.into_iter().flatten().min()
    }

    fn hear_redis(&mut self, token: Token, event: &Event, now: Now) {
        if let Some(redis) = &mut self.redis {
            redis.signal(token, readiness(event), now);
        }
    }

    /// Takes in what Redis has, and hands it what is to be said.
    fn turn_redis(&mut self, now: Now) -> Result<(), LinkError> {
        if let Some(redis) = &mut self.redis {
            redis.turn(now, self.poll.registry(), &mut self.server)?;
        }
        Ok(())
    }

    fn accept(&mut self, now: Now) {
        let registry = self.poll.registry();
        let admit = admitting(&mut self.server, &self.credentials, registry, now);
        let spare = &mut self.spare;
        let turned_away = self.listeners.accept(now.monotonic, spare, admit);
        self.server.count_turned_away(turned_away);
    }

    /// Does what signals ask for: begins to drain at the first that asks for an end, and returns the second.
    fn heed_calls(&mut self, now: Now) -> Option<i32> {
        let calls = self.signals.as_mut()?.pending().collect::<Vec<_>>();
        for call in calls {
            match call {
                Call::Reload => {
                    supervisor::reloading();
                    self.reload();
                    supervisor::ready();
                }
                Call::End { signal } if self.server.is_draining() => {
                    warn!(signal, "stopped at once by a second signal");
                    return Some(signal);
                }
                Call::End { signal } => {
                    let connections = self.server.connections();
                    self.drain(now);
                    supervisor::stopping();
                    info!(signal, connections, "draining");
                }
            }
        }
        None
    }

    /// Reads the operator's files again. What is of no use is told, and the old goes on.
    fn reload(&mut self) {
        if self.credentials.is_empty() {
            warn!("SIGHUP: there is nothing to read again, neither certificate, keys nor secret");
            return;
        }
        match self.credentials.reload() {
            Ok(mut keys) => {
                let secret = keys.webhook_secret.take();
                if let Some((webhooks, secret)) = self.webhooks.as_mut().zip(secret) {
                    webhooks.sign_with(secret);
                }
                demand(&mut self.server, keys);
                info!("certificate, keys and secrets were read again");
            }
            Err(error) => error!(%error, "the old certificate, keys and secrets stay in use"),
        }
    }

    /// Begins to drain because a program wants it.
    fn drain_for_program(&mut self, now: Now) {
        let connections = self.server.connections();
        self.drain(now);
        supervisor::stopping();
        info!(connections, "draining, as a program asked");
    }

    fn stop_if_asked(&mut self, now: Now) {
        if self.stopper.is_stopping.load(Ordering::Acquire) && !self.server.is_draining() {
            self.drain(now);
        }
    }

    fn drain(&mut self, now: Now) {
        self.server.drain(now, now.unix_ms);
        if let Some(webhooks) = &mut self.webhooks {
            webhooks.hurry(now);
        }
        let registry = self.poll.registry();
        let admit = admitting(&mut self.server, &self.credentials, registry, now);
        self.listeners.leave_to_others(registry, admit);
    }
}

impl Stopper {
    /// Asks the reactor to end gracefully, as SIGTERM does.
    ///
    /// # Errors
    /// Those of waking it (eventfd(2)).
    pub fn stop(&self) -> io::Result<()> {
        self.is_stopping.store(true, Ordering::Release);
        self.waker.wake()
    }
}

/// Has a server demand keys from now on, where there are any.
fn demand(server: &mut Server<Socket>, keys: Keys) {
    if let Some(keyring) = keys.tokens {
        server.demand_tokens(keyring);
    }
    if let Some(keys) = keys.api {
        server.demand_keys(keys);
    }
}

/// What takes in a connection that was accepted.
fn admitting<'a>(
    server: &'a mut Server<Socket>,
    credentials: &'a Credentials,
    registry: &'a Registry,
    now: Now,
) -> impl FnMut(Socket, Arrival) + 'a {
    move |socket, arrival| {
        let admitted = server.accept(now, arrival, |key| {
            let mut socket = credentials.secure(socket)?;
            registry.register(socket.source(), Token(key.into()), ALL)?;
            Ok(socket)
        });
        if let Err(error) = admitted {
            warn!(%error, "a connection could not be watched");
            server.count_turned_away(1);
        }
    }
}

fn readiness(event: &Event) -> Readiness {
    Readiness {
        readable: event.is_readable(),
        writable: event.is_writable(),
        // A read stops at urgent data as it does at the end of what is there (tcp(7), "Urgent data").
        is_deceptive: event.is_read_closed() || event.is_error() || event.is_priority(),
    }
}

fn refused(what: &'static str) -> impl FnOnce(io::Error) -> ReactorError {
    move |cause| ReactorError::System { what, cause }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::vocabulary::address::Address;

    #[test]
    fn another_thread_can_stop_it() {
        let (sender, receiver) = mpsc::channel();
        let running = thread::spawn(move || {
            let config = Config {
                addrs: vec![Address::loopback(0)],
                ..Config::default()
            };
            let reactor = Reactor::bind(config).unwrap();
            sender.send(reactor.stopper()).unwrap();
            reactor.run().unwrap()
        });
        receiver.recv().unwrap().stop().unwrap();
        assert_eq!(running.join().unwrap(), Outcome::Drained);
    }
}
