//! The end of a connection: who is told what, and how long for.

use std::io::ErrorKind;
use std::mem;
use std::time::Duration;

use super::{Connection, Phase};
use crate::server::{stream::Stream, world::World};
use crate::state::{
    channel::Departure,
    dialect::{DialectName, chat::Dismissal},
};
use crate::vocabulary::{coding::Coding, frame, reason::Reason, time::Now};

/// The last bytes go out, then the writing side is shut, then input is discarded until the peer has ended its side:
/// closing a socket with unread input would send a reset, which can destroy the last bytes on their way (RFC 9112,
/// section 9.6).
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) reason: Reason,
    /// What was spoken, to count the last messages by.
    pub(super) dialect: Option<DialectName>,
    /// How messages were coded: the last ones still may be.
    pub(super) coding: Coding,
    /// When to stop waiting for the peer.
    pub(super) until: Option<Duration>,
    /// Something that was its to get was dropped.
    pub(super) is_given_up: bool,
    is_shut: bool,
}

impl<S: Stream> Connection<S> {
    /// Begins the end: out of the hub at once; the peer is still sent all that it was owed, and told why.
    pub fn close(&mut self, reason: Reason, world: &mut World) {
        self.depart(reason, Departure::Leaves, reason.close(), world);
    }

    /// The same where a program has it so, and says why.
    pub fn dismiss(&mut self, dismissal: &Dismissal, world: &mut World) {
        let told = (dismissal.code, &*dismissal.words);
        self.depart(Reason::Dismissed, Departure::Leaves, Some(told), world);
    }

    fn depart(
        &mut self,
        reason: Reason,
        departure: Departure,
        told: Option<(u16, &str)>,
        world: &mut World,
    ) {
        self.is_rearmed = true;
        let closing = Phase::Closing(Closing {
            reason,
            dialect: self.dialect(),
            coding: self.coding(),
            until: reason
                .is_fault()
                .then(|| world.now.monotonic + world.config.write_timeout),
            is_given_up: false,
            is_shut: false,
        });
        match mem::replace(&mut self.phase, closing) {
            Phase::Open(session) => {
                world.end(&session.dialect, departure);
                if let Some((code, words)) = told {
                    self.outbox.close(frame::close(code, words));
                }
            }
            Phase::Http(exchange) => world.part(exchange.caller),
            Phase::Introduction(_) => {}
            Phase::Closing(already) => self.phase = Phase::Closing(already),
        }
    }

    /// Closes one that does not keep up: what waits is dropped, and the close frame not waited for long.
    pub fn give_up(&mut self, reason: Reason, world: &mut World) {
        match &mut self.phase {
            Phase::Open(_) => {
                self.outbox.abandon();
                self.recount(world);
                self.depart(reason, Departure::Vanishes, reason.close(), world);
                if let Phase::Closing(closing) = &mut self.phase {
                    closing.until = Some(world.now.monotonic + world.config.linger_timeout);
                    closing.is_given_up = true;
                }
                self.stalled_since = None;
            }
            Phase::Introduction(_) | Phase::Http(_) => self.end(reason),
            Phase::Closing(closing) => {
                let is_cut = reason == Reason::SlowTotal && !closing.is_given_up;
                let reason = if is_cut { reason } else { closing.reason };
                self.end(reason);
            }
        }
    }

    /// Once everything is written: the wait for the next request begins, or a closing connection shuts its side, and
    /// ends when the peer has done so too.
    pub(super) fn settle(&mut self, now: Now, linger_timeout: Duration) {
        let closing = match &mut self.phase {
            Phase::Http(exchange) => {
                // What was sent before any answer is a stream's own, and buys no time.
                if exchange.answered > 0 {
                    exchange.since = now.monotonic;
                    self.is_rearmed = true;
                }
                return;
            }
            Phase::Introduction(_) | Phase::Open(_) => return,
            Phase::Closing(closing) => closing,
        };
        if !closing.is_shut {
            let lingered = now.monotonic + linger_timeout;
            closing.until = Some(closing.until.map_or(lingered, |until| until.min(lingered)));
            self.is_rearmed = true;
            // What the stream itself says last may have to wait for room. A peer that is gone already will show when its
            // input is read.
            let shut = self.stream.shutdown_write();
            closing.is_shut = !shut.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        }
        if self.is_at_end {
            let reason = closing.reason;
            self.end(reason);
        }
    }

    /// When to close for a drain. One that asks during the drain is answered instead.
    pub(super) fn drains_at(&self, world: &World) -> Option<Duration> {
        let drain = world.drain?;
        let is_due = match &self.phase {
            Phase::Introduction(introduction) => introduction.since <= drain.started(),
            Phase::Http(exchange) => exchange.is_at_rest() && exchange.since <= drain.started(),
            Phase::Open(_) => true,
            Phase::Closing(_) => false,
        };
        is_due.then(|| drain.closes_at(self.slot))
    }
}
