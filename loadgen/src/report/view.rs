//! How a run goes, in some lines: what the live view on a terminal says.

use crate::{
    figures::{
        self,
        words::{grouped, rounded, time},
    },
    record::collection::Moment,
};

/// From the least to the most that a column of one letter shows.
const COLUMNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The widest a line becomes, in letters: a longer bar says no more.
const WIDTH_MAX: usize = 100;
/// The name of a row and the figure beside it, in letters.
const NAME: usize = 10;
const FIGURE: usize = 13;
/// The narrowest bar or row of columns that says something, in letters.
const DRAWN_MIN: usize = 4;

/// What there is to say of a run at one moment.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What is done, such as `round 3 of 12, mine: measuring`.
    pub phase: &'a str,
    /// The part of it that is done, from 0 to 1.
    pub done: f64,
    /// How far it is, such as `12.3 s, 17.7 s left`.
    pub reached: &'a str,
    /// What came; `None` before any of it is exchanged.
    pub came: Option<Came<'a>>,
}

/// What came up to one moment.
#[derive(Clone, Copy, Debug)]
pub struct Came<'a> {
    /// Moment by moment, the last one last.
    pub moments: &'a [Moment],
    /// Deliveries that were passed over.
    pub lost: u64,
    /// Deliveries that came again.
    pub doubled: u64,
    /// The share of a core that the server uses, if it is watched.
    pub server_cpu: Option<f64>,
}

impl View<'_> {
    /// The lines, none of them longer than `width` letters.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let width = width.min(WIDTH_MAX);
        let mut lines = vec![self.progress(width)];
        if let Some(came) = self.came {
            lines.extend(came.rows(width));
            lines.push(came.health(width));
        }
        let cut = |line: String| line.chars().take(width).collect::<String>();
        let lines = lines.into_iter().map(cut);
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    /// What is done and how far it is, with a bar in what room is left.
    fn progress(&self, width: usize) -> String {
        let Self {
            phase,
            done,
            reached,
            ..
        } = self;
        let words = phase.chars().count() + reached.chars().count() + 2;
        let room = width.saturating_sub(words);
        if room < DRAWN_MIN {
            return format!("{phase} {reached}");
        }
        let full = part(*done, room);
        let (full, rest) = ("━".repeat(full), "─".repeat(room - full));
        format!("{phase} {full}{rest} {reached}")
    }
}

impl Came<'_> {
    /// A row for each figure that is told moment by moment: its latest value, and how it came to that.
    fn rows(&self, width: usize) -> Vec<String> {
        let delivered = |moment: &Moment| Some(moment.delivered_per_second);
        let p50 = |moment: &Moment| Some(figures::ratio(moment.p50_ns?, 1));
        let p99 = |moment: &Moment| Some(figures::ratio(moment.p99_ns?, 1));
        let latency = |ns: f64| time(ns / 1000.0);
        let rows = [
            self.row(
                "delivered",
                width,
                |moment| delivered(moment).filter(|rate| *rate > 0.0),
                |rate| rounded(rate) + "/s",
            ),
            self.row("p50", width, p50, latency),
            self.row("p99", width, p99, latency),
        ];
        rows.into_iter().flatten().collect()
    }

    /// A row; `None` as long as there is nothing to show.
    fn row(
        &self,
        name: &str,
        width: usize,
        of: impl Fn(&Moment) -> Option<f64>,
        written: impl Fn(f64) -> String,
    ) -> Option<String> {
        let latest = written(self.moments.iter().rev().find_map(&of)?);
        let room = width.saturating_sub(NAME + FIGURE + 2);
        let shown = &self.moments[self.moments.len().saturating_sub(room)..];
        let values: Vec<Option<f64>> = shown.iter().map(of).collect();
        let columns = match room {
            0..DRAWN_MIN => String::new(),
            _ => columns(&values),
        };
        Some(format!("{name:NAME$}{latest:>FIGURE$}  {columns}"))
    }

    /// What went wrong so far, and what it costs the server.
    fn health(&self, width: usize) -> String {
        let (lost, doubled) = (grouped(self.lost), grouped(self.doubled));
        let mut parts = vec![format!("lost {lost}"), format!("doubled {doubled}")];
        if let Some(share) = self.server_cpu {
            parts.push(format!("server CPU {:.0} %", share * 100.0));
        }
        // What does not fit is left out as a whole.
        let mut line = String::new();
        for part in parts {
            let longer = if line.is_empty() {
                part
            } else {
                format!("{line}   {part}")
            };
            if longer.chars().count() > width {
                break;
            }
            line = longer;
        }
        line
    }
}

/// A column for each value, the greatest of them as high as a letter; a blank where there is none.
fn columns(values: &[Option<f64>]) -> String {
    let greatest = values.iter().flatten().copied().fold(0.0, f64::max);
    let column = |value: &Option<f64>| match value {
        Some(value) if greatest > 0.0 => COLUMNS[part(value / greatest, COLUMNS.len() - 1)],
        Some(_) => COLUMNS[0],
        None => ' ',
    };
    values.iter().map(column).collect()
}

/// So large a part of a small whole, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of a line is neither negative nor long"
)]
fn part(share: f64, whole: usize) -> usize {
    let whole_ = figures::ratio(whole as u64, 1);
    ((share.clamp(0.0, 1.0) * whole_).round() as usize).min(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments with such a p99 in milliseconds, and half of it as p50.
    fn moments(p99_ms: &[u64]) -> Vec<Moment> {
        let moment = |ms: &u64| Moment {
            at_seconds: 0.2,
            delivered_per_second: 12_000.0,
            p50_ns: Some(ms * 500_000),
            p99_ns: Some(ms * 1_000_000),
            last_receiver_p99_ns: None,
        };
        p99_ms.iter().map(moment).collect()
    }

    fn view(moments: &[Moment]) -> View<'_> {
        View {
            phase: "measuring",
            done: 0.25,
            reached: "7.5 s, 22.5 s left",
            came: Some(Came {
                moments,
                lost: 3,
                doubled: 1200,
                server_cpu: Some(0.456),
            }),
        }
    }

    #[test]
    fn a_run_is_told_in_a_few_lines() {
        let expected = [
            "measuring ━━━───────── 7.5 s, 22.5 s left",
            "delivered      12 000/s  ███",
            "p50             2.00 ms  ▃▅█",
            "p99             4.00 ms  ▃▅█",
        ];
        let moments = moments(&[1, 2, 4]);
        let lines = view(&moments).lines(41);
        assert_eq!(lines[..4], expected);
        let lines = view(&moments).lines(80);
        assert_eq!(lines[4], "lost 3   doubled 1 200   server CPU 46 %");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let moments = moments(&[5; 500]);
        for width in [0, 1, 10, 26, 40, 80, 300] {
            let longest = view(&moments).lines(width);
            let longest = longest.iter().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width.min(WIDTH_MAX)), "{width}");
        }
        let widest = view(&moments).lines(80);
        assert_eq!(widest[0].chars().count(), 80);
        assert_eq!(widest[3].chars().count(), 80);
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let moments = moments(&[1]);
        let line = |width| view(&moments).lines(width)[4].clone();
        assert_eq!(line(39), "lost 3   doubled 1 200");
        assert_eq!(line(12), "lost 3");
    }

    #[test]
    fn where_nothing_comes_there_are_no_rows() {
        let silent = Moment {
            at_seconds: 0.2,
            delivered_per_second: 0.0,
            p50_ns: None,
            p99_ns: None,
            last_receiver_p99_ns: None,
        };
        let lines = view(&[silent]).lines(80);
        assert_eq!(lines.len(), 2, "{lines:?}");
        let connecting = View {
            came: None,
            ..view(&[])
        };
        assert_eq!(connecting.lines(80).len(), 1);
    }

    #[test]
    fn a_moment_without_a_figure_is_a_blank() {
        assert_eq!(columns(&[Some(8.0), None, Some(4.0)]), "█ ▅");
        assert_eq!(columns(&[Some(0.0), None]), "▁ ");
    }
}
