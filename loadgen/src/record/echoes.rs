//! What publishers get of what they said themselves, where that is not a copy like everyone else's: nothing, or an
//! acknowledgement. None of it is a delivery.

use crate::{
    args::script::Sender,
    record::integrity::{Arrival, Integrity},
};

/// Of the publishers of one thread.
#[derive(Debug)]
pub struct Echoes {
    is_acked: bool,
    /// The first that came of each message.
    acks: Integrity,
    /// The second: the copy that some servers send beside.
    copies: Integrity,
    counts: Counts,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that came back to those who should not get them, or once more than an acknowledgement and a copy.
    pub returned: u64,
    /// Messages that were acknowledged.
    pub acked: u64,
    /// Messages that were not, though their senders were there to the end, and it was waited for.
    pub unacked: u64,
}

impl Echoes {
    /// Of so many publishers, who get this; `None` if it is what everyone gets.
    pub fn new(sender: Sender, publishers: usize) -> Option<Self> {
        (sender != Sender::Gets).then(|| Self {
            is_acked: sender == Sender::Acked,
            acks: Integrity::new(publishers, 1),
            copies: Integrity::new(publishers, 1),
            counts: Counts::default(),
        })
    }

    /// Notes that a message came to its own sender.
    pub fn arrived(&mut self, publisher: usize, sequence: u32) {
        let is_surplus = !self.is_acked
            || (self.acks.arrived(publisher, 0, sequence) == Arrival::Again
                && self.copies.arrived(publisher, 0, sequence) == Arrival::Again);
        self.counts.returned += u64::from(is_surplus);
    }

    /// How many of a publisher's messages came back so far; all that it sent, where none is awaited.
    pub fn returned(&self, publisher: usize, sent: u32) -> u32 {
        match self.acks.next(publisher, 0) {
            Some(next) if self.is_acked => next,
            _ => sent,
        }
    }

    /// Ends the count of a publisher that sent so many, and was there to the end of the wait for them or not.
    pub fn end(&mut self, publisher: usize, sent: u32, was_there: bool) {
        let after = sent.saturating_sub(self.returned(publisher, sent));
        let skipped = self.acks.missing(publisher, 0).iter();
        let skipped: u32 = skipped.map(|range| range.end - range.start).sum();
        let unacked = u64::from(after) + u64::from(skipped);
        self.counts.unacked += if was_there { unacked } else { 0 };
    }

    /// How it went.
    pub fn counts(&self) -> Counts {
        Counts {
            acked: self.acks.counts().delivered,
            ..self.counts
        }
    }
}

impl Counts {
    /// Adds those of another thread.
    pub fn add(&mut self, other: Self) {
        self.returned += other.returned;
        self.acked += other.acked;
        self.unacked += other.unacked;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(sender: Sender, arrivals: &[u32], sent: u32) -> Counts {
        let mut echoes = Echoes::new(sender, 1).unwrap();
        for &sequence in arrivals {
            echoes.arrived(0, sequence);
        }
        echoes.end(0, sent, true);
        echoes.counts()
    }

    #[test]
    fn an_acknowledgement_may_come_with_a_copy_beside() {
        let all = Counts {
            acked: 2,
            ..Counts::default()
        };
        assert_eq!(counts(Sender::Acked, &[0, 1], 2), all);
        assert_eq!(counts(Sender::Acked, &[0, 0, 1, 1], 2), all);
        assert_eq!(counts(Sender::Acked, &[0, 1, 0, 1], 2), all);
    }

    #[test]
    fn what_is_not_acknowledged_and_what_comes_too_often_is_counted() {
        let found = counts(Sender::Acked, &[0, 2, 2, 2], 4);
        assert_eq!((found.acked, found.unacked, found.returned), (2, 2, 1));
    }

    #[test]
    fn who_should_get_nothing_of_its_own_is_owed_nothing() {
        let found = counts(Sender::Skipped, &[1], 3);
        assert_eq!((found.acked, found.unacked, found.returned), (0, 0, 1));
        assert!(Echoes::new(Sender::Gets, 1).is_none());
    }
}
