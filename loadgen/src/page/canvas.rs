//! A sheet to draw on, and letters to write on it.

use std::io;

use plotters::{
    coord::Shift,
    drawing::DrawingAreaErrorKind,
    prelude::{DrawingArea, IntoDrawingArea, IntoFont, RGBColor, SVGBackend, TextStyle},
    style::text_anchor::{HPos, Pos, VPos},
};

/// The width of a line that should not be noticed, in the units of a drawing.
pub const HAIRLINE: u32 = 10;
/// The width of a line that should, in the units of a drawing.
pub const STROKE: u32 = 20;

/// Drawings are in whole units; a tenth of a pixel is fine enough for a curve to look smooth.
const FINE: i32 = 10;
/// The font's size in pixels.
const LETTERS: i32 = 13;
/// Plotters divides by this what it is told as the size of a font.
const PLOTTERS_FONT: f64 = 1.24;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A desk's screen, or paper.
    Wide,
    /// A phone.
    Narrow,
}

impl Size {
    /// The width of a drawing in pixels.
    pub fn width(self) -> i32 {
        match self {
            Self::Wide => 800,
            Self::Narrow => 330,
        }
    }

    /// The height of a drawing in pixels, unless its content asks for another.
    pub fn height(self) -> i32 {
        match self {
            Self::Wide => 370,
            Self::Narrow => 290,
        }
    }

    /// About how many ticks an axis to the right may have.
    pub fn ticks(self) -> u32 {
        match self {
            Self::Wide => 9,
            Self::Narrow => 4,
        }
    }
}

/// Something to draw on.
pub type Sheet<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What drawing comes to; on a string it does not fail.
pub type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<io::Error>>;

/// The SVG of what `draw` draws on a sheet of so many pixels, and what it gives.
pub fn sheet<T>(width: i32, height: i32, draw: impl FnOnce(&Sheet) -> Drawn<T>) -> (String, T) {
    let mut svg = String::new();
    let size = (fine(width).unsigned_abs(), fine(height).unsigned_abs());
    let sheet = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let given = draw(&sheet).expect("a string takes all that is drawn");
    drop(sheet);
    (svg, given)
}

/// Pixels in the units of a drawing.
pub const fn fine(pixels: i32) -> i32 {
    pixels.saturating_mul(FINE)
}

/// Letters in an ink, on the given side of the point where they are put.
pub fn letters(ink: RGBColor, across: HPos, down: VPos) -> TextStyle<'static> {
    ("sans-serif", f64::from(fine(LETTERS)) * PLOTTERS_FONT)
        .into_font()
        .color(&ink)
        .pos(Pos::new(across, down))
}

/// About how wide a text is in the units of a drawing: the reader's font decides.
pub fn width(text: &str) -> i32 {
    let count = i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
    count.saturating_mul(fine(LETTERS) * 4 / 7)
}

/// As much of a text as fits into so much room.
pub fn fitted(text: &str, room: i32) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let ends = text.char_indices().map(|(end, _)| end);
    let fits = |end: &usize| width(&text[..*end]) + width("…") <= room;
    text[..ends.take_while(fits).last().unwrap_or(0)].to_owned() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shortened_between_letters() {
        assert_eq!(fitted("größer", width("größer")), "größer");
        assert_eq!(fitted("größer", width("größe")), "größ…");
        assert_eq!(fitted("größer", 0), "…");
        assert_eq!(fitted("", 0), "");
    }
}
