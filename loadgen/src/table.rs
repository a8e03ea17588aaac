//! The result as a table that one likes to read.

use std::fmt;

use comfy_table::{Cell, CellAlignment, Table, presets};

use crate::{
    distribution::Summary,
    report::{Report, Verdict},
};

/// Shows a result: what became of the messages, how fast, how evenly, at what cost, and the verdict in words.
#[derive(Debug)]
pub struct Shown<'a>(pub &'a Report);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let config = &report.config;
        writeln!(
            f,
            "{} clients, {} of them publishing {} messages of {} B a second, for {} s\n",
            config.clients,
            config.publishers,
            config.rate,
            config.size_bytes,
            config.duration_seconds,
        )?;
        writeln!(f, "{}\n", facts(report))?;
        writeln!(f, "{}\n", times(report))?;
        for outcome in &report.expectations {
            let actual = outcome
                .actual
                .map_or("no such figure".to_owned(), |actual| format!("{actual:.1}"));
            let held = if outcome.passed { "held" } else { "FAILED" };
            writeln!(f, "expected {}: {held} ({actual})", outcome.expect)?;
        }
        write!(f, "{}", verdict(report))
    }
}

fn facts(report: &Report) -> Table {
    let messages = &report.messages;
    let throughput = &report.throughput;
    let server = &report.server;
    let mut table = table(&["", ""]);
    let mut row = |name: &str, figure: String| {
        table.add_row([Cell::new(name), right(figure)]);
    };
    row("messages sent", grouped(messages.sent));
    row("deliveries", grouped(messages.delivered));
    row(
        "lost / duplicated / reordered",
        format!(
            "{} / {} / {}",
            grouped(messages.lost),
            grouped(messages.duplicated),
            grouped(messages.reordered)
        ),
    );
    row("disconnects", disconnects(report));
    row(
        "deliveries per second",
        rounded(throughput.delivered_per_second),
    );
    row("frames per second", rounded(throughput.frames_per_second));
    if let Some(batch) = throughput.mean_batch {
        row("messages in a frame, mean", format!("{batch:.2}"));
    }
    row("received", bytes(throughput.bytes_per_second) + "/s");
    row(
        "clients connected per second",
        rounded(report.connect.per_second),
    );
    if let Some(us) = server.cpu_us_per_delivery {
        row("server CPU per delivery", format!("{us:.3} us"));
    }
    if let Some(each) = server.rss_bytes_per_connection {
        row("server memory per connection", bytes(each));
    }
    row(
        "load generator's share of a core",
        format!("{:.0} %", report.loadgen.cpu_share * 100.0),
    );
    table
}

fn times(report: &Report) -> Table {
    let mut table = table(&["", "p50", "p90", "p99", "p99.9", "max"]);
    let mut row = |name: &str, summary: Option<Summary>| {
        if let Some(summary) = summary {
            let Summary {
                p50,
                p90,
                p99,
                p999,
                max,
                ..
            } = summary;
            let figures = [p50, p90, p99, p999, max].map(|us| right(time(us)));
            table.add_row([Cell::new(name)].into_iter().chain(figures));
        }
    };
    row("latency", report.latency_us);
    row("to the last receiver", report.last_receiver_us);
    row("first to last receiver", report.spread_us);
    row("send blocked by the server", report.loadgen.send_blocked_us);
    row("schedule slip", report.loadgen.schedule_slip_us);
    row("turn of the load generator", report.loadgen.turn_us);
    table
}

fn verdict(report: &Report) -> String {
    let early = if report.interrupted {
        " (ended early by a signal)"
    } else {
        ""
    };
    match report.verdict() {
        Verdict::Good => {
            format!("Good: every client got every message once and in order{early}.")
        }
        Verdict::Broken => format!(
            "BROKEN: not every client got every message once and in order{early}; see the server's log."
        ),
        Verdict::Invalid => format!(
            "NOT VALID: {}{early}.",
            report.invalid_reason.as_deref().unwrap_or_default()
        ),
        Verdict::Disappointing => format!(
            "FAILED: every client got every message once and in order, but not all expectations held{early}."
        ),
    }
}

fn disconnects(report: &Report) -> String {
    let ways: Vec<String> = report
        .messages
        .disconnects_by
        .iter()
        .map(|(way, count)| format!("{count} x {way}"))
        .collect();
    if ways.is_empty() {
        return "0".to_owned();
    }
    format!("{} ({})", report.messages.disconnects, ways.join(", "))
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if header.iter().any(|name| !name.is_empty()) {
        table.set_header(header.iter().map(|&name| right(name.to_owned())));
    }
    table
}

fn right(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// A time in the unit that suits it.
fn time(us: f64) -> String {
    if us < 1000.0 {
        format!("{us:.0} us")
    } else if us < 1_000_000.0 {
        format!("{:.2} ms", us / 1000.0)
    } else {
        format!("{:.2} s", us / 1_000_000.0)
    }
}

/// A number of bytes in the unit that suits it.
fn bytes(bytes: f64) -> String {
    if bytes < 10_240.0 {
        format!("{bytes:.0} B")
    } else if bytes < 10_485_760.0 {
        format!("{:.1} KiB", bytes / 1024.0)
    } else {
        format!("{:.1} MiB", bytes / 1_048_576.0)
    }
}

/// A count with its thousands apart.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive and far below 2^64"
)]
fn rounded(figure: f64) -> String {
    grouped(figure.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_in_the_unit_that_suits_them() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(rounded(99_999.6), "100 000");
        assert_eq!(time(999.4), "999 us");
        assert_eq!(time(1500.0), "1.50 ms");
        assert_eq!(time(2_500_000.0), "2.50 s");
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(20_480.0), "20.0 KiB");
    }
}
