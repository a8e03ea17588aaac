//! A peer that lags: what waits for it is too much, or has waited for too long. It is closed, or goes without some of it.

use std::time::Duration;

use super::{Connection, Phase};
use crate::{
    server::{stream::Stream, world::World},
    state::{dialect::Dialect, metrics::Omission},
    vocabulary::{config::Slow, reason::Reason},
};

impl<S: Stream> Connection<S> {
    /// When it begins to lag, unless it takes more before.
    pub(super) fn lags_at(&self, world: &World) -> Option<Duration> {
        let max_lag = world.config.max_lag?;
        let oldest = self.outbox.oldest(self.slow(world)?)?;
        Some(oldest + max_lag)
    }

    /// Whether what waits for it has waited for too long.
    pub(super) fn lags(&self, world: &World) -> bool {
        self.lags_at(world)
            .is_some_and(|at| world.now.monotonic >= at)
    }

    /// Judges a peer after a flush, and says whether it stays.
    pub(super) fn judge(&mut self, world: &mut World) -> bool {
        if self.outbox.is_empty() && !world.commons.hub.has_replays() {
            // As most have taken all, this is asked before anything that takes longer.
            return true;
        }
        let Some(slow) = self.slow(world) else {
            return true;
        };
        let max_unsent_bytes = world.config.max_unsent_bytes;
        if self.held_bytes(world) > max_unsent_bytes {
            self.give_up(Reason::SlowUnsent, world);
            return false;
        }
        let exceeds = self.outbox.exceeds(max_unsent_bytes);
        if !exceeds && !self.lags(world) {
            return true;
        }
        let omission = match slow {
            Slow::Close => {
                let reason = if exceeds {
                    Reason::SlowUnsent
                } else {
                    Reason::SlowLag
                };
                self.give_up(reason, world);
                return false;
            }
            Slow::Gap => Omission::Slow,
            Slow::Latest => Omission::Latest,
        };
        let max_lag = world.config.max_lag;
        let oldest = max_lag.map_or(Duration::ZERO, |max_lag| {
            world.now.monotonic.saturating_sub(max_lag / 4)
        });
        let skipped = self.outbox.skip(slow, max_unsent_bytes, oldest);
        world.metrics.skipped_messages[omission as usize] += skipped as u64;
        self.recount(world);
        let stays = !self.outbox.exceeds(max_unsent_bytes);
        if !stays {
            self.give_up(Reason::SlowUnsent, world);
        }
        stays
    }

    /// Bytes of answers that wait until it has taken the rest of a channel that it has left: they are never skipped.
    fn held_bytes(&self, world: &World) -> usize {
        let hub = &world.commons.hub;
        match &self.phase {
            Phase::Open(session) if hub.has_replays() => {
                let client = session.dialect.client();
                client.map_or(0, |client| hub.held_bytes(client))
            }
            _ => 0,
        }
    }

    /// What becomes of it when it lags, once it has a session. An echo answers one who asks, and nobody else; and one of the
    /// chat is told what it goes without, whatever of it is skipped.
    fn slow(&self, world: &World) -> Option<Slow> {
        let Phase::Open(session) = &self.phase else {
            return None;
        };
        Some(match &session.dialect {
            Dialect::Echo => Slow::Close,
            Dialect::Relay(_) => world.config.slow,
            Dialect::Chat(_) => match world.config.slow {
                Slow::Latest => Slow::Gap,
                slow => slow,
            },
        })
    }
}
