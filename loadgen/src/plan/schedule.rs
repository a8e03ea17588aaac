//! When each message should be sent: evenly spaced, by each publisher in turn, whatever the server does.

use std::sync::Arc;

use crate::{args::rate::Rate, plan::piece::Piece};

/// An open-loop schedule. Message `k` of all belongs to publisher `k mod publishers`, and is that publisher's
/// `k / publishers`-th.
#[derive(Clone, Debug)]
pub struct Schedule {
    start_ns: u64,
    pattern: Pattern,
    publishers: u32,
    total: u64,
}

/// How messages follow each other.
#[derive(Clone, Debug)]
enum Pattern {
    /// At one rate.
    Even(Rate),
    /// At rates that change, in one part at least.
    Pieces(Arc<[Piece]>),
}

impl Pattern {
    fn about(&self, elapsed_ns: u64) -> u64 {
        match self {
            Self::Even(rate) => rate.about(elapsed_ns),
            Self::Pieces(pieces) => {
                let at = pieces.partition_point(|piece| piece.end_ns() <= elapsed_ns);
                pieces[at.min(pieces.len() - 1)].about(elapsed_ns)
            }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "it is exact up to 2^53 messages"
    )]
    fn due_ns(&self, k: u64) -> u64 {
        match self {
            Self::Even(rate) => rate.due_ns(k),
            Self::Pieces(pieces) => {
                let at = pieces.partition_point(|piece| piece.after() <= k as f64);
                pieces.get(at).map_or(u64::MAX, |piece| piece.due_ns(k))
            }
        }
    }
}

impl Schedule {
    /// A schedule of a rate of messages in all, over the `span_ns` that begin at `start_ns` since the origin.
    pub fn new(start_ns: u64, span_ns: u64, rate: Rate, publishers: u32) -> Self {
        Self::of(start_ns, span_ns, Pattern::Even(rate), publishers)
    }

    /// A schedule of several parts, one after another, the first of which begins at `start_ns` since the origin.
    pub fn of_pieces(start_ns: u64, pieces: Vec<Piece>, publishers: u32) -> Self {
        let span_ns = pieces.last().map_or(0, |last| last.end_ns());
        Self::of(
            start_ns,
            span_ns,
            Pattern::Pieces(pieces.into()),
            publishers,
        )
    }

    fn of(start_ns: u64, span_ns: u64, pattern: Pattern, publishers: u32) -> Self {
        assert!(publishers > 0, "a schedule has publishers");
        let mut schedule = Self {
            start_ns,
            pattern,
            publishers,
            total: u64::MAX,
        };
        schedule.total = match span_ns.checked_sub(1) {
            Some(last) => schedule.due(start_ns + last),
            None => 0,
        };
        schedule
    }

    /// Messages of all publishers.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Messages whose time has come at `now_ns`.
    pub fn due(&self, now_ns: u64) -> u64 {
        let Some(elapsed) = now_ns.checked_sub(self.start_ns) else {
            return 0;
        };
        let mut due = self.pattern.about(elapsed).min(self.total);
        // That may be wrong by rounding; what counts is each message's own time.
        while due > 0 && self.time(due - 1) > now_ns {
            due -= 1;
        }
        while due < self.total && self.time(due) <= now_ns {
            due += 1;
        }
        due
    }

    /// When message `k` of all should be sent, in nanoseconds since the origin.
    pub fn time(&self, k: u64) -> u64 {
        self.start_ns.saturating_add(self.pattern.due_ns(k))
    }

    /// Whose turn message `k` of all is.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "publishers are counted in 32 bits"
    )]
    pub fn publisher(&self, k: u64) -> usize {
        (k % u64::from(self.publishers)) as usize
    }

    /// When a publisher should send its message number `sequence`, or `None` if it has no such message.
    pub fn time_of(&self, publisher: usize, sequence: u32) -> Option<u64> {
        let k = u64::from(sequence) * u64::from(self.publishers) + publisher as u64;
        (k < self.total).then(|| self.time(k))
    }

    /// Messages of one publisher.
    pub fn total_of(&self, publisher: usize) -> u64 {
        self.total
            .saturating_sub(publisher as u64)
            .div_ceil(u64::from(self.publishers))
    }

    /// Messages of one publisher that should be sent before a moment, in nanoseconds since the origin.
    pub fn before(&self, publisher: usize, ns: u64) -> u64 {
        let due = ns.checked_sub(1).map_or(0, |last| self.due(last));
        due.saturating_sub(publisher as u64)
            .div_ceil(u64::from(self.publishers))
    }

    /// Drops what is not due at `now_ns`.
    pub fn stop(&mut self, now_ns: u64) {
        self.total = self.due(now_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn rate(per_second: f64) -> Rate {
        Rate::new(per_second).unwrap()
    }

    #[test]
    fn a_hundred_a_second_is_one_every_ten_milliseconds() {
        let schedule = Schedule::new(5, 1000 * MS, rate(100.0), 10);
        assert_eq!(schedule.total(), 100);
        assert_eq!(schedule.due(0), 0);
        assert_eq!(schedule.due(5), 1);
        assert_eq!(schedule.due(4 + 10 * MS), 1);
        assert_eq!(schedule.due(5 + 10 * MS), 2);
        assert_eq!(schedule.due(u64::MAX), 100);
        assert_eq!(schedule.time_of(3, 0), Some(5 + 30 * MS));
        assert_eq!(schedule.time_of(3, 1), Some(5 + 130 * MS));
        assert_eq!(schedule.time_of(3, 10), None);
    }

    #[test]
    fn a_message_is_due_exactly_from_its_time_on() {
        for per_second in [0.001, 1.0 / 3.0, 0.5, 1.0, 3.0, 7.0, 999.0, 123_457.0, 1e9] {
            let schedule = Schedule::new(17, 3600 * 1000 * MS, rate(per_second), 3);
            for k in (0..2000).filter(|&k| k < schedule.total()) {
                let time = schedule.time(k);
                assert!(schedule.due(time) > k, "rate {per_second}, message {k}");
                assert!(
                    time == schedule.start_ns || schedule.due(time - 1) <= k,
                    "rate {per_second}, message {k}"
                );
            }
        }
    }

    #[test]
    fn the_publishers_share_all_messages() {
        for publishers in [1, 2, 3, 10, 101] {
            let schedule = Schedule::new(0, 1000 * MS, rate(100.0), publishers);
            let each = (0..publishers as usize).map(|publisher| schedule.total_of(publisher));
            assert_eq!(each.sum::<u64>(), schedule.total());
            for k in 0..schedule.total() {
                let sequence = u32::try_from(k / u64::from(publishers)).unwrap();
                let time = schedule.time_of(schedule.publisher(k), sequence);
                assert_eq!(time, Some(schedule.time(k)));
            }
        }
    }

    #[test]
    fn a_message_is_before_all_moments_that_are_after_its_time() {
        let schedule = Schedule::new(5, 1000 * MS, rate(100.0), 10);
        let before = |publisher, ns| schedule.before(publisher, ns);
        assert_eq!([before(0, 0), before(0, 5), before(0, 6)], [0, 0, 1]);
        let third = 5 + 130 * MS;
        assert_eq!([before(3, third), before(3, third + 1)], [1, 2]);
        assert_eq!(before(3, u64::MAX), 10);
    }

    #[test]
    fn stopped_early_it_keeps_what_was_due() {
        let mut schedule = Schedule::new(0, 1000 * MS, rate(100.0), 10);
        schedule.stop(55 * MS);
        assert_eq!(schedule.total(), 6);
        assert_eq!(schedule.time_of(5, 0), Some(50 * MS));
        assert_eq!(schedule.time_of(6, 0), None);
    }
}
