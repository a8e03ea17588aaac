//! Whether what a user demands of a result holds.

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::{
    args::{
        expectation::{Expectation, LATENCY_FIGURES},
        mode::Mode,
    },
    outcome::schema,
};

/// How an expectation came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// The expectation as it was written.
    pub expect: String,
    /// The same with its unit.
    #[serde(skip)]
    pub told: String,
    /// The figure's unit.
    #[serde(skip)]
    pub unit: &'static str,
    /// The figure, in its own unit; absent when the run has no such figure, which fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<f64>,
    /// Whether it held.
    pub passed: bool,
}

impl Judged {
    /// Holds an expectation against a result.
    pub fn new(expectation: &Expectation, result: &Value) -> Self {
        let actual = result.pointer(expectation.path()).and_then(Value::as_f64);
        Self {
            expect: expectation.text().to_owned(),
            told: expectation.to_string(),
            unit: expectation.unit(),
            actual,
            passed: actual.is_some_and(|actual| expectation.holds(actual)),
        }
    }
}

/// Checks that results of a mode may have the figure that is demanded, and that it is of the limit's kind.
///
/// # Errors
/// The user's: they have none by that path, or another kind.
pub fn check(expectation: &Expectation, mode: Mode) -> Result<(), FigureError> {
    let text = expectation.text().to_owned();
    let mode = mode.to_string();
    if !schema::has_figure(&mode, expectation.path()) {
        return Err(FigureError::Unknown {
            text,
            figure: dotted(expectation.path()),
            known: known(&mode, expectation.path()),
            mode,
        });
    }
    if expectation.takes_a_count_for_a_time() {
        return Err(FigureError::NoTime {
            text,
            figure: dotted(expectation.path()),
        });
    }
    Ok(())
}

/// What could have been meant: figures, and what has figures below it, as near to a path as there are any.
fn known(mode: &str, path: &str) -> String {
    let (place, names) = schema::names_near(mode, path);
    let names = names.join(", ");
    if !place.is_empty() {
        return format!("{} has {names}", dotted(&place));
    }
    let short = LATENCY_FIGURES.join(", ");
    if schema::has_figure(mode, "/latency_us/p99") {
        format!("known are {short} of the latency, and by their path what is in {names}")
    } else {
        format!("known is by its path what is in {names}")
    }
}

/// A JSON pointer as a user writes it.
fn dotted(path: &str) -> String {
    path.trim_start_matches('/').replace('/', ".")
}

/// An expectation that no result could meet or miss. The user's to mend.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FigureError {
    /// There is no such figure.
    #[error("cannot expect '{text}': results of {mode} have no figure {figure}; {known}")]
    Unknown {
        /// The expectation.
        text: String,
        /// Its figure.
        figure: String,
        /// Those that there are.
        known: String,
        /// What is measured.
        mode: String,
    },
    /// The limit is a duration, and the figure is none.
    #[error(
        "cannot expect '{text}': {figure} is no time in microseconds (_us), so give a number as its limit, without a unit"
    )]
    NoTime {
        /// The expectation.
        text: String,
        /// Its figure.
        figure: String,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Expectation {
        text.parse().unwrap()
    }

    #[test]
    fn a_figure_is_judged_where_it_stands_and_fails_where_there_is_none() {
        let result = json!({"latency_us": {"p99": 4000.0}, "messages": {"lost": 0}});
        let judge = |text: &str| Judged::new(&read(text), &result);
        let held = judge("p99<5ms");
        assert_eq!((held.actual, held.passed), (Some(4000.0), true));
        assert!(judge("messages.lost<1").passed && !judge("messages.lost>0").passed);
        let absent = judge("p90<5ms");
        assert_eq!((absent.actual, absent.passed), (None, false));
    }

    #[test]
    fn a_figure_that_no_result_has_is_refused_before_the_run() {
        let check = |text: &str, mode| check(&read(text), mode);
        assert_eq!(check("p99<5ms", Mode::Fanout), Ok(()));
        assert_eq!(check("connect.latency_us.p99<5ms", Mode::Connect), Ok(()));
        for (text, mode, told) in [
            (
                "no.such.figure<5",
                Mode::Fanout,
                "fanout have no figure no.such.figure",
            ),
            (
                "p99<5ms",
                Mode::Connect,
                "connect have no figure latency_us.p99",
            ),
        ] {
            let error = check(text, mode).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn who_names_none_is_told_which_there_are() {
        let told = |text: &str, mode| check(&read(text), mode).unwrap_err().to_string();
        for (text, known) in [
            (
                "p42<5ms",
                "known are p50, p90, p95, p99, p999, max, mean of the latency",
            ),
            ("p42<5ms", "messages"),
            (
                "latency_us.p42<5ms",
                "latency_us has max, mean, p50, p90, p95, p99, p999",
            ),
            (
                "messages.losst<1",
                "messages has acked, damaged, delivered, ",
            ),
            (
                "messages.lost.more<1",
                "messages has acked, damaged, delivered, ",
            ),
        ] {
            let told = told(text, Mode::Fanout);
            assert!(told.contains(known), "{told}");
        }
        let told = told("p95<5ms", Mode::Connect);
        assert!(
            told.contains("known is by its path what is in compression, config, connect, "),
            "{told}"
        );
    }

    #[test]
    fn a_count_is_not_bounded_by_a_duration() {
        let error = check(&read("messages.lost<5ms"), Mode::Fanout)
            .unwrap_err()
            .to_string();
        assert!(error.contains("messages.lost is no time"), "{error}");
        assert_eq!(
            check(&read("isolation.p99_us_with<5ms"), Mode::Fanout),
            Ok(())
        );
    }
}
