//! What came deflated, in words.

use crate::{
    figures::words::{bytes, grouped},
    outcome::{Findings, Outcome, compression::Compression},
};

/// How the offer to deflate was answered, by each server, and what came of it.
pub(super) fn deflated(facts: &mut Vec<(&'static str, String)>, outcome: &Outcome) {
    if let Findings::Comparison(comparison) = &outcome.findings {
        // All rounds of a server are alike in this.
        let last = comparison
            .rounds
            .iter()
            .rev()
            .take(outcome.config.targets.len());
        for round in last.rev() {
            if let Some(compression) = &round.step.compression {
                let answers = format!("{}: {}", round.target, answers(compression));
                facts.push(("compression", answers));
            }
        }
    } else if let Some(compression) = &outcome.compression {
        facts.push(("compression", answers(compression)));
        came(facts, compression);
    }
}

fn answers(compression: &Compression) -> String {
    let Compression {
        agreed,
        declined,
        context_kept,
        ..
    } = *compression;
    let declined = match (agreed, declined) {
        (0, 0) => "offered, and never answered".to_owned(),
        (0, _) => "the server declined it: all came plain".to_owned(),
        (_, 0) => "the server agreed".to_owned(),
        _ => format!(
            "the server agreed {} times and declined {} times",
            grouped(agreed),
            grouped(declined)
        ),
    };
    if context_kept > 0 {
        format!("{declined}, and keeps its context: each client inflates for itself")
    } else {
        declined
    }
}

fn came(facts: &mut Vec<(&'static str, String)>, compression: &Compression) {
    let Some(ratio) = compression.ratio else {
        return;
    };
    let [wire, inflated] = [compression.wire_bytes, compression.inflated_bytes]
        .map(|count| bytes(crate::figures::ratio(count, 1)));
    facts.push((
        "deflated / inflated",
        format!("{wire} / {inflated} ({ratio:.3})"),
    ));
    let messages = [compression.messages, compression.inflations].map(grouped);
    facts.push(("deflated messages / inflations", messages.join(" / ")));
    if let Some(share) = compression.cpu_share {
        let share = share * 100.0;
        facts.push((
            "inflating, of the load generator's CPU",
            format!("{share:.1} %"),
        ));
    }
}
