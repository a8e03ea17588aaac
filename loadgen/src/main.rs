//! The command `loadgen`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use loadgen::{args::Args, modes};

fn main() -> ExitCode {
    match modes::run(&Args::of_process()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // The status says it too, where nobody listens.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
