//! Whether what a user demands of a result holds.

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::{
    args::{expectation::Expectation, mode::Mode},
    outcome::schema,
};

/// How an expectation came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// The expectation as it was written.
    pub expect: String,
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
            expect: expectation.to_string(),
            actual,
            passed: actual.is_some_and(|actual| expectation.holds(actual)),
        }
    }
}

/// Checks that results of a mode may have the figure that is demanded.
///
/// # Errors
/// The user's: they have none by that path.
pub fn check(expectation: &Expectation, mode: Mode) -> Result<(), UnknownFigure> {
    let mode = mode.to_string();
    if schema::has_figure(&mode, expectation.path()) {
        return Ok(());
    }
    Err(UnknownFigure {
        text: expectation.to_string(),
        figure: expectation.path()[1..].replace('/', "."),
        mode,
    })
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
}
