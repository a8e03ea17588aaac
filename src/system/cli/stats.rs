//! The flags of `hubbub stats`.

use std::sync::LazyLock;

use clap::{Args, builder::FalseyValueParser};

use super::api::{KEY_HELP, PATIENCE_HELP, Server};
use crate::system::asking::{self, error::AskError, stats::Show};

/// The flags of `hubbub stats`.
#[derive(Clone, Debug, Args)]
#[command(after_help = STATS_HELP.as_str())]
pub struct Stats {
    /// Print them as the server says them
    #[arg(long, env = "HUBBUB_JSON", value_parser = FalseyValueParser::new())]
    json: bool,

    /// Print them again each second, until Ctrl-C
    #[arg(long, env = "HUBBUB_WATCH", value_parser = FalseyValueParser::new())]
    watch: bool,

    #[command(flatten)]
    pub(super) server: Server,
}

static STATS_HELP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "What happens in a second is known from the second time on that anybody asks: where nobody has within a minute, they \
         are asked for again after a second.\n\n\
         {KEY_HELP}\n\n\
         {}\n\n\
         Exit status: 0 if they were printed, 2 if the command line makes no sense, or the server cannot be reached or \
         refuses to answer.",
        *PATIENCE_HELP
    )
});

impl Stats {
    /// Of which server, and how they are shown.
    ///
    /// # Errors
    /// It cannot be asked like that.
    pub fn wish(self) -> Result<(asking::Api, Show), AskError> {
        let show = Show {
            is_json: self.json,
            watches: self.watch,
        };
        Ok((self.server.reach()?, show))
    }
}
