//! How it stands with a client, for those who look.

use std::time::Duration;

use super::{Connection, Phase};
use crate::{
    server::stream::Stream,
    state::{dialect::DialectName, hub::ClientId},
    vocabulary::config::Slow,
};

/// How it stands with one that has a session.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// What it speaks.
    pub dialect: DialectName,
    /// Who it is in the hub; an echo is nobody there.
    pub client: Option<ClientId>,
    /// Bytes that wait for it, as of the last flush.
    pub unsent_bytes: usize,
    /// How long the oldest of them have waited.
    pub lag: Duration,
}

impl<S: Stream> Connection<S> {
    /// How it stands with it, if it has a session.
    pub fn standing(&self, now: Duration) -> Option<Standing> {
        let Phase::Open(session) = &self.phase else {
            return None;
        };
        let waits_since = [self.outbox.oldest(Slow::Close), self.stalled_since];
        let waits_since = waits_since.into_iter().flatten().min();
        let waits_since = waits_since.filter(|_| self.counted_unsent > 0);
        Some(Standing {
            dialect: session.dialect.name(),
            client: session.dialect.client(),
            unsent_bytes: self.counted_unsent,
            lag: waits_since.map_or(Duration::ZERO, |since| now.saturating_sub(since)),
        })
    }
}
