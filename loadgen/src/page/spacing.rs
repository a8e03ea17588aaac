//! How far apart values stand along an axis, and which of them are round.

use super::Axis;

/// How a value becomes a distance.
#[derive(Clone, Copy, Debug)]
pub enum Spacing {
    /// Equal differences are as long as each other.
    Linear,
    /// Equal factors are.
    Log,
    /// A further nine is as long as the last: from 0.9 to 0.99, from there to 0.999.
    Nines,
}

/// The quantile beyond which all are at the same place.
pub const MOST_NINES: f64 = 0.999_999_999;
/// No figure is as large; among larger ones, the difference or the ratio of two might not be a number any more.
const FAR: f64 = 1e100;
/// How many decades there are between the least and the greatest figure, and around them.
const MOST_DECADES: u32 = 210;

impl Spacing {
    /// What an axis asks for.
    pub fn of(axis: &Axis) -> Self {
        if axis.log { Self::Log } else { Self::Linear }
    }

    /// Whether a value has a place along the axis.
    pub fn takes(self, value: f64) -> bool {
        match self {
            Self::Linear => value.abs() <= FAR,
            Self::Log => (1.0 / FAR..=FAR).contains(&value),
            Self::Nines => (0.0..=1.0).contains(&value),
        }
    }

    /// Where a value is, in a measure of its own.
    pub fn distance(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.log10(),
            Self::Nines => -(1.0 - value).max(1.0 - MOST_NINES).log10(),
        }
    }

    /// The least and the greatest of the values that have a place; `None` if none has.
    pub fn bounds(self, values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
        values
            .filter(|&value| self.takes(value))
            .map(|value| (value, value))
            .reduce(|(low, high), (value, _)| (low.min(value), high.max(value)))
    }

    /// Bounds that are apart, so that they make an axis.
    pub fn widened(self, (low, high): (f64, f64)) -> (f64, f64) {
        match self {
            Self::Log if high / low < 1.001 => (low / 2.0, high * 2.0),
            Self::Linear if high <= 0.0 && low >= 0.0 => (0.0, 1.0),
            Self::Linear if high - low <= high.abs() * 1e-9 => {
                (low - high.abs() / 2.0, high + high.abs() / 2.0)
            }
            _ => (low, high),
        }
    }

    /// The bounds, moved outwards to round values; `most` as for `between`.
    pub fn rounded(self, (low, high): (f64, f64), most: u32) -> (f64, f64) {
        // A round value that was missed by a rounding error only is not exceeded.
        if let Self::Log = self {
            let round = || decades(low, high, 1.0, &[1.0, 2.0, 5.0]);
            let below = round().take_while(|at| *at <= low * (1.0 + 1e-9)).last();
            let above = round().find(|at| *at >= high * (1.0 - 1e-9));
            return (below.unwrap_or(low), above.unwrap_or(high));
        }
        let step = step(low, high, most);
        let below = (low / step + 1e-9).floor() * step;
        let above = (high / step - 1e-9).ceil() * step;
        (below, above)
    }

    /// Round values between bounds, about so many at most.
    pub fn between(self, (low, high): (f64, f64), most: u32) -> Vec<f64> {
        let slack = (high - low) * 1e-9;
        let inside = |at: &f64| (low - slack..=high + slack).contains(at);
        if let Self::Log = self {
            let span = (high / low).log10();
            let most = f64::from(most);
            let factors: &[f64] = if span * 3.0 <= most {
                &[1.0, 2.0, 5.0]
            } else {
                &[1.0]
            };
            let every = (span / most).ceil().max(1.0);
            let round: Vec<_> = decades(low, high, every, factors).filter(inside).collect();
            // Two powers of ten say more than equal steps, which would crowd at the upper end.
            if round.len() > 2 || (round.len() == 2 && factors.len() == 1) {
                return round;
            }
        }
        let step = step(low, high, most);
        let first = (low / step).floor();
        let steps = (0..=most + 2).map(|at| (first + f64::from(at)) * step);
        steps.filter(inside).collect()
    }
}

/// The least of 1, 2 and 5 times a power of ten that needs about so many steps at most.
fn step(low: f64, high: f64, most: u32) -> f64 {
    let least = (high - low) / f64::from(most);
    let power = 10_f64.powf(least.log10().floor());
    let factors = [1.0, 2.0, 5.0];
    let enough = factors
        .into_iter()
        .find(|factor| factor * power >= least * 0.999);
    enough.unwrap_or(10.0) * power
}

/// Every so many powers of ten, times each of the factors, from below `low` to above `high`.
fn decades(low: f64, high: f64, every: f64, factors: &[f64]) -> impl Iterator<Item = f64> {
    let (first, last) = (low.log10().floor(), high.log10().ceil());
    let powers = (0..MOST_DECADES)
        .map(move |at| first + f64::from(at) * every)
        .take_while(move |exponent| *exponent < last + every);
    powers.flat_map(|exponent| {
        factors
            .iter()
            .map(move |factor| factor * 10_f64.powf(exponent))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Spacing; 2] = [Spacing::Linear, Spacing::Log];

    #[test]
    fn bounds_are_moved_to_round_values_but_not_beyond() {
        assert_eq!(Spacing::Linear.rounded((0.0, 8.4), 5), (0.0, 10.0));
        assert_eq!(Spacing::Linear.rounded((0.0, 10.0), 5), (0.0, 10.0));
        assert_eq!(Spacing::Linear.rounded((-3.0, 2.0), 5), (-3.0, 2.0));
        assert_eq!(
            Spacing::Log.rounded((150.0, 13_000.0), 5),
            (100.0, 20_000.0)
        );
        assert_eq!(Spacing::Log.rounded((100.0, 1000.0), 5), (100.0, 1000.0));
    }

    #[test]
    fn a_few_round_values_are_found_on_any_axis() {
        assert_eq!(
            Spacing::Linear.between((0.0, 10.0), 5),
            [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        );
        assert_eq!(
            Spacing::Log.between((100.0, 900.0), 5),
            [100.0, 200.0, 500.0]
        );
        assert_eq!(
            Spacing::Log.between((90.0, 20_000.0), 5),
            [100.0, 1000.0, 10_000.0]
        );
        assert_eq!(Spacing::Log.between((0.2, 50.0), 5), [1.0, 10.0]);
        assert_eq!(
            Spacing::Log.between((11.0, 14.0), 3),
            [11.0, 12.0, 13.0, 14.0]
        );
        for (low, high) in [(1.0 / FAR, FAR), (1e-3, 1e7), (3.0, 3.1), (FAR / 2.0, FAR)] {
            for spacing in KINDS {
                let count = spacing.between((low, high), 5).len();
                assert!((1..=7).contains(&count), "{count} from {low} to {high}");
            }
        }
    }

    #[test]
    fn one_value_alone_makes_bounds_that_are_apart() {
        for value in [0.0, 1.0, -1.0, 1.0 / FAR, FAR] {
            for spacing in KINDS {
                if let Some(bounds) = spacing.bounds([value].into_iter()) {
                    let (low, high) = spacing.widened(bounds);
                    assert!(low < high, "{value}, {spacing:?}");
                }
            }
        }
    }

    #[test]
    fn what_has_no_place_is_not_within_the_bounds() {
        let values = || [f64::NAN, f64::INFINITY, -1.0, 0.0, 0.5, f64::MAX].into_iter();
        assert_eq!(Spacing::Linear.bounds(values()), Some((-1.0, 0.5)));
        assert_eq!(Spacing::Log.bounds(values()), Some((0.5, 0.5)));
        assert_eq!(Spacing::Nines.bounds(values()), Some((0.0, 0.5)));
    }
}
