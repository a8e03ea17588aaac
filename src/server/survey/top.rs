//! Those with the most of something.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// As many of them as are asked for, at most.
#[derive(Debug)]
pub(super) struct Top<T> {
    most: usize,
    heap: BinaryHeap<Reverse<(u64, T)>>,
}

impl<T: Ord> Top<T> {
    /// Nobody yet, and never more than `most`.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            heap: BinaryHeap::new(),
        }
    }

    /// Takes one in that has so much, if others have less.
    pub(super) fn offer(&mut self, measure: u64, of: T) {
        if self.heap.len() < self.most {
            self.heap.push(Reverse((measure, of)));
        } else if let Some(mut least) = self.heap.peek_mut()
            && least.0.0 < measure
        {
            *least = Reverse((measure, of));
        }
    }

    /// All of them, those with the most first.
    pub(super) fn into_vec(self) -> Vec<(u64, T)> {
        let sorted = self.heap.into_sorted_vec();
        sorted.into_iter().map(|Reverse(one)| one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_with_the_most_come_first_and_the_others_not_at_all() {
        let mut top = Top::new(3);
        for (measure, of) in [(1, 'a'), (5, 'b'), (3, 'c'), (4, 'd'), (0, 'e'), (3, 'f')] {
            top.offer(measure, of);
        }
        assert_eq!(top.into_vec(), [(5, 'b'), (4, 'd'), (3, 'c')]);
    }
}
