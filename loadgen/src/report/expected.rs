//! What was expected, and what came of it.

use crate::{
    figures::words::with_unit,
    outcome::{Outcome, expectation::Judged},
};

/// Each expectation as it is told, whether it held, and the figure.
pub fn expected(outcome: &Outcome) -> impl Iterator<Item = [String; 3]> {
    outcome.expectations.iter().map(|judged| {
        let held = if judged.passed { "held" } else { "FAILED" };
        [judged.told.clone(), held.to_owned(), actual(judged)]
    })
}

/// Those that did not hold, each with the figure.
pub fn failed(outcome: &Outcome) -> String {
    let failed = outcome.expectations.iter().filter(|judged| !judged.passed);
    let told = failed.map(|judged| format!("{} ({})", judged.told, actual(judged)));
    told.collect::<Vec<_>>().join(", ")
}

fn actual(judged: &Judged) -> String {
    judged.actual.map_or_else(
        || "no such figure".to_owned(),
        |actual| with_unit(actual, judged.unit),
    )
}
