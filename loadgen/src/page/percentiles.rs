//! Latency by percentile.

use super::{
    Axis, Curve,
    canvas::{Size, sheet},
    frame::{Frame, Places, line, places},
    ink::Inks,
    scale::Scale,
    spacing::Spacing,
    unit::Unit,
};

/// From this factor between a middling and the greatest latency on, a linear axis would show the tail only.
const TAIL_ONLY: f64 = 20.0;
/// Quantiles from here on are middling or worse.
const MIDDLING: f64 = 0.5;

/// The curves, and where the stops are; `None` if none has a point.
pub fn draw(curves: &[Curve], size: Size, stops: &[f64]) -> Option<(String, Places)> {
    let points = || curves.iter().flat_map(|(_, points)| points);
    let quantiles = points().map(|(quantile, _)| *quantile);
    let times = || points().map(|(_, time)| *time);
    let middling = points().filter(|(quantile, _)| *quantile >= MIDDLING);
    let bounds = Spacing::Log.bounds(middling.map(|(_, time)| *time));
    let latency = Axis {
        name: "Latency".to_owned(),
        unit: Unit::Nanoseconds,
        log: bounds.is_some_and(|(least, greatest)| greatest / least > TAIL_ONLY),
    };
    let x = Scale::nines(quantiles)?;
    let y = Scale::round(&latency, times())?;
    let has_place = |(quantile, time): &&(f64, f64)| {
        Spacing::Nines.takes(*quantile) && Spacing::of(&latency).takes(*time)
    };
    let inks = Inks::of(curves);
    Some(sheet(size.width(), size.height(), |sheet| {
        let frame = Frame {
            x: &x,
            y: &y,
            x_name: "Percentile",
            y_name: &latency.name,
            upright: true,
        };
        let chart = frame.draw(sheet)?;
        for (name, points) in curves {
            let shown = points.iter().filter(has_place);
            // The maximum, the quantile 1, would stand infinitely far to the right: it ends the curve where that is.
            let quantiles = shown.clone().map(|(quantile, _)| *quantile);
            let last = quantiles
                .filter(|&quantile| quantile < 1.0)
                .fold(0.0, f64::max);
            let placed = shown.map(|&(quantile, time)| (quantile.min(last), time));
            line(&chart, inks.ink(name), placed.collect())?;
        }
        Ok(places(&chart, &x, stops))
    }))
}
