//! What a plot tells who looks into it: at each of its stops, the figure of each line or bar; of ratios, which stand one
//! below the other, the figures of each.

use serde::Serialize;

use super::{
    Axis, Curve, Kind,
    ratios::{Ratio, shown, written},
    spacing::Spacing,
    unit::Unit,
};

/// The figures of a plot, in words, stop by stop. There are no more stops than points that are drawn.
#[derive(Debug, Default, Serialize)]
pub struct Readings<'p> {
    /// What each line, or each bar of a group, is of.
    names: Vec<&'p str>,
    /// At each stop: where that is, and the figure of each name, if it has one there.
    tells: Vec<(String, Vec<Option<String>>)>,
    /// Where the stops are, in the measure of the axis to the right, or which row each is.
    #[serde(skip)]
    stops: Vec<f64>,
}

impl<'p> Readings<'p> {
    /// What there is to tell of a plot.
    pub fn of(kind: &'p Kind) -> Self {
        match kind {
            Kind::Percentiles(curves) => {
                let curves = Curves::new(curves, Spacing::Nines, Spacing::Linear);
                curves.read(percentile, Unit::Nanoseconds, upto)
            }
            Kind::Lines { x, y, lines, .. } => {
                let curves = Curves::new(lines, Spacing::of(x), Spacing::of(y));
                let greatest = curves.stops().last().copied().unwrap_or(0.0);
                curves.read(|at| place(x, at, greatest), y.unit, exactly)
            }
            Kind::Bars { y, labels, series } => bars(y.unit, labels, series),
            Kind::Ratios(rows) => ratios(rows),
        }
    }

    /// Where the stops are, in the measure of the axis to the right, or which row each is.
    pub fn stops(&self) -> &[f64] {
        &self.stops
    }
}

/// Lines, each with the points that have a place, from left to right.
struct Curves<'p>(Vec<(&'p str, Vec<(f64, f64)>)>);

impl<'p> Curves<'p> {
    fn new(lines: &'p [Curve], x: Spacing, y: Spacing) -> Self {
        let placed = |(name, points): &'p Curve| {
            let points = points.iter().copied();
            let mut points: Vec<_> = points.filter(|at| x.takes(at.0) && y.takes(at.1)).collect();
            points.sort_by(|one, other| one.0.total_cmp(&other.0));
            (name.as_str(), points)
        };
        Self(lines.iter().map(placed).collect())
    }

    /// Where any of them has a point.
    fn stops(&self) -> Vec<f64> {
        let points = self.0.iter().flat_map(|(_, points)| points);
        let mut stops: Vec<f64> = points.map(|(x, _)| *x).collect();
        stops.sort_by(f64::total_cmp);
        stops.dedup();
        stops
    }

    fn read(
        self,
        place: impl Fn(f64) -> String,
        unit: Unit,
        figure: impl Fn(&[(f64, f64)], f64) -> Option<f64>,
    ) -> Readings<'p> {
        let stops = self.stops();
        let tell = |&at: &f64| {
            let figures = self.0.iter().map(|(_, points)| figure(points, at));
            let told = figures.map(|figure| figure.map(|figure| unit.write(figure)));
            (place(at), told.collect())
        };
        Readings {
            tells: stops.iter().map(tell).collect(),
            names: self.0.iter().map(|(name, _)| *name).collect(),
            stops,
        }
    }
}

fn bars<'p>(unit: Unit, labels: &[String], series: &'p [(String, Vec<f64>)]) -> Readings<'p> {
    let slots = labels.iter().enumerate().map(|(slot, label)| {
        let figures = series.iter().map(|(_, values)| values.get(slot).copied());
        let placed = figures.map(|figure| figure.filter(|figure| Spacing::Linear.takes(*figure)));
        let told = placed.map(|figure| figure.map(|figure| unit.write(figure)));
        (label.clone(), told.collect())
    });
    let middles = (0_u32..).map(|slot| f64::from(slot) + 0.5);
    Readings {
        names: series.iter().map(|(name, _)| name.as_str()).collect(),
        tells: slots.collect(),
        stops: middles.take(labels.len()).collect(),
    }
}

fn ratios<'p>(rows: &'p [Ratio]) -> Readings<'p> {
    let rows = shown(rows);
    let tell = |(name, low, median, high): &'p Ratio| {
        let figures = [median, low, high].map(|ratio| Some(written(*ratio)));
        (name.clone(), figures.to_vec())
    };
    let tells: Vec<_> = rows.map(tell).collect();
    Readings {
        names: vec!["median", "low", "high"],
        stops: (0_u32..).map(f64::from).take(tells.len()).collect(),
        tells,
    }
}

/// A quantile with one digit more than it has nines.
fn percentile(quantile: f64) -> String {
    let beyond = (1.0 - quantile) * 100.0;
    Unit::Percent.write_among(quantile * 100.0, 100.0, beyond / 10.0)
}

/// A place along an axis, fine enough to tell it from a thousand others. A figure without a unit says what it counts.
fn place(axis: &Axis, at: f64, greatest: f64) -> String {
    let figure = if axis.log {
        axis.unit.write(at)
    } else {
        axis.unit.write_among(at, greatest, greatest / 1000.0)
    };
    match axis.unit {
        Unit::Count => format!("{} {figure}", axis.name),
        _ => figure,
    }
}

/// What at least so large a part did not exceed.
fn upto(points: &[(f64, f64)], at: f64) -> Option<f64> {
    let next = points.partition_point(|(x, _)| *x < at);
    points.get(next).map(|(_, y)| *y)
}

/// The figure of a point just there.
fn exactly(points: &[(f64, f64)], at: f64) -> Option<f64> {
    let next = points.partition_point(|(x, _)| *x < at);
    let point = points.get(next).filter(|(x, _)| x.total_cmp(&at).is_eq());
    point.map(|(_, y)| *y)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told stop by stop, a line each.
    fn told(kind: &Kind) -> Vec<String> {
        let readings = Readings::of(kind);
        assert_eq!(readings.stops().len(), readings.tells.len());
        let lines = readings.tells.iter().map(|(place, figures)| {
            let named = readings.names.iter().zip(figures);
            let parts = named.filter_map(|(name, told)| Some(format!("{name} {}", told.as_ref()?)));
            format!("{place}: {}", parts.collect::<Vec<_>>().join(", "))
        });
        lines.map(|line| line.replace('\u{a0}', " ")).collect()
    }

    fn curve(name: &str, points: &[(f64, f64)]) -> Curve {
        (name.to_owned(), points.to_vec())
    }

    fn axis(unit: Unit, log: bool) -> Axis {
        Axis {
            name: String::new(),
            unit,
            log,
        }
    }

    #[test]
    fn all_lines_are_told_wherever_one_has_a_point() {
        let kind = Kind::Lines {
            x: axis(Unit::Seconds, false),
            y: axis(Unit::Nanoseconds, true),
            lines: vec![
                curve("p50", &[(0.2, 1e6), (0.4, 2e6), (12.4, f64::NAN)]),
                curve("p99", &[(12.4, 5e6), (0.4, 3.21e6)]),
            ],
            spans: Vec::new(),
        };
        let expected = [
            "0.2 s: p50 1 ms",
            "0.4 s: p50 2 ms, p99 3.21 ms",
            "12.4 s: p99 5 ms",
        ];
        assert_eq!(told(&kind), expected);
    }

    #[test]
    fn a_percentile_tells_what_so_many_did_not_exceed() {
        let kind = Kind::Percentiles(vec![
            curve("one", &[(0.0, 1e3), (0.999, 2e3), (1.0, 3e3)]),
            curve("other", &[(0.5, 5e3), (0.999_023_4, 6e3)]),
        ]);
        let expected = [
            "0%: one 1 µs, other 5 µs",
            "50%: one 2 µs, other 5 µs",
            "99.9%: one 2 µs, other 6 µs",
            "99.902%: one 3 µs, other 6 µs",
            "100%: one 3 µs",
        ];
        assert_eq!(told(&kind), expected);
    }

    #[test]
    fn a_place_without_a_unit_says_what_it_counts() {
        let rounds = Axis {
            name: "round".to_owned(),
            ..axis(Unit::Count, false)
        };
        let kind = Kind::Lines {
            x: rounds,
            y: axis(Unit::Nanoseconds, false),
            lines: vec![curve("mine", &[(1.0, 5e3), (12.0, 6e3)])],
            spans: Vec::new(),
        };
        assert_eq!(told(&kind), ["round 1: mine 5 µs", "round 12: mine 6 µs"]);
    }

    #[test]
    fn ratios_tell_each_of_those_that_have_a_place() {
        let ratio = |name: &str, median: f64| (name.to_owned(), median / 2.0, median, 2.0 * median);
        let rows = vec![
            ratio("p50", 1.0),
            ratio("none", f64::NAN),
            ratio("p99", 7.0),
        ];
        let expected = [
            "p50: median 1.00, low 0.50, high 2.00",
            "p99: median 7.00, low 3.50, high 14",
        ];
        assert_eq!(told(&Kind::Ratios(rows)), expected);
    }

    #[test]
    fn bars_tell_their_label_and_figures() {
        let kind = Kind::Bars {
            y: axis(Unit::Percent, false),
            labels: ["1", "2-3"].map(str::to_owned).into(),
            series: vec![("frames".to_owned(), vec![12.5, f64::NAN, 7.0])],
        };
        assert_eq!(told(&kind), ["1: frames 12.5%", "2-3: "]);
    }
}
