//! A server as a process of its own: what it is given when it starts, and what it says then.

use std::io::{self, Write};

use super::{
    cli::Serve,
    listener, log,
    reactor::{Outcome, Reactor, ReactorError},
    signals::Signals,
    supervisor,
};

/// Serves until it was stopped and everyone is gone, or it was stopped twice.
///
/// # Errors
/// It cannot start, or the system refused to wait for events.
pub fn run(flags: Serve) -> Result<Outcome, ReactorError> {
    // This changes the environment, and there is no other thread yet.
    let inherited = listener::inherited();
    log::install(flags.log_format(), flags.log_level());
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
