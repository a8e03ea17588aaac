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

/// How far things in a row are written that have growing numbers, of which any may go meanwhile.
#[derive(Debug)]
pub struct FrozenRow<R> {
    /// The numbers that are still to be looked at.
    numbers: Range<u64>,
    /// What was written because it was about to go.
    kept: Vec<R>,
}

impl<R> Default for FrozenRow<R> {
    fn default() -> Self {
        Self {
            numbers: 0..0,
            kept: Vec::new(),
        }
    }
}

impl<R> FrozenRow<R> {
    /// Freezes what has these numbers. Whatever was not written of the last freeze never is.
    pub fn freeze(&mut self, numbers: Range<u64>) {
        self.numbers = numbers;
        self.kept = Vec::new();
    }

    /// Has one written that is about to go, unless it is.
    pub fn keep(&mut self, number: u64, record: impl FnOnce() -> R) {
        if self.numbers.contains(&number) {
            self.kept.push(record());
        }
    }

    /// The next, not in the order of their numbers; `first` is to find the first of those that are there with such a number.
    pub fn next(&mut self, first: impl FnOnce(Range<u64>) -> Option<(u64, R)>) -> Option<R> {
        if let Some(kept) = self.kept.pop() {
            return Some(kept);
        }
        let Range { end, .. } = self.numbers;
        let found = first(self.numbers.clone());
        self.numbers.start = found.as_ref().map_or(end, |(number, _)| number + 1);
        found.map(|(_, record)| record)
    }

    /// What was written because it was about to go, and is not taken yet.
    pub fn kept(&self) -> &[R] {
        &self.kept
    }
}
