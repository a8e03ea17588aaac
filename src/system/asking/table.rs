//! What `/api/stats` says, for people. What it does not say (yet, or of this server) is left out.

use std::time::Duration;

use serde_json::Value;

use crate::vocabulary::visible::visible;

/// What a number counts.
#[derive(Clone, Copy)]
enum Unit {
    Things,
    Bytes,
    Micros,
    Millis,
    CpuSeconds,
    Uptime,
}

use Unit::{Bytes, CpuSeconds, Micros, Millis, Things, Uptime};

/// A figure: where it is, what it counts, and what is said behind it.
type Figure = (&'static str, Unit, &'static str);

/// Lines of figures, each with what they are about.
const LINES: [(&str, &[Figure]); 11] = [
    (
        "connections",
        &[
            ("/connections/open", Things, "open"),
            ("/connections/accepted", Things, "accepted"),
            ("/connections/turned_away", Things, "turned away"),
            ("/people", Things, "people in the chat"),
        ],
    ),
    (
        "received",
        &[
            ("/messages/received_per_second", Things, "messages a second"),
            ("/messages/received/chat", Things, "chat"),
            ("/messages/received/relay", Things, "relay"),
            ("/messages/received/echo", Things, "echo"),
            ("/bytes/received", Bytes, ""),
        ],
    ),
    (
        "delivered",
        &[
            (
                "/messages/delivered_per_second",
                Things,
                "messages a second",
            ),
            ("/messages/delivered/chat", Things, "chat"),
            ("/messages/delivered/relay", Things, "relay"),
            ("/messages/delivered/echo", Things, "echo"),
            ("/messages/skipped", Things, "skipped"),
            ("/bytes/sent", Bytes, ""),
        ],
    ),
    (
        "fan-out",
        &[
            ("/fanout/p50_us", Micros, "p50"),
            ("/fanout/p99_us", Micros, "p99"),
            ("/fanout/p999_us", Micros, "p99.9"),
            ("/fanout/count", Things, "in the last minute"),
        ],
    ),
    (
        "turns",
        &[
            ("/turns/p50_us", Micros, "p50"),
            ("/turns/p99_us", Micros, "p99"),
            ("/turns/p999_us", Micros, "p99.9"),
            ("/turns/count", Things, "in the last minute"),
        ],
    ),
    (
        "channels",
        &[
            ("/channels/chat", Things, "chat"),
            ("/channels/relay", Things, "relay"),
            ("/channels/kept_messages", Things, "messages kept"),
            ("/channels/kept_bytes", Bytes, "of them"),
        ],
    ),
    (
        "lagging",
        &[
            ("/lagging/clients", Things, "clients"),
            ("/lagging/longest_ms", Millis, "the longest"),
            ("/unsent_bytes", Bytes, "unsent"),
        ],
    ),
    (
        "memory",
        &[
            ("/memory/connections", Bytes, "connections"),
            ("/memory/outboxes", Bytes, "outboxes"),
            ("/memory/input", Bytes, "input"),
            ("/memory/people", Bytes, "people"),
            ("/memory/channels", Bytes, "channels"),
            ("/memory/logs", Bytes, "logs"),
            ("/memory/receipts", Bytes, "receipts"),
            ("/memory/compression", Bytes, "compression"),
            ("/memory/events", Bytes, "events"),
        ],
    ),
    (
        "redis",
        &[
            ("/redis/nodes", Things, "nodes"),
            ("/redis/queue_bytes", Bytes, "queued"),
            ("/redis/oldest_ms", Millis, "the oldest"),
            ("/redis/lag_bytes", Bytes, "behind"),
        ],
    ),
    (
        "process",
        &[
            ("/process/cpu_seconds", CpuSeconds, "of CPU"),
            ("/process/resident_bytes", Bytes, "resident"),
            ("/process/open_descriptors", Things, "descriptors"),
        ],
    ),
    ("up", &[("/uptime_seconds", Uptime, "")]),
];

/// Columns of a list: where in a row, what it counts, and what is above it.
const BUSIEST: [Figure; 4] = [
    ("/channel", Things, "busiest channels"),
    ("/dialect", Things, "dialect"),
    ("/count", Things, "members"),
    ("/messages_per_second", Things, "messages/s"),
];
const PEERS: [Figure; 5] = [
    ("/id", Things, "lagging clients"),
    ("/name", Things, "name"),
    ("/dialect", Things, "dialect"),
    ("/unsent_bytes", Bytes, "unsent"),
    ("/lag_ms", Millis, "lag"),
];

/// The whole of it.
pub(super) fn table(stats: &Value) -> String {
    let mut said = vec![headline(stats)];
    for (about, figures) in LINES {
        let figures = figures.iter().filter_map(|(place, unit, words)| {
            let told = told(stats.pointer(place)?, *unit)?;
            Some(format!("{told} {words}").trim_end().to_owned())
        });
        let figures: Vec<_> = figures.collect();
        if !figures.is_empty() {
            said.push(format!("{about:<13}{}", figures.join(", ")));
        }
    }
    for (place, columns) in [
        ("/channels/busiest", &BUSIEST[..]),
        ("/lagging/peers", &PEERS),
    ] {
        let rows = stats.pointer(place).and_then(Value::as_array);
        if let Some(rows) = rows.filter(|rows| !rows.is_empty()) {
            said.push(String::new());
            said.extend(list(rows, columns));
        }
    }
    said.join("\n")
}

/// Which server it is, and what is not as ever with it.
fn headline(stats: &Value) -> String {
    let text = |place| stats.pointer(place).and_then(|value| told(value, Things));
    let is = |place, expected| stats.pointer(place) == Some(&Value::Bool(expected));
    let name = ["/server/name", "/server/version"]
        .into_iter()
        .filter_map(text);
    let mut said = vec![name.collect::<Vec<_>>().join(" ")];
    said.extend(text("/node").map(|node| format!("node {node}")));
    if is("/draining", true) {
        said.push("draining".to_owned());
    }
    if is("/redis/up", false) {
        said.push("without its Redis".to_owned());
    }
    said.join(", ")
}

/// A list, with what is above its columns.
fn list(rows: &[Value], columns: &[Figure]) -> Vec<String> {
    let heads = columns.iter().map(|(_, _, head)| (*head).to_owned());
    let mut cells = vec![heads.collect::<Vec<_>>()];
    cells.extend(rows.iter().map(|row| {
        let cell = |(place, unit, _): &Figure| told(row.pointer(place)?, *unit);
        let cells = columns.iter().map(cell);
        cells.map(Option::unwrap_or_default).collect()
    }));
    let width = |column: usize| {
        let widths = cells.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..columns.len()).map(width).collect();
    let row = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(row).collect()
}

/// A value in words; nothing where nothing is known. Names are strangers' words.
fn told(value: &Value, unit: Unit) -> Option<String> {
    if let Value::String(text) = value {
        return Some(visible(text, &[]).into_owned());
    }
    let number = value.as_f64()?;
    let whole = value.as_u64().unwrap_or_default();
    Some(match unit {
        Things => value.to_string(),
        Bytes => bytes(number),
        Micros if number >= 1000.0 => format!("{:.1} ms", number / 1000.0),
        Micros => format!("{whole} µs"),
        Millis => format!("{whole} ms"),
        CpuSeconds => format!("{number} s"),
        Uptime => humantime::format_duration(Duration::from_secs(whole)).to_string(),
    })
}

fn bytes(mut number: f64) -> String {
    if number < 1024.0 {
        return format!("{number} B");
    }
    let mut units = ["KiB", "MiB", "GiB", "TiB"].into_iter();
    let mut unit = "";
    while number >= 1024.0 {
        let Some(larger) = units.next() else { break };
        (number, unit) = (number / 1024.0, larger);
    }
    format!("{number:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::state::memory::Memory;

    #[test]
    fn every_part_of_memory_is_told() {
        let parts = Memory::default().parts();
        let figures = LINES.iter().flat_map(|(_, figures)| *figures);
        let shown: Vec<_> = figures.map(|(place, ..)| *place).collect();
        for (part, _) in parts {
            let place = format!("/memory/{part}");
            assert!(shown.contains(&&place[..]), "{part}");
        }
    }

    #[test]
    fn figures_are_told_with_what_they_count_and_what_is_not_known_is_left_out() {
        let stats = json!({
            "uptime_seconds": 7265,
            "server": {"name": "hubbub", "version": "0.1.0"},
            "node": null,
            "draining": true,
            "people": 2,
            "messages": {"received_per_second": null, "received": {"chat": 7}},
            "bytes": {"received": 1536},
            "fanout": {"p50_us": 447, "p99_us": 1639},
            "redis": {"up": false, "nodes": 2},
        });
        assert_eq!(
            table(&stats),
            "hubbub 0.1.0, draining, without its Redis\n\
             connections  2 people in the chat\n\
             received     7 chat, 1.5 KiB\n\
             fan-out      447 µs p50, 1.6 ms p99\n\
             redis        2 nodes\n\
             up           2h 1m 5s"
        );
    }

    #[test]
    fn lists_have_columns_and_names_steer_no_terminal() {
        let stats = json!({"channels": {"busiest": [
            {"channel": "tea\u{1b}[2J", "dialect": "chat", "count": 10, "messages_per_second": 2.5},
            {"channel": "a", "dialect": "relay", "count": 1, "messages_per_second": null},
        ]}});
        assert_eq!(
            table(&stats),
            "\n\nbusiest channels  dialect  members  messages/s\n\
             tea\\u{1b}[2J      chat     10       2.5\n\
             a                 relay    1"
        );
    }

    #[test]
    fn bytes_have_the_largest_unit_that_fits() {
        let told = [0.0, 1023.0, 1024.0, 65536.0, 2_684_354_560.0].map(bytes);
        assert_eq!(told, ["0 B", "1023 B", "1.0 KiB", "64.0 KiB", "2.5 GiB"]);
    }
}
