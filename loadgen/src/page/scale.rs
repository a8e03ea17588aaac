//! Where a value stands along an axis, and which values the axis names.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::{
    Axis,
    spacing::{MOST_NINES, Spacing},
    unit::Unit,
};

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

/// About how many ticks an axis upwards has.
const UP: u32 = 5;

impl Scale {
    /// An axis from the least to the greatest of the values, with about so many ticks; `None` if there are none.
    pub fn snug(axis: &Axis, values: impl Iterator<Item = f64>, ticks: u32) -> Option<Self> {
        let spacing = Spacing::of(axis);
        let bounds = spacing.widened(spacing.bounds(values)?);
        Some(Self::with_ticks(axis.unit, spacing, bounds, ticks))
    }

    /// An axis that ends on round values and begins at zero if it can; `None` if there are no values.
    pub fn round(axis: &Axis, values: impl Iterator<Item = f64>) -> Option<Self> {
        let spacing = Spacing::of(axis);
        let (low, high) = spacing.bounds(values)?;
        let grounded = if axis.log {
            (low, high)
        } else {
            (low.min(0.0), high.max(0.0))
        };
        let bounds = spacing.rounded(spacing.widened(grounded), UP);
        Some(Self::with_ticks(axis.unit, spacing, bounds, UP))
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
        let (low, high) = Spacing::Log.bounds(values)?;
        let (low, high) = (low.min(1.0), high.max(1.0));
        let room = (high / low).powf(0.06).max(1.01);
        let bounds = (low / room, high * room);
        Some(Self::with_ticks(Unit::Ratio, Spacing::Log, bounds, ticks))
    }

    /// An axis with a place of width one for each label, the first from 0 to 1, and a tick for every so many.
    pub fn slots(labels: &[String], every: usize) -> Self {
        let middles = (0_u32..).map(|slot| f64::from(slot) + 0.5);
        let slots: Vec<_> = middles.zip(labels).collect();
        let named = slots.iter().step_by(every).map(|&(at, label)| Tick {
            at,
            label: label.clone(),
        });
        Self {
            spacing: Spacing::Linear,
            low: 0.0,
            high: slots.last().map_or(1.0, |(at, _)| at + 0.5),
            ticks: named.collect(),
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

    fn with_ticks(unit: Unit, spacing: Spacing, (low, high): (f64, f64), most: u32) -> Self {
        let places = spacing.between((low, high), most);
        let step = match places[..] {
            [first, second, ..] => second - first,
            _ => high - low,
        };
        let ticks = places.iter().map(|&at| Tick {
            at,
            label: match spacing {
                Spacing::Linear => unit.write_among(at, low.abs().max(high.abs()), step),
                _ => unit.write(at),
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

    /// How far the first and the last label reach beyond an axis so long, where labels are as long as `length` says.
    pub fn overhang(&self, axis_length: i32, length: impl Fn(&str) -> i32) -> (i32, i32) {
        let place = |tick: &Tick| {
            (
                self.map(&tick.at, (0, axis_length)),
                length(&tick.label) / 2,
            )
        };
        let before = self
            .ticks
            .first()
            .map(place)
            .map_or(0, |(at, half)| half - at);
        let after = self
            .ticks
            .last()
            .map(place)
            .map_or(0, |(at, half)| at + half - axis_length);
        (before.max(0), after.max(0))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<String> {
        let plain = |label: &str| label.replace('\u{a0}', " ");
        scale.labels().map(plain).collect()
    }

    #[test]
    fn an_axis_upwards_begins_at_zero_and_has_one_unit() {
        let axis = Axis {
            name: String::new(),
            unit: Unit::Nanoseconds,
            log: false,
        };
        let scale = Scale::round(&axis, [3.1e5, 1.4e6].into_iter()).unwrap();
        assert_eq!(labels(&scale), ["0 ms", "0.5 ms", "1 ms", "1.5 ms"]);
    }

    #[test]
    fn ticks_close_together_are_told_apart() {
        let axis = Axis {
            name: String::new(),
            unit: Unit::Seconds,
            log: false,
        };
        let scale = Scale::snug(&axis, [100.01, 100.04].into_iter(), 4).unwrap();
        assert_eq!(
            labels(&scale),
            ["100.01 s", "100.02 s", "100.03 s", "100.04 s"]
        );
    }

    #[test]
    fn each_nine_is_as_wide_as_the_last() {
        let scale = Scale::nines([0.0, 0.5, 0.999, 1.0].into_iter()).unwrap();
        assert_eq!(labels(&scale), ["0%", "50%", "90%", "99%", "99.9%"]);
        let at = [0.9, 0.99, 0.999].map(|quantile| scale.map(&quantile, (0, 300)));
        assert_eq!(at, [100, 200, 300]);
    }

    #[test]
    fn one_is_on_an_axis_of_ratios() {
        let scale = Scale::around_one([1.2, 1.3].into_iter(), 6).unwrap();
        assert_eq!(labels(&scale), ["1", "1.1", "1.2", "1.3"]);
    }

    #[test]
    fn labels_that_would_touch_are_dropped_and_the_last_stays() {
        let scale = Scale::nines([0.999].into_iter()).unwrap();
        let thinned = scale.clone().thinned(300, |_| 100);
        assert_eq!(labels(&thinned), ["0%", "90%", "99%", "99.9%"]);
        assert_eq!(scale.overhang(300, |_| 100), (50, 50));
    }

    #[test]
    fn every_so_many_slots_are_named_in_their_middle() {
        let scale = Scale::slots(&["a", "b", "c"].map(str::to_owned), 2);
        assert_eq!(labels(&scale), ["a", "c"]);
        assert_eq!(scale.map(&2.5, (0, 300)), 250);
        assert_eq!(scale.format_ext(&2.5), "c");
    }
}
