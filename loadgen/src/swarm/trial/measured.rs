//! What was measured from outside of the clients, and over all of them.

use crate::{
    record::sample::Totals,
    swarm::{shard::Window, trial::Trial},
};

/// Resident memory of a server at three moments, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Before the clients came.
    pub start: Option<u64>,
    /// Once they were all there and silent.
    pub idle: Option<u64>,
    /// At the end, before they left.
    pub end: Option<u64>,
    /// Whether no clients of ours had been there before: what they left behind would be taken for nothing.
    pub fresh: bool,
}

impl Memory {
    /// How much the server had grown by some moment because of its clients, if that can be told.
    pub fn grown(&self, by: Option<u64>) -> Option<u64> {
        by?.checked_sub(self.start?).filter(|_| self.fresh)
    }
}

impl Trial {
    /// Seconds that were measured, by the thread that took longest.
    pub fn window_seconds(&self) -> f64 {
        Window::longest_seconds(&self.windows)
    }

    /// What was received in the measured window.
    pub fn received(&self, figure: impl Fn(&Totals) -> u64) -> u64 {
        let windows = self.windows.iter();
        windows
            .map(|window| figure(&window.end.totals) - figure(&window.begin.totals))
            .sum()
    }

    /// CPU seconds of the load generator in the measured window.
    pub fn own_cpu_seconds(&self) -> f64 {
        self.windows.iter().map(Window::own_cpu_seconds).sum()
    }

    /// The part of a core that the busiest thread of the load generator used in the measured window.
    pub fn own_cpu_share(&self) -> f64 {
        Window::busiest_share(&self.windows)
    }

    /// The part of the measured window in which the thread of the load generator that waited longest for a core did so, if
    /// the system tells.
    pub fn waiting_share(&self) -> Option<f64> {
        Window::waiting_share(&self.windows)
    }
}
