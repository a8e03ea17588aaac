//! The command `loadgen`.

use std::process::ExitCode;

use loadgen::{args::Args, modes};

fn main() -> ExitCode {
    match modes::run(&Args::of_process()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
