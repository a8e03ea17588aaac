//! What is wrong with a script. The user's to mend. Of a text nothing is told but the place that is wrong, as a hello may hold a
//! password; of a template all.

use thiserror::Error;

/// What is wrong with a text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TextError {
    /// A `%` that begins nothing.
    #[error(
        "{found} stands for nothing there; what does is {} and %%, a percent sign",
        list(known)
    )]
    Place {
        /// As it is written.
        found: String,
        /// What would stand for something.
        known: Vec<char>,
    },
    /// `%c` before a hex digit, in a URL.
    #[error(
        "%c{digit} can be read as the client's number before {digit}, or as percent-encoding: write %C{digit} if that is meant, \
         or something in between"
    )]
    Ambiguous {
        /// The digit.
        digit: char,
    },
    /// A `\` that begins nothing.
    #[error(r"{found} is no escape: --escapes knows \0 \n \r \t \\ and \xHH")]
    Escape {
        /// As it is written.
        found: String,
    },
}

/// What is wrong with a script.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// A text of a flag.
    #[error("{flag}: {source}")]
    Text {
        /// The flag.
        flag: &'static str,
        /// What is wrong with it.
        source: TextError,
    },
    /// A payload that is missing or there twice.
    #[error(
        "--template {template:?} must contain %s once, where the payload goes: write one like '{{\"text\":\"%s\"}}'"
    )]
    Template {
        /// What `--template` says.
        template: String,
    },
    /// A reply without what it answers, or with too much of it.
    #[error("--reply must have a => and at most one * before it: write one like 'ping *=>pong *'")]
    Reply,
    /// Bytes that are no text.
    #[error(
        "{flag} is not UTF-8, which text frames must be: give --binary, or leave the escapes out"
    )]
    NotText {
        /// The flag.
        flag: &'static str,
    },
    /// The time between two of the same is none.
    #[error(
        "--period must be greater than zero: give the time between two of --every or --ping, such as 25s"
    )]
    NoPeriod,
    /// Nothing is said again.
    #[error(
        "--period says how often something is said again, and nothing is: give --every TEXT, or --ping in idle, or leave it \
         out"
    )]
    NothingAgain,
    /// They say how a server of other people's is spoken to.
    #[error(
        "{flag} cannot go with --protocol {protocol}, which has messages of its own: give --protocol raw or a language"
    )]
    NotRaw {
        /// The flag.
        flag: &'static str,
        /// What `--protocol` says.
        protocol: &'static str,
    },
    /// A publisher could not know what is under way.
    #[error(
        "--sender skipped leaves saturate without a sign that a message came back: use fanout, or --sender acked if the \
         server answers"
    )]
    NothingBack,
}

fn list(known: &[char]) -> String {
    let known: Vec<String> = known.iter().map(|name| format!("%{name}")).collect();
    known.join(", ")
}
