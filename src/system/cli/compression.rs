//! The flags of `hubbub serve` that say whom messages are deflated for.

use clap::{ArgAction, Args};

use crate::vocabulary::{
    config::{Compression, Config},
    units::size,
};

/// Whether messages are deflated, and for whom they never are.
#[derive(Clone, Debug, Args)]
pub struct Deflation {
    /// Deflate messages for those who offer it: a batch once, for everyone
    #[arg(long, env = "HUBBUB_COMPRESS", default_value = "on", value_name = "on|off", action = ArgAction::Set, value_parser = on_or_off)]
    compress: bool,

    /// Bytes of the smallest batch that is deflated
    #[arg(long, env = "HUBBUB_COMPRESS_MIN", default_value = "256B", value_name = "SIZE", value_parser = size)]
    compress_min: usize,

    /// Text of a User-Agent that nothing is agreed on with, beside those that are known to read it wrongly
    #[arg(
        long,
        env = "HUBBUB_NO_COMPRESS_AGENT",
        value_name = "TEXT",
        value_delimiter = ','
    )]
    no_compress_agent: Vec<String>,
}

impl Deflation {
    /// The settings with these.
    pub(super) fn agree(self, config: Config) -> Config {
        Config {
            compression: Compression {
                is_on: self.compress,
                min_bytes: self.compress_min,
                declined_agents: self.no_compress_agent,
            },
            ..config
        }
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("it is `on` or `off`".to_owned()),
    }
}
