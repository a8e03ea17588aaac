//! Spans of a run, and what one thread did in them.

use crate::{
    figures,
    plan::{Plan, nanoseconds},
    record::sample::Totals,
};

/// When a run does what, in nanoseconds since the origin.
#[derive(Clone, Copy, Debug)]
pub struct Timeline {
    /// The first message.
    pub start_ns: u64,
    /// The first measured one.
    pub begin_ns: u64,
    /// The end of measuring.
    pub end_ns: u64,
}

/// What one thread did in the measured time.
#[derive(Clone, Debug)]
pub struct Windows {
    /// In all of it, but where the load was changing.
    pub judged: Window,
    /// In each stage that was begun, if there are any.
    pub stages: Vec<Window>,
}

/// What one thread did in a span of time, such as the measured one; or in several together, as if they were one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// When it began.
    pub begin: Mark,
    /// When it ended.
    pub end: Mark,
}

/// Counters of one thread at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    /// The moment, in nanoseconds since the origin.
    pub at_ns: u64,
    /// What was received.
    pub totals: Totals,
    /// CPU seconds of the thread.
    pub own_cpu_seconds: f64,
    /// Seconds that the thread waited for a core, if the system tells.
    pub waiting_seconds: Option<f64>,
    /// Seconds that it stood still, if the system tells what that takes.
    pub stood_seconds: Option<f64>,
    /// CPU seconds of the server, if this thread watches it.
    pub server_cpu_seconds: Option<f64>,
}

impl Window {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        let before = self.end;
        self.end = Mark {
            at_ns: before.at_ns + other.span_ns(),
            totals: before.totals,
            own_cpu_seconds: before.own_cpu_seconds + other.own_cpu_seconds(),
            waiting_seconds: more(before.waiting_seconds, other.waiting_seconds()),
            stood_seconds: more(before.stood_seconds, other.stood_seconds()),
            server_cpu_seconds: more(before.server_cpu_seconds, other.server_cpu_seconds()),
        };
        // From no time on, when nothing was used.
        self.begin.waiting_seconds = self.end.waiting_seconds.map(|_| 0.0);
        self.begin.stood_seconds = self.end.stood_seconds.map(|_| 0.0);
        self.begin.server_cpu_seconds = self.end.server_cpu_seconds.map(|_| 0.0);
        self.end.totals += other.received();
    }

    /// What was received.
    pub fn received(&self) -> Totals {
        self.end.totals - self.begin.totals
    }

    /// How long it was.
    pub fn span_ns(&self) -> u64 {
        self.end.at_ns - self.begin.at_ns
    }

    /// CPU seconds of the thread.
    pub fn own_cpu_seconds(&self) -> f64 {
        self.end.own_cpu_seconds - self.begin.own_cpu_seconds
    }

    /// Seconds that the thread waited for a core, if the system tells.
    pub fn waiting_seconds(&self) -> Option<f64> {
        Some(self.end.waiting_seconds? - self.begin.waiting_seconds?)
    }

    /// Seconds that the thread stood still, if the system tells what that takes.
    pub fn stood_seconds(&self) -> Option<f64> {
        Some(self.end.stood_seconds? - self.begin.stood_seconds?)
    }

    /// CPU seconds of the server, if this thread watched it.
    pub fn server_cpu_seconds(&self) -> Option<f64> {
        Some(self.end.server_cpu_seconds? - self.begin.server_cpu_seconds?)
    }

    /// Of all threads' windows, the seconds of the longest.
    pub fn longest_seconds(windows: &[Self]) -> f64 {
        let spans = windows.iter().map(Self::span_ns);
        figures::seconds(spans.max().unwrap_or(0).max(1))
    }

    /// The part of a core that the busiest of all threads used.
    pub fn busiest_share(windows: &[Self]) -> f64 {
        let shares = windows.iter();
        let shares = shares.map(|window| window.own_cpu_seconds() / window.seconds());
        shares.fold(0.0, f64::max)
    }

    /// The part of the time in which the thread that waited longest for a core did so, if the system tells.
    pub fn waiting_share(windows: &[Self]) -> Option<f64> {
        let shares = windows.iter();
        let shares = shares.map(|window| Some(window.waiting_seconds()? / window.seconds()));
        let shares = shares.collect::<Option<Vec<f64>>>()?;
        shares.into_iter().reduce(f64::max)
    }

    /// The seconds for which the thread that stood still longest did so, if the system tells what that takes.
    pub fn longest_standstill(windows: &[Self]) -> Option<f64> {
        let stood = windows.iter().map(Self::stood_seconds);
        let stood = stood.collect::<Option<Vec<f64>>>()?;
        stood.into_iter().reduce(f64::max)
    }

    /// How long it was, and never nothing.
    fn seconds(&self) -> f64 {
        figures::seconds(self.span_ns().max(1))
    }
}

/// Seconds and more of them, if those are known.
fn more(before: Option<f64>, seconds: Option<f64>) -> Option<f64> {
    seconds.map(|seconds| before.unwrap_or(0.0) + seconds)
}

impl Timeline {
    /// A planned run that starts then.
    pub fn new(plan: &Plan, start_ns: u64) -> Self {
        let begin_ns = start_ns + nanoseconds(plan.warmup);
        Self {
            start_ns,
            begin_ns,
            end_ns: begin_ns + nanoseconds(plan.duration),
        }
    }
}
