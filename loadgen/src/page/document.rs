//! The page as HTML.

use std::fmt::{self, Display, Formatter, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Fact, Mood, Page, Plot, Table, canvas::Size, frame::Places, ink::Inks, readings::Readings,
};

/// What all pages begin with, up to the hash of the one script that may run. Should a name ever get past the escaping, the
/// policy keeps it from loading or running anything.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"#;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the page.
pub fn write(html: &mut String, page: &Page) -> fmt::Result {
    let title = Escaped(&page.title);
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    writeln!(html, "{HEAD}{hash}'\">\n<title>{title}</title>")?;
    writeln!(html, "<style>\n{STYLE}</style>\n</head>\n<body>")?;
    header(html, page)?;
    writeln!(html, "<main>")?;
    headline(html, &page.headline)?;
    for plot in &page.plots {
        picture(html, plot)?;
    }
    for table in &page.tables {
        figures(html, table)?;
    }
    writeln!(html, "</main>\n<footer>")?;
    configuration(html, &page.config)?;
    command(html, &page.command)?;
    writeln!(
        html,
        "</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>"
    )
}

fn header(html: &mut String, page: &Page) -> fmt::Result {
    let [title, subtitle, word, verdict] =
        [&page.title, &page.subtitle, &page.word, &page.verdict].map(|text| Escaped(text));
    let (class, sign) = match page.mood {
        Mood::Good => ("good", '✓'),
        Mood::Bad => ("bad", '✕'),
        Mood::Doubtful => ("doubtful", '?'),
    };
    writeln!(
        html,
        r#"<header>
<h1>{title}</h1>
<p>{subtitle}</p>
<p class="verdict {class}"><span aria-hidden="true">{sign}</span><span><strong>{word}:</strong> {verdict}</span></p>
</header>"#
    )
}

fn headline(html: &mut String, facts: &[Fact]) -> fmt::Result {
    if facts.is_empty() {
        return Ok(());
    }
    writeln!(html, r#"<dl class="headline">"#)?;
    for fact in facts {
        let [name, figure, note] = [&fact.name, &fact.figure, &fact.note].map(|text| Escaped(text));
        writeln!(
            html,
            "<div><dt>{name}</dt><dd>{figure}</dd><dd>{note}</dd></div>"
        )?;
    }
    writeln!(html, "</dl>")
}

fn picture(html: &mut String, plot: &Plot) -> fmt::Result {
    let [title, caption] = [&plot.title, &plot.caption].map(|text| Escaped(text));
    writeln!(
        html,
        r#"<figure class="card">
<figcaption>
<h2>{title}</h2>
<p>{caption}</p>"#
    )?;
    legend(html, &plot.kind.inks())?;
    writeln!(html, "</figcaption>")?;
    let readings = Readings::of(&plot.kind);
    match [Size::Wide, Size::Narrow].map(|size| plot.kind.draw(size, readings.stops())) {
        [Some((wide, in_wide)), Some((narrow, in_narrow))] => {
            writeln!(
                html,
                r#"<div class="plot" role="img" aria-label="{title}">
<div class="wide">{wide}</div>
<div class="narrow">{narrow}</div>
</div>"#
            )?;
            told(html, readings, [in_wide, in_narrow])?;
        }
        _ => writeln!(html, r#"<p class="nothing">Nothing was measured.</p>"#)?,
    }
    writeln!(html, "</figure>")
}

/// What the script of the page is to tell of a plot, and where on each of its drawings.
fn told(html: &mut String, readings: Readings, drawings: [Places; 2]) -> fmt::Result {
    #[derive(Serialize)]
    struct Told<'p> {
        #[serde(flatten)]
        readings: Readings<'p>,
        drawings: [Places; 2],
    }
    if readings.stops().is_empty() {
        return Ok(());
    }
    let told = Told { readings, drawings };
    let json = serde_json::to_string(&told).expect("texts and numbers are written as JSON");
    let json = without_markup(&json);
    writeln!(html, r#"<script type="application/json">{json}</script>"#)
}

/// JSON that says the same, in which nothing can be taken for the end of its script.
fn without_markup(json: &str) -> String {
    json.replace('<', r"\u003c")
        .replace('>', r"\u003e")
        .replace('&', r"\u0026")
}

fn legend(html: &mut String, inks: &Inks) -> fmt::Result {
    let mut entries = inks.legend().peekable();
    if entries.peek().is_none() {
        return Ok(());
    }
    writeln!(html, "<ul>")?;
    for (name, swatch) in entries {
        let name = Escaped(name);
        writeln!(html, "<li>{swatch}<span>{name}</span></li>")?;
    }
    writeln!(html, "</ul>")
}

fn figures(html: &mut String, table: &Table) -> fmt::Result {
    let title = Escaped(&table.title);
    writeln!(
        html,
        r#"<section class="card">
<h2>{title}</h2>
<div class="table" role="region" aria-label="{title}" tabindex="0">
<table>
<thead>
<tr>"#
    )?;
    for name in &table.header {
        let name = Escaped(name);
        writeln!(html, r#"<th scope="col">{name}</th>"#)?;
    }
    writeln!(html, "</tr>\n</thead>\n<tbody>")?;
    for row in &table.rows {
        writeln!(html, "<tr>")?;
        let mut cells = row.iter().map(|cell| Escaped(cell));
        if let Some(name) = cells.next() {
            writeln!(html, r#"<th scope="row">{name}</th>"#)?;
        }
        for cell in cells {
            writeln!(html, "<td>{cell}</td>")?;
        }
        writeln!(html, "</tr>")?;
    }
    writeln!(html, "</tbody>\n</table>\n</div>\n</section>")
}

fn configuration(html: &mut String, config: &[(String, String)]) -> fmt::Result {
    if config.is_empty() {
        return Ok(());
    }
    writeln!(html, r#"<section class="card">"#)?;
    writeln!(html, "<h2>Configuration</h2>\n<dl>")?;
    for (name, value) in config {
        let [name, value] = [name, value].map(|text| Escaped(text));
        writeln!(html, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
    }
    writeln!(html, "</dl>\n</section>")
}

fn command(html: &mut String, command: &str) -> fmt::Result {
    if command.is_empty() {
        return Ok(());
    }
    writeln!(html, r#"<section class="card">"#)?;
    write!(html, "<h2>Command</h2>\n<pre><code>")?;
    // A line is broken between words only, not after the dashes of a flag.
    for word in command.split_inclusive([' ', '\n']) {
        let end = word.trim_end_matches([' ', '\n']).len();
        let (word, space) = word.split_at(end);
        let word = Escaped(word);
        write!(html, "<span>{word}</span>{space}")?;
    }
    writeln!(html, "</code></pre>\n</section>")
}

/// A text that says in HTML what it says as it is, between tags as well as within the quotes of an attribute.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
