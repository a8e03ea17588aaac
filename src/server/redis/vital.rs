//! What a node says of itself: that it lives, again and again, and at last that it goes.

use std::time::Duration;

use crate::state::journal::{EntryKind, Journal};

/// When to say so next.
#[derive(Debug)]
pub(super) struct Vital {
    /// Between saying that it lives and saying so again.
    pub(super) interval: Duration,
    alive_at: Duration,
    /// It was said, and is not in the journal yet.
    is_said: bool,
    pub(super) is_leaving: bool,
}

impl Vital {
    /// Nothing is said by who is no node. That it lives is said so often that three times may be lost before the lease is
    /// over.
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            interval: lease * 3 / 10,
            alive_at: Duration::ZERO,
            is_said: false,
            is_leaving: false,
        }
    }

    /// The node is one from now on, which nobody knows before it said so.
    pub(super) fn begin(&mut self, now: Duration) {
        self.alive_at = now;
        self.is_said = false;
    }

    /// A newcomer has just said that it lives.
    pub(super) fn wait(&mut self, now: Duration) {
        self.begin(now + self.interval);
    }

    /// Whether it is to say so again.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.alive_at <= now
    }

    /// Says what is due, by way of the journal.
    pub(super) fn speak(&mut self, now: Duration, journal: &mut Journal) {
        if !self.is_said && (self.is_leaving || self.is_due(now)) {
            if self.is_leaving {
                journal.tell(EntryKind::Bye, Vec::new(), now);
            } else {
                journal.tell_alive(now);
            }
            self.alive_at = now + self.interval;
            self.is_said = true;
        }
    }

    /// An entry of the node is in the journal.
    pub(super) fn appended(&mut self, kind: EntryKind) {
        self.is_said &= !matches!(kind, EntryKind::Alive | EntryKind::Bye);
    }

    /// When there is something to be said.
    pub(super) fn due(&self) -> Option<Duration> {
        (!self.is_said).then_some(self.alive_at)
    }
}
