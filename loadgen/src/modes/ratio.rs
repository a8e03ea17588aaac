//! How much one server's figure is of another's, judged by rounds that were run in pairs.

use serde::Serialize;

/// How sure an interval is to hold the true ratio.
const CONFIDENCE: f64 = 0.99;
/// Two copies of one server differ by up to this, by where their memory happens to lie and by what else the machine
/// does; less is no difference that anyone should act on.
const ALIKE_WITHIN: f64 = 0.03;

/// A ratio with its spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The median over the rounds.
    pub median: f64,
    /// The true ratio is at least this, with a confidence of 99%; the least of all where there are too few rounds for
    /// that.
    pub low: f64,
    /// The true ratio is at most this, with the same confidence.
    pub high: f64,
    /// Rounds that it comes from.
    pub rounds: usize,
}

/// What a ratio says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// It is less than one.
    Less,
    /// It is more than one.
    More,
    /// The difference is within the noise.
    Alike,
    /// There are too few rounds to say.
    Unknown,
}

impl Ratio {
    /// The ratio of paired figures; `None` without any.
    ///
    /// The interval is that of order statistics, which asks nothing of the figures' distribution, and which a round
    /// that something else disturbed hardly moves.
    pub fn new(pairs: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let ratios = pairs.map(|(figure, of)| figure / of);
        let mut ratios: Vec<f64> = ratios.filter(|ratio| ratio.is_finite()).collect();
        ratios.sort_by(f64::total_cmp);
        let count = ratios.len();
        let median = match count {
            0 => return None,
            _ if count % 2 == 1 => ratios[count / 2],
            _ => ratios[count / 2 - 1].midpoint(ratios[count / 2]),
        };
        let cut = outliers(count).unwrap_or(0);
        Some(Self {
            median,
            low: ratios[cut],
            high: ratios[count - 1 - cut],
            rounds: count,
        })
    }

    /// What it says.
    pub fn finding(&self) -> Finding {
        if outliers(self.rounds).is_none() {
            Finding::Unknown
        } else if self.low > 1.0 && self.median > 1.0 + ALIKE_WITHIN {
            Finding::More
        } else if self.high < 1.0 && self.median < 1.0 - ALIKE_WITHIN {
            Finding::Less
        } else {
            Finding::Alike
        }
    }
}

/// How many of so many sorted values may be left out at either end, so that the rest still holds the true median with
/// enough confidence; `None` if not even all of them do.
fn outliers(count: usize) -> Option<usize> {
    // The probability that at most so many of `count` fair coins show heads, times two: both ends.
    let mut coins = 0.5_f64.powi(i32::try_from(count).ok()?);
    let mut missed = 2.0 * coins;
    let mut left_out = None;
    for heads in 0..count / 2 {
        if 1.0 - missed < CONFIDENCE {
            break;
        }
        left_out = Some(heads);
        #[expect(clippy::cast_precision_loss, reason = "rounds are few")]
        let ways = (count - heads) as f64 / (heads + 1) as f64;
        coins *= ways;
        missed += 2.0 * coins;
    }
    left_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(ratios: &[f64]) -> Ratio {
        Ratio::new(ratios.iter().map(|&ratio| (ratio, 1.0))).unwrap()
    }

    #[test]
    fn eight_rounds_are_the_fewest_that_tell() {
        // 1 - 2 / 2^7 = 0.984, 1 - 2 / 2^8 = 0.992, 1 - 2 (1 + 12) / 2^12 = 0.9937.
        assert_eq!(outliers(7), None);
        assert_eq!(outliers(8), Some(0));
        assert_eq!(outliers(11), Some(0));
        assert_eq!(outliers(12), Some(1));
        assert_eq!(outliers(0), None);
    }

    #[test]
    fn the_median_is_in_the_middle_of_an_interval_that_leaves_outliers_out() {
        let ratios: Vec<f64> = (1..=12)
            .map(|n| if n == 12 { 100.0 } else { f64::from(n) })
            .collect();
        let ratio = ratio(&ratios);
        assert_eq!((ratio.low, ratio.median, ratio.high), (2.0, 6.5, 11.0));
    }

    #[test]
    fn a_difference_is_told_only_beyond_the_noise() {
        let around = |middle: f64| -> Vec<f64> {
            (0..12).map(|n| middle + f64::from(n - 6) * 0.005).collect()
        };
        let finding = |ratios: &[f64]| ratio(ratios).finding();
        assert_eq!(finding(&around(1.0)), Finding::Alike);
        assert_eq!(finding(&around(1.2)), Finding::More);
        assert_eq!(finding(&around(0.8)), Finding::Less);
        assert_eq!(finding(&[1.01; 12]), Finding::Alike);
        assert_eq!(finding(&[1.5; 7]), Finding::Unknown);
    }

    #[test]
    fn what_has_no_ratio_is_left_out() {
        assert_eq!(Ratio::new([(1.0, 0.0)].into_iter()), None);
        assert_eq!(Ratio::new(std::iter::empty()), None);
    }
}
