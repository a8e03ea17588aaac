//! What all threads of a run know of its messages: how they look, and how many were sent.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use crate::{
    plan::{Plan, payload::Payload, stamp::Format, volley::Volley},
    record::{log::DeliveryLog, order::Name},
};

/// Shared by reference.
#[derive(Debug)]
pub struct Ledger {
    /// How messages look.
    pub format: Format,
    /// What they are filled with.
    pub payload: Payload,
    /// Every delivery as a line, if that is wanted.
    pub log: Option<Arc<DeliveryLog>>,
    /// Messages that each publisher sent.
    sent: Vec<AtomicU32>,
    /// At which node of the hub each of them is.
    nodes: Vec<AtomicUsize>,
    /// What may have got lost, as its sender lost its connection or was told so, and whether anyone got it.
    doubts: Mutex<BTreeMap<Name, bool>>,
    /// The last number of each channel and epoch that anyone got.
    last: Mutex<BTreeMap<(usize, u64), u64>>,
}

impl Ledger {
    /// For one trial of a planned run, each of which has a tag of its own.
    pub fn new(plan: &Plan, log: Option<Arc<DeliveryLog>>) -> Self {
        let sent = std::iter::repeat_with(AtomicU32::default);
        Self {
            format: Format::new(plan.name ^ fastrand::u32(..), plan.size_bytes, plan.payload),
            payload: Payload::new(plan.payload, plan.seed),
            log,
            sent: sent.take(plan.publishers).collect(),
            nodes: (0..plan.publishers)
                .map(|publisher| plan.node(publisher).into())
                .collect(),
            doubts: Mutex::default(),
            last: Mutex::default(),
        }
    }

    /// Notes that a publisher is about to send its next message.
    pub fn note_sent(&self, publisher: u16) {
        // Whoever receives the message learns of it through the server, and so after this.
        self.sent[usize::from(publisher)].fetch_add(1, Ordering::SeqCst);
    }

    /// Of some messages, those that were ever sent.
    #[inline]
    pub fn known(&self, volley: Volley) -> Volley {
        let sent = self.sent.get(usize::from(volley.first.publisher));
        volley.up_to(sent.map_or(0, |sent| sent.load(Ordering::Relaxed)))
    }

    /// Messages that a publisher sent so far.
    pub fn sent_by(&self, publisher: usize) -> u32 {
        self.sent[publisher].load(Ordering::Relaxed)
    }

    /// At which node of the hub a publisher is now.
    #[inline]
    pub fn node(&self, publisher: u16) -> usize {
        self.nodes[usize::from(publisher)].load(Ordering::Relaxed)
    }

    /// Notes at which node a client is, if that is a publisher.
    pub fn note_node(&self, client: usize, node: usize) {
        if let Some(of) = self.nodes.get(client) {
            of.store(node, Ordering::Relaxed);
        }
    }

    /// Notes that a publisher lost its connection before it got these back, or was told that they may not have been said.
    pub fn doubt(&self, publisher: usize, sequences: Range<u32>) {
        if let Ok(publisher) = u16::try_from(publisher) {
            let names = sequences.map(|sequence| ((publisher, sequence), false));
            held(&self.doubts).extend(names);
        }
    }

    /// Notes who of the doubtful someone got.
    pub fn vouch(&self, got: impl Fn(Name) -> bool) {
        for (name, sure) in held(&self.doubts).iter_mut() {
            *sure |= got(*name);
        }
    }

    /// Messages that are doubtful and nobody got.
    pub fn unknown(&self) -> u64 {
        held(&self.doubts).values().filter(|sure| !**sure).count() as u64
    }

    /// Those to one channel, of several, that are doubtful and nobody got.
    pub fn nobodys(&self, channel: usize, channels: usize) -> u64 {
        let doubts = held(&self.doubts);
        let in_vain = doubts.iter().filter(|((publisher, _), sure)| {
            !**sure && usize::from(*publisher) % channels == channel
        });
        in_vain.count() as u64
    }

    /// Notes that someone got a channel's messages up to this number.
    pub fn reached(&self, channel: usize, epoch: u64, seq: u64) {
        let mut last = held(&self.last);
        let last = last.entry((channel, epoch)).or_default();
        *last = seq.max(*last);
    }

    /// The last number of a channel that anyone got.
    pub fn last(&self, channel: usize, epoch: u64) -> u64 {
        held(&self.last)
            .get(&(channel, epoch))
            .copied()
            .unwrap_or(0)
    }

    /// Messages that all publishers sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
            .iter()
            .map(|sent| u64::from(sent.load(Ordering::Relaxed)))
            .sum()
    }
}

/// What a lock guards; who panicked with it has left it whole.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
