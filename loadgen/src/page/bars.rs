//! Bars side by side.

use plotters::{
    prelude::{Color, Rectangle},
    style::text_anchor::{HPos, VPos},
};

use super::{
    Axis,
    canvas::{Size, fine, fitted, letters, sheet, width},
    frame::{Frame, Places, places},
    ink::{Inks, TEXT},
    scale::Scale,
    spacing::Spacing,
};

/// The part of a group's room that its bars fill.
const FILLED: f64 = 0.76;
/// What is left and right of all groups, in pixels.
const BESIDE: i32 = 80;
/// Between two labels, in pixels.
const BETWEEN: i32 = 10;
/// The length up to which a label is shown in full, even if not all labels are shown then, in pixels.
const IN_FULL: i32 = 100;
/// Between a bar and its figure, in pixels.
const ABOVE: i32 = 3;

/// The bars, and where the stops are; `None` if there are none.
pub fn draw(
    y: &Axis,
    labels: &[String],
    series: &[(String, Vec<f64>)],
    size: Size,
    stops: &[f64],
) -> Option<(String, Places)> {
    let linear = Axis {
        log: false,
        ..y.clone()
    };
    let has_place = |value: &f64| Spacing::Linear.takes(*value);
    let shown = |(_, values): &(String, Vec<f64>)| -> Vec<f64> {
        let values = values.iter().take(labels.len());
        values.copied().filter(has_place).collect()
    };
    let values: Vec<f64> = series.iter().flat_map(shown).collect();
    let up = Scale::round(&linear, values.iter().copied())?;
    let group_room = fine(size.width() - BESIDE) / i32::try_from(labels.len()).ok()?;
    let across = slots(labels, group_room);
    let bar = FILLED / f64::from(u32::try_from(series.len()).ok()?);
    let figure = |value| y.unit.write(value);
    let bar_room = f64::from(group_room) * bar;
    let figures_fit = values
        .iter()
        .all(|&value| f64::from(width(&figure(value))) < bar_room);
    let inks = Inks::of(series);
    Some(sheet(size.width(), size.height(), |sheet| {
        let frame = Frame {
            x: &across,
            y: &up,
            x_name: "",
            y_name: &y.name,
            upright: false,
        };
        let chart = frame.draw(sheet)?;
        let area = chart.plotting_area();
        for (at, (name, values)) in (0_u32..).zip(series) {
            let first = (1.0 - FILLED) / 2.0 + f64::from(at) * bar;
            let slots = (0_u32..).zip(values).take(labels.len());
            for (slot, &value) in slots.filter(|(_, value)| has_place(value)) {
                let left = f64::from(slot) + first;
                let corners = [(left, 0.0), (left + bar, value)];
                area.draw(&Rectangle::new(corners, inks.ink(name).filled()))?;
                if figures_fit {
                    let (middle, top) = area.map_coordinate(&(left + bar / 2.0, value.max(0.0)));
                    let style = letters(TEXT, HPos::Center, VPos::Bottom);
                    sheet.draw_text(&figure(value), &style, (middle, top - fine(ABOVE)))?;
                }
            }
        }
        Ok(places(&chart, &across, stops))
    }))
}

/// The axis of the groups, which names as many as there is room for, at even distances.
fn slots(labels: &[String], group_room: i32) -> Scale {
    let longest = labels.iter().map(|label| width(label)).max().unwrap_or(0);
    let wanted = longest.min(fine(IN_FULL)) + fine(BETWEEN);
    let every = (wanted + group_room - 1) / group_room.max(1);
    let room = every * group_room - fine(BETWEEN);
    let labels: Vec<_> = labels.iter().map(|label| fitted(label, room)).collect();
    Scale::slots(&labels, usize::try_from(every).unwrap_or(1))
}
