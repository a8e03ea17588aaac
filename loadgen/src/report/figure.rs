//! Figures as people call and read them, above all those of a comparison; the JSON result has names of its own for them.

use crate::{
    figures::words::{bytes, rounded, time},
    outcome::ratio::Ratio,
};

/// What a figure of that name is called.
pub(super) fn called(name: &str) -> &str {
    match name {
        "cpu_us_per_delivery" => "CPU per delivery",
        "delivered_per_second" => "deliveries per second",
        "mean_batch" => "messages in a frame",
        "p50" => "latency p50",
        "p95" => "latency p95",
        "p99" => "latency p99",
        "last_receiver_p95" => "last receiver p95",
        "last_receiver_p99" => "last receiver p99",
        "spread_p50" => "first to last p50",
        "rss_bytes_per_connection" => "memory per connection",
        other => other,
    }
}

/// The same of a ratio, with how many of all rounds it comes from, if not from all.
pub(super) fn called_by_rounds(name: &str, ratio: &Ratio, all: usize) -> String {
    match ratio.rounds {
        rounds if rounds < all => format!("{} {rounds}/{all}", called(name)),
        _ => called(name).to_owned(),
    }
}

/// What the memory of a server grew by for each connection. A server that did not grow had the memory already, perhaps of others that
/// it served before, and nobody knows what a connection takes.
pub(super) fn grown(each: f64) -> Option<String> {
    (each > 0.0).then(|| bytes(each))
}

/// A figure of that name, with its unit.
pub(super) fn written(name: &str, figure: f64) -> String {
    match name {
        "cpu_us_per_delivery" => format!("{figure:.3} us"),
        "delivered_per_second" => rounded(figure) + "/s",
        "mean_batch" => format!("{figure:.2}"),
        "rss_bytes_per_connection" => grown(figure).unwrap_or_else(|| "-".to_owned()),
        _ => time(figure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::comparison::figures;

    #[test]
    fn every_figure_is_called_by_words() {
        for name in figures() {
            let called = called(name);
            assert_ne!(called, name);
            assert!(!called.contains('_'), "{called}");
        }
    }

    #[test]
    fn memory_that_did_not_grow_is_not_told_as_that_of_a_connection() {
        let told = |each| written("rss_bytes_per_connection", each);
        assert_eq!([told(0.0), told(2048.0)], ["-", "2048 B"]);
    }

    #[test]
    fn a_ratio_of_some_rounds_says_of_how_many() {
        let ratio = Ratio::new([(1.0, 1.0); 3].into_iter()).unwrap();
        let of = |all| called_by_rounds("p99", &ratio, all);
        assert_eq!([of(3), of(5)], ["latency p99", "latency p99 3/5"]);
    }
}
