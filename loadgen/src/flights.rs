//! Messages under way: from their sending to their last receiver, with memory only for those in between.

use std::collections::VecDeque;

/// One publisher's messages that have not reached everyone.
#[derive(Debug, Default)]
pub struct Flights {
    /// The sequence number of the first in `flying`; all before it have landed.
    first: u32,
    flying: VecDeque<Flight>,
}

#[derive(Debug)]
struct Flight {
    sent_ns: u64,
    first_arrival_ns: u64,
    missing: u32,
}

/// What one arrival says about its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// When it was sent, in nanoseconds since the origin.
    pub sent_ns: u64,
    /// If this was its last receiver: the nanoseconds since its first.
    pub spread_ns: Option<u64>,
}

impl Flights {
    /// Notes the sending of the next message, to so many receivers.
    pub fn sent(&mut self, now_ns: u64, receivers: u32) {
        self.flying.push_back(Flight {
            sent_ns: now_ns,
            first_arrival_ns: u64::MAX,
            missing: receivers,
        });
    }

    /// Whether this message was ever sent.
    #[inline]
    pub fn knows(&self, sequence: u32) -> bool {
        (sequence as usize) < self.first as usize + self.flying.len()
    }

    /// Notes that a message reached one more receiver. `None` if it already reached them all.
    #[inline]
    pub fn arrived(&mut self, sequence: u32, now_ns: u64) -> Option<Landing> {
        let flight = self
            .flying
            .get_mut(sequence.checked_sub(self.first)? as usize)?;
        flight.first_arrival_ns = flight.first_arrival_ns.min(now_ns);
        flight.missing = flight.missing.checked_sub(1)?;
        let landing = Landing {
            sent_ns: flight.sent_ns,
            spread_ns: (flight.missing == 0).then(|| now_ns - flight.first_arrival_ns),
        };
        while let Some(Flight { missing: 0, .. }) = self.flying.front() {
            self.flying.pop_front();
            self.first += 1;
        }
        Some(landing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_receiver_ends_the_flight() {
        let mut flights = Flights::default();
        flights.sent(10, 2);
        let landing = |spread_ns| {
            Some(Landing {
                sent_ns: 10,
                spread_ns,
            })
        };
        assert_eq!(flights.arrived(0, 15), landing(None));
        assert_eq!(flights.arrived(0, 22), landing(Some(7)));
        assert_eq!(flights.arrived(0, 30), None);
    }

    #[test]
    fn landed_messages_are_forgotten_in_order_and_still_known() {
        let mut flights = Flights::default();
        flights.sent(1, 1);
        flights.sent(2, 1);
        assert!(flights.knows(1) && !flights.knows(2));
        assert!(flights.arrived(1, 5).is_some());
        assert_eq!(flights.flying.len(), 2);
        assert!(flights.arrived(0, 6).is_some());
        assert!(flights.flying.is_empty());
        assert!(flights.knows(1) && !flights.knows(2));
    }
}
