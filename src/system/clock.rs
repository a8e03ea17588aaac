//! The clock: read by the reactor, before and after each turn, and by nobody else.

use std::time::{Duration, Instant, SystemTime};

use crate::vocabulary::time::Now;

/// Time since the clock was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that begins at zero.
    pub fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    /// Reads how long it has been running.
    pub fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Reads the time.
    pub fn now(&self) -> Now {
        let unix = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Now {
            monotonic: self.monotonic(),
            unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
