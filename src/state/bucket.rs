//! A bound on how often something may happen: so much a second, and up to a second's worth at once.

use std::time::Duration;

/// How much may be spent at once, as time at the full rate.
const BURST: Duration = Duration::from_secs(1);

/// What was spent lately. One number: when all of it would have been spent at the full rate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    spent_until: Duration,
}

impl Bucket {
    /// Spends so much of what may be spent in a second. If that was too much, it says when there will be room again.
    pub fn spend(&mut self, amount: u64, per_second: u64, now: Duration) -> Option<Duration> {
        let nanos = u128::from(amount) * 1_000_000_000 / u128::from(per_second.max(1));
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.spent_until = self
            .spent_until
            .max(now)
            .saturating_add(Duration::from_nanos(nanos));
        let room_at = self.spent_until.saturating_sub(BURST);
        (room_at > now).then_some(room_at)
    }

    /// Whether there is room for one more, which is spent then.
    pub fn take(&mut self, per_second: u64, now: Duration) -> bool {
        let before = *self;
        let is_over = self.spend(1, per_second, now).is_some();
        if is_over {
            *self = before;
        }
        !is_over
    }

    /// Whether nothing of it matters any more.
    pub fn is_full(&self, now: Duration) -> bool {
        self.spent_until <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_seconds_worth_may_be_spent_at_once_and_then_so_much_a_second() {
        let mut bucket = Bucket::default();
        let mut taken = |now| (0..100).filter(|_| bucket.take(10, now)).count();
        assert_eq!(taken(SECOND), 10);
        assert_eq!(taken(SECOND), 0);
        assert_eq!(taken(SECOND * 3 / 2), 5);
        assert_eq!(taken(SECOND * 60), 10);
    }

    #[test]
    fn what_was_spent_too_much_is_waited_for() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.spend(10, 10, SECOND), None);
        assert_eq!(bucket.spend(20, 10, SECOND), Some(SECOND * 3));
        assert!(!bucket.is_full(SECOND * 3));
        assert!(bucket.is_full(SECOND * 4));
    }

    #[test]
    fn even_the_largest_amounts_are_only_a_long_wait() {
        let mut bucket = Bucket::default();
        assert!(bucket.spend(u64::MAX, 1, SECOND).is_some());
        assert!(bucket.spend(u64::MAX, 0, SECOND).is_some());
    }
}
