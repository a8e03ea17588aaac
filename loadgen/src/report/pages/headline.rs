//! The figures of a page that matter most.

use crate::{
    figures::words::{counted, grouped, rounded, time},
    outcome::{
        Findings, Outcome,
        comparison::{Comparison, DECISIVE},
    },
    page::Fact,
    report::figure::{called, grown, written},
};

/// Servers of a comparison at most, the first ones: all are in the table below.
const COMPARED_MAX: usize = 6;

/// The figures that matter most.
pub(super) fn headline(outcome: &Outcome) -> Vec<Fact> {
    let mut facts = Vec::new();
    match &outcome.findings {
        Findings::Traffic(traffic) => {
            if let Some(latency) = traffic.latencies.latency_us {
                let note = format!("p50 {}, max {}", time(latency.p50), time(latency.max));
                facts.push(fact("latency p99", time(latency.p99), note));
            }
            if let Some(last) = traffic.latencies.last_receiver_us {
                let note = format!("half of all messages by {}", time(last.p50));
                facts.push(fact("last receiver p99", time(last.p99), note));
            }
            let throughput = &traffic.throughput;
            let batch = throughput.mean_batch.unwrap_or(0.0);
            facts.push(fact(
                "deliveries",
                rounded(throughput.delivered_per_second) + "/s",
                format!("{batch:.1} messages in a frame"),
            ));
            let messages = &traffic.messages;
            let note = format!("of {} deliveries", grouped(messages.expected));
            facts.push(fact("lost", grouped(messages.lost), note));
        }
        Findings::Idle(idle) => {
            if let Some(each) = idle.rss_bytes_per_connection_end.and_then(grown) {
                let note = counted(outcome.connect.clients, "connection");
                facts.push(fact("memory of a connection", each, note));
            }
            if let Some(us) = idle.cpu_us_per_connection_second {
                let note = format!("{} pings answered", grouped(idle.pings_answered));
                facts.push(fact("CPU of a connection", format!("{us:.2} us/s"), note));
            }
        }
        Findings::Connect(_) => {
            let note = format!("{} in all", grouped(outcome.connect.clients));
            facts.push(fact(
                "handshakes",
                rounded(outcome.connect.per_second) + "/s",
                note,
            ));
            if let Some(latency) = outcome.connect.latency_us {
                let note = format!("p50 {}", time(latency.p50));
                facts.push(fact("handshake p99", time(latency.p99), note));
            }
        }
        Findings::Search(search) => {
            if let Some(best) = &search.best {
                let note = outcome.config.slo.join(" and ");
                facts.push(fact(best.load.superlative(), best.load.short(), note));
                let delivered = rounded(best.step.delivered_per_second) + "/s";
                let note = format!("to {}", counted(outcome.connect.clients, "client"));
                facts.push(fact("deliveries there", delivered, note));
            }
        }
        Findings::Comparison(comparison) => return compared(comparison),
    }
    if let Some(us) = outcome.server.cpu_us_per_delivery {
        let share = outcome.loadgen.cpu_share * 100.0;
        let note = format!("load generator: {share:.0} % of a core");
        facts.push(fact("server CPU per delivery", format!("{us:.3} us"), note));
    }
    facts
}

/// What each server came to in the figure that the verdict rests on, or its p99 where nobody knows the CPU, and the ratio to
/// the first.
fn compared(comparison: &Comparison) -> Vec<Fact> {
    let is_known = comparison
        .versus()
        .any(|versus| versus.ratios.contains_key(DECISIVE));
    let name = if is_known { DECISIVE } else { "p99" };
    let baseline = &comparison.baseline;
    let to_it = comparison.versus().map(|versus| {
        let ratio = versus.ratios.get(name)?;
        let (median, low, high) = (ratio.median, ratio.low, ratio.high);
        Some(format!(
            "{median:.3} times {baseline}\u{2019}s, {low:.3} to {high:.3}"
        ))
    });
    let notes = std::iter::once(None).chain(to_it);
    let medians = comparison.medians().into_iter();
    let of_it = medians.filter(|(figure, _)| *figure == name);
    let of_each = of_it.flat_map(|(_, medians)| comparison.names().zip(medians));
    let facts = of_each.zip(notes).filter_map(|((server, median), note)| {
        let note = note.unwrap_or_else(|| "median of its rounds".to_owned());
        let title = format!("{}, {server}", called(name));
        Some(fact(&title, written(name, median?), note))
    });
    facts.take(COMPARED_MAX).collect()
}

fn fact(name: &str, figure: String, note: String) -> Fact {
    Fact {
        name: name.to_owned(),
        figure,
        note,
    }
}
