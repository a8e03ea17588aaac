//! A part of a schedule, at a rate that holds still or changes evenly.

use crate::args::rate::Rate;

const SECOND_NS: f64 = 1e9;

/// A part of a schedule. Messages are counted over all parts, in fractions: one that falls due where two parts meet
/// belongs to the later.
#[derive(Clone, Copy, Debug, Default)]
pub struct Piece {
    /// When it begins, in nanoseconds since the schedule does.
    begin_ns: u64,
    /// How long it is.
    pub length_ns: u64,
    /// Messages due before it.
    before: f64,
    /// Messages a second at its begin.
    from: f64,
    /// And at its end.
    to: f64,
}

impl Piece {
    /// The one after this, of such a length and with such rates at its begin and at its end.
    #[must_use]
    pub fn then(self, length_ns: u64, from: Rate, to: Rate) -> Self {
        Self {
            begin_ns: self.end_ns(),
            length_ns,
            before: self.before + self.up_to(self.length_ns),
            from: from.per_second(),
            to: to.per_second(),
        }
    }

    /// When it ends, in nanoseconds since the schedule begins.
    pub fn end_ns(self) -> u64 {
        self.begin_ns.saturating_add(self.length_ns)
    }

    /// Messages due before its end.
    pub fn after(self) -> f64 {
        self.before + self.up_to(self.length_ns)
    }

    /// About how many messages are due at a moment of it, in nanoseconds since the schedule begins.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is positive, and about right"
    )]
    pub fn about(self, elapsed_ns: u64) -> u64 {
        (self.before + self.up_to(elapsed_ns - self.begin_ns)) as u64
    }

    /// When a message of it is due, in nanoseconds since the schedule begins, rounded up: where the area under the rate is
    /// what comes before that message. Of the two forms of the solution the one that also holds where the rate is constant.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is positive, and exact up to a hundred days"
    )]
    pub fn due_ns(self, k: u64) -> u64 {
        let within = (k as f64 - self.before).max(0.0);
        let root = (self.from * self.from + 2.0 * self.slope() * within).max(0.0);
        let seconds = 2.0 * within / (self.from + root.sqrt());
        let within_ns = (seconds * SECOND_NS).ceil() as u64;
        self.begin_ns.saturating_add(within_ns.min(self.length_ns))
    }

    /// Messages due in so many of its nanoseconds.
    #[expect(
        clippy::cast_precision_loss,
        reason = "it is exact up to a hundred days"
    )]
    fn up_to(self, ns: u64) -> f64 {
        let seconds = ns as f64 / SECOND_NS;
        seconds * (self.from + self.slope() * seconds / 2.0)
    }

    /// By how much the rate changes in a second.
    #[expect(
        clippy::cast_precision_loss,
        reason = "it is exact up to a hundred days"
    )]
    fn slope(self) -> f64 {
        match self.length_ns {
            0 => 0.0,
            length_ns => (self.to - self.from) * SECOND_NS / length_ns as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn ramp(from: f64, to: f64) -> Piece {
        let [from, to] = [from, to].map(|rate| Rate::new(rate).unwrap());
        Piece::default().then(10 * SECOND, from, to)
    }

    #[test]
    fn a_ramp_has_as_many_messages_as_its_mean_rate() {
        assert!((ramp(100.0, 300.0).after() - 2000.0).abs() < 1e-6);
        assert!((ramp(300.0, 100.0).after() - 2000.0).abs() < 1e-6);
    }

    #[test]
    fn the_distance_of_two_messages_follows_the_rate() {
        let up = ramp(100.0, 300.0);
        let gap = |k| up.due_ns(k + 1) - up.due_ns(k);
        assert_eq!(up.due_ns(0), 0);
        assert!((9_900_000..10_000_000).contains(&gap(0)), "{}", gap(0));
        assert!((3_333_000..3_345_000).contains(&gap(1998)), "{}", gap(1998));
        // Half the time has gone by when the rate is that of the middle.
        let middle = up.due_ns(750);
        assert!(middle.abs_diff(5 * SECOND) < 10, "{middle}");
    }

    #[test]
    fn a_piece_goes_on_where_the_one_before_ended() {
        let ten = Rate::new(10.0).unwrap();
        let first = Piece::default().then(SECOND, ten, ten);
        let second = first.then(SECOND, ten, Rate::new(20.0).unwrap());
        assert_eq!(
            (first.due_ns(9), second.due_ns(10)),
            (SECOND / 10 * 9, SECOND)
        );
        assert_eq!((second.about(SECOND), second.end_ns()), (10, 2 * SECOND));
        assert!((second.after() - 25.0).abs() < 1e-9);
    }
}
