//! How far a run is, on a terminal.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Drawn no more often than this.
const INTERVAL: Duration = Duration::from_millis(100);

/// A line on stderr, if that is a terminal; otherwise nothing.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    drawn: Instant,
}

impl Progress {
    /// Nothing to see yet.
    pub fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{prefix:>10} {bar:40} {msg}");
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
            bar.set_style(style.expect("the template is well-formed"));
            bar
        });
        Self {
            bar,
            drawn: Instant::now(),
        }
    }

    /// Shows that so much of the whole is done, in words of the caller's (which are made only if they are shown).
    pub fn show(
        &mut self,
        phase: &'static str,
        done: u64,
        whole: u64,
        words: impl FnOnce() -> String,
    ) {
        let Some(bar) = &self.bar else { return };
        if self.drawn.elapsed() < INTERVAL {
            return;
        }
        self.drawn = Instant::now();
        bar.set_prefix(phase);
        bar.set_length(whole);
        bar.set_position(done);
        bar.set_message(words());
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
