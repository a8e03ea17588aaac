//! Lines through points.

use plotters::prelude::{Color, PathElement, Rectangle};

use super::{
    Axis, Curve, Span,
    canvas::{HAIRLINE, Size, sheet},
    frame::{Frame, Places, line, places},
    ink::{BASE, Inks, SHADE},
    scale::Scale,
    spacing::Spacing,
};

/// The lines, and where the stops are; `None` if none has a point.
pub fn draw(
    x: &Axis,
    y: &Axis,
    lines: &[Curve],
    spans: &[Span],
    size: Size,
    stops: &[f64],
) -> Option<(String, Places)> {
    let has_place =
        |point: &(f64, f64)| Spacing::of(x).takes(point.0) && Spacing::of(y).takes(point.1);
    let shown = |(_, points): &Curve| points.iter().copied().filter(has_place).collect::<Vec<_>>();
    let shown: Vec<_> = lines.iter().map(shown).collect();
    let points = || shown.iter().flatten();
    let across = Scale::snug(x, points().map(|(x, _)| *x), size.ticks())?;
    let up = Scale::round(y, points().map(|(_, y)| *y))?;
    let inks = Inks::of(lines);
    Some(sheet(size.width(), size.height(), |sheet| {
        let frame = Frame {
            x: &across,
            y: &up,
            x_name: &x.name,
            y_name: &y.name,
            upright: true,
        };
        let chart = frame.draw(sheet)?;
        let (low, high) = up.ends();
        for span in spans
            .iter()
            .filter(|span| span.shaded && span.from < span.to)
        {
            let corners = [
                (across.nearest(span.from), low),
                (across.nearest(span.to), high),
            ];
            let shade = Rectangle::new(corners, SHADE.filled());
            chart.plotting_area().draw(&shade)?;
        }
        for span in spans.iter().skip(1) {
            let at = across.nearest(span.from);
            let mark = PathElement::new([(at, low), (at, high)], BASE.stroke_width(HAIRLINE));
            chart.plotting_area().draw(&mark)?;
        }
        for ((name, _), points) in lines.iter().zip(shown) {
            line(&chart, inks.ink(name), points)?;
        }
        Ok(places(&chart, &across, stops))
    }))
}
