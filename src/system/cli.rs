//! The command line of `hubbub`: flags, their environment variables, and what they make of a configuration.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tracing::Level;

use super::log::Format;
use crate::vocabulary::{
    address::Address,
    config::Config,
    units::{duration, size},
};

/// A WebSocket broadcast and chat server on one thread.
#[derive(Debug, Parser)]
#[command(name = "hubbub", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default). Prints one line on stdout once it listens; logs go to stderr.
    Serve(Serve),
}

/// The flags of `hubbub serve`. Durations are written 500ms, 10s, 2m; sizes 512B, 64KiB, 1MiB.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Where to listen: HOST:PORT (port 0: one that is free) or unix:PATH
    #[arg(
        long,
        env = "HUBBUB_ADDR",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    addr: Address,

    /// Size of the largest message a client may send; a larger one closes with 1009
    #[arg(long, env = "HUBBUB_MAX_MESSAGE", default_value = "64KiB", value_name = "SIZE", value_parser = size)]
    max_message: usize,

    /// Connections served at once; those beyond are answered 503 [default: the descriptor limit less 64]
    #[arg(long, env = "HUBBUB_MAX_CONNECTIONS", value_name = "COUNT")]
    max_connections: Option<usize>,

    /// Bytes a peer may leave unsent after a flush before it is closed as slow, with 4001
    #[arg(long, env = "HUBBUB_MAX_UNSENT", default_value = "1MiB", value_name = "SIZE", value_parser = size)]
    max_unsent: usize,

    /// Time a peer with unsent bytes may make no progress before it is closed as slow, with 4001
    #[arg(long, env = "HUBBUB_WRITE_TIMEOUT", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    write_timeout: Duration,

    /// Silence after which a peer is sent a ping; any bytes from it end the silence
    #[arg(long, env = "HUBBUB_PING_INTERVAL", default_value = "54s", value_name = "DURATION", value_parser = duration)]
    ping_interval: Duration,

    /// Silence, the ping included, after which a peer is closed with 4002
    #[arg(long, env = "HUBBUB_PONG_TIMEOUT", default_value = "60s", value_name = "DURATION", value_parser = duration)]
    pong_timeout: Duration,

    /// Time from accept to upgraded, or to the end of an HTTP request
    #[arg(long, env = "HUBBUB_HANDSHAKE_TIMEOUT", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    handshake_timeout: Duration,

    /// Time to wait for a closed peer to take its last bytes and end its side
    #[arg(long, env = "HUBBUB_LINGER_TIMEOUT", default_value = "2s", value_name = "DURATION", value_parser = duration)]
    linger_timeout: Duration,

    /// Members of a chat channel beyond which comings and goings are told in one summary a second
    #[arg(
        long,
        env = "HUBBUB_NOTICE_LIMIT",
        default_value_t = 200,
        value_name = "MEMBERS"
    )]
    notice_limit: usize,

    /// Time to end gracefully on SIGTERM or SIGINT: closes (1001) are spread over its first half, the rest is cut at
    /// its end; a second signal ends at once
    #[arg(long, env = "HUBBUB_DRAIN_TIMEOUT", default_value = "5s", value_name = "DURATION", value_parser = duration)]
    drain_timeout: Duration,

    /// How log lines on stderr look
    #[arg(
        long,
        env = "HUBBUB_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    log_format: Format,

    /// Least severe log lines shown: error, warn, info, debug (each connection) or trace
    #[arg(
        long,
        env = "HUBBUB_LOG_LEVEL",
        default_value = "info",
        value_name = "LEVEL"
    )]
    log_level: Level,
}

impl Cli {
    /// The flags of `hubbub serve`, whether or not it was named.
    pub fn serve(self) -> Serve {
        match self.command {
            Some(Command::Serve(serve)) => serve,
            None => self.serve,
        }
    }
}

impl Serve {
    /// How logs look.
    pub fn log_format(&self) -> Format {
        self.log_format
    }

    /// The least severe logs shown.
    pub fn log_level(&self) -> Level {
        self.log_level
    }

    /// What the flags make of a configuration; not validated yet.
    pub fn config(self) -> Config {
        Config {
            addr: self.addr,
            max_message_bytes: self.max_message,
            max_connections: self.max_connections,
            max_unsent_bytes: self.max_unsent,
            write_timeout: self.write_timeout,
            ping_interval: self.ping_interval,
            pong_timeout: self.pong_timeout,
            handshake_timeout: self.handshake_timeout,
            drain_timeout: self.drain_timeout,
            linger_timeout: self.linger_timeout,
            notice_limit: self.notice_limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_flags_are_the_default_configuration() {
        assert_eq!(
            Cli::parse_from(["hubbub"]).serve().config(),
            Config::default()
        );
        assert_eq!(
            Cli::parse_from(["hubbub", "serve"]).serve().config(),
            Config::default()
        );
    }

    #[test]
    fn flags_work_with_and_without_the_name_of_the_command() {
        for arguments in [
            &["hubbub", "--ping-interval", "5s"][..],
            &["hubbub", "serve", "--ping-interval", "5s"],
        ] {
            let config = Cli::parse_from(arguments).serve().config();
            assert_eq!(config.ping_interval, Duration::from_secs(5));
        }
    }

    #[test]
    fn every_flag_is_an_environment_variable_too() {
        for flag in Serve::augment_args(clap::Command::new("serve")).get_arguments() {
            let variable = format!("HUBBUB_{}", flag.get_id().as_str().to_uppercase());
            assert_eq!(
                flag.get_env().and_then(|name| name.to_str()),
                Some(&variable[..])
            );
        }
    }
}
