//! The `hubbub` binary: parse, configure, run, exit.

use std::io::{self, Write};
use std::process::ExitCode;

use hubbub::system::{
    asking::{error::AskError, publish::publish, stats::stats},
    cli::{Cli, Command, complain},
    client::{self, ending::EndError},
    clock::Clock,
    mint,
    service::{self, CANNOT_START},
};

fn main() -> ExitCode {
    match Cli::read() {
        Command::Serve(flags) => ExitCode::from(service::run(*flags)),
        Command::Connect(flags) => match client::run(flags.options()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error, error.status()),
        },
        Command::Publish(flags) => asked(flags.wish().and_then(|(api, wish)| publish(&api, &wish))),
        Command::Stats(flags) => {
            asked((flags.wish()).and_then(|(api, show)| stats(&api, show).map(|()| true)))
        }
        Command::Token(flags) => match mint::mint(&flags.wish(), Clock::start().now().unix_ms) {
            Ok(token) => match writeln!(io::stdout(), "{token}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(cause) => fail(&EndError::Output(cause), CANNOT_START),
            },
            Err(error) => fail(&error, CANNOT_START),
        },
    }
}

/// How a command ends that has asked a server, which did all of it or not.
fn asked(end: Result<bool, AskError>) -> ExitCode {
    match end {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error, CANNOT_START),
    }
}

fn fail(error: &dyn std::error::Error, status: u8) -> ExitCode {
    complain(error);
    ExitCode::from(status)
}
