//! What a client got of messages that it may get and need not: those that were under way as it came or went.

use std::ops::Range;

/// What one client got of such messages of one publisher.
#[derive(Clone, Debug, Default)]
pub struct Optional {
    /// In order, and apart from each other.
    got: Vec<Range<u32>>,
}

impl Optional {
    /// These came.
    pub fn take(&mut self, Range { mut start, mut end }: Range<u32>) {
        if start == end {
            return;
        }
        let first = self.got.partition_point(|range| range.end < start);
        let mut last = first;
        while let Some(range) = self.got.get(last).filter(|range| range.start <= end) {
            (start, end) = (start.min(range.start), end.max(range.end));
            last += 1;
        }
        self.got.splice(first..last, std::iter::once(start..end));
    }

    /// Whether this one came.
    pub fn has(&self, sequence: u32) -> bool {
        let at = self.got.partition_point(|range| range.end <= sequence);
        self.got
            .get(at)
            .is_some_and(|range| range.contains(&sequence))
    }

    /// Whether one came that is later than this.
    pub fn has_later(&self, sequence: u32) -> bool {
        self.got.last().is_some_and(|last| last.end > sequence + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_known_whatever_the_order() {
        let mut optional = Optional::default();
        for sequence in [5, 3, 4, 9, 7] {
            assert!(!optional.has(sequence));
            optional.take(sequence..sequence + 1);
            assert!(optional.has(sequence));
        }
        assert_eq!(optional.got, [3..6, 7..8, 9..10]);
        assert!(optional.has_later(8) && !optional.has_later(9));
        optional.take(0..9);
        assert_eq!(optional.got, std::slice::from_ref(&(0..10)));
        optional.take(12..12);
        assert!(!optional.has(12) && optional.has(0));
    }
}
