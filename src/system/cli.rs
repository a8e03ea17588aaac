//! The command line of `hubbub`: flags, their environment variables, and what they make of a configuration.

use std::{env, ffi::OsString, sync::LazyLock, time::Duration};

use clap::{
    ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{FalseyValueParser, Resettable},
    parser::ValueSource,
};
use tracing::Level;

use super::{
    client::{Options, chat::commands::COMMANDS, target::Target},
    log::Format,
};
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

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve (the default). Prints one line on stdout once it listens; logs go to stderr.
    Serve(Serve),
    /// Talk to a WebSocket server: lines typed are sent, messages received are printed; Ctrl-C closes.
    Connect(Connect),
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

    /// Time that what is said in a channel waits for more to go out with it, up to 1s: less CPU, more latency
    #[arg(long, env = "HUBBUB_BATCH_WINDOW", default_value = "0s", value_name = "DURATION", value_parser = duration)]
    batch_window: Duration,

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

/// The flags of `hubbub connect`.
#[derive(Clone, Debug, Args)]
#[command(after_help = CONNECT_HELP.as_str())]
pub struct Connect {
    /// The server and the endpoint: ws://HOST:PORT/PATH?QUERY (a path of /ws if there is none), or unix:PATH
    url: Target,

    /// Endpoint to ask for on a unix socket, like /relay?channel=tea [default: /ws]
    #[arg(long, env = "HUBBUB_PATH", value_name = "PATH")]
    path: Option<String>,

    /// Channel of the chat to join at once (repeatable)
    #[arg(long, env = "HUBBUB_JOIN", value_name = "CHANNEL")]
    join: Vec<String>,

    /// Send lines and print messages as they are: the chat's JSON, binary messages byte for byte
    #[arg(long, env = "HUBBUB_RAW", value_parser = FalseyValueParser::new())]
    raw: bool,

    /// Time from the first attempt to connect to an open WebSocket, after the host's name was looked up; its addresses
    /// share what is left of it
    #[arg(long, env = "HUBBUB_HANDSHAKE_TIMEOUT", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    handshake_timeout: Duration,
}

static CONNECT_HELP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "At the chat (/ws?name=NAME) a line is a message to the channel joined last, JSON if it begins with {{, or a \
         command: {COMMANDS}.\n\n\
         In a pipe it closes once nothing has arrived for a second after the end of input.\n\n\
         Exit status: 0 after a normal close (1000), 1 after any other end or when a line could not be sent (not UTF-8, \
         too long), 2 when there was no connection; a signal before there is one, or a second signal, ends it with 128 \
         plus its number."
    )
});

impl Cli {
    /// What the process is asked to do. A command line that makes no sense ends it, and so does one that asks for help.
    pub fn read() -> Command {
        Self::command_of(env::args_os().collect())
    }

    /// What is to be done: to serve, if nothing is named.
    fn command_of(arguments: Vec<OsString>) -> Command {
        let mut cli = Self::command();
        // The flags that mean to serve stand in a command's place. The library would heed their environment beside one.
        let place = arguments.get(1);
        if place.is_some_and(|name| cli.find_subcommand(name).is_some()) {
            cli = cli.mut_args(|flag| flag.env(Resettable::Reset));
        }
        let matches = cli.get_matches_from(arguments);
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let mut command = cli.command.unwrap_or(Command::Serve(cli.serve));
        if let (Command::Connect(connect), Some((_, flags))) = (&mut command, matches.subcommand())
        {
            connect.leave_what_does_not_fit(flags);
        }
        command
    }
}

impl Connect {
    /// Leaves out what an environment, which is for every connection, says of another kind of target.
    fn leave_what_does_not_fit(&mut self, flags: &ArgMatches) {
        let is_of_environment = |flag| flags.value_source(flag) == Some(ValueSource::EnvVariable);
        if is_of_environment("path") && !self.url.is_unix() {
            self.path = None;
        }
        let target = match &self.path {
            Some(path) => self.url.clone().with_path(path).ok(),
            None => Some(self.url.clone()),
        };
        if is_of_environment("join") && !target.is_some_and(|target| target.is_chat()) {
            self.join.clear();
        }
    }

    /// What the flags make of a client.
    pub fn options(self) -> Options {
        Options {
            target: self.url,
            path: self.path,
            joins: self.join,
            is_raw: self.raw,
            handshake_timeout: self.handshake_timeout,
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
            batch_window: self.batch_window,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_flags_are_the_default_configuration() {
        assert_eq!(serve(&["hubbub"]), Config::default());
        assert_eq!(serve(&["hubbub", "serve"]), Config::default());
    }

    #[test]
    fn flags_work_with_and_without_the_name_of_the_command() {
        for arguments in [
            &["hubbub", "--ping-interval", "5s"][..],
            &["hubbub", "serve", "--ping-interval", "5s"],
        ] {
            assert_eq!(serve(arguments).ping_interval, Duration::from_secs(5));
        }
    }

    #[test]
    fn a_client_has_a_target_and_may_join_more_than_one_channel() {
        let url = "ws://127.0.0.1:8080/ws?name=Ada";
        let arguments = ["hubbub", "connect", url, "--join", "tea", "--join", "cake"];
        let Command::Connect(connect) = command(&arguments) else {
            panic!("it is the client");
        };
        let options = connect.options();
        assert_eq!(options.target, url.parse().unwrap());
        assert_eq!(options.joins, ["tea", "cake"]);
        assert_eq!(options.handshake_timeout, Duration::from_secs(10));
        assert!(!options.is_raw);
    }

    #[test]
    fn every_flag_is_an_environment_variable_too() {
        let serve = Serve::augment_args(clap::Command::new("serve"));
        let connect = Connect::augment_args(clap::Command::new("connect"));
        let flags = serve.get_opts().chain(connect.get_opts());
        for flag in flags {
            let variable = format!("HUBBUB_{}", flag.get_id().as_str().to_uppercase());
            assert_eq!(
                flag.get_env().and_then(|name| name.to_str()),
                Some(&variable[..])
            );
        }
    }

    fn command(arguments: &[&str]) -> Command {
        Cli::command_of(arguments.iter().map(OsString::from).collect())
    }

    fn serve(arguments: &[&str]) -> Config {
        match command(arguments) {
            Command::Serve(serve) => serve.config(),
            other @ Command::Connect(_) => panic!("not the server but {other:?}"),
        }
    }
}
