//! What the threads of a run have in common: the clock, what was sent, and how far all are.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::{
    plan::Plan,
    record::{ledger::Ledger, log::DeliveryLog},
    swarm::{interrupts::Interrupts, timer::Clock},
};

/// Shared by reference.
#[derive(Debug)]
pub struct Common {
    /// The one clock.
    pub clock: Clock,
    /// What was sent.
    pub ledger: Ledger,
    connected: AtomicUsize,
    interrupts: Interrupts,
    /// Whether one thread failed, so that the others need not go on.
    failed: AtomicBool,
    /// Threads that may still send.
    sending: AtomicUsize,
    /// Threads that wait for deliveries.
    settling: AtomicUsize,
}

impl Common {
    /// For a planned run, whose origin is now.
    pub fn new(plan: &Plan, log: Option<Arc<DeliveryLog>>, interrupts: Interrupts) -> Self {
        Self {
            clock: Clock::start(),
            ledger: Ledger::new(plan, log),
            connected: AtomicUsize::new(0),
            interrupts,
            failed: AtomicBool::new(false),
            sending: AtomicUsize::new(plan.threads),
            settling: AtomicUsize::new(plan.threads),
        }
    }

    /// Notes that one more client is in.
    pub fn note_connected(&self) {
        self.connected.fetch_add(1, Ordering::Relaxed);
    }

    /// Clients that came in.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Notes that one thread failed, which ends everything.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Whether the user wanted an end.
    pub fn is_interrupted(&self) -> bool {
        self.interrupts.count() > 0
    }

    /// Whether nothing more shall be begun: of the sending, and of all that comes before it.
    pub fn is_ending(&self) -> bool {
        self.is_interrupted() || self.failed.load(Ordering::Relaxed)
    }

    /// Whether nothing shall be waited for any more.
    pub fn is_over(&self) -> bool {
        self.interrupts.count() > 1 || self.failed.load(Ordering::Relaxed)
    }

    /// Notes that a thread sends no more.
    pub fn note_all_sent(&self) {
        self.sending.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether no thread sends any more.
    pub fn all_sent(&self) -> bool {
        self.sending.load(Ordering::SeqCst) == 0
    }

    /// Notes that all clients of a thread have all they should.
    pub fn note_settled(&self) {
        self.settling.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether all clients have all they should.
    pub fn all_settled(&self) -> bool {
        self.settling.load(Ordering::SeqCst) == 0
    }
}
