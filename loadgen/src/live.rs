//! How a run goes, on a terminal: one line that is drawn anew several times a second.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Drawn no more often than this.
const INTERVAL: Duration = Duration::from_millis(100);

/// A line on stderr, if that is a terminal; otherwise nothing.
#[derive(Debug)]
pub struct Live {
    bar: Option<ProgressBar>,
    drawn: Instant,
    /// Which of several runs it is.
    label: String,
}

impl Live {
    /// Nothing to see yet.
    pub fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{prefix} {bar:6} {wide_msg}");
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
            bar.set_style(style.expect("the template is well-formed"));
            bar
        });
        Self {
            bar,
            drawn: Instant::now(),
            label: String::new(),
        }
    }

    /// Says which of several runs it is from here on, such as `round 3 of 12, mine: `.
    pub fn label(&mut self, label: String) {
        self.label = label;
    }

    /// Shows that so much of the whole is done, in words of the caller's (which are made only if they are shown).
    pub fn show(&mut self, phase: &str, done: u64, whole: u64, words: impl FnOnce() -> String) {
        let Some(bar) = &self.bar else { return };
        if self.drawn.elapsed() < INTERVAL {
            return;
        }
        self.drawn = Instant::now();
        bar.set_prefix(format!("{}{phase}", self.label));
        bar.set_length(whole);
        bar.set_position(done.min(whole));
        bar.set_message(words());
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
