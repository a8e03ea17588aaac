//! When a publisher may send its next message.

use crate::plan::schedule::Schedule;

/// How publishers are paced.
#[derive(Clone, Debug)]
pub enum Pace {
    /// By a schedule, whatever the server does.
    Open(Schedule),
    /// By what came back: so many of a publisher's own messages are under way, until a moment.
    Closed {
        /// Messages under way.
        window: u32,
        /// When it is over, in nanoseconds since the origin.
        until_ns: u64,
    },
    /// They never send.
    Silent,
}

impl Pace {
    /// When a publisher's message number `sequence` should be sent, if that is not after `now_ns`; `settled` of its
    /// messages have come back, or never will.
    pub fn due(&self, publisher: usize, sequence: u32, settled: u32, now_ns: u64) -> Option<u64> {
        match self {
            Self::Open(schedule) => schedule
                .time_of(publisher, sequence)
                .filter(|&time_ns| time_ns <= now_ns),
            Self::Closed { window, until_ns } => {
                let under_way = sequence.saturating_sub(settled);
                (under_way < *window && now_ns < *until_ns).then_some(now_ns)
            }
            Self::Silent => None,
        }
    }

    /// Whether a publisher has no message number `sequence` any more, now or later.
    pub fn is_over(&self, publisher: usize, sequence: u32, now_ns: u64) -> bool {
        match self {
            Self::Open(schedule) => schedule.time_of(publisher, sequence).is_none(),
            Self::Closed { until_ns, .. } => now_ns >= *until_ns,
            Self::Silent => true,
        }
    }

    /// Drops what is not due at `now_ns`.
    pub fn stop(&mut self, now_ns: u64) {
        match self {
            Self::Open(schedule) => schedule.stop(now_ns),
            Self::Closed { until_ns, .. } => *until_ns = now_ns.min(*until_ns),
            Self::Silent => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::rate::Rate;

    #[test]
    fn a_window_opens_with_what_comes_back() {
        let pace = Pace::Closed {
            window: 2,
            until_ns: 100,
        };
        assert_eq!(pace.due(0, 1, 0, 50), Some(50));
        assert_eq!(pace.due(0, 2, 0, 50), None);
        assert_eq!(pace.due(0, 2, 1, 60), Some(60));
        assert_eq!(pace.due(0, 2, 1, 100), None);
        assert!(pace.is_over(0, 2, 100));
    }

    #[test]
    fn a_schedule_does_not_ask_what_came_back() {
        let every_ns = Rate::new(1e9).unwrap();
        let mut pace = Pace::Open(Schedule::new(0, 1000, every_ns, 2));
        assert_eq!(pace.due(1, 3, 0, 6), None);
        assert_eq!(pace.due(1, 3, 0, 9), Some(7));
        pace.stop(6);
        assert_eq!(pace.due(1, 3, 0, 9), None);
        assert!(pace.is_over(1, 3, 9));
    }
}
