//! How a user ends a run: a first signal ends the sending, a second the waiting for what is under way, and then whatever
//! does not end by itself.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
    low_level::emulate_default_handler,
};

/// How long a run has after the second signal to say what it found.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The signals that came so far; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Interrupts(Arc<AtomicUsize>);

impl Interrupts {
    /// Heeds SIGINT and SIGTERM from here on, whatever the other threads are busy with or blocked in.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn heed() -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let interrupts = Self::default();
        let came = interrupts.clone();
        thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                match came.0.fetch_add(1, Ordering::Relaxed) {
                    0 => {}
                    1 => drop(thread::spawn(move || {
                        thread::sleep(LAST_WORDS);
                        end(signal);
                    })),
                    _ => end(signal),
                }
            }
        })?;
        Ok(interrupts)
    }

    /// How many came.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ends the process as the signal would have, had nobody heeded it. A server of its own ends with it, by its pipe.
fn end(signal: i32) {
    if emulate_default_handler(signal).is_err() {
        std::process::abort();
    }
}
