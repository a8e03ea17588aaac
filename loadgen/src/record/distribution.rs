//! Many durations as a few figures.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::figures;

/// Beyond an hour a value counts as an hour.
pub const LONGEST_NS: u64 = 3600 * 1_000_000_000;
/// A value is known to three decimal digits.
pub const DIGITS: u8 = 3;
/// Points of a curve in each halving of the distance to the largest value.
const CURVE_STEPS: u32 = 5;

/// Durations (or counts), in constant memory.
#[derive(Clone, Debug)]
pub struct Distribution {
    histogram: Histogram<u64>,
}

/// The figures of a distribution, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Half of all were at most this.
    pub p50: f64,
    /// 90 of a hundred were at most this.
    pub p90: f64,
    /// 95 of a hundred were at most this.
    pub p95: f64,
    /// 99 of a hundred were at most this.
    pub p99: f64,
    /// 999 of a thousand were at most this.
    pub p999: f64,
    /// The largest.
    pub max: f64,
    /// The arithmetic mean.
    pub mean: f64,
}

/// One point of a distribution's curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The part of all values that are at most `value`, from 0 to 1.
    pub quantile: f64,
    /// That value.
    pub value: u64,
    /// How many values that are.
    pub count: u64,
}

impl Default for Distribution {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS);
        Self {
            histogram: histogram.expect("the bounds are in order"),
        }
    }
}

impl Distribution {
    /// Adds one duration.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.record_many(ns, 1);
    }

    /// Adds one duration so many times.
    pub fn record_many(&mut self, ns: u64, count: u64) {
        self.histogram
            .saturating_record_n(ns.min(LONGEST_NS), count);
    }

    /// Adds all of another.
    pub fn add(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("all distributions have the same bounds");
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// How many values are at most this.
    pub fn count_up_to(&self, value: u64) -> u64 {
        self.histogram.count_between(0, value)
    }

    /// The value that such a part of all values do not exceed.
    pub fn quantile(&self, quantile: f64) -> u64 {
        self.histogram.value_at_quantile(quantile)
    }

    /// The arithmetic mean, and the standard deviation around it.
    pub fn moments(&self) -> (f64, f64) {
        (self.histogram.mean(), self.histogram.stdev())
    }

    /// The curve of values by percentile, in steps that become finer towards the largest.
    pub fn curve(&self) -> impl Iterator<Item = Point> + '_ {
        self.histogram
            .iter_quantiles(CURVE_STEPS)
            .map(|step| Point {
                quantile: step.quantile_iterated_to(),
                value: step.value_iterated_to(),
                count: self.count_up_to(step.value_iterated_to()),
            })
    }

    /// Its figures; `None` while it is empty.
    pub fn summary(&self) -> Option<Summary> {
        let at = |quantile| figures::micros(self.quantile(quantile));
        (!self.histogram.is_empty()).then(|| Summary {
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: figures::micros(self.histogram.max()),
            mean: self.histogram.mean() / 1000.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_in_microseconds() {
        let mut distribution = Distribution::default();
        assert_eq!(distribution.summary(), None);
        for us in 1..=1000 {
            distribution.record(us * 1000);
        }
        let summary = distribution.summary().unwrap();
        assert!((summary.p50 - 500.0).abs() < 1.0, "{summary:?}");
        assert!((summary.p95 - 950.0).abs() < 2.0, "{summary:?}");
        assert!((summary.p99 - 990.0).abs() < 2.0, "{summary:?}");
        assert!((summary.max - 1000.0).abs() < 1.0, "{summary:?}");
        assert!((summary.mean - 500.5).abs() < 1.0, "{summary:?}");
    }

    #[test]
    fn two_together_are_as_one() {
        let mut halves = [Distribution::default(), Distribution::default()];
        let mut whole = Distribution::default();
        for us in 1..=1000 {
            halves[us % 2].record(us as u64 * 1000);
            whole.record(us as u64 * 1000);
        }
        let [mut one, other] = halves;
        one.add(&other);
        assert_eq!(one.summary(), whole.summary());
    }

    #[test]
    fn a_curve_rises_to_all_values() {
        let mut distribution = Distribution::default();
        assert_eq!(distribution.curve().count(), 0);
        for us in 1..=100 {
            distribution.record(us * 1000);
        }
        let curve: Vec<Point> = distribution.curve().collect();
        assert!(curve.windows(2).all(|two| two[0].value <= two[1].value));
        assert_eq!(curve.last().unwrap().count, 100);
        assert!((curve.last().unwrap().quantile - 1.0).abs() < 1e-9);
    }
}
