//! The `hubbub` binary: parse, configure, run, exit.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use hubbub::system::{
    cli::{Cli, Serve},
    log,
    reactor::{Reactor, ReactorError},
};

/// The exit status of a server that could not start, as for a wrong command line.
const CANNOT_START: u8 = 2;

fn main() -> ExitCode {
    let flags = Cli::parse().serve();
    log::install(flags.log_format(), flags.log_level());
    match serve(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubbub: {error}");
            ExitCode::from(CANNOT_START)
        }
    }
}

fn serve(flags: Serve) -> Result<(), ReactorError> {
    let mut reactor = Reactor::bind(flags.config())?;
    reactor.heed_signals()?;
    // A server whose standard output is closed serves all the same.
    let _ = writeln!(io::stdout(), "hubbub listening on {}", reactor.url());
    reactor.run()
}
