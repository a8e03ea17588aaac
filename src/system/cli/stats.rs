//! The flags of `hubbub stats`.

use clap::{Args, builder::FalseyValueParser};

use super::api::{KEY_HELP, Server};
use crate::system::asking::{self, error::AskError, stats::Show};

/// The flags of `hubbub stats`.
#[derive(Clone, Debug, Args)]
#[command(after_help = KEY_HELP)]
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
