//! Whether every client got every message once and in its publisher's order.
//!
//! One number for each pair of client and publisher says what comes next; all else is kept only for pairs in trouble.

use std::{collections::HashMap, ops::Range};

/// What came to whom.
#[derive(Debug)]
pub struct Integrity {
    publishers: usize,
    /// The next expected sequence number of each publisher, client by client.
    next: Vec<u32>,
    /// For each pair of client and publisher with gaps: what was skipped and has not come since, in order.
    missing: HashMap<usize, Vec<Range<u32>>>,
    counts: Counts,
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
}

/// What a message is to the client that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// New, be it in its order or late.
    First,
    /// The client already had it.
    Again,
}

impl Integrity {
    /// A table for so many clients and publishers.
    pub fn new(clients: usize, publishers: usize) -> Self {
        Self {
            publishers,
            next: vec![0; clients * publishers],
            missing: HashMap::new(),
            counts: Counts::default(),
        }
    }

    /// Notes that a client got a publisher's message.
    #[inline]
    pub fn arrived(&mut self, client: usize, publisher: usize, sequence: u32) -> Arrival {
        let cell = client * self.publishers + publisher;
        let next = &mut self.next[cell];
        if sequence == *next {
            *next += 1;
            self.counts.delivered += 1;
            return Arrival::First;
        }
        if sequence > *next {
            let gap = *next..sequence;
            *next = sequence + 1;
            self.missing.entry(cell).or_default().push(gap);
            self.counts.delivered += 1;
            return Arrival::First;
        }
        self.arrived_late(cell, sequence)
    }

    /// How it went so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    #[cold]
    fn arrived_late(&mut self, cell: usize, sequence: u32) -> Arrival {
        let ranges = self.missing.entry(cell).or_default();
        let at = ranges.partition_point(|range| range.end <= sequence);
        let Some(range) = ranges.get(at).filter(|range| range.contains(&sequence)) else {
            self.counts.duplicated += 1;
            return Arrival::Again;
        };
        let around = [range.start..sequence, sequence + 1..range.end];
        ranges.splice(
            at..=at,
            around.into_iter().filter(|range| !range.is_empty()),
        );
        self.counts.delivered += 1;
        self.counts.reordered += 1;
        Arrival::First
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

    fn counts(delivered: u64, duplicated: u64, reordered: u64) -> Counts {
        Counts {
            delivered,
            duplicated,
            reordered,
        }
    }

    #[test]
    fn in_order_nothing_is_wrong() {
        assert_eq!(after(&[0, 1, 2, 3]), counts(4, 0, 0));
    }

    #[test]
    fn a_gap_is_not_delivered() {
        assert_eq!(after(&[0, 1, 4, 5]), counts(4, 0, 0));
    }

    #[test]
    fn what_comes_again_is_a_duplicate() {
        assert_eq!(after(&[0, 1, 1, 0, 2]), counts(3, 2, 0));
    }

    #[test]
    fn what_fills_a_gap_is_reordered_and_not_lost() {
        assert_eq!(after(&[0, 2, 1, 3]), counts(4, 0, 1));
        assert_eq!(after(&[5, 2, 0, 1, 4, 3]), counts(6, 0, 5));
    }

    #[test]
    fn what_fills_a_gap_twice_is_reordered_once_and_duplicated_once() {
        assert_eq!(after(&[0, 3, 1, 1, 2]), counts(4, 1, 2));
    }

    #[test]
    fn pairs_are_kept_apart() {
        let mut integrity = Integrity::new(2, 2);
        for (client, publisher) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            assert_eq!(integrity.arrived(client, publisher, 0), Arrival::First);
        }
        assert_eq!(integrity.arrived(1, 0, 0), Arrival::Again);
        assert_eq!(integrity.counts(), counts(4, 1, 0));
    }
}
