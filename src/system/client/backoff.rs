//! How long to wait before the next attempt to connect: exponential backoff with full jitter, as the page's `backoff.js`
//! has it.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// Connected for this long counts as a success; a server that accepts and drops at once is not hammered.
pub const STABLE: Duration = Duration::from_secs(10);

/// Counts failures.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait before the next attempt, in whole milliseconds; `chance` is from 0 to 1.
    pub fn wait(&mut self, chance: f64) -> Duration {
        let ceiling = FIRST.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        let wait = ceiling.min(LONGEST).mul_f64(chance.clamp(0.0, 1.0));
        Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }

    /// There was a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_half_a_minute_until_a_success() {
        let mut backoff = Backoff::default();
        let mut longest = || backoff.wait(1.0).as_secs();
        assert_eq!([(); 7].map(|()| longest()), [1, 2, 4, 8, 16, 30, 30]);
        for _ in 0..100 {
            backoff.wait(1.0);
        }
        assert_eq!(backoff.wait(1.0), LONGEST);
        backoff.reset();
        assert_eq!(backoff.wait(1.0), FIRST);
    }

    #[test]
    fn chance_has_the_whole_of_a_wait() {
        let first = |chance| Backoff::default().wait(chance).as_millis();
        assert_eq!([0.0, 0.1239, 0.5, 1.0].map(first), [0, 123, 500, 1000]);
    }
}
