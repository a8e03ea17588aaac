//! Where a value stands along an axis, and which values the axis names.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::{Axis, unit::Unit};

/// How a value becomes a distance.
#[derive(Clone, Copy, Debug)]
enum Spacing {
    Linear,
    Log,
    /// A quantile by the nines that it has: 0.9, 0.99 and 0.999 are as far apart from each other.
    Nines,
}

/// One side of a plot.
#[derive(Clone, Debug)]
pub struct Scale {
    spacing: Spacing,
    low: f64,
    high: f64,
    ticks: Vec<Tick>,
}

/// A value that the axis names.
#[derive(Clone, Debug)]
struct Tick {
    at: f64,
    label: String,
}

/// The quantile beyond which an axis of nines does not go.
const MOST_NINES: f64 = 0.999_999_999;
/// How many decades lie between the least and the greatest number that there is.
const MOST_DECADES: u32 = 640;
/// About how many ticks an axis upwards has.
const UP: u32 = 5;

impl Scale {
    /// An axis from the least to the greatest of the values, with about so many ticks; `None` if there are none.
    pub fn snug(axis: &Axis, values: impl Iterator<Item = f64>, ticks: u32) -> Option<Self> {
        let spacing = spacing(axis);
        let (low, high) = widened(spacing, bounds(spacing, values)?);
        let places = spacing.places(low, high, ticks);
        Some(Self::with_places(axis.unit, spacing, (low, high), &places))
    }

    /// An axis that ends on round values and begins at zero if it can; `None` if there are no values.
    pub fn round(axis: &Axis, values: impl Iterator<Item = f64>) -> Option<Self> {
        let spacing = spacing(axis);
        let (least, greatest) = bounds(spacing, values)?;
        let grounded = match spacing {
            Spacing::Linear => (least.min(0.0), greatest.max(0.0)),
            _ => (least, greatest),
        };
        let (low, high) = spacing.rounded(widened(spacing, grounded), UP);
        let places = spacing.places(low, high, UP);
        Some(Self::with_places(axis.unit, spacing, (low, high), &places))
    }

    /// An axis of quantiles, up to the last one below 1; `None` if there are none.
    pub fn nines(values: impl Iterator<Item = f64>) -> Option<Self> {
        let placed = values.filter(|&quantile| Spacing::Nines.takes(quantile));
        let below_one = placed.map(|quantile| if quantile < 1.0 { quantile } else { 0.0 });
        let last = below_one.reduce(f64::max)?;
        let high = last.clamp(0.9, MOST_NINES);
        let nines = (1..=9).map(|nines| 1.0 - 0.1_f64.powi(nines));
        let ticks = [0.0, 0.5]
            .into_iter()
            .chain(nines)
            .filter(|&at| at <= high + 1e-12)
            .map(|at| Tick {
                at,
                label: format!("{}%", (at * 1e11).round() / 1e9),
            });
        Some(Self {
            spacing: Spacing::Nines,
            low: 0.0,
            high,
            ticks: ticks.collect(),
        })
    }

    /// An axis of ratios that has one on it; `None` if there are none.
    pub fn around_one(values: impl Iterator<Item = f64>, ticks: u32) -> Option<Self> {
        let (low, high) = bounds(Spacing::Log, values)?;
        let room = (high.max(1.0) / low.min(1.0)).powf(0.06).max(1.01);
        let (low, high) = (low.min(1.0) / room, high.max(1.0) * room);
        let places = Spacing::Log.places(low, high, ticks);
        Some(Self::with_places(
            Unit::Ratio,
            Spacing::Log,
            (low, high),
            &places,
        ))
    }

    /// An axis with a place of width one for each label; the first is centred on a half.
    pub fn slots(labels: &[String]) -> Self {
        let middles = (0_u32..).map(|slot| f64::from(slot) + 0.5);
        let ticks: Vec<_> = middles
            .zip(labels)
            .map(|(at, label)| Tick {
                at,
                label: label.clone(),
            })
            .collect();
        Self {
            spacing: Spacing::Linear,
            low: 0.0,
            high: ticks.last().map_or(1.0, |last| last.at + 0.5),
            ticks,
        }
    }

    /// An axis with a place of height one for each of so many rows, which it does not name.
    pub fn rows(rows: i32) -> Self {
        Self {
            spacing: Spacing::Linear,
            low: 0.0,
            high: f64::from(rows),
            ticks: Vec::new(),
        }
    }

    fn with_places(unit: Unit, spacing: Spacing, (low, high): (f64, f64), places: &[f64]) -> Self {
        let ticks = places.iter().map(|&at| Tick {
            at,
            label: match spacing {
                Spacing::Linear => unit.write(at, low.abs().max(high.abs())),
                _ => unit.write(at, at),
            },
        });
        Self {
            spacing,
            low,
            high,
            ticks: ticks.collect(),
        }
    }

    /// Drops the ticks whose label would touch another's, on an axis so long, where labels are as long as `length`
    /// says. The last ones stay: what is rare stands there.
    pub fn thinned(mut self, axis_length: i32, length: impl Fn(&str) -> i32) -> Self {
        let mut free_until = i32::MAX;
        let mut ticks = std::mem::take(&mut self.ticks);
        ticks.reverse();
        ticks.retain(|tick| {
            let half = length(&tick.label) / 2;
            let middle = self.map(&tick.at, (0, axis_length));
            let free = middle + half <= free_until;
            if free {
                free_until = middle - half;
            }
            free
        });
        ticks.reverse();
        self.ticks = ticks;
        self
    }

    /// How far the last label reaches beyond an axis so long, where labels are as long as `length` says.
    pub fn overhang(&self, axis_length: i32, length: impl Fn(&str) -> i32) -> i32 {
        self.ticks.last().map_or(0, |tick| {
            let end = self.map(&tick.at, (0, axis_length)) + length(&tick.label) / 2;
            (end - axis_length).max(0)
        })
    }

    /// Whether a value has a place on the axis.
    pub fn takes(&self, value: f64) -> bool {
        self.spacing.takes(value)
    }

    /// The least and the greatest value.
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The value nearest to `value` that is within the axis.
    pub fn nearest(&self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }

    /// The labels of all ticks.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.ticks.iter().map(|tick| tick.label.as_str())
    }

    /// How far along the axis a value is: 0 at its begin, 1 at its end.
    fn part(&self, value: f64) -> f64 {
        let [low, high, at] = [self.low, self.high, value].map(|v| self.spacing.distance(v));
        (at - low) / (high - low)
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a drawing is some thousand units wide"
    )]
    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.part(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|tick| tick.at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self
            .ticks
            .iter()
            .find(|tick| tick.at.total_cmp(value).is_eq());
        tick.map_or_else(String::new, |tick| tick.label.clone())
    }
}

impl Spacing {
    fn takes(self, value: f64) -> bool {
        match self {
            Self::Linear => value.is_finite(),
            Self::Log => value.is_finite() && value > 0.0,
            Self::Nines => (0.0..=1.0).contains(&value),
        }
    }

    fn distance(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.log10(),
            Self::Nines => -(1.0 - value).max(1.0 - MOST_NINES).log10(),
        }
    }

    /// Round values from `low` to `high`, about so many at most.
    fn places(self, low: f64, high: f64, most: u32) -> Vec<f64> {
        let slack = (high - low) * 1e-9;
        let inside = |at: &f64| (low - slack..=high + slack).contains(at);
        if let Self::Log = self {
            let span = (high / low).log10();
            let most = f64::from(most);
            let decades: Vec<f64> = if span * 3.0 <= most {
                decades(low, high, 1.0, &[1.0, 2.0, 5.0])
                    .filter(inside)
                    .collect()
            } else {
                let every = (span / most).ceil().max(1.0);
                decades(low, high, every, &[1.0]).filter(inside).collect()
            };
            if decades.len() > 2 {
                return decades;
            }
        }
        let step = step(low, high, most);
        let first = (low / step).floor();
        let steps = (0..=most + 2).map(|at| (first + f64::from(at)) * step);
        steps.filter(inside).collect()
    }

    /// The bounds, moved outwards to round values.
    fn rounded(self, (low, high): (f64, f64), ticks: u32) -> (f64, f64) {
        // A round value that was missed by a rounding error only is not exceeded.
        if let Self::Log = self {
            let round = || decades(low, high, 1.0, &[1.0, 2.0, 5.0]);
            let below = round().take_while(|at| *at <= low * (1.0 + 1e-9)).last();
            let above = round().find(|at| *at >= high * (1.0 - 1e-9));
            return (below.unwrap_or(low), above.unwrap_or(high));
        }
        let step = step(low, high, ticks);
        let below = (low / step + 1e-9).floor() * step;
        let above = (high / step - 1e-9).ceil() * step;
        (below, above)
    }
}

fn spacing(axis: &Axis) -> Spacing {
    if axis.log {
        Spacing::Log
    } else {
        Spacing::Linear
    }
}

fn bounds(spacing: Spacing, values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .filter(|&value| spacing.takes(value))
        .map(|value| (value, value))
        .reduce(|(low, high), (value, _)| (low.min(value), high.max(value)))
}

/// Bounds that are apart, so that they make an axis.
fn widened(spacing: Spacing, (low, high): (f64, f64)) -> (f64, f64) {
    match spacing {
        Spacing::Log if high / low < 1.001 => (low / 2.0, high * 2.0),
        Spacing::Linear if high <= 0.0 && low >= 0.0 => (0.0, 1.0),
        Spacing::Linear if high - low <= high.abs() * 1e-9 => {
            (low - high.abs() / 2.0, high + high.abs() / 2.0)
        }
        _ => (low, high),
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

    fn axis(log: bool) -> Axis {
        Axis {
            name: String::new(),
            unit: Unit::Nanoseconds,
            log,
        }
    }

    fn labels(scale: &Scale) -> Vec<String> {
        scale
            .labels()
            .map(|label| label.replace('\u{a0}', " "))
            .collect()
    }

    #[test]
    fn a_linear_axis_upwards_begins_at_zero_and_ends_on_a_tick() {
        let scale = Scale::round(&axis(false), [3.1e6, 8.4e6].into_iter()).unwrap();
        assert_eq!(
            labels(&scale),
            ["0 ms", "2 ms", "4 ms", "6 ms", "8 ms", "10 ms"]
        );
        let scale = Scale::round(&axis(false), [0.0, 1e7].into_iter()).unwrap();
        assert_eq!(scale.ends(), (0.0, 1e7));
        let scale = Scale::round(&axis(false), [-3.0, 2.0].into_iter()).unwrap();
        assert_eq!(scale.ends(), (-3.0, 2.0));
    }

    #[test]
    fn a_logarithmic_axis_names_few_round_values() {
        let wide = Scale::round(&axis(true), [1.5e5, 1.3e7].into_iter()).unwrap();
        assert_eq!(labels(&wide), ["100 µs", "1 ms", "10 ms"]);
        assert!(wide.ends().1 < 2.1e7, "{wide:?}");
        let narrow = Scale::snug(&axis(true), [1e5, 8e5].into_iter(), 9).unwrap();
        assert_eq!(labels(&narrow), ["100 µs", "200 µs", "500 µs"]);
        let tight = Scale::around_one([0.8, 1.3].into_iter(), 6).unwrap();
        assert_eq!(labels(&tight), ["0.8", "0.9", "1", "1.1", "1.2", "1.3"]);
        let vast = Scale::snug(&axis(true), [1e-200, 1e200].into_iter(), 9).unwrap();
        assert!(vast.labels().count() < 12, "{vast:?}");
    }

    #[test]
    fn each_nine_is_as_wide_as_the_last() {
        let scale = Scale::nines([0.0, 0.5, 0.999, 1.0].into_iter()).unwrap();
        assert_eq!(labels(&scale), ["0%", "50%", "90%", "99%", "99.9%"]);
        let at = [0.9, 0.99, 0.999].map(|quantile| scale.map(&quantile, (0, 300)));
        assert_eq!(at, [100, 200, 300]);
    }

    #[test]
    fn labels_that_would_touch_are_dropped_and_the_last_stays() {
        let scale = Scale::nines([0.999].into_iter()).unwrap();
        let thinned = scale.clone().thinned(300, |_| 100);
        assert_eq!(labels(&thinned), ["0%", "90%", "99%", "99.9%"]);
        assert_eq!(scale.overhang(300, |_| 100), 50);
    }

    #[test]
    fn without_a_value_that_has_a_place_there_is_no_axis() {
        let nowhere = [f64::NAN, f64::INFINITY, 0.0, -1.0];
        assert!(Scale::round(&axis(true), nowhere.into_iter()).is_none());
        assert!(Scale::around_one(nowhere.into_iter(), 5).is_none());
        assert!(Scale::nines([-0.1, f64::NAN].into_iter()).is_none());
    }

    #[test]
    fn one_value_makes_an_axis_as_well() {
        for value in [0.0, 1.0, 1e-300, 1e300, f64::MAX, f64::MIN_POSITIVE] {
            for log in [false, true] {
                let round = Scale::round(&axis(log), [value].into_iter());
                let snug = Scale::snug(&axis(log), [value].into_iter(), 9);
                for scale in round.into_iter().chain(snug) {
                    let (low, high) = scale.ends();
                    assert!(low < high, "{value} on {scale:?}");
                }
            }
        }
    }
}
