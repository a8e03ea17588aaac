//! What was measured in the last minute, told by percentiles.

use std::mem;
use std::time::Duration;

use serde::Serialize;

/// What is forgotten at once. A minute is as many of these, so that it is a bit less than one that is looked at.
const SLICE: Duration = Duration::from_secs(5);
const SLICES: usize = 12;
/// Each power of two is cut into so many steps, as a power of two: a percentile is at most a sixteenth above what it is of.
const STEPS_LOG: u32 = 4;
const STEPS: usize = 1 << STEPS_LOG;
/// Values of so many bits are told apart, which is two minutes in microseconds; those above are as the greatest of them.
const BITS: u32 = 27;
const BUCKETS: usize = (BITS - STEPS_LOG + 1) as usize * STEPS;

/// Lengths of time, in microseconds, of the last minute.
#[derive(Debug)]
pub struct Lately {
    slices: Vec<[u32; BUCKETS]>,
    /// The number of the slice of time that was counted last.
    slice: u64,
}

/// How lengths of time are spread, each in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many there were.
    pub count: u64,
    /// Half of them were at most this.
    pub p50_us: u64,
    /// All but one in a hundred.
    pub p99_us: u64,
    /// All but one in a thousand.
    pub p999_us: u64,
}

impl Default for Lately {
    fn default() -> Self {
        Self {
            slices: vec![[0; BUCKETS]; SLICES],
            slice: 0,
        }
    }
}

impl Lately {
    /// Counts a length of time, `times` over.
    pub fn record(&mut self, length: Duration, times: u64, now: Duration) {
        if times == 0 {
            return;
        }
        self.go_on(now);
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        let count = &mut self.slices[place(self.slice)][bucket(micros)];
        *count = count.saturating_add(times);
    }

    /// How they are spread.
    pub fn spread(&self, now: Duration) -> Spread {
        let mut sums = [0_u64; BUCKETS];
        let first = (slice_of(now) + 1).saturating_sub(SLICES as u64);
        for slice in first..=self.slice {
            for (sum, &count) in sums.iter_mut().zip(&self.slices[place(slice)]) {
                *sum += u64::from(count);
            }
        }
        let count = sums.iter().sum::<u64>();
        let at = |thousandths: u64| {
            let rank = (count * thousandths).div_ceil(1000);
            let mut below = 0;
            let bucket = sums.iter().position(|sum| {
                below += sum;
                below >= rank && below > 0
            });
            bucket.map_or(0, most)
        };
        Spread {
            count,
            p50_us: at(500),
            p99_us: at(990),
            p999_us: at(999),
        }
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        mem::size_of_val(&*self.slices)
    }

    /// Forgets what is older than a minute.
    fn go_on(&mut self, now: Duration) {
        let slice = slice_of(now);
        let passed = slice.saturating_sub(self.slice).min(SLICES as u64);
        for old in slice - passed..slice {
            self.slices[place(old + 1)] = [0; BUCKETS];
        }
        self.slice = slice.max(self.slice);
    }
}

fn slice_of(now: Duration) -> u64 {
    now.as_secs() / SLICE.as_secs()
}

fn place(slice: u64) -> usize {
    usize::try_from(slice % SLICES as u64).expect("it is below a constant")
}

/// Where a value is counted: small ones each for themselves, and the others by their first bits.
fn bucket(value: u64) -> usize {
    let value = value.min((1 << BITS) - 1);
    let shift = value.checked_ilog2().unwrap_or(0).saturating_sub(STEPS_LOG);
    let step = usize::try_from(value >> shift).expect("few bits are left");
    shift as usize * STEPS + step
}

/// The greatest value that is counted there.
fn most(bucket: usize) -> u64 {
    let shift = (bucket / STEPS).saturating_sub(1);
    let step = (bucket - shift * STEPS) as u64;
    ((step + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_value_is_told_within_a_sixteenth_above_it() {
        for value in (0..2000).chain((1 << 20) - 5..(1 << 20) + 5) {
            let told = most(bucket(value));
            assert!(
                value <= told && told <= value + value / 16,
                "{value}: {told}"
            );
        }
        let greatest = (1 << BITS) - 1;
        assert_eq!(most(bucket(greatest)), greatest);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_those_of_all_that_was_counted() {
        let mut lately = Lately::default();
        assert_eq!(lately.spread(SECOND), Spread::default());
        lately.record(Duration::from_micros(3), 989, SECOND);
        lately.record(Duration::from_micros(10), 10, SECOND);
        lately.record(Duration::from_micros(15), 1, SECOND * 7);
        let spread = Spread {
            count: 1000,
            p50_us: 3,
            p99_us: 10,
            p999_us: 10,
        };
        assert_eq!(lately.spread(SECOND * 8), spread);
    }

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        let mut lately = Lately::default();
        lately.record(SECOND, 1, SECOND * 4);
        assert_eq!(lately.spread(SECOND * 59).count, 1);
        lately.record(SECOND, 1, SECOND * 60);
        assert_eq!(lately.spread(SECOND * 60).count, 1);
        assert_eq!(lately.spread(SECOND * 119).count, 1);
        assert_eq!(lately.spread(SECOND * 1000).count, 0);
    }
}
