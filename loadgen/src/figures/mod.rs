//! Counts as figures for people: the one place where integers become floating point. How they are written is in `words`.

pub mod words;

/// A count over another; the last bits of counts beyond 2^53 are of no interest in a ratio.
#[expect(
    clippy::cast_precision_loss,
    reason = "figures are read by people, and counts stay far below 2^53"
)]
pub fn ratio(count: u64, of: u64) -> f64 {
    count as f64 / of as f64
}

/// Nanoseconds as microseconds.
pub fn micros(ns: u64) -> f64 {
    ratio(ns, 1000)
}

/// Nanoseconds as seconds.
pub fn seconds(ns: u64) -> f64 {
    ratio(ns, 1_000_000_000)
}

/// Such a count in a second, if it happened in `ns` (at least one).
pub fn per_second(count: u64, ns: u64) -> f64 {
    ratio(count, ns.max(1)) * 1e9
}
