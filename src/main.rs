//! The `hubbub` binary: parse, configure, run, exit.

use std::io::{self, Write};
use std::process::ExitCode;

use hubbub::system::{
    cli::{Cli, Command},
    client,
    clock::Clock,
    mint,
    reactor::Outcome,
    service,
};

/// The exit status of a server that could not start, as for a wrong command line.
const CANNOT_START: u8 = 2;
/// The exit status of a process ended by a signal, less the signal's number (POSIX shells).
const SIGNAL_STATUS: i32 = 128;

fn main() -> ExitCode {
    match Cli::read() {
        Command::Serve(flags) => match service::run(*flags) {
            Ok(Outcome::Drained) => ExitCode::SUCCESS,
            Ok(Outcome::Cut { signal }) => {
                let status = u8::try_from(SIGNAL_STATUS + signal);
                ExitCode::from(status.unwrap_or(u8::MAX))
            }
            Err(error) => fail(&error, CANNOT_START),
        },
        Command::Connect(flags) => match client::run(flags.options()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error, error.status()),
        },
        Command::Token(flags) => match mint::mint(&flags.wish(), Clock::start().now().unix_ms) {
            Ok(token) => {
                let _ = writeln!(io::stdout(), "{token}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error, CANNOT_START),
        },
    }
}

fn fail(error: &dyn std::error::Error, status: u8) -> ExitCode {
    eprintln!("hubbub: {error}");
    ExitCode::from(status)
}
