//! How evenly the clients are served: a coarse histogram for each, small enough for thousands.

use crate::figures;

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
    clients: Vec<Share>,
}

/// One client's latencies.
#[derive(Clone, Debug)]
pub struct Share {
    sum_ns: u64,
    buckets: [u32; BUCKETS],
}

impl Fairness {
    /// Empty histograms for so many clients.
    pub fn new(clients: usize) -> Self {
        Self {
            clients: vec![Share::default(); clients],
        }
    }

    /// Where one client's deliveries are noted.
    #[inline]
    pub fn of(&mut self, client: usize) -> &mut Share {
        &mut self.clients[client]
    }

    /// The p99 in nanoseconds of the client served best, and of the one served worst. `None` if nobody got anything.
    pub fn best_and_worst_p99_ns(&self) -> Option<(u64, u64)> {
        let p99s = || self.clients.iter().filter_map(Share::p99_ns);
        Some((p99s().min()?, p99s().max()?))
    }

    /// The mean latency in nanoseconds of each of `parts` equal parts of the clients, in the order in which they
    /// connected; a part that got nothing has none.
    pub fn means_by_position_ns(&self, parts: usize) -> Vec<Option<f64>> {
        let length = self.clients.len();
        (0..parts)
            .map(|part| {
                let clients = &self.clients[part * length / parts..(part + 1) * length / parts];
                let count: u64 = clients.iter().map(Share::count).sum();
                let sum_ns: u64 = clients.iter().map(|client| client.sum_ns).sum();
                (count > 0).then(|| figures::ratio(sum_ns, count))
            })
            .collect()
    }

    /// Weaves the clients of several threads together: thread `t` of `n` has the clients `t`, `t + n`, `t + 2n` ….
    pub fn woven(threads: Vec<Self>) -> Self {
        let clients = threads.iter().map(|thread| thread.clients.len()).sum();
        let mut threads: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.clients.into_iter())
            .collect();
        let count = threads.len();
        let clients = (0..clients).filter_map(|client| threads[client % count].next());
        Self {
            clients: clients.collect(),
        }
    }
}

impl Share {
    /// Notes so many deliveries that took as long.
    #[inline]
    pub fn record(&mut self, latency_ns: u64, count: u32) {
        self.sum_ns += latency_ns * u64::from(count);
        self.buckets[bucket(latency_ns)] += count;
    }

    fn count(&self) -> u64 {
        self.buckets.iter().copied().map(u64::from).sum()
    }

    fn p99_ns(&self) -> Option<u64> {
        let rank = (self.count() * 99).div_ceil(100);
        let mut seen = 0;
        let at = self.buckets.iter().position(|&count| {
            seen += u64::from(count);
            seen >= rank && rank > 0
        })?;
        Some(value_ns(at))
    }
}

impl Default for Share {
    fn default() -> Self {
        Self {
            sum_ns: 0,
            buckets: [0; BUCKETS],
        }
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
            fairness.of(0).record(100_000, 1);
            fairness.of(2).record(9_000_000, 1);
        }
        fairness.of(0).record(70_000_000, 1);
        let (best, worst) = fairness.best_and_worst_p99_ns().unwrap();
        assert!((90_000..110_000).contains(&best), "{best}");
        assert!((8_000_000..10_000_000).contains(&worst), "{worst}");
    }

    #[test]
    fn the_mean_is_known_by_position() {
        let mut fairness = Fairness::new(4);
        for client in 0..4 {
            fairness.of(client).record(client as u64 * 1000, 1);
        }
        assert_eq!(
            fairness.means_by_position_ns(2),
            [Some(500.0), Some(2500.0)]
        );
        assert_eq!(Fairness::new(1).means_by_position_ns(2), [None, None]);
    }

    #[test]
    fn the_clients_of_all_threads_are_woven_in_their_order() {
        let mut threads: Vec<_> = [2, 1].map(Fairness::new).into();
        threads[0].of(0).record(1, 1);
        threads[0].of(1).record(3, 1);
        threads[1].of(0).record(2, 1);
        let sums: Vec<u64> = Fairness::woven(threads)
            .clients
            .iter()
            .map(|client| client.sum_ns)
            .collect();
        assert_eq!(sums, [1, 2, 3]);
    }
}
