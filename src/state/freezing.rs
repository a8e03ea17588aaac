//! Writing down many things as they are at one moment, a few at a time: whatever is about to change meanwhile is written
//! first.

use std::ops::Range;

/// Which freeze something was last written in, or was there before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freeze(u32);

/// How far things that are frozen are written, by their places in a slab.
#[derive(Debug)]
pub struct Frozen<R> {
    last: Freeze,
    /// The next place that is to be looked at, and the one behind the last.
    places: Range<u32>,
    /// What was written because it was about to change.
    kept: Vec<R>,
}

impl<R> Default for Frozen<R> {
    fn default() -> Self {
        Self {
            last: Freeze::default(),
            places: 0..0,
            kept: Vec::new(),
        }
    }
}

impl<R> Frozen<R> {
    /// Freezes what is in so many places. Whatever was not written of the last freeze never is.
    pub fn freeze(&mut self, places: u32) {
        self.last = Freeze(self.last.0.wrapping_add(1));
        self.places = 0..places;
        self.kept = Vec::new();
    }

    /// The last freeze: whatever is newer is to be noted to be written in it.
    pub fn last(&self) -> Freeze {
        self.last
    }

    /// Whether there is something to look at still.
    #[inline]
    pub fn is_going_on(&self) -> bool {
        !self.places.is_empty()
    }

    /// Adds what was about to change.
    pub fn keep(&mut self, record: R) {
        self.kept.push(record);
    }

    /// Takes one that was.
    pub fn take_kept(&mut self) -> Option<R> {
        self.kept.pop()
    }

    /// The next place to look at.
    pub fn next_place(&mut self) -> Option<u32> {
        self.places.next()
    }
}
