//! Time as an argument: only the reactor reads a clock, everything below is told.

use std::time::Duration;

/// One reading of the clocks, taken once a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Time since an origin that the caller picks; never goes back.
    pub monotonic: Duration,
    /// Milliseconds since the Unix epoch; may jump when the operator sets the clock.
    pub unix_ms: u64,
}

impl Now {
    /// Time since the Unix epoch.
    pub fn unix(self) -> Duration {
        Duration::from_millis(self.unix_ms)
    }
}

/// When something is in a sequence that several servers may have: the same for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Time since an origin that all of them share; never goes back.
    pub at: Duration,
    /// What is told of it: milliseconds since the Unix epoch, which may jump.
    pub unix_ms: u64,
}

impl From<Now> for Moment {
    /// That of a server whose clock nobody shares.
    fn from(now: Now) -> Self {
        Self {
            at: now.monotonic,
            unix_ms: now.unix_ms,
        }
    }
}
