//! What was expected, and what came of it.

use crate::{figures::words::with_unit, outcome::Outcome};

/// Each expectation as it is told, whether it held, and the figure.
pub fn expected(outcome: &Outcome) -> impl Iterator<Item = [String; 3]> {
    outcome.expectations.iter().map(|judged| {
        let actual = judged.actual.map_or_else(
            || "no such figure".to_owned(),
            |actual| with_unit(actual, judged.unit),
        );
        let held = if judged.passed { "held" } else { "FAILED" };
        [judged.told.clone(), held.to_owned(), actual]
    })
}
