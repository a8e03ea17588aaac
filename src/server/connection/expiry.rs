//! When the token of a session expires. It is a moment of the wall clock, which may be wrong when the token comes and be
//! set right later; so the two are compared again and again.

use std::time::Duration;

use crate::vocabulary::{config::DURATION_MAX, time::Now};

/// The end of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expiry {
    /// When it comes by the wall clock, since the Unix epoch.
    at: Duration,
    /// When it comes if the wall clock was right in the beginning and moves as time does. One that is set back makes no
    /// session longer.
    until: Duration,
    /// When to look again.
    due: Duration,
}

impl Expiry {
    /// That of a token that is good until a moment since the Unix epoch, looked at once in an interval.
    pub(super) fn new(at: Duration, now: Now, interval: Duration) -> Self {
        let until = now.monotonic + at.saturating_sub(now.unix()).min(DURATION_MAX);
        Self {
            at,
            until,
            due: until.min(now.monotonic + interval),
        }
    }

    /// When to look whether it has come.
    pub(super) fn due(&self) -> Duration {
        self.due
    }

    /// Looks whether it has come, and looks again after an interval if it has not.
    pub(super) fn has_come(&mut self, now: Now, interval: Duration) -> bool {
        self.due = self.until.min(now.monotonic + interval);
        now.monotonic >= self.until || now.unix() >= self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);
    const INTERVAL: Duration = Duration::from_mins(1);
    const NOON: Duration = Duration::from_hours(12);

    fn now(monotonic: Duration, unix: Duration) -> Now {
        Now {
            monotonic,
            unix_ms: unix.as_millis().try_into().unwrap(),
        }
    }

    #[test]
    fn it_is_due_once_an_interval_and_when_it_comes() {
        let mut expiry = Expiry::new(NOON + INTERVAL + SECOND, now(HOUR, NOON), INTERVAL);
        assert_eq!(expiry.due(), HOUR + INTERVAL);
        assert!(!expiry.has_come(now(HOUR + INTERVAL, NOON + INTERVAL), INTERVAL));
        assert_eq!(expiry.due(), HOUR + INTERVAL + SECOND);
        let end = now(HOUR + INTERVAL + SECOND, NOON + INTERVAL + SECOND);
        assert!(expiry.has_come(end, INTERVAL));
    }

    #[test]
    fn it_has_come_once_either_clock_says_so() {
        let at = NOON + HOUR;
        let came_at = now(SECOND, NOON);
        let mut set_forward = Expiry::new(at, came_at, INTERVAL);
        assert!(set_forward.has_come(now(SECOND * 2, at), INTERVAL));
        let mut set_back = Expiry::new(at, came_at, INTERVAL);
        assert!(!set_back.has_come(now(HOUR, HOUR * 11), INTERVAL));
        assert!(set_back.has_come(now(HOUR + SECOND, NOON), INTERVAL));
    }

    #[test]
    fn one_that_never_comes_can_be_added_to() {
        let expiry = Expiry::new(Duration::MAX, now(HOUR, NOON), INTERVAL);
        assert_eq!(expiry.due(), HOUR + INTERVAL);
    }
}
