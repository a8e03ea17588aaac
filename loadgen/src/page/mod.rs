//! The result as a page that one looks at: one HTML file, with its plots inside and nothing loaded from elsewhere.
//!
//! A [`Page`] says what there is to see; `document` writes it down with `page.css`, and each [`Kind`] of plot draws
//! itself on a `canvas`, along `scale`s.

mod bars;
mod canvas;
mod document;
mod frame;
mod ink;
mod lines;
mod percentiles;
mod ratios;
mod scale;
mod unit;

pub use unit::Unit;

use canvas::Size;
use ink::Inks;

/// A report that one looks at.
#[derive(Clone, Debug)]
pub struct Page {
    /// What this is about.
    pub title: String,
    /// What it was, in a line: which server, which load, when.
    pub subtitle: String,
    /// How it came out, at a glance.
    pub mood: Mood,
    /// How it came out, in a sentence. The word for the mood stands before it.
    pub verdict: String,
    /// The three to six figures that matter most.
    pub headline: Vec<Fact>,
    /// What is better seen than read.
    pub plots: Vec<Plot>,
    /// What is better read than seen.
    pub tables: Vec<Table>,
    /// The settings, name by name.
    pub config: Vec<(String, String)>,
    /// The command that made this.
    pub command: String,
}

/// How a result is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
    /// The figures do not allow to tell.
    Doubtful,
}

/// A figure that is worth large type.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// The figure, with its unit.
    pub figure: String,
    /// What helps to judge it.
    pub note: String,
}

/// Figures in rows, the first column being their name.
#[derive(Clone, Debug)]
pub struct Table {
    /// What the figures are about.
    pub title: String,
    /// The name of each column.
    pub header: Vec<String>,
    /// The rows, as long as the header.
    pub rows: Vec<Vec<String>>,
}

/// A picture of figures.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub caption: String,
    /// The figures, and how they are drawn.
    pub kind: Kind,
}

/// Lines by name. Those that share a name share a colour, such as several runs of one server.
pub type Curves = [(String, Vec<(f64, f64)>)];

/// The ways to draw figures. What is not finite, or has no place on its axis, is left out.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Latency by percentile, each further nine given as much room as the last: curves of quantile (0 to 1) and
    /// nanoseconds.
    Percentiles(Vec<(String, Vec<(f64, f64)>)>),
    /// Lines through points.
    Lines {
        /// What runs to the right.
        x: Axis,
        /// What runs upwards.
        y: Axis,
        /// The points of each line, in the order in which they are joined.
        lines: Vec<(String, Vec<(f64, f64)>)>,
        /// The part of the x axis that is shaded.
        shaded: Option<(f64, f64)>,
    },
    /// Bars side by side.
    Bars {
        /// What runs upwards, from zero.
        y: Axis,
        /// What each group of bars stands for.
        labels: Vec<String>,
        /// The bars of each series, one for each label.
        series: Vec<(String, Vec<f64>)>,
    },
    /// Ratios around one, on a logarithmic axis: a figure's name, then its ratio's low end, median and high end.
    Ratios(Vec<(String, f64, f64, f64)>),
}

/// What is measured along one side of a plot.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it is.
    pub name: String,
    /// How its figures are written.
    pub unit: Unit,
    /// Whether equal steps are equal factors. Bars stand on zero and ignore it.
    pub log: bool,
}

impl Page {
    /// The page as an HTML document.
    pub fn to_html(&self) -> String {
        let mut html = String::new();
        document::write(&mut html, self).expect("a string takes all that is written");
        html
    }
}

impl Kind {
    /// The drawing as SVG; `None` if there is nothing to draw.
    fn draw(&self, size: Size) -> Option<String> {
        match self {
            Self::Percentiles(curves) => percentiles::draw(curves, size),
            Self::Lines {
                x,
                y,
                lines,
                shaded,
            } => lines::draw(x, y, lines, *shaded, size),
            Self::Bars { y, labels, series } => bars::draw(y, labels, series, size),
            Self::Ratios(ratios) => ratios::draw(ratios, size),
        }
    }

    /// What the inks of the drawing stand for.
    fn inks(&self) -> Inks<'_> {
        match self {
            Self::Percentiles(lines) | Self::Lines { lines, .. } => Inks::of(lines),
            Self::Bars { series, .. } => Inks::of(series),
            Self::Ratios(_) => Inks::default(),
        }
    }
}
