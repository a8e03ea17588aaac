//! What programs have said that is not to be said again: who has not heard that it was says so once more, perhaps to another
//! server. So it is known to all of them, and to those that come.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Registry;
use crate::{
    state::{
        engine::Once,
        memory::{of_list, of_table},
        outcome::Outcome,
    },
    vocabulary::config::{RECEIPTS_KEPT, RECEIPTS_MAX},
};

/// The latest of them.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    /// In the order in which they were given.
    kept: VecDeque<Receipt>,
    /// How many were given before the first of these.
    dropped: u64,
    /// How many were given before that of a key.
    by_key: HashMap<[u8; 16], u64>,
    /// Those that are still to be written down as they were at one moment, by how many were given before.
    frozen: Range<u64>,
    /// Those of them that were dropped since, which come first.
    frozen_dropped: VecDeque<Receipt>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
struct Receipt {
    /// As [`Once::key`], or [`Once::all`].
    key: [u8; 16],
    /// As [`Once::body`].
    body: [u8; 16],
    /// What came of it. It may still be done of which that is not known.
    given: Option<Given>,
    /// When, by the time of the sequence.
    at: Duration,
}

/// The same, to be known elsewhere.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct ReceiptRecord(Receipt);

/// What came of it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) enum Given {
    /// It has a place in a channel.
    Said { epoch: u64, seq: u64 },
    /// One person was told.
    Whispered,
}

impl Given {
    /// The same to whoever asked.
    pub(super) fn outcome(self, is_duplicate: bool) -> Outcome {
        match self {
            Self::Said { epoch, seq } => Outcome::Said {
                epoch,
                seq,
                is_duplicate,
            },
            Self::Whispered => Outcome::Whispered { is_duplicate },
        }
    }
}

impl Receipts {
    /// What came of it when it was asked for before, or that something else was then.
    pub(super) fn find(&self, once: &Once) -> Option<Outcome> {
        let is_other = |known: &Receipt| known.body != once.body;
        let known = self.known(once.key);
        let all = once.all.and_then(|all| self.known(all));
        if known.is_some_and(is_other) || all.is_some_and(is_other) {
            return Some(Outcome::Conflict);
        }
        Some(known?.given?.outcome(true))
    }

    fn known(&self, key: [u8; 16]) -> Option<&Receipt> {
        let number = self.by_key.get(&key)?;
        let place = usize::try_from(number - self.dropped).ok()?;
        self.kept.get(place)
    }

    /// Notes that something was asked for now which was not done before, and what came of it, unless it was refused: then no
    /// more than what all is that it was asked for with.
    pub(super) fn give(&mut self, once: &Once, given: Option<Given>, at: Duration) {
        let Once { key, body, all } = *once;
        if given.is_some() {
            self.add(Receipt {
                key,
                body,
                given,
                at,
            });
        }
        if let Some(all) = all
            && self.known(all).is_none()
        {
            self.add(Receipt {
                key: all,
                body,
                given: None,
                at,
            });
        }
    }

    /// Adds one, at the cost of the oldest if there are too many.
    fn add(&mut self, receipt: Receipt) {
        if self.kept.len() >= RECEIPTS_MAX {
            self.drop_first();
        }
        let number = self.dropped + self.kept.len() as u64;
        self.by_key.insert(receipt.key, number);
        self.kept.push_back(receipt);
    }

    /// Forgets what is too old.
    pub(super) fn expire(&mut self, now: Duration) {
        let is_old = |first: &Receipt| now.saturating_sub(first.at) >= RECEIPTS_KEPT;
        while self.kept.front().is_some_and(is_old) {
            self.drop_first();
        }
        if self.kept.is_empty() && self.by_key.capacity() > 0 {
            self.kept = VecDeque::new();
            self.by_key = HashMap::new();
        }
    }

    fn drop_first(&mut self) {
        let Some(first) = self.kept.pop_front() else {
            return;
        };
        // There may be a later one of the same.
        if self.by_key.get(&first.key) == Some(&self.dropped) {
            self.by_key.remove(&first.key);
        }
        if self.frozen.contains(&self.dropped) {
            self.frozen.start = self.dropped + 1;
            self.frozen_dropped.push_back(first);
        }
        self.dropped += 1;
    }

    /// Bytes that they take.
    pub(super) fn heap_bytes(&self) -> usize {
        let receipts = self.kept.capacity() + self.frozen_dropped.capacity();
        of_list::<Receipt>(receipts) + of_table::<([u8; 16], u64)>(self.by_key.capacity())
    }

    /// Has all written down as they are now, whatever is given and dropped until they are.
    pub(super) fn freeze(&mut self) {
        self.frozen = self.dropped..self.dropped + self.kept.len() as u64;
        self.frozen_dropped = VecDeque::new();
    }

    /// The next that was frozen, in the order in which they were given.
    fn next_frozen(&mut self) -> Option<Receipt> {
        if let Some(dropped) = self.frozen_dropped.pop_front() {
            return Some(dropped);
        }
        let place = usize::try_from(self.frozen.next()? - self.dropped).ok()?;
        self.kept.get(place).copied()
    }

    /// Makes one known that another server has given. `None` if it could not have.
    fn restore(&mut self, receipt: Receipt) -> Option<()> {
        let is_later = self.kept.back().is_none_or(|last| last.at <= receipt.at);
        let known = self.known(receipt.key);
        let is_news = known.is_none_or(|known| {
            known.given.is_none() && receipt.given.is_some() && known.body == receipt.body
        });
        (is_later && is_news).then(|| self.add(receipt))
    }
}

impl Registry {
    /// The next of what is not to be said again, as it was when everyone was [frozen](Self::freeze).
    pub fn next_frozen_receipt(&mut self) -> Option<ReceiptRecord> {
        self.receipts.next_frozen().map(ReceiptRecord)
    }

    /// Makes one known that another server has given. `None` if it could not have.
    pub fn restore_receipt(&mut self, record: ReceiptRecord) -> Option<()> {
        self.receipts.restore(record.0)
    }
}
