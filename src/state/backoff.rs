//! How long to wait before the next attempt: exponential backoff with full jitter, as the page's `backoff.js` has it.

use std::time::Duration;

/// Counts failures.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits of up to `first` after one failure, twice as long after each further one, and never more than `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// The wait before the next attempt, in whole milliseconds; `chance` is from 0 to 1.
    pub fn wait(&mut self, chance: f64) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures);
        let ceiling = self.first.saturating_mul(factor);
        self.failures = self.failures.saturating_add(1);
        let wait = ceiling.min(self.longest).mul_f64(chance.clamp(0.0, 1.0));
        Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }

    /// How many there were since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// There was a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        Backoff::new(Duration::from_secs(1), Duration::from_secs(30))
    }

    #[test]
    fn waits_grow_up_to_the_longest_until_a_success() {
        let mut backoff = backoff();
        let mut longest = || backoff.wait(1.0).as_secs();
        assert_eq!([(); 7].map(|()| longest()), [1, 2, 4, 8, 16, 30, 30]);
        for _ in 0..100 {
            backoff.wait(1.0);
        }
        assert_eq!(backoff.wait(1.0).as_secs(), 30);
        backoff.reset();
        assert_eq!(backoff.wait(1.0).as_secs(), 1);
    }

    #[test]
    fn chance_has_the_whole_of_a_wait() {
        let first = |chance| backoff().wait(chance).as_millis();
        assert_eq!([0.0, 0.1239, 0.5, 1.0].map(first), [0, 123, 500, 1000]);
    }
}
