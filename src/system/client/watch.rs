//! What the client waits for: its socket, its input, its signals and its deadlines.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token, Waker};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook_mio::v1_0::Signals;

use crate::system::{clock::Clock, socket::Socket};

/// All events mean the same, which is to look at everything again, so few need to be told apart.
const POLL_EVENTS_MAX: usize = 8;
const ANY: Token = Token(0);
/// The exit status of a process ended by a signal, less the signal's number (POSIX shells).
const SIGNAL_STATUS: i32 = 128;

/// Waits, and knows the time and whether the user asked for the end.
#[expect(
    missing_debug_implementations,
    reason = "the library's signal source has none"
)]
pub struct Watch {
    poll: Poll,
    events: Events,
    signals: Signals,
    ends_at_once: Arc<AtomicBool>,
    is_interrupted: bool,
    clock: Clock,
}

impl Watch {
    /// Catches signals from now on. The first one ends the process at once until [`heed`](Self::heed) is called.
    ///
    /// # Errors
    /// The system has no room for an epoll, or for the pipe that signals come through.
    pub fn new() -> io::Result<Self> {
        let ends_at_once = Arc::new(AtomicBool::new(true));
        for signal in [SIGINT, SIGTERM] {
            // In the handler, so that it works too when a write to standard output waits for ever. Handlers run in
            // this order: a signal that does not end the process makes the next one do it.
            let status = SIGNAL_STATUS + signal;
            flag::register_conditional_shutdown(signal, status, Arc::clone(&ends_at_once))?;
            flag::register(signal, Arc::clone(&ends_at_once))?;
        }
        let poll = Poll::new()?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        poll.registry()
            .register(&mut signals, ANY, Interest::READABLE)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(POLL_EVENTS_MAX),
            signals,
            ends_at_once,
            is_interrupted: false,
            clock: Clock::start(),
        })
    }

    /// From now on a first signal only asks for the end, and a second one brings it about.
    pub fn heed(&self) {
        self.ends_at_once.store(false, Ordering::Release);
    }

    /// Whether a signal has asked for the end.
    pub fn is_interrupted(&mut self) -> bool {
        self.is_interrupted |= self.signals.pending().count() > 0;
        self.is_interrupted
    }

    /// Whether there is nothing to wait for any more: the time has come, or a signal has asked for the end.
    pub fn is_over(&mut self, until: Duration) -> bool {
        self.now() >= until || self.is_interrupted()
    }

    /// Watches a socket for whatever happens to it.
    ///
    /// # Errors
    /// Those of `epoll_ctl(2)`.
    pub fn add(&self, socket: &mut Socket) -> io::Result<()> {
        self.poll.registry().register(
            socket.source(),
            ANY,
            Interest::READABLE | Interest::WRITABLE,
        )
    }

    /// What ends the wait from another thread.
    ///
    /// # Errors
    /// Those of eventfd(2).
    pub fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), ANY)
    }

    /// Time since the client began.
    pub fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Waits until something may have happened, or the time has come.
    ///
    /// # Errors
    /// Those of `epoll_wait(2)`.
    pub fn wait(&mut self, until: Option<Duration>) -> io::Result<()> {
        let patience = until.map(|until| until.saturating_sub(self.now()));
        match self.poll.poll(&mut self.events, patience) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            waited => waited,
        }
    }
}
