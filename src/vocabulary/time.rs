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
