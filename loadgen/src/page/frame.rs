//! Two axes, the grid between them, and the lines that are drawn there.

use plotters::{
    prelude::{
        Cartesian2d, ChartBuilder, ChartContext, Circle, Color, PathElement, RGBColor, Ranged,
        SVGBackend, TRANSPARENT,
    },
    style::text_anchor::{HPos, VPos},
};

use serde::Serialize;

use super::{
    canvas::{Drawn, HAIRLINE, STROKE, Sheet, fine, fitted, letters, width},
    ink::{BASE, GRID, QUIET},
    scale::Scale,
};

/// A line with more points than this is drawn without them.
const POINTS_SHOWN: usize = 24;
/// The radius of a point, in pixels.
const POINT: i32 = 3;
/// Between a label of the axis upwards and that axis, in pixels.
const BESIDE: i32 = 16;
/// What a letter may be wider than it is taken for, at the right end, in pixels.
const SPARE: i32 = 4;
/// Between two labels of the axis to the right, in pixels.
const BETWEEN: i32 = 6;

/// A part of a sheet on which things stand where two axes put them.
pub type Chart<'s, 'a> = ChartContext<'s, SVGBackend<'a>, Cartesian2d<Scale, Scale>>;

/// Where a chart and its stops are on a sheet, in the units of a drawing.
#[derive(Debug, Serialize)]
pub struct Places {
    /// How far to the right each stop is, or how far down.
    at: Vec<i32>,
    /// Where the mark of a stop begins across that.
    from: i32,
    /// And where it ends.
    to: i32,
    /// Whether the stops are one below the other.
    down: bool,
}

/// What surrounds a chart. An axis without a name has just its labels.
#[derive(Debug)]
pub struct Frame<'f> {
    /// The axis to the right.
    pub x: &'f Scale,
    /// The axis upwards.
    pub y: &'f Scale,
    /// What is measured along the first.
    pub x_name: &'f str,
    /// What is measured along the second.
    pub y_name: &'f str,
    /// Whether the grid has lines upwards.
    pub upright: bool,
}

impl Frame<'_> {
    /// Draws it, and gives the chart within.
    pub fn draw<'s, 'a>(&self, sheet: &'s Sheet<'a>) -> Drawn<Chart<'s, 'a>> {
        let sheet_width = sheet.dim_in_pixel().0.cast_signed();
        let label_width = |label: &str| width(label) + fine(BETWEEN);
        let beside = self.y.labels().map(width).max().unwrap_or(0) + fine(BESIDE);
        let (before, after) = self.x.overhang(sheet_width - beside, label_width);
        let left = beside.max(before);
        let right = (after + fine(SPARE)).max(fine(2 * POINT));
        let across = sheet_width - left - right;
        let quiet = letters(QUIET, HPos::Left, VPos::Top);
        if !self.y_name.is_empty() {
            let name = fitted(self.y_name, sheet_width);
            sheet.draw_text(&name, &quiet, (0, fine(4)))?;
        }

        let mut chart = ChartBuilder::on(sheet)
            .margin_top(fine(if self.y_name.is_empty() { 8 } else { 32 }))
            .margin_right(right)
            .x_label_area_size(fine(if self.x_name.is_empty() { 26 } else { 46 }))
            .y_label_area_size(left)
            .build_cartesian_2d(self.x.clone().thinned(across, label_width), self.y.clone())?;
        let mut mesh = chart.configure_mesh();
        mesh.axis_style(TRANSPARENT)
            .bold_line_style(GRID.stroke_width(HAIRLINE))
            .label_style(quiet.clone())
            .axis_desc_style(quiet)
            .set_all_tick_mark_size(fine(4));
        if !self.x_name.is_empty() {
            mesh.x_desc(fitted(self.x_name, across));
        }
        if !self.upright {
            mesh.disable_x_mesh();
        }
        mesh.draw()?;

        let (from, to) = self.x.ends();
        let ground = self.y.nearest(0.0);
        let base = [(from, ground), (to, ground)];
        let area = chart.plotting_area();
        area.draw(&PathElement::new(base, BASE.stroke_width(HAIRLINE)))?;
        Ok(chart)
    }
}

/// Where stops along the axis to the right are; those beyond it are at its end.
pub fn places(chart: &Chart, x: &Scale, stops: &[f64]) -> Places {
    let area = chart.plotting_area();
    let (across, down) = area.get_pixel_range();
    let at = |stop: &f64| x.map(&x.nearest(*stop), (across.start, across.end));
    Places {
        at: stops.iter().map(at).collect(),
        from: down.start,
        to: down.end,
        down: false,
    }
}

/// Where stops along the axis upwards are, which are read from the top down.
pub fn places_down(chart: &Chart, y: &Scale, stops: &[f64]) -> Places {
    let (across, down) = chart.plotting_area().get_pixel_range();
    let at = |stop: &f64| y.map(&y.nearest(*stop), (down.end, down.start));
    Places {
        at: stops.iter().map(at).collect(),
        from: across.start,
        to: across.end,
        down: true,
    }
}

/// Draws a line, with its points if they are few.
pub fn line(chart: &Chart, ink: RGBColor, points: Vec<(f64, f64)>) -> Drawn {
    let area = chart.plotting_area();
    if points.len() <= POINTS_SHOWN {
        for &point in &points {
            area.draw(&Circle::new(point, fine(POINT), ink.filled()))?;
        }
    }
    area.draw(&PathElement::new(points, ink.stroke_width(STROKE)))
}
