//! How a run goes, on a terminal: one line that is drawn anew several times a second.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    figures::{
        self,
        words::{rounded, time},
    },
    record::collection::Collection,
    swarm::{progress::Progress, shard::Timeline},
};

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

    /// Shows how a run goes.
    pub fn show(&mut self, progress: &Progress) {
        let Some(bar) = &self.bar else { return };
        if self.drawn.elapsed() < INTERVAL {
            return;
        }
        self.drawn = Instant::now();
        let (phase, done, whole, words) = match progress {
            Progress::Connecting { inside, wanted } => {
                let words = format!("{inside} of {wanted} clients");
                ("connecting", *inside as u64, *wanted as u64, words)
            }
            Progress::Exchanging {
                timeline,
                now_ns,
                collection,
            } => {
                let (phase, from_ns, to_ns) = phase(*timeline, *now_ns);
                let since_ns = |ns| now_ns.saturating_sub(ns);
                let words = latest(since_ns(timeline.start_ns), collection);
                (phase, since_ns(from_ns), (to_ns - from_ns).max(1), words)
            }
        };
        bar.set_prefix(format!("{}{phase}", self.label));
        bar.set_length(whole);
        bar.set_position(done.min(whole));
        bar.set_message(words);
    }
}

/// What is done at a moment, and from when to when.
fn phase(timeline: Timeline, now_ns: u64) -> (&'static str, u64, u64) {
    let Timeline {
        start_ns,
        begin_ns,
        end_ns,
    } = timeline;
    if now_ns < begin_ns {
        ("warming up", start_ns, begin_ns)
    } else if now_ns < end_ns {
        ("measuring", begin_ns, end_ns)
    } else {
        ("settling", end_ns, end_ns)
    }
}

/// What came last.
fn latest(elapsed_ns: u64, collection: &Collection) -> String {
    let elapsed = figures::seconds(elapsed_ns);
    let Some(moment) = collection.latest() else {
        return format!("{elapsed:.1} s");
    };
    let rate = rounded(moment.delivered_per_second);
    let time = |ns: Option<u64>| ns.map_or("-".to_owned(), |ns| time(figures::micros(ns)));
    format!(
        "{elapsed:.1} s  {rate}/s  p50 {}  p99 {}  last {}  lost {}",
        time(moment.p50_ns),
        time(moment.p99_ns),
        time(moment.last_receiver_p99_ns),
        collection.skipped(),
    )
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
