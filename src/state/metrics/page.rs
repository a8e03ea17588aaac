//! The Prometheus text format, version 0.0.4.

use std::fmt::{self, Write};

use super::Histogram;

/// A page of metrics, as it is written.
#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    fn head(&mut self, name: &str, help: &str, kind: &str) -> fmt::Result {
        writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}")
    }

    pub(super) fn gauge(
        &mut self,
        name: &str,
        help: &str,
        value: impl fmt::Display,
    ) -> fmt::Result {
        self.head(name, help, "gauge")?;
        writeln!(self.text, "{name} {value}")
    }

    pub(super) fn counter(
        &mut self,
        name: &str,
        help: &str,
        value: impl fmt::Display,
    ) -> fmt::Result {
        self.head(name, help, "counter")?;
        writeln!(self.text, "{name} {value}")
    }

    pub(super) fn family<'a>(
        &mut self,
        name: &str,
        help: &str,
        kind: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, impl fmt::Display)>,
    ) -> fmt::Result {
        self.head(name, help, kind)?;
        for (of, value) in values {
            writeln!(self.text, "{name}{{{label}=\"{of}\"}} {value}")?;
        }
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "sums are approximate in this format anyway"
    )]
    pub(super) fn histogram<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        histogram: &Histogram<N>,
        unit: f64,
    ) -> fmt::Result {
        self.head(name, help, "histogram")?;
        let mut below = 0;
        for (power, count) in histogram.buckets.iter().enumerate() {
            below += count;
            let bound = (1_u64 << power) as f64 * unit;
            writeln!(self.text, "{name}_bucket{{le=\"{bound}\"}} {below}")?;
        }
        writeln!(
            self.text,
            "{name}_bucket{{le=\"+Inf\"}} {}",
            histogram.count
        )?;
        writeln!(self.text, "{name}_sum {}", histogram.sum as f64 * unit)?;
        writeln!(self.text, "{name}_count {}", histogram.count)
    }
}
