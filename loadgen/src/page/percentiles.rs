//! Latency by percentile.

use super::{
    Axis, Curves,
    canvas::{Size, sheet},
    frame::{Frame, line},
    ink::Inks,
    scale::Scale,
    unit::Unit,
};

/// From this factor between the least and the greatest latency on, a linear axis would show the tail only.
const TAIL_ONLY: f64 = 20.0;

/// The curves; `None` if none has a point.
pub fn draw(curves: &Curves, size: Size) -> Option<String> {
    let points = || curves.iter().flat_map(|(_, points)| points);
    let times = || points().map(|(_, time)| *time);
    let positive = times().filter(|time| time.is_finite() && *time > 0.0);
    let (least, greatest) = positive.fold((f64::INFINITY, 0.0_f64), |(least, greatest), time| {
        (least.min(time), greatest.max(time))
    });
    let latency = Axis {
        name: "Latency".to_owned(),
        unit: Unit::Nanoseconds,
        log: greatest / least > TAIL_ONLY,
    };
    let x = Scale::nines(points().map(|(quantile, _)| *quantile))?;
    let y = Scale::round(&latency, times())?;
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
            let shown = points
                .iter()
                .filter(|(quantile, time)| x.takes(*quantile) && y.takes(*time));
            // The maximum, the quantile 1, would stand infinitely far to the right: it ends the curve where that is.
            let below_one = shown.clone().map(|(quantile, _)| *quantile);
            let last = below_one
                .filter(|&quantile| quantile < 1.0)
                .fold(0.0, f64::max);
            let placed = shown.map(|&(quantile, time)| (quantile.min(last), time));
            line(&chart, inks.ink(name), placed.collect())?;
        }
        Ok(())
    }))
}
