//! Many durations as a few figures.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::figures;

/// Beyond an hour a value counts as an hour.
const LONGEST_NS: u64 = 3600 * 1_000_000_000;
/// A value is known to three decimal digits.
const DIGITS: u8 = 3;

/// Durations, in constant memory.
#[derive(Debug)]
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
    /// 99 of a hundred were at most this.
    pub p99: f64,
    /// 999 of a thousand were at most this.
    pub p999: f64,
    /// The largest.
    pub max: f64,
    /// The arithmetic mean.
    pub mean: f64,
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
        self.histogram.saturating_record(ns);
    }

    /// Its figures; `None` while it is empty.
    pub fn summary(&self) -> Option<Summary> {
        let at = |quantile| figures::micros(self.histogram.value_at_quantile(quantile));
        (!self.histogram.is_empty()).then(|| Summary {
            p50: at(0.5),
            p90: at(0.9),
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
        assert!((summary.p99 - 990.0).abs() < 2.0, "{summary:?}");
        assert!((summary.max - 1000.0).abs() < 1.0, "{summary:?}");
        assert!((summary.mean - 500.5).abs() < 1.0, "{summary:?}");
    }
}
