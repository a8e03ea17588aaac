//! Logs on stderr, as text for people or JSON for machines.

use std::panic;

use clap::ValueEnum;
use tracing::{Level, error};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line of text.
    Text,
    /// One JSON object.
    Json,
}

/// Sends logs of `level` and above to stderr, for the rest of the process, and a panic's last words with them.
pub fn install(format: Format, level: Level) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        // That a line could not be written, as on a full disk, would be said in the same place, and fail by a panic.
        .log_internal_errors(false)
        .with_target(false);
    match format {
        Format::Text => lines.init(),
        Format::Json => lines.json().flatten_event(true).init(),
    }
    // It unwinds all the same, so that what must not outlive the process goes with it, such as a unix socket's file.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let words = panic.payload_as_str();
        error!(place, words, "panicked: this is a bug, please report it");
    }));
}
