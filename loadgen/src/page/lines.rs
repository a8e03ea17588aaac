//! Lines through points.

use plotters::prelude::{Color, Rectangle};

use super::{
    Axis, Curves,
    canvas::{Size, sheet},
    frame::{Frame, line},
    ink::{Inks, SHADE},
    scale::Scale,
};

/// The lines; `None` if none has a point.
pub fn draw(
    x: &Axis,
    y: &Axis,
    lines: &Curves,
    shaded: Option<(f64, f64)>,
    size: Size,
) -> Option<String> {
    let all = lines.iter().flat_map(|(_, points)| points);
    let points = || all.clone().filter(|(x, y)| x.is_finite() && y.is_finite());
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
        if let Some((from, to)) = shaded.filter(|(from, to)| from < to) {
            let (low, high) = up.ends();
            let corners = [(across.nearest(from), low), (across.nearest(to), high)];
            let shade = Rectangle::new(corners, SHADE.filled());
            chart.plotting_area().draw(&shade)?;
        }
        for (name, points) in lines {
            let shown = points.iter().copied();
            let shown = shown.filter(|(x, y)| across.takes(*x) && up.takes(*y));
            line(&chart, inks.ink(name), shown.collect())?;
        }
        Ok(())
    }))
}
