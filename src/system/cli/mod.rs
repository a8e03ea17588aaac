//! The command line of `hubbub`: flags, their environment variables, and what they make of a configuration.

mod access;
mod api;
mod compression;
mod connect;
mod discretion;
mod door;
mod environment;
mod exit;
mod floods;
mod history;
mod listening;
mod publish;
mod redis;
mod serve;
mod stats;
mod token;
mod webhook;

use std::{env, ffi::OsString};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand, builder::Resettable, error::ErrorKind,
};

pub use self::{
    connect::Connect,
    discretion::{discreet, discreet_words},
    environment::misspelt,
    exit::{complain, end},
    publish::Publish,
    serve::Serve,
    stats::Stats,
    token::Token,
};
use environment::{empty_guard, with_source, without_empty};

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
    /// Serve (the default). Prints a line on stdout for each address once it listens; logs go to stderr.
    Serve(Box<Serve>),
    /// Talk to a WebSocket server: lines typed are sent, messages received are printed; Ctrl-C closes.
    Connect(Connect),
    /// Say something as a program does, in a channel or to a person; what came of it is printed.
    Publish(Publish),
    /// Print how it goes with a server.
    Stats(Stats),
    /// Make a token for development, of a key that is your own; it is printed on stdout.
    Token(Token),
}

impl Cli {
    /// What the process is asked to do. A command line that makes no sense ends it, and so does one that asks for help.
    pub fn read() -> Command {
        let arguments = env::args_os().collect::<Vec<_>>();
        let command = Self::command_of(&arguments);
        // A server says so in its log.
        if !matches!(command, Command::Serve(_)) {
            misspelt().into_iter().for_each(complain);
        }
        command
    }

    /// What is to be done: to serve, if nothing is named.
    fn command_of(arguments: &[OsString]) -> Command {
        let mut cli = Self::command();
        let place = arguments.get(1).and_then(|name| cli.find_subcommand(name));
        if let Some(variable) = empty_guard(place.unwrap_or(&cli)) {
            let words = format!(
                "{variable} in the environment is empty: set it, or unset it to do without what it guards"
            );
            end(&cli.error(ErrorKind::ValueValidation, words));
        }
        cli = match place.map(|command| command.get_name().to_owned()) {
            // The flags that mean to serve stand in a command's place. The library would heed their environment beside one.
            Some(name) => cli
                .mut_args(|flag| flag.env(Resettable::Reset))
                .mut_subcommand(name, without_empty),
            None => without_empty(cli),
        };
        let matches = cli
            .try_get_matches_from(arguments)
            .unwrap_or_else(|error| end(&with_source(discreet(error), arguments)));
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| end(&error));
        let mut command = cli
            .command
            .unwrap_or_else(|| Command::Serve(Box::new(cli.serve)));
        if let Some((_, flags)) = matches.subcommand() {
            match &mut command {
                Command::Connect(connect) => connect.leave_what_does_not_fit(flags),
                Command::Publish(publish) => publish.server.leave_what_does_not_fit(flags),
                Command::Stats(stats) => stats.server.leave_what_does_not_fit(flags),
                Command::Serve(_) | Command::Token(_) => {}
            }
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::vocabulary::config::Config;

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

    fn command(arguments: &[&str]) -> Command {
        let arguments = arguments.iter().map(OsString::from).collect::<Vec<_>>();
        Cli::command_of(&arguments)
    }

    fn serve(arguments: &[&str]) -> Config {
        match command(arguments) {
            Command::Serve(serve) => serve.config(),
            other => panic!("not the server but {other:?}"),
        }
    }
}
