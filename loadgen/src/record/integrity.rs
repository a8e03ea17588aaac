//! Whether every client got every message once and in its publisher's order.
//!
//! One number for each pair of client and publisher says what comes next; all else is kept only for pairs in trouble.

use std::{collections::HashMap, ops::Range};

use crate::record::optional::Optional;

/// In place of the next sequence number: nothing must come.
const UNTRACKED: u32 = u32::MAX;

/// What came to whom.
#[derive(Debug)]
pub struct Integrity {
    publishers: usize,
    /// The next expected sequence number of each publisher, client by client.
    next: Vec<u32>,
    /// For each pair of a publisher and a client that came later, or goes: what came beside all that must.
    optional: HashMap<usize, Beside>,
    /// For each pair of client and publisher with gaps: what was skipped and has not come since, in order.
    missing: HashMap<usize, Vec<Range<u32>>>,
    counts: Counts,
}

/// What may come to a client beside what must.
#[derive(Debug)]
struct Beside {
    /// The first that is not such a one.
    until: u32,
    got: Optional,
}

/// How the deliveries went, over all clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that reached a client for the first time.
    pub delivered: u64,
    /// Deliveries of what that client already had.
    pub duplicated: u64,
    /// Messages that came after a later one of the same publisher.
    pub reordered: u64,
    /// Messages that were overtaken by a later one of the same publisher and have not come so far.
    pub skipped: u64,
}

/// What a message is to the client that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// New, and later than all of its publisher's that this client got.
    First,
    /// New, and after a later one of its publisher.
    Late,
    /// New, and one that this client need not get; perhaps after a later one of its publisher.
    Beside {
        /// Whether it came after a later one.
        is_late: bool,
    },
    /// The client already had it.
    Again,
}

impl Arrival {
    /// Whether it is new, and after a later one of its publisher.
    #[inline]
    pub fn is_late(self) -> bool {
        matches!(self, Self::Late | Self::Beside { is_late: true })
    }
}

impl Integrity {
    /// A table for so many clients, each with so many publishers, from their first messages on.
    pub fn new(clients: usize, publishers: usize) -> Self {
        Self {
            publishers,
            next: vec![0; clients * publishers],
            optional: HashMap::new(),
            missing: HashMap::new(),
            counts: Counts::default(),
        }
    }

    /// Notes that a client got a publisher's message.
    pub fn arrived(&mut self, client: usize, publisher: usize, sequence: u32) -> Arrival {
        if self.arrived_next(client, publisher, sequence, 1) {
            return Arrival::First;
        }
        self.arrived_out_of_turn(client * self.publishers + publisher, sequence)
    }

    /// Notes that a client got so many of a publisher's messages, each after the other, if they are the next that it must
    /// get; whether they are.
    #[inline]
    pub fn arrived_next(
        &mut self,
        client: usize,
        publisher: usize,
        first: u32,
        count: u32,
    ) -> bool {
        let next = &mut self.next[client * self.publishers + publisher];
        let are_next = first == *next;
        if are_next {
            *next += count;
            self.counts.delivered += u64::from(count);
        }
        are_next
    }

    /// The sequence number that a client must get next of a publisher, which is how many it got or skipped, if it was there
    /// from the begin; `None` if it need not get any.
    #[inline]
    pub fn next(&self, client: usize, publisher: usize) -> Option<u32> {
        let next = self.next[client * self.publishers + publisher];
        (next != UNTRACKED).then_some(next)
    }

    /// What a client skipped of a publisher's messages, in order.
    pub fn missing(&self, client: usize, publisher: usize) -> &[Range<u32>] {
        self.missing
            .get(&(client * self.publishers + publisher))
            .map_or(&[], Vec::as_slice)
    }

    /// A client is not there any more, or never was: what it gets from here on it need not get.
    pub fn begin_anew(&mut self, client: usize) {
        for cell in client * self.publishers..(client + 1) * self.publishers {
            self.next[cell] = UNTRACKED;
            self.missing.remove(&cell);
            self.optional.remove(&cell);
        }
    }

    /// A client that was begun anew is in: it must get a publisher's messages from this one on, and may get those before.
    pub fn expect_from(&mut self, client: usize, publisher: usize, sequence: u32) {
        let cell = client * self.publishers + publisher;
        self.next[cell] = sequence;
        self.beside(cell).until = sequence;
    }

    /// A client goes: what it gets from here on it need not get, but not twice. What was overtaken by then is missing.
    pub fn let_go(&mut self, client: usize) {
        for cell in client * self.publishers..(client + 1) * self.publishers {
            let next = std::mem::replace(&mut self.next[cell], UNTRACKED);
            if next != UNTRACKED {
                let first = self.optional.get(&cell).map_or(0, |beside| beside.until);
                let beside = self.beside(cell);
                beside.until = UNTRACKED;
                beside.got.take(first..next);
            }
        }
    }

    /// How it went so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    #[cold]
    fn arrived_out_of_turn(&mut self, cell: usize, sequence: u32) -> Arrival {
        let next = &mut self.next[cell];
        if sequence > *next {
            let gap = *next..sequence;
            *next = sequence + 1;
            self.skip(cell, gap);
            self.counts.delivered += 1;
            return Arrival::First;
        }
        self.arrived_late(cell, sequence)
    }

    fn beside(&mut self, cell: usize) -> &mut Beside {
        self.optional.entry(cell).or_insert_with(|| Beside {
            until: UNTRACKED,
            got: Optional::default(),
        })
    }

    fn skip(&mut self, cell: usize, gap: Range<u32>) {
        self.counts.skipped += u64::from(gap.end - gap.start);
        self.missing.entry(cell).or_default().push(gap);
    }

    fn arrived_late(&mut self, cell: usize, sequence: u32) -> Arrival {
        let is_tracked = self.next[cell] != UNTRACKED;
        if self.fill(cell, sequence) {
            self.counts.delivered += 1;
            self.counts.reordered += 1;
            self.counts.skipped -= 1;
            return if is_tracked {
                Arrival::Late
            } else {
                Arrival::Beside { is_late: true }
            };
        }
        if !is_tracked {
            self.beside(cell);
        }
        let next = self.next[cell];
        let beside = self.optional.get_mut(&cell);
        let Some(beside) = beside.filter(|of| sequence < of.until && !of.got.has(sequence)) else {
            self.counts.duplicated += 1;
            return Arrival::Again;
        };
        let is_late = beside.got.has_later(sequence) || (is_tracked && next > beside.until);
        beside.got.take(sequence..sequence + 1);
        self.counts.delivered += 1;
        self.counts.reordered += u64::from(is_late);
        Arrival::Beside { is_late }
    }

    /// Takes a message from those that are missing; whether it was one.
    fn fill(&mut self, cell: usize, sequence: u32) -> bool {
        let Some(ranges) = self.missing.get_mut(&cell) else {
            return false;
        };
        let at = ranges.partition_point(|range| range.end <= sequence);
        let Some(range) = ranges.get(at).filter(|range| range.contains(&sequence)) else {
            return false;
        };
        let around = [range.start..sequence, sequence + 1..range.end];
        let around = around.into_iter().filter(|range| !range.is_empty());
        ranges.splice(at..=at, around);
        true
    }
}

impl Counts {
    /// Adds the counts of other clients.
    pub fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.skipped += other.skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts after one client of two got these messages of one publisher of two.
    fn after(sequences: &[u32]) -> Counts {
        let mut integrity = Integrity::new(2, 2);
        for &sequence in sequences {
            integrity.arrived(1, 0, sequence);
        }
        integrity.counts()
    }

    fn counts(delivered: u64, duplicated: u64, reordered: u64, skipped: u64) -> Counts {
        Counts {
            delivered,
            duplicated,
            reordered,
            skipped,
        }
    }

    #[test]
    fn in_order_nothing_is_wrong() {
        assert_eq!(after(&[0, 1, 2, 3]), counts(4, 0, 0, 0));
    }

    #[test]
    fn a_gap_is_not_delivered() {
        assert_eq!(after(&[0, 1, 4, 5]), counts(4, 0, 0, 2));
    }

    #[test]
    fn what_comes_again_is_a_duplicate() {
        assert_eq!(after(&[0, 1, 1, 0, 2]), counts(3, 2, 0, 0));
    }

    #[test]
    fn what_fills_a_gap_is_reordered_and_not_lost() {
        assert_eq!(after(&[0, 2, 1, 3]), counts(4, 0, 1, 0));
        assert_eq!(after(&[5, 2, 0, 1, 4, 3]), counts(6, 0, 5, 0));
    }

    #[test]
    fn what_fills_a_gap_twice_is_reordered_once_and_duplicated_once() {
        assert_eq!(after(&[0, 3, 1, 1, 2]), counts(4, 1, 2, 0));
    }

    #[test]
    fn a_newcomer_need_not_get_what_was_under_way_as_it_came() {
        let mut integrity = Integrity::new(1, 1);
        integrity.begin_anew(0);
        let beside = |is_late| Arrival::Beside { is_late };
        assert_eq!(integrity.arrived(0, 0, 3), beside(false));
        assert_eq!(integrity.next(0, 0), None);
        integrity.expect_from(0, 0, 7);
        assert_eq!(integrity.next(0, 0), Some(7));
        assert_eq!(integrity.arrived(0, 0, 5), beside(false));
        assert_eq!(integrity.counts(), counts(2, 0, 0, 0));
        assert_eq!(integrity.arrived(0, 0, 7), Arrival::First);
        // Twice is twice, and behind a later one is that, also of these.
        assert_eq!(integrity.arrived(0, 0, 3), Arrival::Again);
        assert_eq!(integrity.arrived(0, 0, 7), Arrival::Again);
        assert_eq!(integrity.arrived(0, 0, 6), beside(true));
        assert_eq!(integrity.counts(), counts(4, 2, 1, 0));
    }

    #[test]
    fn what_a_newcomer_should_have_got_first_is_missed_and_may_come_late() {
        let mut integrity = Integrity::new(1, 1);
        integrity.begin_anew(0);
        integrity.expect_from(0, 0, 5);
        integrity.arrived(0, 0, 7);
        assert_eq!(integrity.counts(), counts(1, 0, 0, 2));
        assert_eq!(integrity.missing(0, 0), std::slice::from_ref(&(5..7)));
        assert_eq!(integrity.arrived(0, 0, 6), Arrival::Late);
        assert_eq!(integrity.counts(), counts(2, 0, 1, 1));
    }

    #[test]
    fn who_goes_need_not_get_what_is_under_way_and_gets_nothing_twice() {
        let mut integrity = Integrity::new(1, 1);
        for sequence in [0, 1, 3] {
            integrity.arrived(0, 0, sequence);
        }
        integrity.let_go(0);
        assert_eq!(integrity.next(0, 0), None);
        let beside = |is_late| Arrival::Beside { is_late };
        assert_eq!(integrity.arrived(0, 0, 6), beside(false));
        assert_eq!(integrity.arrived(0, 0, 1), Arrival::Again);
        assert_eq!(integrity.arrived(0, 0, 6), Arrival::Again);
        assert_eq!(integrity.counts(), counts(4, 2, 0, 1));
        // What it missed before is missing, until it comes.
        assert_eq!(integrity.arrived(0, 0, 2), beside(true));
        assert_eq!(integrity.arrived(0, 0, 2), Arrival::Again);
        assert_eq!(integrity.counts(), counts(5, 3, 1, 0));
        // Who comes again knows nothing of that.
        integrity.begin_anew(0);
        integrity.expect_from(0, 0, 8);
        assert_eq!(integrity.arrived(0, 0, 8), Arrival::First);
    }

    #[test]
    fn pairs_are_kept_apart() {
        let mut integrity = Integrity::new(2, 2);
        for (client, publisher) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            assert_eq!(integrity.arrived(client, publisher, 0), Arrival::First);
        }
        assert_eq!(integrity.arrived(1, 0, 0), Arrival::Again);
        assert_eq!(integrity.counts(), counts(4, 1, 0, 0));
    }
}
