//! The result as text that one likes to read.

use std::fmt;

use comfy_table::{Cell, CellAlignment, presets};

use crate::{
    outcome::Outcome,
    page::Table,
    report::{expected::expected, facts::facts, heading::heading, sentence, tables::tables},
};

/// The columns of a terminal.
const TERMINAL: usize = 80;

/// Shows a result: what was done, how it went, how fast, how evenly, at what cost, and the verdict in words.
#[derive(Debug)]
pub struct Shown<'a>(pub &'a Outcome);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.0;
        writeln!(f, "{}\n", heading(outcome))?;
        let facts = facts(outcome);
        if !facts.is_empty() {
            let rows = facts.into_iter();
            let rows = rows.map(|(name, figure)| vec![name.to_owned(), figure]);
            writeln!(f, "{}\n", drawn(None, rows))?;
        }
        for Table {
            title,
            mut header,
            rows,
        } in tables(outcome)
        {
            if let Some(first) = header.first_mut().filter(|first| first.is_empty()) {
                *first = title;
            }
            writeln!(f, "{}\n", drawn(Some(header), rows.into_iter()))?;
        }
        for [told, held, actual] in expected(outcome) {
            writeln!(f, "expected {told}: {held} ({actual})")?;
        }
        write!(f, "{}", sentence::sentence(outcome))
    }
}

/// Rows whose first column is their name, without lines around them. Columns are closer to each other where they would else
/// be wider than a terminal, which breaks lines anywhere.
fn drawn(
    header: Option<Vec<String>>,
    rows: impl Iterator<Item = Vec<String>>,
) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    if let Some(header) = header {
        table.set_header(cells(header));
    }
    for row in rows {
        table.add_row(cells(row));
    }
    for apart in [2, 1] {
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((if at == 0 { 0 } else { apart }, 0));
        }
        if table.lines().all(|line| line.chars().count() <= TERMINAL) {
            break;
        }
    }
    table
}

fn cells(row: Vec<String>) -> impl Iterator<Item = Cell> {
    row.into_iter()
        .enumerate()
        .map(|(column, text)| match column {
            0 => Cell::new(text),
            _ => Cell::new(text).set_alignment(CellAlignment::Right),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_times_fits_into_80_columns() {
        let row = |name: &str, time: &str| {
            let times = std::iter::repeat_n(time.to_owned(), 6);
            std::iter::once(name.to_owned()).chain(times).collect()
        };
        for name in [
            "turn of the load generator",
            "at another node and caught up",
        ] {
            let rows = std::iter::once(row(name, "9.99 ms"));
            let drawn = drawn(Some(row("Times", "p99.9")), rows).to_string();
            let widths = drawn.lines().map(|line| line.chars().count());
            assert!(widths.max() <= Some(TERMINAL), "{drawn}");
        }
    }
}
