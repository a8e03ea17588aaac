//! The flags of `hubbub serve` that say what channels remember.

use std::time::Duration;

use clap::Args;

use crate::vocabulary::{
    config::{Config, HistoryBounds},
    units::{duration, size},
};

/// What is kept of what was said, for those who come back or are new.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of flags")]
pub struct History {
    /// Messages kept of each channel (at most 10000; notices between them are kept and do not count); 0 keeps none
    #[arg(
        long,
        env = "HUBBUB_HISTORY",
        default_value = "100",
        value_name = "COUNT"
    )]
    history: usize,

    /// Bytes of messages and notices kept of each channel; its newest message does not count once nothing older is kept
    #[arg(long, env = "HUBBUB_HISTORY_BYTES", default_value = "256KiB", value_name = "SIZE", value_parser = size)]
    history_bytes: usize,

    /// How long they are kept, and how long a channel that nobody is in is remembered
    #[arg(long, env = "HUBBUB_HISTORY_AGE", default_value = "5m", value_name = "DURATION", value_parser = duration)]
    history_age: Duration,

    /// Bytes kept of all channels; beyond it the oldest of those that were quiet longest go first, relays before the chat
    #[arg(long, env = "HUBBUB_HISTORY_TOTAL", default_value = "64MiB", value_name = "SIZE", value_parser = size)]
    history_total: usize,
}

impl History {
    /// The settings with these bounds.
    pub(super) fn remember(self, config: Config) -> Config {
        Config {
            history: HistoryBounds {
                messages: self.history,
                bytes: self.history_bytes,
                age: self.history_age,
                total_bytes: self.history_total,
                ..config.history
            },
            ..config
        }
    }
}
