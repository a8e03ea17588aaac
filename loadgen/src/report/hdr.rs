//! A distribution as `HdrHistogram`'s percentile text, which its plotter and others read.

use std::fmt::{self, Display, Formatter};

use crate::{figures, record::distribution::Distribution};

/// Shows a distribution of nanoseconds in milliseconds, as `outputPercentileDistribution` of `HdrHistogram` does.
#[derive(Debug)]
pub struct Percentiles<'a>(pub &'a Distribution);

impl Display for Percentiles<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let millis = |ns: f64| ns / 1e6;
        writeln!(
            f,
            "{:>12} {:>14} {:>10} {:>14}\n",
            "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
        )?;
        for point in self.0.curve() {
            let value = figures::micros(point.value) / 1000.0;
            write!(
                f,
                "{value:>12.3} {:>2.12} {:>10}",
                point.quantile, point.count
            )?;
            if point.quantile < 1.0 {
                write!(f, " {:>14.2}", 1.0 / (1.0 - point.quantile))?;
            }
            writeln!(f)?;
        }
        let (mean, deviation) = self.0.moments();
        let max = figures::micros(self.0.quantile(1.0)) / 1000.0;
        writeln!(
            f,
            "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]",
            millis(mean),
            millis(deviation)
        )?;
        writeln!(
            f,
            "#[Max     = {max:>12.3}, Total count    = {:>12}]",
            self.0.count()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_four_columns_and_the_last_one_none_for_everything() {
        let mut distribution = Distribution::default();
        for us in 1..=1000 {
            distribution.record(us * 1000);
        }
        let text = Percentiles(&distribution).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0].split_whitespace().collect::<Vec<_>>(),
            ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
        );
        let rows: Vec<Vec<f64>> = lines[2..lines.len() - 2]
            .iter()
            .map(|line| {
                line.split_whitespace()
                    .map(|word| word.parse().unwrap())
                    .collect()
            })
            .collect();
        let (last, rows) = rows.split_last().unwrap();
        assert!(rows.iter().all(|row| row.len() == 4));
        assert!((last[2] - 1000.0).abs() < 1e-9);
        assert!((last[0] - 1.0).abs() < 0.002 && (last[1] - 1.0).abs() < 1e-9);
        assert!(
            text.contains("#[Mean    =        0.500") || text.contains("0.501"),
            "{text}"
        );
        assert!(text.contains("Total count    =         1000]"));
    }
}
