//! Durations (or counts) counted as fast as can be, where each delivery is: what is made of them is [`Distribution`]'s.

use crate::record::distribution::{DIGITS, Distribution, LONGEST_NS};

/// Steps within each doubling: as many as a distribution of as many digits has (`2 * 10^digits`, up to a power of two).
const STEPS_LOG2: u32 = (2 * 10_u32.pow(DIGITS as u32)).next_power_of_two().ilog2() - 1;
const STEPS: u64 = 1 << STEPS_LOG2;
/// Doublings beyond the steps, up to the longest duration.
const OCTAVES: u32 = LONGEST_NS.ilog2() - STEPS_LOG2;
const BUCKETS: usize = ((OCTAVES + 2) as usize) << STEPS_LOG2;

/// A count for each duration that a distribution can tell apart.
#[derive(Debug)]
pub struct Tally {
    counts: Box<[u32; BUCKETS]>,
}

impl Default for Tally {
    fn default() -> Self {
        let counts = vec![0; BUCKETS].into_boxed_slice();
        Self {
            counts: counts.try_into().expect("it has that length"),
        }
    }
}

impl Tally {
    /// Adds one duration; what is longer than the longest counts as that.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.record_many(ns, 1);
    }

    /// Adds one duration so many times.
    #[inline]
    pub fn record_many(&mut self, ns: u64, count: u32) {
        self.counts[bucket(ns.min(LONGEST_NS))] += count;
    }

    /// Moves everything to a distribution.
    pub fn drain_into(&mut self, distribution: &mut Distribution) {
        for (bucket, count) in self.counts.iter_mut().enumerate() {
            if *count > 0 {
                distribution.record_many(value_ns(bucket as u64), u64::from(*count));
                *count = 0;
            }
        }
    }
}

/// Linear up to two times `STEPS`, then logarithmic: the exponent and the first bits.
#[inline]
fn bucket(ns: u64) -> usize {
    let octave = (ns | STEPS).ilog2() - STEPS_LOG2;
    let index = (u64::from(octave) << STEPS_LOG2) + (ns >> octave);
    usize::try_from(index).unwrap_or(BUCKETS - 1)
}

/// The least duration of a bucket, which a distribution takes for all that it cannot tell from it.
fn value_ns(bucket: u64) -> u64 {
    let octave = (bucket >> STEPS_LOG2).saturating_sub(1);
    (bucket - (octave << STEPS_LOG2)) << octave
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_as_exact_as_the_distribution_it_goes_to() {
        let mut tally = Tally::default();
        let (mut through, mut direct) = (Distribution::default(), Distribution::default());
        let mut ns = 1;
        while ns < 2 * LONGEST_NS {
            tally.record(ns);
            direct.record(ns);
            ns += ns / 13 + 1;
        }
        tally.drain_into(&mut through);
        let points = |distribution: &Distribution| distribution.curve().collect::<Vec<_>>();
        assert_eq!(points(&through), points(&direct));
        assert_eq!(through.count(), direct.count());
    }

    #[test]
    fn what_was_drained_is_gone() {
        let mut tally = Tally::default();
        tally.record(7);
        let mut distribution = Distribution::default();
        tally.drain_into(&mut distribution);
        tally.drain_into(&mut distribution);
        assert_eq!(distribution.count(), 1);
    }
}
