//! A result in words and figures, for the table as for the page.

use std::collections::BTreeMap;

use crate::{
    figures::words::{bytes, grouped, rounded, time},
    outcome::{
        Findings, Outcome,
        comparison::Versus,
        config::Config,
        idle::Idle,
        ratio::Ratio,
        search::{Search, Tried},
        storm::Storm,
        traffic::Traffic,
    },
    page::Table,
    record::distribution::Summary,
};

/// What was done, in a line.
pub fn heading(outcome: &Outcome) -> String {
    let config = &outcome.config;
    let clients = grouped(config.clients as u64);
    let seconds = config.duration_seconds;
    let senders = || senders(config);
    match &outcome.findings {
        Findings::Traffic(_) => format!("{clients} clients, {}, for {seconds} s", senders()),
        Findings::Idle(_) => format!("{clients} silent clients, for {seconds} s"),
        Findings::Connect {} => {
            format!("{clients} clients at a time, connecting again and again for {seconds} s")
        }
        Findings::Search(_) => format!(
            "{clients} clients, {} of them publishing, {} B a message, {seconds} s at each rate",
            config.publishers, config.size_bytes
        ),
        Findings::Comparison(_) => {
            let names: Vec<&str> = config
                .targets
                .iter()
                .map(|named| named.name.as_str())
                .collect();
            format!(
                "{}: {clients} clients, {}, {} rounds of {seconds} s each",
                names.join(" and "),
                senders(),
                config.rounds.unwrap_or(0)
            )
        }
    }
}

fn senders(config: &Config) -> String {
    let Config {
        publishers,
        size_bytes,
        ..
    } = config;
    match (config.rate, config.window) {
        (Some(rate), _) => {
            format!("{publishers} of them publishing {rate} messages of {size_bytes} B a second")
        }
        (_, Some(window)) => {
            format!("{publishers} of them with {window} messages of {size_bytes} B under way each")
        }
        _ => "all of them silent".to_owned(),
    }
}

/// The figures of a result that are no distribution, name by name.
pub fn facts(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    match &outcome.findings {
        Findings::Traffic(traffic) => of_traffic(&mut facts, traffic),
        Findings::Idle(idle) => of_idle(&mut facts, idle),
        Findings::Search(search) => {
            if let Some(best) = &search.best {
                facts.push(("highest rate that held", format!("{}/s", best.rate)));
                let delivered = rounded(best.step.delivered_per_second);
                facts.push(("deliveries per second there", delivered));
            }
        }
        Findings::Connect {} | Findings::Comparison(_) => {}
    }
    let connect = &outcome.connect;
    facts.push(("clients connected", grouped(connect.clients)));
    if connect.failed > 0 {
        facts.push(("clients that did not come in", grouped(connect.failed)));
    }
    facts.push(("clients connected per second", rounded(connect.per_second)));
    let server = &outcome.server;
    if let Some(us) = server.cpu_us_per_delivery {
        facts.push(("server CPU per delivery", format!("{us:.3} us")));
    }
    if let Some(us) = server.cpu_us_per_handshake {
        facts.push(("server CPU per handshake", format!("{us:.1} us")));
    }
    if let Some(each) = server.rss_bytes_per_connection {
        facts.push(("server memory per connection", bytes(each)));
    }
    let share = outcome.loadgen.cpu_share * 100.0;
    facts.push(("load generator's share of a core", format!("{share:.0} %")));
    facts
}

fn of_traffic(facts: &mut Vec<(&'static str, String)>, traffic: &Traffic) {
    let messages = &traffic.messages;
    let throughput = &traffic.throughput;
    facts.push(("messages sent", grouped(messages.sent)));
    facts.push(("deliveries", grouped(messages.delivered)));
    facts.push((
        "lost / duplicated / reordered",
        format!(
            "{} / {} / {}",
            grouped(messages.lost),
            grouped(messages.duplicated),
            grouped(messages.reordered)
        ),
    ));
    let disconnects = ways(messages.disconnects, &messages.disconnects_by);
    facts.push(("disconnects", disconnects));
    if messages.missed > 0 {
        let missed = grouped(messages.missed);
        facts.push(("missed by the disconnected", missed));
    }
    if messages.stray > 0 {
        facts.push(("delivered to a wrong channel", grouped(messages.stray)));
    }
    let delivered = rounded(throughput.delivered_per_second);
    facts.push(("deliveries per second", delivered));
    let frames = rounded(throughput.frames_per_second);
    facts.push(("frames per second", frames));
    if let Some(batch) = throughput.mean_batch {
        facts.push(("messages in a frame, mean", format!("{batch:.2}")));
    }
    facts.push(("received", bytes(throughput.bytes_per_second) + "/s"));
    if let Some(fairness) = &traffic.fairness {
        let (best, worst) = (
            time(fairness.best_subscriber_p99_us),
            time(fairness.worst_subscriber_p99_us),
        );
        facts.push((
            "p99 of the best and the worst client",
            format!("{best} / {worst}"),
        ));
        let bias = format!("{:.2}", fairness.position_bias);
        facts.push(("last tenth to connect over the first", bias));
    }
    if let Some(slow) = &traffic.slow {
        facts.push(("slow clients", grouped(slow.clients)));
        let disconnects = ways(slow.disconnects, &slow.disconnects_by);
        facts.push(("slow clients disconnected", disconnects));
    }
    if let Some(isolation) = &traffic.isolation {
        let (without, with) = (time(isolation.p99_us_without), time(isolation.p99_us_with));
        facts.push((
            "p99 without and with slow clients",
            format!("{without} / {with}"),
        ));
    }
    of_storm(facts, traffic.storm.as_ref());
    if let Some(churn) = &traffic.churn {
        facts.push(("rejoined", grouped(churn.rejoins)));
    }
}

fn of_storm(facts: &mut Vec<(&'static str, String)>, storm: Option<&Storm>) {
    if let Some(storm) = storm {
        let came = format!("{} / {}", grouped(storm.clients), grouped(storm.failed));
        facts.push(("came halfway / did not come in", came));
    }
}

fn of_idle(facts: &mut Vec<(&'static str, String)>, idle: &Idle) {
    facts.push(("disconnects", ways(idle.disconnects, &idle.disconnects_by)));
    facts.push(("pings answered", grouped(idle.pings_answered)));
    if let Some(pongs) = idle.pongs_received {
        facts.push(("pongs received", grouped(pongs)));
    }
    if let Some(us) = idle.cpu_us_per_connection_second {
        facts.push((
            "server CPU per connection and second",
            format!("{us:.2} us"),
        ));
    }
    if let Some(each) = idle.rss_bytes_per_connection_end {
        facts.push(("server memory per connection at the end", bytes(each)));
    }
    of_storm(facts, idle.storm.as_ref());
}

/// The figures of a result that are distributions, or come in rows.
pub fn tables(outcome: &Outcome) -> Vec<Table> {
    let connect = ("handshake", outcome.connect.latency_us);
    match &outcome.findings {
        Findings::Traffic(traffic) => {
            let storm = traffic.storm.as_ref();
            let churn = traffic.churn.as_ref();
            vec![times(&[
                ("latency", traffic.latency_us),
                ("to the last receiver", traffic.last_receiver_us),
                ("first to last receiver", traffic.spread_us),
                ("from the actual sending", traffic.sent_latency_us),
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
                (
                    "latency to who came halfway",
                    storm.and_then(|storm| storm.latency_us),
                ),
                (
                    "leaving and rejoining",
                    churn.and_then(|churn| churn.rejoin_us),
                ),
            ])]
        }
        Findings::Idle(idle) => {
            let storm = idle.storm.as_ref();
            let storm = storm.and_then(|storm| storm.connect_us);
            vec![times(&[connect, ("handshake halfway", storm)])]
        }
        Findings::Connect {} => vec![times(&[connect])],
        Findings::Search(search) => vec![steps(search)],
        Findings::Comparison(comparison) => comparison
            .versus()
            .map(|versus| ratios(&comparison.baseline, versus))
            .collect(),
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

fn steps(search: &Search) -> Table {
    let row = |tried: &Tried| {
        let step = &tried.step;
        let figure = |summary: Option<Summary>, pick: fn(Summary) -> f64| {
            summary.map_or("-".to_owned(), |summary| time(pick(summary)))
        };
        let yes = |yes| if yes { "yes" } else { "no" }.to_owned();
        vec![
            format!("{}/s", tried.rate),
            yes(tried.held),
            figure(step.latency_us, |summary| summary.p50),
            figure(step.latency_us, |summary| summary.p95),
            figure(step.latency_us, |summary| summary.p99),
            figure(step.last_receiver_us, |summary| summary.p99),
            grouped(step.lost),
            yes(step.valid),
        ]
    };
    table(
        "Steps",
        &[
            "rate",
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

fn ratios(baseline: &str, versus: &Versus) -> Table {
    let row = |(name, ratio): (&&str, &Ratio)| {
        let figures = [ratio.median, ratio.low, ratio.high].map(|ratio| format!("{ratio:.3}"));
        [vec![(*name).to_owned()], figures.to_vec()].concat()
    };
    table(
        &format!("{} over {baseline}", versus.target),
        &["", "median", "low", "high"],
        versus.ratios.iter().map(row).collect(),
    )
}

fn ways(count: u64, by: &BTreeMap<String, u64>) -> String {
    let ways: Vec<String> = by
        .iter()
        .map(|(way, count)| format!("{count} x {way}"))
        .collect();
    if ways.is_empty() {
        return count.to_string();
    }
    format!("{count} ({})", ways.join(", "))
}
