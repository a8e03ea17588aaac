//! What a user demands of a result: `p99<5ms`.

use std::{fmt, str::FromStr};

use hubbub::vocabulary::units;
use thiserror::Error;

/// Figures of the result that may be demanded without naming where they stand: they are the latency's.
pub const LATENCY_FIGURES: [&str; 7] = ["p50", "p90", "p95", "p99", "p999", "max", "mean"];

/// A bound on one figure of the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    text: String,
    path: String,
    comparison: Comparison,
    limit: f64,
    /// Whether the limit is a number that was given no unit.
    is_bare: bool,
}

impl Expectation {
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where its figure stands in a result, as a JSON pointer.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The unit of its figure, which the figure's name tells; nothing for a count or a ratio.
    pub fn unit(&self) -> &'static str {
        let name = |part: &&str| part.contains('_');
        // Below a name, such as `latency_us`, stands what has no unit in its own, such as `p99`.
        match self.path.rsplit('/').find(name).unwrap_or_default() {
            ratio if self.path.contains("/ratios/") || ratio.is_empty() => "",
            name if name.contains("_us") => "us",
            name if name.contains("bytes_per_second") => "B/s",
            name if name.contains("bytes") => "B",
            name if name.ends_with("_seconds") => "s",
            name if name.ends_with("per_second") => "/s",
            _ => "",
        }
    }

    /// Whether its limit is a duration, and its figure is none.
    pub fn takes_a_count_for_a_time(&self) -> bool {
        !self.is_bare && self.unit() != "us"
    }

    /// Whether such a figure is what was demanded.
    pub fn holds(&self, actual: f64) -> bool {
        self.comparison.holds(actual, self.limit)
    }
}

/// With the unit, where none was written.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.unit() {
            unit if self.is_bare && !unit.is_empty() => write!(f, " {unit}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Expectation {
    type Err = ExpectationError;

    fn from_str(text: &str) -> Result<Self, ExpectationError> {
        let wrong = |reason: &str| ExpectationError {
            reason: reason.to_owned(),
        };
        let at = text
            .find(['<', '>'])
            .ok_or_else(|| wrong("there is no <, <=, > or >= in it"))?;
        let (figure, bound) = (text[..at].trim(), &text[at..]);
        let (comparison, limit) = Comparison::split(bound);
        let figure = match figure {
            "" => return Err(wrong("no figure stands on the left")),
            "p99.9" => "latency_us.p999".to_owned(),
            short if LATENCY_FIGURES.contains(&short) => format!("latency_us.{short}"),
            path => path.to_owned(),
        };
        let number = limit.parse().ok().filter(|number: &f64| number.is_finite());
        let limit = match number {
            Some(number) => number,
            None => {
                units::duration(limit)
                    .map_err(|reason| wrong(&reason))?
                    .as_secs_f64()
                    * 1e6
            }
        };
        Ok(Self {
            text: text.to_owned(),
            path: format!("/{}", figure.replace('.', "/")),
            comparison,
            limit,
            is_bare: number.is_some(),
        })
    }
}

/// An expectation that cannot be understood. The user's to mend.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{reason}; write an expectation like 'p99<5ms' or 'messages.lost<1'")]
pub struct ExpectationError {
    reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Comparison {
    fn split(bound: &str) -> (Self, &str) {
        let forms = [
            ("<=", Self::AtMost),
            ("<", Self::Below),
            (">=", Self::AtLeast),
            (">", Self::Above),
        ];
        let found = forms
            .into_iter()
            .find_map(|(sign, comparison)| Some((comparison, bound.strip_prefix(sign)?.trim())));
        found.expect("a bound begins with its sign")
    }

    fn holds(self, actual: f64, limit: f64) -> bool {
        match self {
            Self::Below => actual < limit,
            Self::AtMost => actual <= limit,
            Self::Above => actual > limit,
            Self::AtLeast => actual >= limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Expectation {
        text.parse().unwrap()
    }

    #[test]
    fn a_duration_bounds_a_percentile() {
        assert!(read("p99<5ms").holds(4000.0));
        assert!(read("p99 <= 4000").holds(4000.0));
        assert!(!read("p99<4ms").holds(4000.0));
        assert!(read("latency_us.p99>1ms").holds(4000.0));
    }

    #[test]
    fn any_figure_is_named_by_its_path() {
        assert_eq!(read("p99<5ms").path(), "/latency_us/p99");
        assert_eq!(read("p99.9<5ms").path(), "/latency_us/p999");
        assert_eq!(read("messages.lost<1").path(), "/messages/lost");
        assert!(!read("messages.lost>0").holds(0.0));
    }

    #[test]
    fn a_limit_without_a_unit_is_told_with_that_of_its_figure() {
        for (text, told) in [
            ("p99<5", "p99<5 us"),
            ("p99<5ms", "p99<5ms"),
            (
                "server.cpu_us_per_delivery<1",
                "server.cpu_us_per_delivery<1 us",
            ),
            ("isolation.p99_us_with<9", "isolation.p99_us_with<9 us"),
            ("server.rss_bytes_end<9", "server.rss_bytes_end<9 B"),
            (
                "throughput.bytes_per_second>9",
                "throughput.bytes_per_second>9 B/s",
            ),
            (
                "throughput.delivered_per_second>9",
                "throughput.delivered_per_second>9 /s",
            ),
            ("server.cpu_seconds<9", "server.cpu_seconds<9 s"),
            ("messages.lost<1", "messages.lost<1"),
            (
                "ratios.cpu_us_per_delivery.median<1",
                "ratios.cpu_us_per_delivery.median<1",
            ),
        ] {
            assert_eq!(read(text).to_string(), told);
        }
    }

    #[test]
    fn what_is_not_understood_says_how_to_write_it() {
        for text in ["", "p99", "<5ms", "p99<soon", "p99<nan", "p99<inf"] {
            let error = text.parse::<Expectation>().unwrap_err().to_string();
            assert!(error.contains("'p99<5ms'"), "{error}");
        }
    }
}
