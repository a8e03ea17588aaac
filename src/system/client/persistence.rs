//! One connection after the other, until the user or the server ends it for good. The same rule as that of the page's
//! `link.js`: whatever else ended the last one, it is tried again, for ever, after a wait that grows.

use std::time::Duration;

use humantime::format_duration;

use super::{
    ClientError, backoff,
    console::{Console, tell},
    dial::{Dial, DialError},
    ending::EndError,
    session::Session,
    watch::Watch,
};
use crate::state::backoff::Backoff;

/// Connected for this long counts as a success; a server that accepts and drops at once is not hammered.
const STABLE: Duration = Duration::from_secs(10);

/// A client that connects again.
#[expect(missing_debug_implementations, reason = "what it waits with has none")]
pub struct Persistence<'a> {
    dial: Dial<'a>,
    watch: &'a mut Watch,
    console: &'a mut Console,
    backoff: Backoff,
    /// When the last connection was there.
    since: Duration,
}

/// How a connection ended, once there was one.
type Ended = Result<(), EndError>;

impl<'a> Persistence<'a> {
    /// One that dials like this.
    pub fn new(dial: Dial<'a>, watch: &'a mut Watch, console: &'a mut Console) -> Self {
        Self {
            dial,
            watch,
            console,
            backoff: backoff(),
            since: Duration::ZERO,
        }
    }

    /// Talks on one connection, and if it `is_persistent` on others after it.
    ///
    /// # Errors
    /// There was no first connection, or the last one ended otherwise than by a normal close.
    pub fn run(mut self, is_persistent: bool) -> Result<(), ClientError> {
        let mut end = self.connect(|_| ())?;
        loop {
            match end {
                Err(lost) if is_persistent && lost.may_pass() && !self.console.is_leaving() => {
                    end = self.outlast(lost);
                }
                end => return Ok(self.console.end(end)?),
            }
        }
    }

    /// Talks on one connection, once that was told.
    fn connect(&mut self, told: impl FnOnce(&Console)) -> Result<Ended, DialError> {
        let (console, since) = (&mut *self.console, &mut self.since);
        self.dial.then(self.watch, |socket, watch| {
            told(console);
            *since = watch.now();
            Session::new(socket, watch, console).run()
        })
    }

    /// Connects again until that succeeds, and talks on that connection.
    fn outlast(&mut self, lost: EndError) -> Ended {
        if self.watch.now().saturating_sub(self.since) >= STABLE {
            self.backoff.reset();
        }
        self.console.lose();
        if self.is_over() {
            return Err(lost);
        }
        let mut reason = lost.to_string();
        while !self.is_over() {
            let wait = self.backoff.wait(fastrand::f64());
            tell(&format_args!(
                "{reason}; connecting again in {}",
                format_duration(wait)
            ));
            self.sleep(wait)?;
            if self.is_over() {
                break;
            }
            match self.connect(Console::tell_back) {
                Ok(end) => return end,
                Err(DialError::System(error)) => return Err(EndError::System(error)),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(EndError::Away)
    }

    /// Lets time pass, unless it is over before.
    fn sleep(&mut self, time: Duration) -> Result<(), EndError> {
        let until = self.watch.now() + time;
        while !self.is_over() && self.watch.now() < until {
            self.watch.wait(Some(until)).map_err(EndError::System)?;
        }
        Ok(())
    }

    /// Whether there shall be no other connection: the user wants the end, or nothing is left to be said.
    fn is_over(&mut self) -> bool {
        self.console.hold();
        if self.watch.is_interrupted() || self.console.is_done() {
            self.console.leave();
        }
        self.console.is_leaving()
    }
}
