//! Messages under way: from their first receiver to their last, with memory only for those in between.

use std::{collections::VecDeque, ops::Range};

use crate::record::order::Place;

/// Messages of one publisher that may land before an earlier one does. An earlier one that still has not landed then
/// never will: the server lost it for somebody.
const LANDED_EARLY_MAX: usize = 1024;

/// One publisher's messages that reached some and not all. Whoever reports an arrival is a receiver: a client to its
/// thread, and a thread, with all its clients, to the whole run.
#[derive(Debug, Default)]
pub struct Flights {
    receivers: u32,
    /// The sequence number of the first in `flying`; all before it have landed.
    first: u32,
    flying: VecDeque<Flight>,
    /// How many in `flying` have landed.
    landed: usize,
}

/// A message that reached everyone it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// When the first receiver got it, in nanoseconds since the origin.
    pub first_ns: u64,
    /// When the last one did.
    pub last_ns: u64,
    /// Where it stands among the messages of its channel.
    pub place: Place,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    missing: u32,
    landing: Landing,
}

impl Flights {
    /// So many receivers from the first message on.
    pub fn new(receivers: u32) -> Self {
        Self {
            receivers,
            ..Self::default()
        }
    }

    /// Notes that a message reached one more receiver, between two moments, which looks at its place; where it landed, if
    /// that was the last receiver.
    #[inline]
    pub fn arrived(
        &mut self,
        sequence: u32,
        first_ns: u64,
        last_ns: u64,
        look: impl FnOnce(&mut Place),
    ) -> Option<Landing> {
        let place = sequence.checked_sub(self.first)? as usize;
        self.take_off(place + 1);
        let landing = self.flying[place].arrived(first_ns, last_ns, look)?;
        self.retire(1);
        Some(landing)
    }

    /// The same of several messages that reached a receiver at one moment; each that landed so is told.
    #[inline]
    pub fn arrived_together(
        &mut self,
        sequences: Range<u32>,
        now_ns: u64,
        mut look: impl FnMut(u32, &mut Place),
        mut land: impl FnMut(u32, Landing),
    ) {
        let begin = sequences.start.max(self.first);
        if begin >= sequences.end {
            return;
        }
        // Where messages are not joined there is but one, and that is found sooner than a range.
        if begin + 1 == sequences.end {
            let landing = self.arrived(begin, now_ns, now_ns, |place| look(begin, place));
            if let Some(landing) = landing {
                land(begin, landing);
            }
            return;
        }
        let places = (begin - self.first) as usize..(sequences.end - self.first) as usize;
        self.take_off(places.end);
        let mut landed = 0;
        for (sequence, flight) in (begin..).zip(self.flying.range_mut(places)) {
            let landing = flight.arrived(now_ns, now_ns, |place| look(sequence, place));
            if let Some(landing) = landing {
                land(sequence, landing);
                landed += 1;
            }
        }
        if landed > 0 {
            self.retire(landed);
        }
    }

    /// The place of a message under way; `None` for one that is not, or not any more.
    pub fn place(&mut self, sequence: u32) -> Option<&mut Place> {
        let place = sequence.checked_sub(self.first)? as usize;
        let flight = self.flying.get_mut(place)?;
        Some(&mut flight.landing.place)
    }

    /// Notes one more receiver, which gets the messages from `sequence` on.
    pub fn joined(&mut self, sequence: u32) {
        // What is under way and has reached nobody is not for this one.
        let unseen =
            (sequence.saturating_sub(self.first) as usize).saturating_sub(self.flying.len());
        if unseen > 0 {
            self.take_off(self.flying.len() + unseen);
            if self.receivers == 0 {
                self.landed += unseen;
                self.forget_landed();
            }
        }
        self.receivers += 1;
        let from = sequence.saturating_sub(self.first) as usize;
        for flight in self.flying.iter_mut().skip(from) {
            // What has landed stays so.
            flight.missing += u32::from(flight.missing > 0);
        }
    }

    /// Notes that a receiver has gone, which got none of the messages from `sequence` on, nor those it missed before.
    pub fn left(&mut self, sequence: u32, missed: &[Range<u32>]) {
        self.receivers -= 1;
        let first = self.first;
        let all_after = sequence..u32::MAX;
        for range in missed.iter().chain(std::iter::once(&all_after)) {
            let from = range.start.saturating_sub(first) as usize;
            let count = range.end.saturating_sub(range.start.max(first)) as usize;
            for flight in self.flying.iter_mut().skip(from).take(count) {
                // Whoever was the last receiver of such a message is not known any more: it counts as none.
                flight.missing = flight.missing.saturating_sub(1);
            }
        }
        self.landed = self
            .flying
            .iter()
            .filter(|flight| flight.missing == 0)
            .count();
        self.forget_landed();
    }

    /// Has so many fly at least.
    #[inline]
    fn take_off(&mut self, count: usize) {
        if count > self.flying.len() {
            let flight = Flight {
                missing: self.receivers,
                landing: Landing {
                    first_ns: u64::MAX,
                    last_ns: 0,
                    place: Place::default(),
                },
            };
            self.flying.resize(count, flight);
        }
    }

    /// Notes that so many more have landed.
    fn retire(&mut self, count: usize) {
        self.landed += count;
        self.forget_landed();
        while self.landed > LANDED_EARLY_MAX {
            self.flying.pop_front();
            self.first += 1;
            self.forget_landed();
        }
    }

    fn forget_landed(&mut self) {
        while let Some(Flight { missing: 0, .. }) = self.flying.front() {
            self.flying.pop_front();
            self.first += 1;
            self.landed -= 1;
        }
    }
}

impl Flight {
    /// Notes one more receiver.
    #[inline]
    fn arrived(
        &mut self,
        first_ns: u64,
        last_ns: u64,
        look: impl FnOnce(&mut Place),
    ) -> Option<Landing> {
        let landing = &mut self.landing;
        landing.first_ns = landing.first_ns.min(first_ns);
        landing.last_ns = landing.last_ns.max(last_ns);
        look(&mut landing.place);
        self.missing = self.missing.checked_sub(1)?;
        (self.missing == 0).then_some(*landing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landing(first_ns: u64, last_ns: u64) -> Landing {
        Landing {
            first_ns,
            last_ns,
            place: Place::default(),
        }
    }

    #[test]
    fn the_last_receiver_ends_the_flight() {
        let mut flights = Flights::new(2);
        assert_eq!(flights.arrived(0, 15, 15, |_| {}), None);
        assert_eq!(flights.arrived(0, 22, 22, |_| {}), Some(landing(15, 22)));
        assert_eq!(flights.arrived(0, 30, 30, |_| {}), None);
    }

    #[test]
    fn receivers_that_are_groups_say_when_their_own_first_and_last_were() {
        let mut flights = Flights::new(2);
        assert_eq!(flights.arrived(0, 15, 40, |_| {}), None);
        assert_eq!(flights.arrived(0, 10, 20, |_| {}), Some(landing(10, 40)));
    }

    #[test]
    fn landed_messages_are_forgotten_in_order() {
        let mut flights = Flights::new(1);
        assert!(flights.arrived(1, 5, 5, |_| {}).is_some());
        assert_eq!(flights.flying.len(), 2);
        assert!(flights.arrived(0, 6, 6, |_| {}).is_some());
        assert!(flights.flying.is_empty());
    }

    #[test]
    fn messages_that_arrive_together_do_what_they_would_do_one_by_one() {
        let (mut together, mut alone) = (Flights::new(2), Flights::new(2));
        let (mut landed, mut landed_alone) = (Vec::new(), Vec::new());
        // In part they have landed, are under way, or are seen for the first time.
        for (sequences, now_ns) in [(0..3, 5), (1..2, 6), (0..5, 7), (3..9, 8), (0..9, 9)] {
            let land = |sequence, landing| landed.push((sequence, landing));
            let mut seen = Vec::new();
            let look = |sequence, _: &mut Place| seen.push(sequence);
            let under_way = sequences.start.max(together.first)..sequences.end;
            together.arrived_together(sequences.clone(), now_ns, look, land);
            assert!(seen.into_iter().eq(under_way));
            for sequence in sequences {
                let landing = alone.arrived(sequence, now_ns, now_ns, |_| {});
                landed_alone.extend(landing.map(|landing| (sequence, landing)));
            }
        }
        assert_eq!(landed.len(), 9);
        assert_eq!(landed, landed_alone);
        assert_eq!(together.first, alone.first);
    }

    #[test]
    fn a_message_that_never_lands_is_forgotten_when_many_after_it_have() {
        let mut flights = Flights::new(1);
        for sequence in 1..10_000 {
            assert!(flights.arrived(sequence, 5, 5, |_| {}).is_some());
            assert!(flights.flying.len() <= LANDED_EARLY_MAX + 2);
        }
        assert_eq!(flights.arrived(0, 5, 5, |_| {}), None);
    }

    #[test]
    fn who_leaves_is_not_waited_for() {
        let mut flights = Flights::new(2);
        flights.arrived(0, 5, 5, |_| {});
        flights.arrived(1, 6, 6, |_| {});
        flights.arrived(2, 7, 7, |_| {});
        // It had missed 0, got 1, and left before 2.
        flights.left(2, std::slice::from_ref(&(0..1)));
        assert_eq!(flights.arrived(1, 9, 9, |_| {}), Some(landing(6, 9)));
        assert_eq!(flights.arrived(3, 9, 9, |_| {}), Some(landing(9, 9)));
        assert!(flights.flying.is_empty());
    }

    #[test]
    fn who_joins_is_not_waited_for_with_what_was_under_way() {
        let mut flights = Flights::new(1);
        flights.joined(2);
        assert_eq!(flights.arrived(0, 5, 5, |_| {}), Some(landing(5, 5)));
        assert_eq!(flights.arrived(1, 6, 6, |_| {}), Some(landing(6, 6)));
        assert_eq!(flights.arrived(2, 7, 7, |_| {}), None);
        assert_eq!(flights.arrived(2, 8, 8, |_| {}), Some(landing(7, 8)));
    }

    #[test]
    fn who_joins_where_nobody_was_is_the_first_and_the_last() {
        let mut flights = Flights::new(0);
        flights.joined(3);
        assert!(flights.flying.is_empty());
        assert_eq!(flights.arrived(3, 5, 5, |_| {}), Some(landing(5, 5)));
        flights.left(4, &[]);
        flights.joined(9);
        assert_eq!(flights.arrived(8, 6, 6, |_| {}), None);
        assert_eq!(flights.arrived(9, 7, 7, |_| {}), Some(landing(7, 7)));
    }

    #[test]
    fn who_joins_is_waited_for_from_its_first_message_on() {
        let mut flights = Flights::new(1);
        flights.joined(1);
        assert_eq!(flights.arrived(1, 5, 5, |_| {}), None);
        assert_eq!(flights.arrived(1, 6, 6, |_| {}), Some(landing(5, 6)));
    }
}
