//! How values are spread.

/// A histogram with a bucket for each power of two below `2^N`, and one for the rest.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    pub(super) buckets: [u64; N],
    pub(super) count: u64,
    pub(super) sum: u64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self {
            buckets: [0; N],
            count: 0,
            sum: 0,
        }
    }
}

impl<const N: usize> Histogram<N> {
    /// Counts `value`, `times` over.
    pub fn record(&mut self, value: u64, times: u64) {
        let bucket = value
            .saturating_sub(1)
            .checked_ilog2()
            .map_or(0, |log| log as usize + 1);
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += times;
        }
        self.count += times;
        self.sum += value * times;
    }
}
