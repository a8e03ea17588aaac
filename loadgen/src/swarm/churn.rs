//! Who leaves its channel when, to rejoin at once.

use std::{collections::HashMap, ops::Range};

/// The comings and goings of one thread's rovers: spread evenly over a period, in an order that chance decides.
#[derive(Debug)]
pub struct Churn {
    order: Vec<usize>,
    begin_ns: u64,
    end_ns: u64,
    period_ns: u64,
    /// How many have left so far.
    turns: u64,
    /// When those asked to leave who are not in again.
    away: HashMap<usize, u64>,
}

impl Churn {
    /// Rovers that each leave once in a period, in a span of time in nanoseconds since the origin.
    pub fn new(mut rovers: Vec<usize>, span_ns: Range<u64>, period_ns: u64) -> Self {
        fastrand::shuffle(&mut rovers);
        Self {
            order: rovers,
            begin_ns: span_ns.start,
            end_ns: span_ns.end,
            period_ns,
            turns: 0,
            away: HashMap::new(),
        }
    }

    /// Has nobody leave any more.
    pub fn stop(&mut self) {
        self.end_ns = self.begin_ns;
    }

    /// When the next one leaves, in nanoseconds since the origin.
    pub fn next_ns(&self) -> u64 {
        let rovers = self.order.len() as u128;
        let offset = (u128::from(self.turns) * u128::from(self.period_ns)).checked_div(rovers);
        offset
            .and_then(|offset| u64::try_from(offset).ok())
            .map(|offset| self.begin_ns.saturating_add(offset))
            .filter(|&next_ns| next_ns < self.end_ns)
            .unwrap_or(u64::MAX)
    }

    /// Whose turn it is to leave at `now_ns`, if anyone's.
    pub fn turn(&mut self, now_ns: u64) -> Option<usize> {
        if now_ns < self.next_ns() {
            return None;
        }
        let place = self.turns % self.order.len() as u64;
        self.turns += 1;
        self.order.get(usize::try_from(place).ok()?).copied()
    }

    /// Notes that one asked to leave.
    pub fn leaving(&mut self, rover: usize, now_ns: u64) {
        self.away.insert(rover, now_ns);
    }

    /// When one that is in again asked to leave; `None` if it never did.
    pub fn back(&mut self, rover: usize) -> Option<u64> {
        self.away.remove(&rover)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leaves_once_in_a_period() {
        let mut churn = Churn::new((0..10).collect(), 100..1200, 1000);
        let mut left: Vec<usize> = std::iter::from_fn(|| churn.turn(1099)).collect();
        left.sort_unstable();
        assert_eq!(left, (0..10).collect::<Vec<_>>());
        assert_eq!(churn.next_ns(), 1100);
        assert!(churn.turn(1100).is_some());
        assert_eq!((churn.next_ns(), churn.turn(1200)), (u64::MAX, None));
    }

    #[test]
    fn without_rovers_nobody_leaves() {
        let mut churn = Churn::new(Vec::new(), 0..1000, 1000);
        assert_eq!(
            (churn.next_ns(), churn.turn(u64::MAX - 1)),
            (u64::MAX, None)
        );
    }
}
