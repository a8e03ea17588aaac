//! How much one server's figure is of another's, judged by rounds that were run in pairs.

use serde::Serialize;

/// How sure an interval is to hold the true ratio.
const CONFIDENCE: f64 = 0.99;
/// Two copies of one server differ by up to this, by where their memory happens to lie and by what else the machine
/// does; less is no difference that anyone should act on.
const ALIKE_WITHIN: f64 = 0.03;
/// The fewest rounds from which anything can be told with that confidence.
pub const ROUNDS_MIN: usize = 8;

/// A ratio with its spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The median over the rounds, of the means of any two.
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
    /// Median and interval are those of Wilcoxon's signed ranks, on the logarithms of the ratios: of the means of any two
    /// of them (Hodges and Lehmann). They ask only that ratios spread evenly around the true one, which pairs in
    /// alternating order make true where there is no difference, and a round that something else disturbed hardly moves
    /// them.
    pub fn new(pairs: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let logs = pairs.map(|(figure, of)| (figure / of).ln());
        let logs: Vec<f64> = logs.filter(|log| log.is_finite()).collect();
        let rounds = logs.len();
        let means = logs.iter().enumerate();
        let means = means.flat_map(|(at, one)| logs[at..].iter().map(|other| one.midpoint(*other)));
        let mut means: Vec<f64> = means.collect();
        means.sort_by(f64::total_cmp);
        let outliers = outliers(rounds).unwrap_or(0);
        let last = means.len().checked_sub(1)?;
        Some(Self {
            median: means[last / 2].midpoint(means[last.div_ceil(2)]).exp(),
            low: means[outliers].exp(),
            high: means[last - outliers].exp(),
            rounds,
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

/// How many of the means of any two of so many values may be left out at either end, so that the rest still holds the
/// true middle with enough confidence; `None` if not even all of them do.
fn outliers(count: usize) -> Option<usize> {
    // How probable each sum of ranks is, when each rank counts with the probability of a half.
    let mut sums = vec![0.0; count * (count + 1) / 2 + 1];
    sums[0] = 1.0;
    for rank in 1..=count {
        for sum in (0..sums.len()).rev() {
            let without: f64 = sums[sum];
            let with = sum.checked_sub(rank).map_or(0.0, |rest| sums[rest]);
            sums[sum] = without.midpoint(with);
        }
    }
    let mut missed = 0.0;
    let enough = sums.iter().take_while(|probability| {
        missed += 2.0 * **probability;
        missed <= 1.0 - CONFIDENCE
    });
    enough.count().checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(ratios: &[f64]) -> Ratio {
        Ratio::new(ratios.iter().map(|&ratio| (ratio, 1.0))).unwrap()
    }

    #[test]
    fn eight_rounds_are_the_fewest_that_tell() {
        // 1 - 2 / 2^7 = 0.984, 1 - 2 / 2^8 = 0.992; the others are in every table of the signed-rank test.
        assert_eq!(outliers(0), None);
        assert_eq!(outliers(ROUNDS_MIN - 1), None);
        assert_eq!(outliers(ROUNDS_MIN), Some(0));
        assert_eq!(outliers(10), Some(3));
        assert_eq!(outliers(20), Some(37));
    }

    #[test]
    fn a_round_that_was_disturbed_hardly_moves_the_interval() {
        let mut ratios: Vec<f64> = (0..20).map(|n| 1.0 + f64::from(n - 10) * 0.01).collect();
        let calm = ratio(&ratios);
        assert!(calm.low < calm.median && calm.median < calm.high);
        ratios[19] = 100.0;
        let disturbed = ratio(&ratios);
        assert!((disturbed.median - calm.median).abs() < 0.02);
        assert!(disturbed.high < calm.high * 1.02, "{disturbed:?}");
    }

    #[test]
    fn both_directions_are_alike() {
        let ratios = [0.9, 1.0, 1.05, 1.1, 1.2, 1.25, 1.3, 1.4, 1.5];
        let there = ratio(&ratios);
        let back = ratio(&ratios.map(|ratio| 1.0 / ratio));
        assert!((there.low * back.high - 1.0).abs() < 1e-9);
        assert!((there.median * back.median - 1.0).abs() < 1e-9);
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
