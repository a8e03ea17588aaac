//! A server as a process of its own: what it is given when it starts, and what it says then.

use std::io::{self, Write};

use tracing::warn;

use super::{
    cli::{Serve, misspelt},
    listener::{self, ListenError, Listener},
    log::Log,
    reactor::{Outcome, Reactor, ReactorError},
    signals::Signals,
    supervisor,
};

/// The exit status of a process that could not start, as for a wrong command line.
pub const CANNOT_START: u8 = 2;

/// Serves until it was stopped and everyone is gone, or it was stopped twice; or says why it cannot. Returns the exit
/// status.
pub fn run(flags: Serve) -> u8 {
    // This changes the environment, and there is no other thread yet.
    let inherited = listener::inherited();
    let mut log = Log::install(flags.log_format(), flags.log_level());
    match serve(inherited, flags) {
        Ok(outcome) => outcome.status(),
        Err(error) => {
            log.say(&format!("hubbub: {error}"));
            CANNOT_START
        }
    }
}

fn serve(
    inherited: Result<Vec<Listener>, ListenError>,
    flags: Serve,
) -> Result<Outcome, ReactorError> {
    for words in misspelt() {
        warn!("{words}");
    }
    let signals = Signals::hold()?;
    let mut reactor = Reactor::bind_beside(inherited?, flags.config())?;
    reactor.heed(signals)?;
    for place in reactor.places() {
        // A server whose standard output is closed serves all the same.
        let _ = writeln!(io::stdout(), "hubbub {place}");
    }
    supervisor::ready();
    reactor.run()
}
