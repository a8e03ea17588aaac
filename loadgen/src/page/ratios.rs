//! Ratios around one, each with its interval.

use plotters::{
    prelude::{Circle, Color, PathElement},
    style::text_anchor::{HPos, VPos},
};

use super::{
    canvas::{STROKE, Size, fine, fitted, letters, sheet, width},
    frame::{Frame, Places, places_down},
    ink::{self, BASE, QUIET, TEXT},
    scale::Scale,
    spacing::Spacing,
    unit::Unit,
};

/// How a row is laid out: heights and widths in pixels, places in parts of the row above its middle.
struct Row {
    height: i32,
    left: i32,
    right: i32,
    text: f64,
    interval: f64,
}

/// Name, interval and figures side by side.
const BESIDE: Row = Row {
    height: 36,
    left: 236,
    right: 156,
    text: 0.0,
    interval: 0.0,
};
/// The interval below its name and figures.
const BELOW: Row = Row {
    height: 56,
    left: 0,
    right: 0,
    text: 0.2,
    interval: -0.16,
};
/// The axis and its labels, in pixels.
const AXIS: i32 = 40;

/// A figure's name, then its ratio's low end, median and high end.
pub type Ratio = (String, f64, f64, f64);

/// Those that have a place, from the top down.
pub fn shown(ratios: &[Ratio]) -> impl Iterator<Item = &Ratio> + Clone {
    let has_place = |ratio: &f64| Spacing::Log.takes(*ratio);
    ratios
        .iter()
        .filter(move |(_, low, median, high)| [low, median, high].into_iter().all(has_place))
}

/// The ratios, and where each of those shown is; `None` if there are none.
pub fn draw(ratios: &[Ratio], size: Size) -> Option<(String, Places)> {
    let ratios: Vec<_> = shown(ratios).collect();
    let ends = ratios
        .iter()
        .flat_map(|(_, low, median, high)| [*low, *median, *high]);
    let x = Scale::around_one(ends, size.ticks().min(6))?;
    let rows = i32::try_from(ratios.len()).ok()?;
    let y = Scale::rows(rows);
    let row = match size {
        Size::Wide => BESIDE,
        Size::Narrow => BELOW,
    };
    Some(sheet(size.width(), rows * row.height + AXIS, |sheet| {
        let within = sheet.margin(0, 0, fine(row.left), fine(row.right));
        let frame = Frame {
            x: &x,
            y: &y,
            x_name: "",
            y_name: "",
            upright: true,
        };
        let chart = frame.draw(&within)?;
        let area = chart.plotting_area();
        let (bottom, top) = y.ends();
        let one = [(1.0, bottom), (1.0, top)];
        area.draw(&PathElement::new(one, BASE.stroke_width(STROKE)))?;
        let mut stops = Vec::new();
        for (at, (name, low, median, high)) in (0..rows).map(f64::from).zip(ratios) {
            let middle = top - at - 0.5;
            let told_from_one = *low > 1.0 || *high < 1.0;
            let ink = if told_from_one { ink::nth(0) } else { QUIET };
            let height = middle + row.interval;
            stops.push(height);
            let interval = [(*low, height), (*high, height)];
            area.draw(&PathElement::new(interval, ink.stroke_width(STROKE)))?;
            area.draw(&Circle::new((*median, height), fine(5), ink.filled()))?;

            let [low, median, high] = [low, median, high].map(|ratio| written(*ratio));
            let figures = format!("{median} ({low}–{high})");
            let name_room = match size {
                Size::Wide => fine(row.left),
                Size::Narrow => fine(size.width()) - width(&figures),
            };
            let (_, line) = area.map_coordinate(&(1.0, middle + row.text));
            let [left, right] =
                [HPos::Left, HPos::Right].map(|side| letters(TEXT, side, VPos::Center));
            sheet.draw_text(&fitted(name, name_room - fine(12)), &left, (0, line))?;
            sheet.draw_text(&figures, &right, (fine(size.width()), line))?;
        }
        Ok(places_down(&chart, &y, &stops))
    }))
}

/// A ratio with as many decimals as its neighbours, so that they are easily compared.
pub fn written(ratio: f64) -> String {
    if (0.1..10.0).contains(&ratio) {
        format!("{ratio:.2}")
    } else {
        Unit::Ratio.write(ratio)
    }
}
