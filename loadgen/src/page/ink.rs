//! Inks: not colours but names for them, which the style sheet turns into colours that suit the reader's scheme.

use plotters::prelude::{Color, PathElement, RGBColor};

use super::canvas::{STROKE, fine, sheet};

/// The grid, which should stay behind.
pub const GRID: RGBColor = RGBColor(0xC1, 0, 0);
/// The line on which things stand.
pub const BASE: RGBColor = RGBColor(0xC2, 0, 0);
/// A part of the plot that is set apart.
pub const SHADE: RGBColor = RGBColor(0xC3, 0, 0);
/// What names things, or says little.
pub const QUIET: RGBColor = RGBColor(0xC4, 0, 0);
/// What is to be read.
pub const TEXT: RGBColor = RGBColor(0xC5, 0, 0);

/// Colours that are told apart by everyone; then they begin again, with another dash.
const HUES: u8 = 8;
/// Ways to dash a line; the first is not to.
const DASHES: u8 = 4;

/// The inks of series by their name: those that share a name share an ink.
#[derive(Debug, Default)]
pub struct Inks<'n> {
    names: Vec<&'n str>,
}

impl<'n> Inks<'n> {
    /// An ink for each name, in the order in which they first occur.
    pub fn of<T>(series: &'n [(String, T)]) -> Self {
        let mut inks = Self::default();
        for (name, _) in series {
            if !inks.names.contains(&name.as_str()) {
                inks.names.push(name);
            }
        }
        inks
    }

    /// The ink of a name.
    pub fn ink(&self, name: &str) -> RGBColor {
        let known = self.names.iter().position(|known| *known == name);
        nth(known.unwrap_or(0))
    }

    /// The names that tell a reader something, each with a short stroke of its ink as SVG.
    pub fn legend(&self) -> impl Iterator<Item = (&'n str, String)> {
        let named = self.names.iter().filter(|name| !name.is_empty());
        named.map(|name| (*name, swatch(self.ink(name))))
    }
}

/// The ink that follows so many others.
pub fn nth(others: usize) -> RGBColor {
    let turn = u8::try_from(others % usize::from(HUES * DASHES)).expect("there are few inks");
    RGBColor(0xA1 + turn % HUES, 0, turn / HUES)
}

fn swatch(ink: RGBColor) -> String {
    let (width, height) = (24, 10);
    let (svg, ()) = sheet(width, height, |sheet| {
        let middle = fine(height / 2);
        let ends = [(0, middle), (fine(width), middle)];
        sheet.draw(&PathElement::new(ends, ink.stroke_width(2 * STROKE)))
    });
    svg
}
