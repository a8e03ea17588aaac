//! What a user demands of a result: `p99<5ms`.

use std::{fmt, str::FromStr};

use hubbub::vocabulary::units;
use thiserror::Error;

/// Figures of the result that may be demanded without naming where they stand: they are the latency's.
const LATENCY_FIGURES: [&str; 6] = ["p50", "p90", "p99", "p999", "max", "mean"];

/// A bound on one figure of the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    text: String,
    path: String,
    comparison: Comparison,
    limit: f64,
}

impl Expectation {
    /// Where its figure stands in a result, as a JSON pointer.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether such a figure is what was demanded.
    pub fn holds(&self, actual: f64) -> bool {
        self.comparison.holds(actual, self.limit)
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
        let limit = if let Ok(number) = limit.parse() {
            number
        } else {
            let micros = figure.split('.').any(|part| part.contains("_us"));
            let limit = units::duration(limit).map_err(|reason| wrong(&reason))?;
            if !micros {
                return Err(wrong(
                    "a duration bounds only figures in microseconds (_us)",
                ));
            }
            limit.as_secs_f64() * 1e6
        };
        Ok(Self {
            text: text.to_owned(),
            path: format!("/{}", figure.replace('.', "/")),
            comparison,
            limit,
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
    fn what_is_not_understood_says_how_to_write_it() {
        for text in ["", "p99", "<5ms", "p99<soon", "messages.lost<5ms"] {
            let error = text.parse::<Expectation>().unwrap_err().to_string();
            assert!(error.contains("'p99<5ms'"), "{error}");
        }
    }
}
