//! The command line of `hubbub`: flags, their environment variables, and what they make of a configuration.

mod access;
mod connect;
mod discretion;
mod floods;
mod listening;
mod serve;
mod token;

use std::{env, ffi::OsString};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, builder::Resettable};

pub use self::{
    connect::Connect,
    discretion::{discreet, discreet_words},
    serve::Serve,
    token::Token,
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
    Serve(Box<Serve>),
    /// Talk to a WebSocket server: lines typed are sent, messages received are printed; Ctrl-C closes.
    Connect(Connect),
    /// Make a token for development, of a key that is your own; it is printed on stdout.
    Token(Token),
}

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
        let matches = cli
            .try_get_matches_from(arguments)
            .unwrap_or_else(|error| discreet(error).exit());
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let mut command = cli
            .command
            .unwrap_or_else(|| Command::Serve(Box::new(cli.serve)));
        if let (Command::Connect(connect), Some((_, flags))) = (&mut command, matches.subcommand())
        {
            connect.leave_what_does_not_fit(flags);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Args;

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

    #[test]
    fn every_flag_is_an_environment_variable_too() {
        let serve = Serve::augment_args(clap::Command::new("serve"));
        let connect = Connect::augment_args(clap::Command::new("connect"));
        let token = Token::augment_args(clap::Command::new("token"));
        let flags = serve
            .get_opts()
            .chain(connect.get_opts())
            .chain(token.get_opts());
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
            other => panic!("not the server but {other:?}"),
        }
    }
}
