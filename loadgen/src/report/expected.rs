//! What was expected, and what came of it.

use crate::outcome::Outcome;

/// Each expectation as it is told, whether it held, and the figure.
pub fn expected(outcome: &Outcome) -> impl Iterator<Item = [String; 3]> {
    outcome.expectations.iter().map(|judged| {
        let actual = judged.actual.map_or("no such figure".to_owned(), |actual| {
            format!("{actual:.3} {}", judged.unit).trim_end().to_owned()
        });
        let held = if judged.passed { "held" } else { "FAILED" };
        [judged.told.clone(), held.to_owned(), actual]
    })
}
