//! The journal as the engine of a server.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{EntryKind, Gift, Journal, Queue, refused};
use crate::{
    state::{
        agreement::Voucher,
        engine::{Action, Actor, Engine, Pressure, Saying, Sequenced},
        events::Settlement,
    },
    vocabulary::{
        id::NodeId,
        time::{Moment, Now},
    },
};

/// A journal as an engine. Whoever reads and writes it has a handle of its own.
#[derive(Clone, Debug)]
pub struct JournalEngine(pub Rc<RefCell<Journal>>);

impl Engine for JournalEngine {
    fn is_shared(&self) -> bool {
        true
    }

    fn submit<'a>(&mut self, action: Action<'a>, now: Now) -> Option<Sequenced<'a>> {
        let Actor::Ours(client) = action.actor else {
            unreachable!("only who is here does something here");
        };
        let mut journal = self.0.borrow_mut();
        let is_taken = journal.submit(client, &action.deed, now.monotonic);
        (!is_taken).then(|| refused(client, action.deed))
    }

    fn next(&mut self, now: Now, due: Option<Duration>) -> Option<Sequenced<'static>> {
        let mut journal = self.0.borrow_mut();
        let next = journal.next();
        if next.is_none() {
            journal.prompt(now.monotonic, due);
        }
        next
    }

    fn overhear(&mut self, hear: &mut dyn FnMut(Moment, &[Saying<'_>]) -> usize) -> Option<usize> {
        self.0.borrow_mut().overhear(hear)
    }

    fn is_ready(&self) -> bool {
        self.0.borrow().node.is_some()
    }

    fn forget(&mut self) {
        let mut journal = self.0.borrow_mut();
        journal.queue = Queue::default();
        journal.asked.clear();
        journal.gifts.clear();
        journal.voucher = None;
    }

    fn give(&mut self, newcomer: NodeId, snapshot: Vec<u8>) {
        let mut journal = self.0.borrow_mut();
        let others = journal.asked.remove(&newcomer).unwrap_or_default();
        journal.gifts.push_back(Gift {
            newcomer,
            others,
            snapshot: snapshot.into(),
        });
    }

    fn due(&self, due: Option<Duration>) -> Option<Duration> {
        let journal = self.0.borrow();
        if !journal.read.is_empty() {
            return Some(Duration::ZERO);
        }
        let due = due.filter(|_| journal.is_first() && journal.queue.is_empty());
        journal.comes_at(due?)
    }

    fn teller(&self) -> Option<NodeId> {
        let journal = self.0.borrow();
        journal.node.filter(|_| journal.is_first())
    }

    fn is_last(&self) -> bool {
        self.0.borrow().is_last()
    }

    fn settle(&mut self, settlement: Settlement, now: Now) -> Option<Sequenced<'static>> {
        let mut journal = self.0.borrow_mut();
        // Where this server is none of them, another one will tell what was told.
        if journal.node.is_some() {
            let body = settlement.to_string().into_bytes();
            journal.tell(EntryKind::Settled, body, now.monotonic);
        }
        None
    }

    fn vouch(&mut self, voucher: Voucher) {
        self.0.borrow_mut().voucher = Some(voucher);
    }

    fn stray(&mut self, from: NodeId) {
        self.0.borrow_mut().strayed_from = Some(from);
    }

    fn take_returned(&mut self) -> Vec<(Duration, u64)> {
        self.0.borrow_mut().queue.take_returned()
    }

    fn pressure(&self) -> Pressure {
        let journal = self.0.borrow();
        let high = journal.bounds.queue_bytes / 2;
        Pressure::of(journal.queue.waiting_bytes(), high).max(journal.lag)
    }
}
