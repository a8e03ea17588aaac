//! The page of a result: what all modes' have in common, around the plots of each.

mod headline;
mod plots;

use hubbub::system::cli::discreet_words;
use serde_json::Value;

use crate::{
    outcome::{Outcome, config::Config, curves::Curves, verdict::Verdict},
    page::{Mood, Page, Table},
    report::{expected::expected, facts::facts, heading::heading, sentence, tables::tables},
};

/// The page of a result.
pub fn page(outcome: &Outcome, curves: &Curves) -> Page {
    let expected: Vec<_> = expected(outcome).map(Vec::from).collect();
    let expected = (!expected.is_empty()).then(|| Table {
        title: "Expected".to_owned(),
        header: ["", "", "figure"].map(str::to_owned).into(),
        rows: expected,
    });
    let facts = facts(outcome);
    let facts = (!facts.is_empty()).then(|| Table {
        title: "Figures".to_owned(),
        header: vec![String::new(), String::new()],
        rows: facts
            .into_iter()
            .map(|(name, figure)| vec![name.to_owned(), figure])
            .collect(),
    });
    Page {
        title: format!("loadgen {}", outcome.mode),
        subtitle: heading(outcome),
        mood: match outcome.verdict() {
            Verdict::Good => Mood::Good,
            Verdict::Broken | Verdict::Disappointing => Mood::Bad,
            Verdict::Invalid => Mood::Doubtful,
        },
        word: sentence::word(outcome).to_owned(),
        verdict: sentence::words(outcome),
        headline: headline::headline(outcome),
        plots: plots::plots(outcome, curves),
        tables: expected
            .into_iter()
            .chain(tables(outcome))
            .chain(facts)
            .collect(),
        config: config(&outcome.config),
        command: command(),
    }
}

/// How this was made. Where the program lies is nobody's business, and secrets are not.
fn command() -> String {
    let arguments = discreet_words(std::env::args().skip(1));
    let arguments = arguments.into_iter().map(quoted);
    let words = std::iter::once("loadgen".to_owned()).chain(arguments);
    words.collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it.
fn quoted(word: String) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,%@+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The settings, name by name. Where servers have protocols of their own, it is said of each what it spoke, and of none of
/// them alone.
fn config(config: &Config) -> Vec<(String, String)> {
    let mut config = config.clone();
    let differ = config
        .targets
        .iter()
        .any(|target| target.protocol.is_some());
    for target in config.targets.iter_mut().filter(|_| differ) {
        target.protocol.get_or_insert(config.protocol);
    }
    let settings = serde_json::to_value(&config).unwrap_or_default();
    let settings = settings.as_object().into_iter().flatten();
    settings
        .filter(|(name, _)| !(differ && *name == "protocol"))
        .map(|(name, value)| (name.replace('_', " "), setting(value)))
        .collect()
}

fn setting(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(setting).collect::<Vec<_>>().join(", "),
        // A server: its name, what it spoke if that is its own, and its URL.
        Value::Object(fields) => fields.values().map(setting).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::Args, outcome::config::Named, plan::Plan};

    #[test]
    fn each_of_several_servers_is_told_with_what_it_spoke() {
        let args = Args::read(["loadgen", "compare", "--clients", "2"]).unwrap();
        let mut told = Config::new(&args, &Plan::new(&args).unwrap());
        let of = |config: &Config, name: &str| {
            let rows = super::config(config).into_iter();
            let mut rows = rows.filter(|(row, _)| row == name);
            rows.next().map(|(_, setting)| setting)
        };
        let server = |name: &str, protocol| Named {
            name: name.to_owned(),
            protocol,
            url: Some(format!("ws://{name}/")),
        };
        told.targets = vec![server("a", None), server("b", None)];
        assert_eq!(of(&told, "protocol").as_deref(), Some("relay"));
        assert_eq!(
            of(&told, "targets").as_deref(),
            Some("a ws://a/, b ws://b/")
        );
        told.targets[1].protocol = Some("nats");
        assert_eq!(of(&told, "protocol"), None);
        assert_eq!(
            of(&told, "targets").as_deref(),
            Some("a relay ws://a/, b nats ws://b/")
        );
    }
}
