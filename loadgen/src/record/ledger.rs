//! What all threads of a run know of its messages: how they look, and how many were sent.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use crate::{
    plan::{
        Plan,
        stamp::{Format, Stamp},
    },
    record::log::DeliveryLog,
};

/// Shared by reference.
#[derive(Debug)]
pub struct Ledger {
    /// How messages look.
    pub format: Format,
    /// Every delivery as a line, if that is wanted.
    pub log: Option<Arc<DeliveryLog>>,
    /// Messages that each publisher sent.
    sent: Vec<AtomicU32>,
}

impl Ledger {
    /// For a planned run, whose name chance decides.
    pub fn new(plan: &Plan, log: Option<Arc<DeliveryLog>>) -> Self {
        let sent = std::iter::repeat_with(AtomicU32::default);
        Self {
            format: Format::new(fastrand::u32(..), plan.size_bytes),
            log,
            sent: sent.take(plan.publishers).collect(),
        }
    }

    /// Notes that a publisher is about to send its next message.
    pub fn note_sent(&self, publisher: u16) {
        // Whoever receives the message learns of it through the server, and so after this.
        self.sent[usize::from(publisher)].fetch_add(1, Ordering::SeqCst);
    }

    /// Whether such a message was ever sent.
    #[inline]
    pub fn knows(&self, stamp: Stamp) -> bool {
        self.sent
            .get(usize::from(stamp.publisher))
            .is_some_and(|sent| stamp.sequence < sent.load(Ordering::Relaxed))
    }

    /// Messages that a publisher sent so far.
    pub fn sent_by(&self, publisher: usize) -> u32 {
        self.sent[publisher].load(Ordering::Relaxed)
    }

    /// Messages that all publishers sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
            .iter()
            .map(|sent| u64::from(sent.load(Ordering::Relaxed)))
            .sum()
    }
}
