//! The figures of a result that come in rows, for the text as for the page.

use crate::{
    figures::words::{grouped, rounded, time},
    outcome::{
        Findings, Outcome,
        comparison::{Comparison, Versus},
        ratio::Ratio,
        search::{Search, Tried},
        stage::Stage,
    },
    page::Table,
    record::distribution::Summary,
    report::figure::{called, written},
};

/// The figures of a result that are distributions, or come in rows.
pub fn tables(outcome: &Outcome) -> Vec<Table> {
    let connect = ("handshake", outcome.connect.latency_us);
    match &outcome.findings {
        Findings::Traffic(traffic) => {
            let storm = traffic.storm.as_ref();
            let churn = traffic.churn.as_ref();
            let recovery = traffic.recovery.as_ref();
            let nodes = traffic.nodes.as_ref();
            let times = times(&[
                ("latency", traffic.latencies.latency_us),
                (
                    "latency at the sender's node",
                    nodes.and_then(|nodes| nodes.own_latency_us),
                ),
                (
                    "latency at other nodes",
                    nodes.and_then(|nodes| nodes.other_latency_us),
                ),
                ("to the last receiver", traffic.latencies.last_receiver_us),
                ("first to last receiver", traffic.spread_us),
                ("from the actual sending", traffic.latencies.sent_latency_us),
                (
                    "send blocked by the server",
                    outcome.loadgen.send_blocked_us,
                ),
                ("schedule slip", outcome.loadgen.schedule_slip_us),
                ("turn of the load generator", outcome.loadgen.turn_us),
                connect,
                (
                    "handshake halfway",
                    storm.and_then(|storm| storm.connect_us),
                ),
                ("joining halfway", storm.and_then(|storm| storm.joined_us)),
                (
                    "latency to who came halfway",
                    storm.and_then(|storm| storm.latency_us),
                ),
                (
                    "back and caught up",
                    recovery.and_then(|recovery| recovery.caught_up_us),
                ),
                (
                    "at another node and caught up",
                    recovery.and_then(|recovery| recovery.moved_caught_up_us),
                ),
                (
                    "leaving and rejoining",
                    churn.and_then(|churn| churn.rejoin_us),
                ),
            ]);
            let stages = (!traffic.stages.is_empty()).then(|| stages(&traffic.stages));
            [times].into_iter().chain(stages).collect()
        }
        Findings::Idle(idle) => {
            let storm = idle.storm.as_ref();
            let storm = storm.and_then(|storm| storm.connect_us);
            vec![times(&[connect, ("handshake halfway", storm)])]
        }
        Findings::Connect(_) => vec![times(&[connect])],
        Findings::Search(search) => vec![steps(search)],
        Findings::Comparison(comparison) => {
            let versus = comparison.versus();
            let ratios =
                versus.map(|versus| ratios(&comparison.baseline, versus, comparison.rounds_run()));
            ratios.chain([medians(comparison)]).collect()
        }
    }
}

fn table(title: &str, header: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table {
        title: title.to_owned(),
        header: header.iter().map(|&name| name.to_owned()).collect(),
        rows,
    }
}

fn times(rows: &[(&str, Option<Summary>)]) -> Table {
    let row = |(name, summary): &(&str, Option<Summary>)| {
        let Summary {
            p50,
            p90,
            p95,
            p99,
            p999,
            max,
            ..
        } = (*summary)?;
        let figures = [p50, p90, p95, p99, p999, max].map(time);
        Some([vec![(*name).to_owned()], figures.to_vec()].concat())
    };
    table(
        "Times",
        &["", "p50", "p90", "p95", "p99", "p99.9", "max"],
        rows.iter().filter_map(row).collect(),
    )
}

fn figure(summary: Option<Summary>, pick: fn(Summary) -> f64) -> String {
    summary.map_or("-".to_owned(), |summary| time(pick(summary)))
}

fn yes(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// A value, or one and another that it comes to.
fn ramp(from: &str, to: &str) -> String {
    if from == to {
        from.to_owned()
    } else {
        format!("{from} to {to}")
    }
}

fn stages(stages: &[Stage]) -> Table {
    let row = |(number, stage): (usize, &Stage)| {
        let [from, to] = [stage.rate_begin, stage.rate_end].map(|rate| rate.to_string());
        let clients = [stage.clients_begin, stage.clients_end].map(|count| grouped(count as u64));
        vec![
            number.to_string(),
            ramp(&clients[0], &clients[1]),
            ramp(&from, &to) + "/s",
            grouped(stage.sent),
            rounded(stage.delivered_per_second),
            figure(stage.latencies.latency_us, |summary| summary.p50),
            figure(stage.latencies.latency_us, |summary| summary.p99),
            figure(stage.latencies.last_receiver_us, |summary| summary.p99),
            grouped(stage.missing),
            stage.valid.map_or("not judged".to_owned(), yes),
        ]
    };
    table(
        "Stages",
        &[
            "",
            "clients",
            "rate",
            "sent",
            "delivered/s",
            "p50",
            "p99",
            "last p99",
            "missing",
            "valid",
        ],
        (1..).zip(stages).map(row).collect(),
    )
}

fn steps(search: &Search) -> Table {
    let row = |tried: &Tried| {
        let step = &tried.step;
        vec![
            tried.load.short(),
            yes(tried.held),
            figure(step.latency_us, |summary| summary.p50),
            figure(step.latency_us, |summary| summary.p95),
            figure(step.latency_us, |summary| summary.p99),
            figure(step.last_receiver_us, |summary| summary.p99),
            grouped(step.lost),
            yes(step.valid),
        ]
    };
    let name = search.steps.first().map_or("", |tried| tried.load.name());
    table(
        "Steps",
        &[
            name,
            "held",
            "p50",
            "p95",
            "p99",
            "last receiver p99",
            "lost",
            "valid",
        ],
        search.steps.iter().map(row).collect(),
    )
}

/// Ratios, and how many of `all` rounds each comes from where one does not come from all.
fn ratios(baseline: &str, versus: &Versus, all: usize) -> Table {
    let rest_on_less = versus.ratios.values().any(|ratio| ratio.rounds < all);
    let row = |(name, ratio): (&str, &Ratio)| {
        let figures = [ratio.median, ratio.low, ratio.high].map(|ratio| format!("{ratio:.3}"));
        let rounds = rest_on_less.then(|| format!("{} of {all}", ratio.rounds));
        let cells = [called(name).to_owned()].into_iter().chain(figures);
        cells.chain(rounds).collect()
    };
    let header = ["", "median", "low", "high", "rounds"];
    table(
        &versus.over(baseline),
        &header[..if rest_on_less { 5 } else { 4 }],
        versus.in_order().map(row).collect(),
    )
}

/// The figures of each server themselves.
fn medians(comparison: &Comparison) -> Table {
    let row = |(name, medians): (&str, Vec<Option<f64>>)| {
        let told = medians.into_iter();
        let told = told.map(|median| median.map_or("-".to_owned(), |median| written(name, median)));
        [called(name).to_owned()].into_iter().chain(told).collect()
    };
    let header: Vec<&str> = [""].into_iter().chain(comparison.names()).collect();
    let rows = comparison.medians().into_iter().map(row);
    table("Median of its rounds", &header, rows.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::outcome::ratio::Finding;

    #[test]
    fn how_many_rounds_a_ratio_comes_from_is_told_where_one_comes_from_less_than_all() {
        let of = |rounds| Ratio::new(vec![(1.0, 1.0); rounds].into_iter()).expect("there are some");
        let versus = Versus {
            target: "b".to_owned(),
            ratios: BTreeMap::from([("p99", of(1)), ("mean_batch", of(9))]),
            finding: Finding::Unknown,
            verdict: String::new(),
        };
        let told = ratios("a", &versus, 9);
        assert_eq!(told.header, ["", "median", "low", "high", "rounds"]);
        assert_eq!(
            told.rows[0],
            ["messages in a frame", "1.000", "1.000", "1.000", "9 of 9"]
        );
        assert_eq!(told.rows[1].last().map(String::as_str), Some("1 of 9"));
        let told = ratios("a", &versus, 1);
        assert_eq!(told.header.len(), 4);
        assert!(told.rows.iter().all(|row| row.len() == 4));
    }
}
