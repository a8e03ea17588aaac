//! How a run goes, on a terminal: some lines that are drawn anew several times a second.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    figures::{
        self,
        words::{counted, grouped, rounded, time},
    },
    record::collection::Collection,
    report::view::{Came, View},
    swarm::{progress::Progress, shard::Timeline},
};

/// Drawn no more often than this.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long the server is watched for its share of a core.
const SHARE_INTERVAL_NS: u64 = 1_000_000_000;
/// The columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

/// Some lines on stderr, if that is a terminal; otherwise nothing.
#[derive(Debug)]
pub struct Live {
    bar: Option<ProgressBar>,
    plain: bool,
    drawn: Instant,
    /// Which of several runs it is.
    label: String,
    cpu: Cpu,
}

/// What the server uses of a core.
#[derive(Debug, Default)]
struct Cpu {
    /// When it was looked at, and the CPU seconds up to then.
    looked: Option<(u64, f64)>,
    share: Option<f64>,
}

impl Live {
    /// Nothing to see yet; later a single line if it is to be plain.
    pub fn new(plain: bool) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let template = if plain {
                "{prefix} {bar:6} {wide_msg}"
            } else {
                "{msg}"
            };
            let style = ProgressStyle::with_template(template);
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
            bar.set_style(style.expect("the template is well-formed"));
            bar
        });
        Self {
            bar,
            plain,
            drawn: Instant::now(),
            label: String::new(),
            cpu: Cpu::default(),
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
        if self.plain {
            show_plainly(bar, &self.label, progress);
            return;
        }
        let columns = Term::stderr().size_checked();
        let width = columns.map_or(COLUMNS, |(_, columns)| usize::from(columns));
        // The last column stays free: some terminals break a line that fills it.
        let lines = lines(
            &self.label,
            progress,
            &mut self.cpu,
            width.saturating_sub(1),
        );
        bar.set_message(lines.join("\n"));
    }
}

/// How a run goes, in lines of so many letters at most.
fn lines(label: &str, progress: &Progress, cpu: &mut Cpu, width: usize) -> Vec<String> {
    match *progress {
        Progress::Connecting { inside, wanted } => {
            let [inside, wanted] = [inside, wanted].map(|clients| clients as u64);
            let view = View {
                phase: &format!("{label}connecting"),
                done: figures::ratio(inside, wanted.max(1)),
                reached: &format!("{} of {}", grouped(inside), counted(wanted, "client")),
                came: None,
            };
            view.lines(width)
        }
        Progress::Exchanging {
            timeline,
            now_ns,
            stage,
            server_cpu_seconds,
            collection,
        } => {
            let (phase, from_ns, to_ns) = phase(timeline, now_ns, stage);
            let since = |ns| figures::seconds(now_ns.saturating_sub(ns));
            let left_ns = timeline.end_ns.saturating_sub(now_ns);
            let elapsed = format!("{:.1} s", since(timeline.start_ns));
            let view = View {
                phase: &format!("{label}{phase}"),
                done: figures::ratio(now_ns.saturating_sub(from_ns), (to_ns - from_ns).max(1)),
                reached: &match left_ns {
                    0 => elapsed,
                    left_ns => format!("{elapsed}, {:.1} s left", figures::seconds(left_ns)),
                },
                came: Some(Came {
                    moments: collection.moments(),
                    lost: collection.skipped(),
                    doubled: collection.duplicated(),
                    server_cpu: cpu.share(now_ns, server_cpu_seconds),
                }),
            };
            view.lines(width)
        }
    }
}

impl Cpu {
    /// The share of the last second, given all the CPU seconds up to now; another server begins with fewer than the last.
    fn share(&mut self, now_ns: u64, seconds: Option<f64>) -> Option<f64> {
        let seconds = seconds?;
        match self.looked {
            Some((then_ns, before)) if now_ns >= then_ns && seconds >= before => {
                let span_ns = now_ns - then_ns;
                if span_ns >= SHARE_INTERVAL_NS {
                    self.share = Some((seconds - before) / figures::seconds(span_ns));
                    self.looked = Some((now_ns, seconds));
                }
            }
            _ => {
                *self = Self {
                    looked: Some((now_ns, seconds)),
                    share: None,
                }
            }
        }
        self.share
    }
}

/// The same in a single line.
fn show_plainly(bar: &ProgressBar, label: &str, progress: &Progress) {
    let (phase, done, whole, words) = match progress {
        Progress::Connecting { inside, wanted } => {
            let words = format!("{inside} of {}", counted(*wanted as u64, "client"));
            let phase = "connecting".to_owned();
            (phase, *inside as u64, *wanted as u64, words)
        }
        Progress::Exchanging {
            timeline,
            now_ns,
            stage,
            collection,
            ..
        } => {
            let (phase, from_ns, to_ns) = phase(*timeline, *now_ns, *stage);
            let since_ns = |ns| now_ns.saturating_sub(ns);
            let words = latest(since_ns(timeline.start_ns), collection);
            (phase, since_ns(from_ns), (to_ns - from_ns).max(1), words)
        }
    };
    bar.set_prefix(format!("{label}{phase}"));
    bar.set_length(whole);
    bar.set_position(done.min(whole));
    bar.set_message(words);
}

/// What is done at a moment, in which of how many stages if it is one, and from when to when.
fn phase(timeline: Timeline, now_ns: u64, stage: Option<(usize, usize)>) -> (String, u64, u64) {
    let Timeline {
        start_ns,
        begin_ns,
        end_ns,
    } = timeline;
    if now_ns < begin_ns {
        ("warming up".to_owned(), start_ns, begin_ns)
    } else if now_ns < end_ns {
        let phase = match stage {
            Some((number, count)) => format!("stage {number} of {count}"),
            None => "measuring".to_owned(),
        };
        (phase, begin_ns, end_ns)
    } else {
        ("settling".to_owned(), end_ns, end_ns)
    }
}

/// What came last; what may not fit behind what must be seen.
fn latest(elapsed_ns: u64, collection: &Collection) -> String {
    let elapsed = figures::seconds(elapsed_ns);
    let Some(moment) = collection.latest() else {
        return format!("{elapsed:.1} s");
    };
    let rate = rounded(moment.delivered_per_second);
    let time = |ns: Option<u64>| ns.map_or("-".to_owned(), |ns| time(figures::micros(ns)));
    format!(
        "{elapsed:.1} s  {rate}/s  lost {}  p50 {}  p99 {}  last {}",
        collection.skipped(),
        time(moment.p50_ns),
        time(moment.p99_ns),
        time(moment.last_receiver_p99_ns),
    )
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::Args, plan::Plan};

    /// The first line of a run that measures for the last 20 s of an hour, in the middle of these.
    fn first_line(label: &str, stage: Option<(usize, usize)>, width: usize) -> String {
        let plan = Plan::new(&Args::read(["loadgen"]).unwrap()).unwrap();
        let second = 1_000_000_000;
        let progress = Progress::Exchanging {
            timeline: Timeline {
                start_ns: 0,
                begin_ns: 3580 * second,
                end_ns: 3600 * second,
            },
            now_ns: 3590 * second,
            stage,
            server_cpu_seconds: None,
            collection: &Collection::new(&plan),
        };
        lines(label, &progress, &mut Cpu::default(), width)[0].clone()
    }

    #[test]
    fn a_run_with_stages_says_which_it_is_in_within_80_columns() {
        let line = first_line("", Some((64, 64)), 79);
        assert_eq!(line.chars().count(), 79);
        let (phase, reached) = ("stage 64 of 64 ━", "─ 3590.0 s, 10.0 s left");
        assert!(line.starts_with(phase) && line.ends_with(reached), "{line}");
        assert!(first_line("", None, 79).starts_with("measuring ━"));
    }

    #[test]
    fn the_share_of_a_core_is_that_of_the_last_second() {
        let mut cpu = Cpu::default();
        let second = 1_000_000_000;
        assert_eq!(cpu.share(0, Some(5.0)), None);
        assert_eq!(cpu.share(second / 2, Some(5.1)), None);
        assert_eq!(cpu.share(second, Some(5.5)), Some(0.5));
        assert_eq!(cpu.share(second * 3 / 2, Some(6.0)), Some(0.5));
        assert_eq!(cpu.share(second * 2, Some(6.25)), Some(0.75));
        assert_eq!(cpu.share(second * 2, None), None, "it has ended");
        assert_eq!(cpu.share(second * 3, Some(0.1)), None, "another one");
    }
}
