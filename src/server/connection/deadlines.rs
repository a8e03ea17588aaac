//! When to see what has become of a connection, and what is done about it then.

use std::time::Duration;

use super::{Connection, Phase};
use crate::{
    server::{stream::Stream, world::World},
    vocabulary::{frame::PING, reason::Reason},
};

impl<S: Stream> Connection<S> {
    /// The earliest of all deadlines that apply.
    pub fn deadline(&self, world: &World) -> Option<Duration> {
        let config = &world.config;
        let of_phase = match &self.phase {
            Phase::Introduction(introduction) => {
                Some(introduction.since + config.handshake_timeout)
            }
            Phase::Http(_) => self.request_due_at(world),
            Phase::Open(_) => [
                Some(self.heartbeat_at(world)),
                self.lags_at(world),
                self.expiry_due(),
                self.paused_until(),
            ]
            .into_iter()
            .flatten()
            .min(),
            Phase::Closing(closing) => closing.until,
        };
        let stalled_since = self.stalled_since.filter(|_| self.is_waiting());
        let of_stall = stalled_since.map(|since| since + config.write_timeout);
        let of_drain = self.drains_at(world);
        [of_phase, of_stall, of_drain].into_iter().flatten().min()
    }

    /// Acts on a deadline that has passed. `may_have_spoken` says that the peer may have sent what was not read yet, so
    /// that its silence proves nothing.
    pub fn expire(&mut self, may_have_spoken: bool, world: &mut World) {
        let now = world.now.monotonic;
        if self.is_stalled(world) || self.lags(world) {
            // Room is signalled only when much of a socket's buffer is free, and the least of it is progress too: the
            // next flush tries, and judges.
            self.readiness.writable = true;
        }
        let mut may_have_spoken = may_have_spoken || self.is_held;
        if let Some(meter) = self.meter() {
            may_have_spoken |= meter.resume(now);
        }
        let has_token_expired = self.has_token_expired(world);
        let has_passed = |at: Option<Duration>| at.is_some_and(|at| now >= at);
        let drains = has_passed(self.drains_at(world));
        match &self.phase {
            Phase::Introduction(_) | Phase::Http(_) if may_have_spoken => {}
            Phase::Introduction(_) | Phase::Http(_) if drains => self.end(Reason::GoingAway),
            Phase::Introduction(introduction)
                if now >= introduction.since + world.config.handshake_timeout =>
            {
                self.fail_handshake(Reason::HandshakeTimeout, world);
            }
            Phase::Http(_) if has_passed(self.request_due_at(world)) => {
                self.expire_exchange(world);
            }
            Phase::Open(_) if drains => self.close(Reason::GoingAway, world),
            Phase::Open(_) if has_token_expired => self.close(Reason::TokenExpired, world),
            Phase::Open(_) if now >= self.heartbeat_at(world) => self.beat(may_have_spoken, world),
            Phase::Closing(closing) if has_passed(closing.until) => self.end(closing.reason),
            _ => {}
        }
    }

    /// When to see whether the peer is alive.
    fn heartbeat_at(&self, world: &World) -> Duration {
        match self.pinged_at {
            Some(pinged_at) if self.awaits_pong() => pinged_at + world.config.pong_grace(),
            _ => self.heard_at + world.config.ping_interval,
        }
    }

    /// Whether nothing was heard since the last ping.
    pub(super) fn awaits_pong(&self) -> bool {
        self.pinged_at
            .is_some_and(|pinged_at| self.heard_at < pinged_at)
    }

    /// Sends a ping after silence, and gives up after silence that followed a ping. A peer that still has bytes to take,
    /// the ping perhaps among them, is judged by whether it takes them.
    fn beat(&mut self, may_have_spoken: bool, world: &mut World) {
        if !self.awaits_pong() {
            self.pinged_at = Some(world.now.monotonic);
            self.outbox.stage(PING);
        } else if self.counted_unsent > 0 {
            self.pinged_at = Some(world.now.monotonic);
        } else if !may_have_spoken {
            self.give_up(Reason::NoPong, world);
        }
    }

    /// When to see whether its token has expired.
    fn expiry_due(&self) -> Option<Duration> {
        Some(self.terms.as_ref()?.expiry.as_ref()?.due())
    }

    fn has_token_expired(&mut self, world: &World) -> bool {
        let terms = self.terms.as_mut();
        let expiry = terms.and_then(|terms| terms.expiry.as_mut());
        expiry.is_some_and(|expiry| expiry.has_come(world.now, world.config.ping_interval))
    }

    pub(super) fn paused_until(&self) -> Option<Duration> {
        self.terms.as_ref()?.paused_until()
    }
}
