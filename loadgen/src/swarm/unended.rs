//! A message that has begun and not ended.

use std::time::Duration;

use crate::plan::nanoseconds;

/// What has begun later than so long before the end of a run may yet end.
const PATIENCE: Duration = Duration::from_millis(500);

/// What one client got of such a message, if there is one.
#[derive(Debug, Default)]
pub struct Unended {
    bytes: usize,
    begun_ns: u64,
}

impl Unended {
    /// Notes that so many bytes came at `now_ns`: all of them belong to it, or, if there was anything whole among them, the
    /// rest that is behind that.
    #[inline]
    pub fn came(&mut self, bytes: usize, rest: Option<usize>, now_ns: u64) {
        if rest.is_some() || self.bytes == 0 {
            self.begun_ns = now_ns;
        }
        self.bytes = rest.unwrap_or(self.bytes + bytes);
    }

    /// How much there is of it at the end, if nobody waits any more for what is missing.
    pub fn at_end(&self, now_ns: u64) -> Option<usize> {
        let is_old = now_ns.saturating_sub(self.begun_ns) >= nanoseconds(PATIENCE);
        (self.bytes > 0 && is_old).then_some(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN_NS: u64 = 1_000;
    const OLD_NS: u64 = BEGUN_NS + 500_000_000;

    #[test]
    fn what_begins_is_known_after_a_while_by_all_that_came_of_it() {
        let mut unended = Unended::default();
        assert_eq!(unended.at_end(OLD_NS), None);
        unended.came(9, Some(2), BEGUN_NS);
        unended.came(3, None, OLD_NS - 1);
        assert_eq!(unended.at_end(OLD_NS - 1), None);
        assert_eq!(unended.at_end(OLD_NS), Some(5));
        unended.came(7, Some(0), OLD_NS);
        assert_eq!(unended.at_end(2 * OLD_NS), None);
    }

    #[test]
    fn what_goes_on_is_not_what_never_ended() {
        let mut unended = Unended::default();
        unended.came(3, None, BEGUN_NS);
        unended.came(9, Some(3), OLD_NS);
        assert_eq!(unended.at_end(OLD_NS), None);
        unended.came(9, Some(0), OLD_NS);
        unended.came(3, None, 2 * OLD_NS);
        assert_eq!(unended.at_end(2 * OLD_NS), None);
    }
}
