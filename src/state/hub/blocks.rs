//! What is replayed, encoded once for all who ask for it within a short while.
//!
//! It is plain, also for those who inflate: deflating a block takes some seventy times as long as encoding it (`cargo bench
//! --bench state -- batch/`), and hardly anyone would have it. Who comes back within a block gets a part of it, which is
//! another frame; and the newest block, which everyone gets, is another one after each message.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use super::channels::Named;
use crate::{
    state::{
        batch::{Form, OpenBatch, Run},
        memory::of_table,
    },
    vocabulary::config::{REPLAY_BLOCKS_BYTES_MAX, REPLAY_BLOCKS_KEPT},
};

/// Parts of logs, encoded.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// By the channel's serial, the form, and the place of the first message.
    runs: HashMap<(u64, Form, u64), Rc<Run>>,
    /// When the oldest of them was encoded.
    since: Duration,
    bytes: usize,
    scratch: OpenBatch,
}

/// A part of a log.
pub(super) struct Block {
    pub(super) run: Rc<Run>,
    /// The place of its first message.
    pub(super) from: u64,
    /// Bytes that were encoded for it now.
    pub(super) encoded: usize,
}

impl Blocks {
    /// The block of a channel that holds the message at a place.
    pub(super) fn of(&mut self, named: &Named, place: u64, form: Form, now: Duration) -> Block {
        self.expire(now);
        let (from, to) = named.log.block(place);
        let key = (named.serial, form, from);
        let known = self.runs.get(&key);
        let is_whole = |run: &&Rc<Run>| u64::from(run.messages()) == to - from;
        if let Some(run) = known.filter(is_whole) {
            return Block {
                run: Rc::clone(run),
                from,
                encoded: 0,
            };
        }
        named.log.copy(from, to, &mut self.scratch);
        let run = Rc::new(self.scratch.encode(form, named.seal_of(from, now)));
        self.scratch.clear();
        let encoded = run.heap_bytes();
        if self.bytes + encoded > REPLAY_BLOCKS_BYTES_MAX {
            self.forget();
        }
        if self.runs.is_empty() {
            self.since = now;
        }
        self.bytes += encoded;
        if let Some(before) = self.runs.insert(key, Rc::clone(&run)) {
            self.bytes -= before.heap_bytes();
        }
        Block { run, from, encoded }
    }

    /// Forgets them if they are too old: a peer that is handed one lags from its seal on.
    pub(super) fn expire(&mut self, now: Duration) {
        if self.due().is_some_and(|due| due <= now) {
            self.forget();
        }
    }

    /// When they are too old.
    pub(super) fn due(&self) -> Option<Duration> {
        let is_any = !self.runs.is_empty();
        is_any.then(|| self.since + REPLAY_BLOCKS_KEPT)
    }

    /// Bytes that they take.
    pub(super) fn heap_bytes(&self) -> usize {
        of_table::<((u64, Form, u64), Rc<Run>)>(self.runs.capacity())
            + self.bytes
            + self.scratch.heap_bytes()
    }

    fn forget(&mut self) {
        self.runs = HashMap::new();
        self.bytes = 0;
    }
}
