//! The command `loadgen`.

use std::process::ExitCode;

use clap::Parser;
use loadgen::{args::Args, run};

/// Usage or set-up: nothing was measured.
const SET_UP: u8 = 2;

fn main() -> ExitCode {
    match run::run(&Args::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(SET_UP)
        }
    }
}
