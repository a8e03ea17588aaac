//! Bars side by side.

use plotters::{
    prelude::{Color, Rectangle, Text},
    style::text_anchor::{HPos, VPos},
};

use super::{
    Axis,
    canvas::{Size, fine, fitted, letters, sheet, width},
    frame::Frame,
    ink::{Inks, TEXT},
    scale::Scale,
};

/// The part of a group's room that its bars fill.
const FILLED: f64 = 0.76;
/// What the labels of the axis upwards and the gaps between groups take at most, in pixels.
const BESIDE: i32 = 80;
/// A label may be this long even if others have to go for it, in pixels.
const LABEL: i32 = 100;

/// The bars; `None` if there are none.
pub fn draw(
    y: &Axis,
    labels: &[String],
    series: &[(String, Vec<f64>)],
    size: Size,
) -> Option<String> {
    let linear = Axis {
        log: false,
        ..y.clone()
    };
    let values = || {
        let shown = series
            .iter()
            .flat_map(|(_, values)| values.iter().take(labels.len()));
        shown.copied().filter(|value| value.is_finite())
    };
    let up = Scale::round(&linear, values())?;
    let group_room = fine(size.width() - BESIDE) / i32::try_from(labels.len()).ok()?;
    let label_room = (group_room - fine(12)).max(fine(LABEL));
    let labels: Vec<_> = labels
        .iter()
        .map(|label| fitted(label, label_room))
        .collect();
    let across = Scale::slots(&labels);
    let bar = FILLED / f64::from(u32::try_from(series.len()).ok()?);
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
        let figure = |value| y.unit.write(value, value);
        let bar_room = f64::from(group_room) * bar;
        let figures_fit = values().all(|value| f64::from(width(&figure(value))) < bar_room);
        for (at, (name, values)) in (0_u32..).zip(series) {
            let first = (1.0 - FILLED) / 2.0 + f64::from(at) * bar;
            for ((slot, _), &value) in (0_u32..).zip(&labels).zip(values) {
                if !up.takes(value) {
                    continue;
                }
                let left = f64::from(slot) + first;
                let corners = [(left, 0.0), (left + bar, value)];
                let area = chart.plotting_area();
                area.draw(&Rectangle::new(corners, inks.ink(name).filled()))?;
                if figures_fit {
                    let top = (left + bar / 2.0, value.max(0.0));
                    let above = letters(TEXT, HPos::Center, VPos::Bottom);
                    area.draw(&Text::new(figure(value), top, above))?;
                }
            }
        }
        Ok(())
    }))
}
