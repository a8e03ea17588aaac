//! Command lines are quoted, in errors and in reports, but for what is secret in them.

use clap::error::{ContextKind, ContextValue};

use crate::system::opening::secrets::{SECRET, hidden, is_secret};

/// The same error with the secrets that it quotes hidden.
#[must_use]
pub fn discreet(mut error: clap::Error) -> clap::Error {
    let quoted = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let argument = quoted(&error, ContextKind::InvalidArg).unwrap_or_default();
    let (kind, told) = match quoted(&error, ContextKind::InvalidValue) {
        Some(value) => {
            let flag = argument.split(' ').next().unwrap_or_default();
            (ContextKind::InvalidValue, value_of(flag, &value))
        }
        // One that nobody asked for.
        None if !argument.is_empty() => (ContextKind::InvalidArg, hidden(&argument)),
        None => return error,
    };
    error.insert(kind, ContextValue::String(told));
    error
}

/// The words of a command line with the secrets in them hidden.
pub fn discreet_words(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut flag = String::new();
    let told = words.into_iter().map(|word| match word.split_once('=') {
        Some((name, value)) if name.starts_with("--") => {
            format!("{name}={}", value_of(name, value))
        }
        _ => {
            let told = value_of(&flag, &word);
            flag = word;
            told
        }
    });
    told.collect()
}

/// The value of a flag, or a word that has none before it, as far as it may be told.
fn value_of(flag: &str, value: &str) -> String {
    match (flag, value.split_once(':')) {
        ("--header", Some((name, _))) => format!("{name}: {SECRET}"),
        // Of a webhook's URL the path and the query may be secrets too.
        ("--header" | "--token" | "--webhook", _) => SECRET.to_owned(),
        // A browser has no other way to bring a token.
        ("--subprotocol", _) if is_secret(value) => SECRET.to_owned(),
        _ => hidden(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_told_but_for_what_is_secret_in_it() {
        let said = "run ws://a:b@h?token=c --token d --token=d --header X:e --header=X:e --header f \
                    --subprotocol hubbub.token.g --clients 5";
        let told = "run ws://a:***@h?token=*** --token *** --token=*** --header X: *** --header=X: *** --header *** \
                    --subprotocol *** --clients 5";
        let words = discreet_words(said.split(' ').map(str::to_owned));
        assert_eq!(words.join(" "), told);
    }
}
