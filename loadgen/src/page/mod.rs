//! The result as a page that one looks at: one HTML file, with its plots inside and nothing loaded from elsewhere.
//!
//! A [`Page`] says what there is to see; `document` writes it down with `page.css`, and each [`Kind`] of plot draws
//! itself on a `canvas`, within a `frame` of two `scale`s, in `ink`s to which the style sheet gives their colour. Its
//! `readings` are what it tells who looks into it, by `page.js`.

mod bars;
mod canvas;
mod document;
mod frame;
mod ink;
mod lines;
mod percentiles;
mod ratios;
mod readings;
mod scale;
mod spacing;
mod unit;

pub use unit::Unit;

use canvas::Size;
use frame::Places;
use ink::Inks;
use ratios::Ratio;

/// A report that one looks at.
#[derive(Clone, Debug)]
pub struct Page {
    /// What this is about.
    pub title: String,
    /// What it was, in a line: which server, which load, when.
    pub subtitle: String,
    /// How it came out, at a glance.
    pub mood: Mood,
    /// The same in a word, for those who see neither colour nor sign.
    pub word: String,
    /// How it came out, in a sentence, which that word stands before.
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

/// A line and its name. Those that share a name share a colour, such as several runs of one server.
pub type Curve = (String, Vec<(f64, f64)>);

/// The ways to draw figures. What is not finite, or has no place on its axis, is left out.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Latency by percentile, each further nine given as much room as the last: curves of quantile (0 to 1) and
    /// nanoseconds.
    Percentiles(Vec<Curve>),
    /// Lines through points.
    Lines {
        /// What runs to the right.
        x: Axis,
        /// What runs upwards.
        y: Axis,
        /// The points of each line, in the order in which they are joined.
        lines: Vec<Curve>,
        /// Parts of the x axis, one after another, that are told apart.
        spans: Vec<Span>,
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
    Ratios(Vec<Ratio>),
}

/// A part of an axis. Where one meets another stands a line.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Whether it is shaded.
    pub shaded: bool,
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
    /// The drawing as SVG, and where stops along its axis are; `None` if there is nothing to draw.
    fn draw(&self, size: Size, stops: &[f64]) -> Option<(String, Places)> {
        match self {
            Self::Percentiles(curves) => percentiles::draw(curves, size, stops),
            Self::Lines { x, y, lines, spans } => lines::draw(x, y, lines, spans, size, stops),
            Self::Bars { y, labels, series } => bars::draw(y, labels, series, size, stops),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const HOSTILE: &str = r#"</title><script src='https://elsewhere/x.js'>&"]]>-->"#;

    fn axis(name: &str, log: bool) -> Axis {
        Axis {
            name: name.to_owned(),
            unit: Unit::Count,
            log,
        }
    }

    fn lines(name: &str, points: &[(f64, f64)], log: bool) -> Kind {
        Kind::Lines {
            x: axis(name, log),
            y: axis(name, log),
            lines: vec![(name.to_owned(), points.to_vec())],
            spans: vec![Span {
                from: 0.0,
                to: 1.5,
                shaded: true,
            }],
        }
    }

    fn bars(name: &str, values: &[f64]) -> Kind {
        Kind::Bars {
            y: axis(name, false),
            labels: vec![name.to_owned(); values.len()],
            series: vec![(name.to_owned(), values.to_vec()); 2],
        }
    }

    /// Each kind of plot, of the same figures.
    fn kinds(name: &str, figures: &[f64]) -> Vec<Kind> {
        let steps = (1_u32..).map(|at| f64::from(at) / 8.0);
        let points: Vec<_> = steps.zip(figures.iter().copied()).collect();
        let ratio = |&figure: &f64| (name.to_owned(), figure / 2.0, figure, figure * 2.0);
        vec![
            Kind::Percentiles(vec![(name.to_owned(), points.clone())]),
            lines(name, &points, false),
            lines(name, &points, true),
            bars(name, figures),
            Kind::Ratios(figures.iter().map(ratio).collect()),
        ]
    }

    fn page(name: &str, kinds: Vec<Kind>) -> Page {
        let text = || name.to_owned();
        let plot = |kind| Plot {
            title: text(),
            caption: text(),
            kind,
        };
        Page {
            title: text(),
            subtitle: text(),
            mood: Mood::Good,
            word: text(),
            verdict: text(),
            headline: vec![Fact {
                name: text(),
                figure: text(),
                note: text(),
            }],
            plots: kinds.into_iter().map(plot).collect(),
            tables: vec![Table {
                title: text(),
                header: vec![text(); 2],
                rows: vec![vec![text(); 2]],
            }],
            config: vec![(text(), text())],
            command: text(),
        }
    }

    #[test]
    fn what_a_user_names_is_escaped() {
        let html = page(HOSTILE, kinds(HOSTILE, &[1.0, 2.0])).to_html();
        let harmless = page("plain", kinds("plain", &[1.0, 2.0])).to_html();
        let scripts = |html: &str| html.matches("<script").count();
        assert_eq!(scripts(&html), scripts(&harmless), "{html}");
        assert!(!html.contains("]]>"), "{html}");
        assert_eq!(html.matches("</title>").count(), 1);
        assert!(html.contains("&lt;script src=&#39;https"), "{html}");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let html = page("plain", kinds("plain", &[1.0, 2.0])).to_html();
        let without_namespaces = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        let code = html.replace(r#"<script type="application/json">"#, "");
        assert_eq!(code.matches("<script").count(), 1, "the page's own");
        for trace in [
            "http:", "https:", "//", "src=", "href=", "url(", "@import", "import(",
        ] {
            assert!(!without_namespaces.contains(trace), "{trace} in {html}");
        }
    }

    #[test]
    fn a_single_point_or_none_is_drawn_without_panic() {
        for kind in kinds("one", &[1.0]) {
            assert!(kind.draw(Size::Wide, &[]).is_some(), "{kind:?}");
            assert!(kind.draw(Size::Narrow, &[]).is_some(), "{kind:?}");
        }
        for kind in kinds("none", &[]) {
            assert!(kind.draw(Size::Wide, &[]).is_none(), "{kind:?}");
        }
        let html = page("none", kinds("none", &[])).to_html();
        assert!(html.contains("Nothing was measured."), "{html}");
    }

    #[test]
    fn figures_without_a_place_are_left_out() {
        let nowhere = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        for kind in kinds("nowhere", &nowhere) {
            assert!(kind.draw(Size::Wide, &[]).is_none(), "{kind:?}");
        }
        for kind in kinds("some", &[1.0, f64::NAN, 2.0, f64::INFINITY, 0.0, -1.0]) {
            let (svg, _) = kind.draw(Size::Wide, &[]).expect("some have a place");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn extreme_figures_are_drawn_without_panic() {
        let figures: [&[f64]; 5] = [
            &[0.0; 3],
            &[5.0; 3],
            &[f64::MIN_POSITIVE, f64::MAX],
            &[f64::MIN, f64::MAX],
            &[1.0; 300],
        ];
        for figures in figures {
            page(&"long ".repeat(200), kinds(&"long ".repeat(200), figures)).to_html();
        }
    }

    #[test]
    fn many_curves_are_told_apart_and_those_of_one_name_are_not() {
        let curve = |name: usize| (name.to_string(), vec![(0.5, 1.0)]);
        let inks = |curves: Vec<Curve>| {
            let kind = Kind::Percentiles(curves);
            let swatches: BTreeSet<String> =
                kind.inks().legend().map(|(_, swatch)| swatch).collect();
            swatches.len()
        };
        assert_eq!(inks((0..30).map(curve).collect()), 30);
        assert_eq!(inks((0..30).map(|run| curve(run % 2)).collect()), 2);
    }

    #[test]
    fn each_ink_has_its_colour_in_the_style_sheet() {
        let style = include_str!("page.css");
        let mut svg: String = kinds("name", &[1.0, 20.0])
            .iter()
            .filter_map(|kind| Some(kind.draw(Size::Wide, &[])?.0))
            .collect();
        let curve = |name: usize| (name.to_string(), vec![(0.5, 1.0)]);
        svg += &Kind::Percentiles((0..32).map(curve).collect())
            .draw(Size::Wide, &[])
            .unwrap()
            .0;
        for property in ["fill", "stroke"] {
            let opened = format!(" {property}=\"#");
            for rest in svg.split(opened.as_str()).skip(1) {
                let (whole, hue, dash) = (&rest[..6], &rest[..2], &rest[4..6]);
                let coloured = style.contains(&format!("[{property}=\"#{whole}\"]"))
                    || style.contains(&format!("[{property}^=\"#{hue}\"]"));
                assert!(coloured, "{property} {whole}");
                let dashed = dash == "00" || style.contains(&format!("[stroke$=\"{dash}\"]"));
                assert!(dashed, "{property} {whole}");
            }
        }
    }

    #[test]
    fn the_mood_is_said_in_a_word_as_well() {
        let page = Page {
            mood: Mood::Doubtful,
            word: "NOT VALID".to_owned(),
            ..page("it", Vec::new())
        };
        let html = page.to_html();
        assert!(
            html.contains("<strong>NOT VALID:</strong> it</span>"),
            "{html}"
        );
    }
}
