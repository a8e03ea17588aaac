//! Who is read in a turn, and how much of them: neither those who come by the operator's listener nor the others keep each other
//! waiting.

use std::collections::VecDeque;
use std::mem;

use super::{Server, admission::Seat, stream::Stream};
use crate::{
    state::memory::of_list,
    vocabulary::{
        config::{RECEIVE_BYTES_MAX, TURN_BYTES_MAX},
        id::Key,
    },
};

/// Connections with something to read, in the order in which they get to.
#[derive(Debug, Default)]
pub(super) struct Readers([VecDeque<Key>; 2]);

/// Those of one kind among them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Queue {
    Public,
    Operator,
}

impl Queue {
    /// That of a connection in such a seat.
    pub(super) fn of(seat: Seat) -> Self {
        match seat {
            Seat::Served | Seat::Reserve => Self::Public,
            Seat::Admin => Self::Operator,
        }
    }
}

impl Readers {
    /// Adds one as the last.
    pub(super) fn add(&mut self, queue: Queue, key: Key) {
        self.0[queue as usize].push_back(key);
    }

    /// Whether there are none.
    pub(super) fn are_none(&self) -> bool {
        self.0.iter().all(VecDeque::is_empty)
    }

    /// Bytes that they take.
    pub(super) fn heap_bytes(&self) -> usize {
        let capacity = self.0.iter().map(VecDeque::capacity).sum();
        of_list::<Key>(capacity)
    }

    fn next(&mut self, queue: Queue) -> Option<Key> {
        self.0[queue as usize].pop_front()
    }
}

impl<S: Stream> Server<S> {
    /// Reads a turn's share: half of it is the operator's first, of which what programs were shown is taken already; the rest is
    /// for the others, and what these leave of it is the operator's again. Returns the bytes of it that are left.
    pub(super) fn read_share(&mut self) -> usize {
        let half = TURN_BYTES_MAX / 2;
        let shown = mem::take(&mut self.shown).min(half);
        let mut left = TURN_BYTES_MAX - shown;
        left -= self.read_from(Queue::Operator, half - shown);
        left -= self.read_from(Queue::Public, left);
        left - self.read_from(Queue::Operator, left)
    }

    /// Tells programs what came of what they asked for, and does what they ask for then, as long as some of the turn's share is
    /// left.
    pub(super) fn tell_callers(&mut self, mut left: usize) {
        loop {
            let outcomes = self.world.commons.take_outcomes();
            if outcomes.is_empty() {
                return;
            }
            for (slot, outcome) in outcomes {
                let connection = &mut self.tenants[slot as usize].connection;
                self.shown += connection.hear_outcome(outcome, &mut self.world);
                self.enlist(slot);
            }
            let taken = self.read_from(Queue::Operator, left);
            self.held.bytes += taken;
            left -= taken;
        }
    }

    /// Reads those in a queue, each up to a share before the next one's turn, until about so many bytes came of it. Returns how
    /// many did, of those.
    fn read_from(&mut self, queue: Queue, budget: usize) -> usize {
        let mut left = budget;
        while left > 0 {
            let Some(key) = self.readers.next(queue) else {
                break;
            };
            let Some(tenant) = self.tenants.get_mut(key.slot as usize) else {
                continue;
            };
            if tenant.generation != key.generation {
                continue;
            }
            tenant.is_reader = false;
            let mut share = RECEIVE_BYTES_MAX.min(left);
            while share > 0
                && tenant.connection.ended().is_none()
                && tenant.connection.wants_reading()
            {
                let taken = tenant
                    .connection
                    .read(&mut self.receive_buffer, &mut self.world);
                share = share.saturating_sub(taken.max(1));
                left = left.saturating_sub(taken);
            }
            if tenant.connection.take_rearmed() {
                self.rearm(key.slot);
            }
            self.enlist(key.slot);
        }
        budget - left
    }
}
