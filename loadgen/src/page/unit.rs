//! Figures as they are written along an axis.

/// Keeps a figure and its unit on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

const NONE: &[(f64, &str)] = &[(1.0, "")];
const METRIC: &[(f64, &str)] = &[(1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G")];
const METRIC_PER_SECOND: &[(f64, &str)] = &[(1.0, "/s"), (1e3, "k/s"), (1e6, "M/s"), (1e9, "G/s")];
const NANOSECONDS: &[(f64, &str)] = &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];
const SECONDS: &[(f64, &str)] = &[(1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s")];

/// How the figures of an axis are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, written as the ns, µs, ms or s that suits them.
    Seconds,
    /// Nanoseconds, written likewise.
    Nanoseconds,
    /// Something in a second.
    PerSecond,
    /// Parts of a hundred: 50 is a half.
    Percent,
    /// A number of things.
    Count,
    /// One figure over another.
    Ratio,
}

impl Unit {
    /// A value with three digits.
    pub(super) fn write(self, value: f64) -> String {
        self.write_among(value, value.abs(), value.abs() / 100.0)
    }

    /// A value among others of which the greatest decides on the prefix and the distance between two on the decimals.
    pub(super) fn write_among(self, value: f64, greatest: f64, distance: f64) -> String {
        let prefixes = match self {
            Self::Seconds => SECONDS,
            Self::Nanoseconds => NANOSECONDS,
            Self::PerSecond => METRIC_PER_SECOND,
            Self::Count => METRIC,
            Self::Percent | Self::Ratio => NONE,
        };
        // What is a prefix's size but for a rounding error has that prefix.
        let reached = prefixes.iter().rfind(|(size, _)| *size <= greatest * 1.001);
        let (size, suffix) = reached.unwrap_or(&prefixes[0]);
        let digits = decimal(value / size, distance / size);
        match self {
            Self::Percent => digits + "%",
            _ if suffix.is_empty() => digits,
            _ => format!("{digits}{NO_BREAK_SPACE}{suffix}"),
        }
    }
}

/// A value with as many decimals as tell it from its neighbours, without zeros that say nothing.
fn decimal(value: f64, distance: f64) -> String {
    if value.abs() >= 1e6 {
        return format!("{value:.1e}");
    }
    let part = 10_f64.powf((-distance.log10().floor()).clamp(0.0, 9.0));
    // Adding zero turns a negative zero into the other.
    format!("{}", (value * part).round() / part + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_written_in_the_unit_that_suits_it() {
        let alone = |unit: Unit, value| unit.write(value).replace(NO_BREAK_SPACE, " ");
        assert_eq!(alone(Unit::Nanoseconds, 750.0), "750 ns");
        assert_eq!(alone(Unit::Nanoseconds, 1_234_567.0), "1.23 ms");
        assert_eq!(alone(Unit::Nanoseconds, 2.5e9), "2.5 s");
        assert_eq!(alone(Unit::Seconds, 0.02), "20 ms");
        assert_eq!(alone(Unit::Seconds, 600.0), "600 s");
        assert_eq!(alone(Unit::PerSecond, 1e7), "10 M/s");
        assert_eq!(alone(Unit::PerSecond, 0.5), "0.5 /s");
        assert_eq!(alone(Unit::Count, 1024.0), "1.02 k");
        assert_eq!(alone(Unit::Count, 12.0), "12");
        assert_eq!(alone(Unit::Percent, 12.5), "12.5%");
        assert_eq!(alone(Unit::Ratio, 0.957), "0.957");
    }

    #[test]
    fn figures_of_one_axis_share_their_unit() {
        let written = |value| Unit::Nanoseconds.write_among(value, 2e6, 5e5);
        assert_eq!(written(0.0), "0\u{a0}ms");
        assert_eq!(written(500_000.0), "0.5\u{a0}ms");
        assert_eq!(written(2_000_000.0), "2\u{a0}ms");
    }

    #[test]
    fn a_figure_beyond_all_measure_stays_short() {
        for value in [0.0, -0.0, 1e-300, 1e300, f64::MIN, f64::MAX] {
            let shown = Unit::Count.write(value);
            assert!(shown.len() < 16, "{shown}");
        }
    }
}
