//! Figures against what anyone can calculate from the log of all deliveries.

use std::{collections::BTreeMap, fs, path::Path};

use crate::common::{Run, against, relay::Relay, run, words};

/// Parts of all values, in thousandths, and what the figure at each is called.
const RANKS: [(usize, &str); 6] = [
    (500, "p50"),
    (900, "p90"),
    (950, "p95"),
    (990, "p99"),
    (999, "p999"),
    (1000, "max"),
];

/// One line of the log.
#[derive(Clone, Copy, Debug)]
struct Delivery {
    message: (u64, u64),
    intended_ns: u64,
    sent_ns: u64,
    received_ns: u64,
    counted: bool,
}

fn logged(path: &Path) -> Vec<Delivery> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let delivery = |line: &str| {
        let words = line.split(' ').map(|word| word.parse().unwrap());
        let [
            _,
            publisher,
            sequence,
            intended_ns,
            sent_ns,
            received_ns,
            counted,
        ] = words.collect::<Vec<u64>>()[..]
        else {
            panic!("{line}");
        };
        Delivery {
            message: (publisher, sequence),
            intended_ns,
            sent_ns,
            received_ns,
            counted: counted == 1,
        }
    };
    lines.map(delivery).collect()
}

/// The deliveries that count among the latencies, message by message.
fn by_message(log: &[Delivery]) -> BTreeMap<(u64, u64), Vec<Delivery>> {
    let mut messages: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for delivery in log.iter().filter(|delivery| delivery.counted) {
        messages
            .entry(delivery.message)
            .or_default()
            .push(*delivery);
    }
    messages
}

/// The figures of a result are those of these times, each within a twentieth.
fn agree(run: &Run, figures: &str, times_ns: impl Iterator<Item = u64>) {
    let mut times_ns: Vec<u64> = times_ns.collect();
    times_ns.sort_unstable();
    let count = times_ns.len();
    let agrees = |figure: &str, calculated_us: f64| {
        let told_us = run.figure(&format!("{figures}.{figure}"));
        assert!(
            (told_us - calculated_us).abs() <= calculated_us * 0.05,
            "{figures}.{figure} is {calculated_us} us and was told as {told_us}"
        );
    };
    for (thousandths, figure) in RANKS {
        let rank = (count * thousandths).div_ceil(1000);
        agrees(figure, us(times_ns[rank - 1]));
    }
    let sum_us: f64 = times_ns.iter().copied().map(us).sum();
    agrees("mean", sum_us / us(count as u64 * 1000));
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times of a short run are far below 2^53 ns"
)]
fn us(ns: u64) -> f64 {
    ns as f64 / 1000.0
}

#[test]
fn all_figures_agree_with_the_log() {
    for threads in ["1", "2"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deliveries");
        let run = run(&words(&format!(
            "--clients 20 --publishers 4 --rate 500 --duration 1s --threads {threads} --log {}",
            path.display()
        )))
        .good();
        let log = logged(&path);
        assert_eq!(log.len() as u64, run.message("delivered"));
        let counted = || log.iter().filter(|delivery| delivery.counted);
        assert_eq!(counted().count(), 20 * 500);
        let latency = |delivery: &Delivery| delivery.received_ns - delivery.intended_ns;
        let sent_latency = |delivery: &Delivery| delivery.received_ns - delivery.sent_ns;
        agree(&run, "latency_us", counted().map(latency));
        agree(&run, "sent_latency_us", counted().map(sent_latency));
        let messages = by_message(&log);
        let receivers = |copies: &Vec<Delivery>| {
            assert_eq!(copies.len(), 20);
            let received = copies.iter().map(|copy| copy.received_ns);
            (received.clone().min().unwrap(), received.max().unwrap())
        };
        let last_receiver = |copies| receivers(copies).1 - copies[0].intended_ns;
        let spread = |copies| receivers(copies).1 - receivers(copies).0;
        agree(
            &run,
            "last_receiver_us",
            messages.values().map(last_receiver),
        );
        agree(&run, "spread_us", messages.values().map(spread));
    }
}

#[test]
fn a_duplicate_is_logged_and_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deliveries");
    let relay = Relay::with(|_, to, batch| {
        if to == 0 && batch[0].number == 20 {
            batch.push(batch[0].clone());
        }
    });
    let flags = ["--log", path.to_str().unwrap()];
    let run = against(&relay.start(), &flags).broken([0, 1, 0, 0]);
    let log = logged(&path);
    assert_eq!(log.len() as u64, run.message("delivered") + 1);
    let counted = log.iter().filter(|delivery| delivery.counted);
    assert_eq!(counted.count(), 5 * 30);
}

#[test]
fn the_percentiles_as_text_agree_with_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latency.hdr");
    let run = run(&["--rate", "500", "--hdr", path.to_str().unwrap()]).good();
    let text = fs::read_to_string(path).unwrap();
    let numbers = |line: &str| {
        let words = line.split_whitespace().map(|word| word.parse().ok());
        words
            .collect::<Option<Vec<f64>>>()
            .filter(|row| row.len() > 2)
    };
    let rows: Vec<Vec<f64>> = text.lines().filter_map(numbers).collect();
    assert!(
        rows.is_sorted_by(|one, next| one[..3] <= next[..3]),
        "{text}"
    );
    let after = rows.iter().position(|row| row[1] >= 0.99).unwrap();
    let p99_ms = run.figure("latency_us.p99") / 1000.0;
    let (below, above) = (rows[after - 1][0], rows[after][0]);
    // The text has three digits behind the point, and a value is known to one part in a thousand.
    let blur = 0.001 + p99_ms / 500.0;
    assert!(
        (below - blur..=above + blur).contains(&p99_ms),
        "{p99_ms} in {text}"
    );
    let last = rows.last().unwrap();
    assert!((last[2] - 5.0 * 150.0).abs() < 0.1, "{text}");
}
