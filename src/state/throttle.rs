//! A bound on how often something is told: so many times a second, and then once how often it was not.

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// What was told lately, and what was not.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    per_second: u32,
    told: u32,
    untold: u64,
    /// When the second ends in which so much was told.
    ends: Duration,
}

impl Throttle {
    /// Nothing was told yet.
    pub fn new(per_second: u32) -> Self {
        Self {
            per_second,
            told: 0,
            untold: 0,
            ends: Duration::ZERO,
        }
    }

    /// Whether to tell of one more. What is not told is counted until it is [settled](Self::settle).
    pub fn tells(&mut self, now: Duration) -> bool {
        if now >= self.ends && self.untold == 0 {
            self.begin(now);
        }
        let tells = self.told < self.per_second;
        if tells {
            self.told += 1;
        } else {
            self.untold += 1;
        }
        tells
    }

    /// When to say how many were not told of, if there are any.
    pub fn due(&self) -> Option<Duration> {
        (self.untold > 0).then_some(self.ends)
    }

    /// How many were not told of, once it is time to say so.
    pub fn settle(&mut self, now: Duration) -> Option<u64> {
        let untold = self.untold;
        let is_due = self.due().is_some_and(|due| now >= due);
        is_due.then(|| {
            self.begin(now);
            untold
        })
    }

    fn begin(&mut self, now: Duration) {
        self.told = 0;
        self.untold = 0;
        self.ends = now + SECOND;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_told_in_a_second_and_then_how_much_was_not() {
        let mut throttle = Throttle::new(3);
        let told = |throttle: &mut Throttle, now| (0..10).filter(|_| throttle.tells(now)).count();
        assert_eq!(told(&mut throttle, SECOND), 3);
        assert_eq!(throttle.due(), Some(SECOND * 2));
        assert_eq!(throttle.settle(SECOND), None);
        assert_eq!(
            told(&mut throttle, SECOND * 3),
            0,
            "first what was not told"
        );
        assert_eq!(throttle.settle(SECOND * 3), Some(17));
        assert_eq!((throttle.due(), throttle.settle(SECOND * 9)), (None, None));
        assert_eq!(told(&mut throttle, SECOND * 3), 3);
    }

    #[test]
    fn what_is_seldom_is_always_told() {
        let mut throttle = Throttle::new(1);
        for second in 1..100 {
            assert!(throttle.tells(SECOND * second));
        }
        assert_eq!(throttle.due(), None);
    }
}
