//! Signals, as events of the reactor (signal(7)).

use std::io;

use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook_mio::v1_0::Signals as Source;
use thiserror::Error;

/// The signals that a server heeds.
#[expect(
    missing_debug_implementations,
    reason = "the library's signal source has none"
)]
pub struct Signals(Source);

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// To read the files again.
    Reload,
    /// To end.
    End {
        /// The signal's number.
        signal: i32,
    },
}

/// The system does not let signals be watched: it has no room for the pipe that they come through.
#[derive(Debug, Error)]
#[error("the system refused to watch signals: {0}")]
pub struct SignalError(#[from] io::Error);

impl Signals {
    /// From now on SIGHUP ends the process no more, but waits to be heeded. A log file that may not grow ends it no more
    /// than a full disk does. Until all are [heeded](super::reactor::Reactor::heed), those that ask for an end still bring it about.
    ///
    /// # Errors
    /// They cannot be watched.
    pub fn hold() -> Result<Self, SignalError> {
        Ok(Self(Source::new([SIGHUP, SIGXFSZ])?))
    }

    /// Makes events of them all, under a token.
    pub(super) fn heed(&mut self, registry: &Registry, token: Token) -> Result<(), SignalError> {
        for signal in [SIGTERM, SIGINT] {
            self.0.add_signal(signal)?;
        }
        registry.register(&mut self.0, token, Interest::READABLE)?;
        Ok(())
    }

    /// What has been asked for since this was last called.
    pub(super) fn pending(&mut self) -> impl Iterator<Item = Call> {
        self.0.pending().filter_map(|signal| match signal {
            SIGHUP => Some(Call::Reload),
            SIGTERM | SIGINT => Some(Call::End { signal }),
            _ => None,
        })
    }
}
