//! Whether all receivers of a channel got its messages in one order.
//!
//! The order is found out as it shows: whoever has the last message that has a place gives the next one to the message
//! that it gets then. It got the one after the other, so each place is right wherever there is one order at all, whoever
//! leads. Who was passed over with messages, or came later, may be ahead of all others without having that last message:
//! what it gets then waits for somebody to give it a place, and is judged by that. So what is found is a fault, always.

use std::collections::HashMap;

/// The place of a message that has none.
const UNPLACED: u64 = 0;
/// The same, where a receiver waits for it to get one.
const WANTED: u64 = u64::MAX;
/// In place of the last that a receiver got: it came later, and whatever has a place begins.
const UNTRACKED: u64 = u64::MAX;
/// Messages of one receiver that wait for their places; what is more is not judged.
const WAITING_MAX: usize = 256;

/// A message's place among all of its channel, counted from 1; by default it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub struct Place(u64);

impl Place {
    /// Whether it is one, and behind another.
    #[inline]
    pub fn follows(self, other: Self) -> bool {
        self > other && self != Self(WANTED)
    }
}

/// Which message of which publisher.
pub type Name = (u16, u32);

/// The orders of some channels, and how far their receivers are. The places themselves are kept with the messages.
#[derive(Debug)]
pub struct Order {
    /// The last place that was given, by channel.
    last: Vec<u64>,
    /// The highest place that each receiver came by.
    seen: Vec<u64>,
    /// By receiver: what it got before anyone could say where it stands, in that order.
    waiting: HashMap<usize, Vec<Waiting>>,
    /// Where these must stand by all who wait for them, and may turn out not to.
    wanted: HashMap<Name, Wanted>,
    disordered: u64,
}

/// A message without a place, and the places between which its receiver got it.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    name: Name,
    after: u64,
    before: u64,
}

/// A message that someone waits for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    /// The highest place that one of them got before it.
    after: u64,
    /// The lowest place that one of them got after it.
    before: u64,
    /// Its own, by now.
    place: Option<u64>,
}

impl Order {
    /// So many channels and receivers, from the first message on.
    pub fn new(channels: usize, receivers: usize) -> Self {
        Self {
            last: vec![UNPLACED; channels],
            seen: vec![UNPLACED; receivers],
            waiting: HashMap::new(),
            wanted: HashMap::new(),
            disordered: 0,
        }
    }

    /// A receiver has left, or was never there: it goes on wherever the others are.
    pub fn begin_anew(&mut self, receiver: usize) {
        self.settle(receiver);
        self.waiting.remove(&receiver);
        if self.waiting.is_empty() {
            self.wanted.clear();
        }
        self.seen[receiver] = UNTRACKED;
    }

    /// Notes that a message of a channel reached one of its receivers.
    #[inline]
    pub fn saw(&mut self, channel: usize, receiver: usize, name: Name, place: &mut Place) {
        let seen = &mut self.seen[receiver];
        if self.waiting.is_empty() && place.follows(Place(*seen)) {
            *seen = place.0;
        } else {
            self.judge(channel, receiver, name, place);
        }
    }

    /// The same of a message that has no place yet, or perhaps another than it should.
    #[cold]
    fn judge(&mut self, channel: usize, receiver: usize, name: Name, place: &mut Place) {
        if !self.waiting.is_empty() {
            self.settle(receiver);
        }
        let (seen, last) = (&mut self.seen[receiver], &mut self.last[channel]);
        match *place {
            Place(UNPLACED | WANTED) if *seen == *last => {
                *last += 1;
                *seen = *last;
                if let Some(wanted) = self.wanted.get_mut(&name) {
                    wanted.place = Some(*last);
                }
                *place = Place(*last);
            }
            Place(UNPLACED | WANTED) => self.wait(receiver, name, place),
            Place(place) if place > *seen || *seen == UNTRACKED => {
                *seen = place;
                if !self.waiting.is_empty() {
                    self.went_on(receiver, place);
                }
            }
            Place(_) => self.disordered += 1,
        }
    }

    /// Nothing more comes.
    pub fn end(&mut self) {
        let waiting: Vec<usize> = self.waiting.keys().copied().collect();
        for receiver in waiting {
            self.settle(receiver);
        }
    }

    /// Deliveries to someone of a message after another one which it came before elsewhere.
    pub fn disordered(&self) -> u64 {
        self.disordered
    }

    #[cold]
    fn wait(&mut self, receiver: usize, name: Name, place: &mut Place) {
        let waiting = self.waiting.entry(receiver).or_default();
        if waiting.len() == WAITING_MAX {
            return;
        }
        let after = match self.seen[receiver] {
            UNTRACKED => UNPLACED,
            seen => seen,
        };
        waiting.push(Waiting {
            name,
            after,
            before: u64::MAX,
        });
        let wanted = self.wanted.entry(name).or_insert(Wanted {
            after,
            before: u64::MAX,
            place: None,
        });
        self.disordered += u64::from(after >= wanted.before);
        wanted.after = wanted.after.max(after);
        *place = Place(WANTED);
    }

    /// Notes that a receiver got a message of a place behind all that it waits for.
    #[cold]
    fn went_on(&mut self, receiver: usize, place: u64) {
        for message in self.waiting.get_mut(&receiver).into_iter().flatten() {
            if place < message.before {
                message.before = place;
                if let Some(wanted) = self.wanted.get_mut(&message.name) {
                    self.disordered += u64::from(place <= wanted.after);
                    wanted.before = wanted.before.min(place);
                }
            }
        }
    }

    /// Judges what a receiver got before it had a place and that has one by now.
    #[cold]
    fn settle(&mut self, receiver: usize) {
        let Some(mut waiting) = self.waiting.remove(&receiver) else {
            return;
        };
        let mut at = 0;
        while let Some(&Waiting {
            name,
            after,
            before,
        }) = waiting.get(at)
        {
            let Some(place) = self.wanted.get(&name).and_then(|wanted| wanted.place) else {
                at += 1;
                continue;
            };
            waiting.remove(at);
            self.disordered += u64::from(place <= after || place >= before);
            let (earlier, later) = waiting.split_at_mut(at);
            let earlier = earlier.iter_mut();
            earlier.for_each(|message| message.before = message.before.min(place));
            let later = later.iter_mut();
            later.for_each(|message| message.after = message.after.max(place));
            let seen = &mut self.seen[receiver];
            *seen = if *seen == UNTRACKED {
                place
            } else {
                place.max(*seen)
            };
        }
        if !waiting.is_empty() {
            self.waiting.insert(receiver, waiting);
        } else if self.waiting.is_empty() {
            self.wanted.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// What is found when messages reach receivers in that order, some of whom come only with the first that they get.
    fn disordered(deliveries: &[(usize, u32)], late: &[usize]) -> u64 {
        let mut order = Order::new(1, 8);
        let mut places = BTreeMap::new();
        for receiver in late {
            order.begin_anew(*receiver);
        }
        for (receiver, message) in deliveries {
            order.saw(
                0,
                *receiver,
                (0, *message),
                places.entry(message).or_default(),
            );
        }
        order.end();
        order.disordered()
    }

    #[test]
    fn who_leads_now_may_lag_later() {
        let deliveries = [
            (0, 1),
            (0, 2),
            (1, 1),
            (1, 2),
            (1, 3),
            (1, 4),
            (0, 3),
            (0, 4),
            (0, 5),
            (1, 5),
        ];
        assert_eq!(disordered(&deliveries, &[]), 0);
    }

    #[test]
    fn a_message_that_overtakes_at_one_receiver_is_found_whoever_leads() {
        let (right, wrong) = ([1, 2, 3], [2, 1, 3]);
        for [first, second] in [[right, wrong], [wrong, right]] {
            let first = first.map(|message| (0, message));
            let deliveries = [first, second.map(|message| (1, message))].concat();
            assert_eq!(disordered(&deliveries, &[]), 1);
        }
    }

    #[test]
    fn who_lost_a_message_and_leads_misleads_nobody() {
        let deliveries = [(0, 1), (0, 3), (1, 1), (1, 2), (1, 3), (1, 4), (0, 4)];
        assert_eq!(disordered(&deliveries, &[]), 0);
    }

    #[test]
    fn who_comes_ahead_of_all_others_misleads_nobody() {
        let deliveries = [
            (0, 1),
            (2, 3),
            (2, 4),
            (0, 2),
            (0, 3),
            (2, 5),
            (0, 4),
            (0, 5),
        ];
        assert_eq!(disordered(&deliveries, &[2]), 0);
        let overtaken = [(0, 1), (0, 2), (0, 3), (2, 3), (2, 2)];
        assert_eq!(disordered(&overtaken, &[2]), 1);
    }

    #[test]
    fn what_came_ahead_of_all_others_is_judged_once_it_has_its_place() {
        // Who came late leads with 3, and gets 2 last of all.
        let deliveries = [(0, 1), (2, 3), (2, 2), (0, 2), (0, 3)];
        assert_eq!(disordered(&deliveries, &[2]), 1);
        // Who is overtaken by 2 leads, and meanwhile another gets both.
        let deliveries = [(0, 2), (1, 1), (1, 2), (0, 1)];
        assert_eq!(disordered(&deliveries, &[]), 1);
    }

    #[test]
    fn channels_are_kept_apart() {
        let mut order = Order::new(2, 2);
        let (mut one, mut two) = (Place::default(), Place::default());
        order.saw(0, 0, (0, 0), &mut one);
        order.saw(1, 1, (1, 0), &mut two);
        assert_eq!((one, two), (Place(1), Place(1)));
    }

    /// What each of some receivers gets of the messages 0 to 39: some come late, some are passed over with some.
    fn receivers() -> impl Strategy<Value = Vec<(u32, Vec<u32>)>> {
        let missed = prop_oneof![Just(Vec::new()), vec(0..40_u32, 0..12)];
        vec((prop_oneof![3 => Just(0), 1 => 1..30_u32], missed), 2..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn one_order_is_never_called_several(receivers in receivers(), turns in vec(0..8_usize, 400)) {
            let late = receivers.iter().enumerate().filter(|(_, (begin, _))| *begin > 0);
            let late: Vec<usize> = late.map(|(receiver, _)| receiver).collect();
            let mut next: Vec<_> = receivers
                .iter()
                .map(|(begin, missed)| (*begin..40).filter(|message| !missed.contains(message)))
                .collect();
            let deliveries: Vec<(usize, u32)> = turns
                .into_iter()
                .filter_map(|turn| {
                    let receiver = turn % receivers.len();
                    Some((receiver, next[receiver].next()?))
                })
                .collect();
            prop_assert_eq!(disordered(&deliveries, &late), 0);
        }

        #[test]
        fn one_that_gets_two_messages_the_other_way_round_is_found(at in 0..39_usize, turns in vec(0..3_usize, 400)) {
            let mut queues: [Vec<u32>; 3] = std::array::from_fn(|_| (0..40).rev().collect());
            queues[1].swap(at, at + 1);
            let whole = (0..3).flat_map(|receiver| [receiver; 40]);
            let deliveries: Vec<(usize, u32)> = turns
                .into_iter()
                .chain(whole)
                .filter_map(|receiver| Some((receiver, queues[receiver].pop()?)))
                .collect();
            prop_assert!(disordered(&deliveries, &[]) > 0);
        }
    }
}
