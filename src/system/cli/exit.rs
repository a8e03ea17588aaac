//! How a program ends that does nothing else: with help, or with what is wrong.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process;

/// The exit status of a command line that is not understood, and of help that cannot be written.
const USAGE: i32 = 2;

/// Ends the process with what its command line comes to. The library's own way passes over help that cannot be written.
pub fn end(error: &clap::Error) -> ! {
    match error.print() {
        // Whoever does not read it to its end has read enough.
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            let told = format!("error: cannot write it to stdout ({cause}): send it elsewhere");
            // The status says it too, where nobody listens.
            let _ = writeln!(io::stderr(), "{told}");
            process::exit(USAGE)
        }
        _ => process::exit(error.exit_code()),
    }
}

/// Says on stderr what is not as it should be. A stderr that takes nothing ends nobody.
pub fn complain(words: impl Display) {
    let _ = writeln!(io::stderr(), "hubbub: {words}");
}
