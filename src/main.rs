//! The `hubbub` binary: parse, configure, run, exit.

use std::io::{self, Write};
use std::process::ExitCode;

use hubbub::system::{
    cli::{Cli, Command, Serve},
    client,
    clock::Clock,
    log, mint,
    reactor::{Outcome, Reactor, ReactorError},
    signals::Signals,
};

/// The exit status of a server that could not start, as for a wrong command line.
const CANNOT_START: u8 = 2;
/// The exit status of a process ended by a signal, less the signal's number (POSIX shells).
const SIGNAL_STATUS: i32 = 128;

fn main() -> ExitCode {
    match Cli::read() {
        Command::Serve(flags) => match serve(*flags) {
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

fn serve(flags: Serve) -> Result<Outcome, ReactorError> {
    log::install(flags.log_format(), flags.log_level());
    let signals = Signals::hold()?;
    let mut reactor = Reactor::bind(flags.config())?;
    reactor.heed(signals)?;
    for place in reactor.places() {
        // A server whose standard output is closed serves all the same.
        let _ = writeln!(io::stdout(), "hubbub {place}");
    }
    reactor.run()
}

fn fail(error: &dyn std::error::Error, status: u8) -> ExitCode {
    eprintln!("hubbub: {error}");
    ExitCode::from(status)
}
