//! The `hubbub` binary: parse, configure, run, exit.

use std::io::{self, Write};
use std::process::ExitCode;

use hubbub::system::{
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
        Command::Token(flags) => match mint::mint(&flags.wish(), Clock::start().now().unix_ms) {
            Ok(token) => match writeln!(io::stdout(), "{token}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(cause) => fail(&EndError::Output(cause), CANNOT_START),
            },
            Err(error) => fail(&error, CANNOT_START),
        },
    }
}

fn fail(error: &dyn std::error::Error, status: u8) -> ExitCode {
    complain(error);
    ExitCode::from(status)
}
