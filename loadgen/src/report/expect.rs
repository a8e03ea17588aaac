//! What a user demands of a result: `p99<5ms`.

use std::{fmt, str::FromStr};

use hubbub::vocabulary::units;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::{args::Mode, report::schema};

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

/// How an expectation came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The expectation as it was written.
    pub expect: String,
    /// The figure, in its own unit; absent when the run has no such figure, which fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<f64>,
    /// Whether it held.
    pub passed: bool,
}

impl Expectation {
    /// Checks that results of a mode may have the figure.
    ///
    /// # Errors
    /// The user's: they have none by that path.
    pub fn check(&self, mode: Mode) -> Result<(), UnknownFigure> {
        let mode = mode.to_string();
        if schema::has_figure(&mode, &self.path) {
            return Ok(());
        }
        Err(UnknownFigure {
            text: self.text.clone(),
            figure: self.path[1..].replace('/', "."),
            mode,
        })
    }

    /// Holds the expectation against a result.
    pub fn judge(&self, result: &Value) -> Outcome {
        let actual = result.pointer(&self.path).and_then(Value::as_f64);
        Outcome {
            expect: self.text.clone(),
            actual,
            passed: actual.is_some_and(|actual| self.comparison.holds(actual, self.limit)),
        }
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

/// An expectation of a figure that there is none of. The user's to mend.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "cannot expect '{text}': results of {mode} have no figure {figure}; look for its path in what --json writes"
)]
pub struct UnknownFigure {
    text: String,
    figure: String,
    mode: String,
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
    use serde_json::json;

    use super::*;

    fn judge(text: &str) -> Outcome {
        let result =
            json!({"latency_us": {"p99": 4000.0, "p999": 9000.0}, "messages": {"lost": 0}});
        text.parse::<Expectation>().unwrap().judge(&result)
    }

    #[test]
    fn a_duration_bounds_a_percentile() {
        assert!(judge("p99<5ms").passed);
        assert!(judge("p99 <= 4000").passed);
        assert!(!judge("p99<4ms").passed);
        assert!(!judge("p99.9<5ms").passed);
        assert_eq!(judge("p99<5ms").actual, Some(4000.0));
    }

    #[test]
    fn any_figure_is_reached_by_its_path() {
        assert!(judge("messages.lost<1").passed);
        assert!(!judge("messages.lost>0").passed);
        assert!(judge("latency_us.p99>1ms").passed);
    }

    #[test]
    fn a_figure_that_is_not_there_fails() {
        let outcome = judge("latency_us.p42<5ms");
        assert_eq!((outcome.actual, outcome.passed), (None, false));
    }

    #[test]
    fn a_figure_that_no_result_has_is_refused_before_the_run() {
        let check = |text: &str, mode| text.parse::<Expectation>().unwrap().check(mode);
        assert_eq!(check("p99<5ms", Mode::Fanout), Ok(()));
        assert_eq!(check("connect.latency_us.p99<5ms", Mode::Connect), Ok(()));
        let error = check("no.such.figure<5", Mode::Fanout).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("fanout have no figure no.such.figure"),
            "{error}"
        );
        let error = check("p99<5ms", Mode::Connect).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("connect have no figure latency_us.p99"),
            "{error}"
        );
    }

    #[test]
    fn what_is_not_understood_says_how_to_write_it() {
        for text in ["", "p99", "<5ms", "p99<soon", "messages.lost<5ms"] {
            let error = text.parse::<Expectation>().unwrap_err().to_string();
            assert!(error.contains("'p99<5ms'"), "{error}");
        }
    }
}
