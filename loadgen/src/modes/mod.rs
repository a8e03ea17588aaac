//! The modes: each is some trials, and what is made of them.

mod broadcast;
mod compare;
mod connect;
mod error;
mod idle;
mod search;
mod session;

pub use error::RunError;

use std::io::{self, Write};

use crate::{
    args::{Args, mode::Mode},
    outcome::{Outcome, curves::Curves, expectation},
    report::files::Files,
    server::own,
};
use session::Session;

/// What a mode comes to.
#[derive(Debug)]
struct Found {
    /// The result.
    outcome: Outcome,
    /// What its figures sum up.
    curves: Curves,
}

/// Does what the flags say, and writes the result; returns the exit status that says how it came out.
///
/// # Errors
/// When there is nothing to report: wrong flags, or a server that cannot be reached. The text is one sentence that says
/// what to do.
pub fn run(args: &Args) -> Result<u8, RunError> {
    if args.mode == Mode::ServeChild {
        own::serve_child(args.compress.is_some())?;
        return Ok(0);
    }
    let expected = args.expect.iter();
    // What is demanded of each step of a search is demanded of a fan-out.
    let demanded = args.slo.iter().map(|demand| (demand, Mode::Fanout));
    expected
        .map(|expectation| (expectation, args.mode))
        .chain(demanded)
        .try_for_each(|(expectation, mode)| expectation::check(expectation, mode))?;
    if args.insecure {
        // Whoever does not listen cannot be warned.
        let _ = writeln!(
            io::stderr(),
            "loadgen: --insecure: the server is not asked for a certificate that proves who it is"
        );
    }
    let files = Files::open(args)?;
    let mut session = Session::begin(args, files.log())?;
    let Found {
        mut outcome,
        curves,
    } = match args.mode {
        Mode::ServeChild => unreachable!("it has returned"),
        Mode::Fanout | Mode::Saturate => broadcast::run(&mut session)?,
        Mode::Search => search::run(&mut session)?,
        Mode::Idle => idle::run(&mut session)?,
        Mode::Connect => connect::run(&mut session)?,
        Mode::Compare => compare::run(&mut session)?,
    };
    drop(session);
    outcome.judge(&args.expect);
    files.write(&outcome, &curves)?;
    Ok(outcome.verdict().exit_code())
}
