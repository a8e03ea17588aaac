//! How evenly the clients are served: a coarse histogram for each, small enough for thousands.

/// Steps within each doubling: a value is known to one part in sixteen.
const STEPS: u64 = 8;
const STEPS_LOG2: u32 = STEPS.ilog2();
/// Doublings told apart, up to nine minutes; what lies beyond counts at the edge.
const OCTAVES: u32 = 29;
/// A unit is 256 ns.
const UNIT_NS_LOG2: u32 = 8;
const BUCKETS: usize = (OCTAVES as usize) << STEPS_LOG2;

/// Latencies, client by client.
#[derive(Debug)]
pub struct Fairness {
    buckets: Vec<[u32; BUCKETS]>,
}

impl Fairness {
    /// Empty histograms for so many clients.
    pub fn new(clients: usize) -> Self {
        Self {
            buckets: vec![[0; BUCKETS]; clients],
        }
    }

    /// Notes one delivery to a client.
    #[inline]
    pub fn record(&mut self, client: usize, latency_ns: u64) {
        self.buckets[client][bucket(latency_ns)] += 1;
    }

    /// The p99 in nanoseconds of the client served best, and of the one served worst. `None` if nobody got anything.
    pub fn best_and_worst_p99_ns(&self) -> Option<(u64, u64)> {
        let p99s = || self.buckets.iter().filter_map(p99_ns);
        Some((p99s().min()?, p99s().max()?))
    }
}

/// Linear up to two times `STEPS` units, then logarithmic: the exponent and the first bits after the leading one.
fn bucket(latency_ns: u64) -> usize {
    let units = latency_ns >> UNIT_NS_LOG2;
    let octave = units.max(STEPS).ilog2() - STEPS_LOG2;
    let index = u64::from(octave) * STEPS + (units >> octave);
    usize::try_from(index).map_or(BUCKETS - 1, |index| index.min(BUCKETS - 1))
}

/// The middle of a bucket.
fn value_ns(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let octave = (bucket / STEPS).saturating_sub(1);
    let units = bucket - octave * STEPS;
    ((units << octave) << UNIT_NS_LOG2) + ((1 << octave << UNIT_NS_LOG2) / 2)
}

fn p99_ns(buckets: &[u32; BUCKETS]) -> Option<u64> {
    let total: u64 = buckets.iter().copied().map(u64::from).sum();
    let rank = (total * 99).div_ceil(100);
    let mut seen = 0;
    let at = buckets.iter().position(|&count| {
        seen += u64::from(count);
        seen >= rank && total > 0
    })?;
    Some(value_ns(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_to_one_part_in_sixteen() {
        let mut latency_ns = 3000;
        while latency_ns < 100_000_000_000 {
            let told = value_ns(bucket(latency_ns));
            assert!(
                told.abs_diff(latency_ns) * 16 <= latency_ns,
                "{latency_ns} told as {told}"
            );
            latency_ns += latency_ns / 7;
        }
    }

    #[test]
    fn values_out_of_range_count_at_the_edge() {
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn the_client_served_worst_is_found() {
        let mut fairness = Fairness::new(3);
        assert_eq!(fairness.best_and_worst_p99_ns(), None);
        for _ in 0..200 {
            fairness.record(0, 100_000);
            fairness.record(2, 9_000_000);
        }
        fairness.record(0, 70_000_000);
        let (best, worst) = fairness.best_and_worst_p99_ns().unwrap();
        assert!((90_000..110_000).contains(&best), "{best}");
        assert!((8_000_000..10_000_000).contains(&worst), "{worst}");
    }
}
