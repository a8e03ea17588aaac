//! What the page of each mode shows.

use std::collections::BTreeMap;

use hubbub::system::cli::discreet_words;
use serde_json::Value;

use crate::{
    collect::{Collection, Moment},
    figures,
    modes::compare::{self, Versus},
    page::{Axis, Fact, Kind, Mood, Page, Plot, Table, Unit},
    record::distribution::Distribution,
    report::{
        Findings, Report, digest,
        verdict::Verdict,
        words::{bytes, grouped, rounded, time},
    },
};

/// Points of a line that is drawn: more could not be told apart.
const POINTS_MAX: usize = 600;

/// Fan-out: latency by percentile, and over time; throughput; batches; who was served when.
pub fn broadcast(report: &Report, collection: &mut Collection) -> Page {
    let curves = [
        ("latency", &collection.latency),
        ("to the last receiver", &collection.last_receiver),
        ("first to last receiver", &collection.spread),
        ("from the actual sending", &collection.sent_latency),
    ]
    .map(|(name, distribution)| (name.to_owned(), curve(distribution)));
    let mut plots = vec![Plot {
        title: "Latency by percentile".to_owned(),
        caption: "Each further nine has as much room as the one before: a curve that stays flat to the right serves \
                  even the unluckiest delivery in time. Latency counts from the moment at which a message should have \
                  been sent."
            .to_owned(),
        kind: Kind::Percentiles(curves.into()),
    }];
    plots.push(batches(&collection.batch));
    let moments = collection.moments();
    plots.insert(1, latency_over_time(moments, report));
    plots.insert(2, deliveries_over_time(moments, report));
    if let Findings::Traffic(traffic) = &report.findings
        && let Some(fairness) = &traffic.fairness
    {
        plots.push(positions(&fairness.mean_by_position_us));
    }
    page(plots)
}

/// Handshakes by percentile.
pub fn handshakes(latency: &Distribution) -> Page {
    page(vec![Plot {
        title: "Handshakes by percentile".to_owned(),
        caption: "From the begin of a connection to the end of its handshake.".to_owned(),
        kind: Kind::Percentiles(vec![("handshake".to_owned(), curve(latency))]),
    }])
}

/// Latency by the rate that was tried.
pub fn search(report: &Report) -> Page {
    let Findings::Search(search) = &report.findings else {
        return page(Vec::new());
    };
    let line = |name: &str, figure: fn(&crate::modes::search::Tried) -> Option<f64>| {
        let steps = search.steps.iter();
        // Of several attempts at one rate, the last decided.
        let points: BTreeMap<u32, f64> = steps
            .filter_map(|tried| Some((tried.rate, figure(tried)? * 1000.0)))
            .collect();
        let points = points.into_iter().map(|(rate, ns)| (f64::from(rate), ns));
        (name.to_owned(), points.collect())
    };
    page(vec![Plot {
        title: "Latency by rate".to_owned(),
        caption: "Each point is a rate that was tried; both axes are logarithmic. Where the lines turn upwards the \
                  server is at its limit."
            .to_owned(),
        kind: Kind::Lines {
            x: axis("messages per second", Unit::PerSecond, true),
            y: axis("latency", Unit::Nanoseconds, true),
            lines: vec![
                line("p50", |tried| Some(tried.step.latency_us?.p50)),
                line("p99", |tried| Some(tried.step.latency_us?.p99)),
                line("last receiver p99", |tried| Some(tried.step.last_receiver_us?.p99)),
            ],
            shaded: None,
        },
    }])
}

/// The latencies of several servers, and their ratios.
pub fn comparison<'a>(
    report: &Report,
    latencies: impl Iterator<Item = (&'a str, &'a Distribution)>,
) -> Page {
    let Findings::Comparison(comparison) = &report.findings else {
        return page(Vec::new());
    };
    let ratios = |versus: &Versus| {
        Plot {
        title: format!("{} over {}", versus.target, comparison.baseline),
        caption: "The median of each figure's ratio over all rounds, and the interval that holds the true one with a \
                  confidence of 99%. Where the interval spans 1, the difference is within the noise."
            .to_owned(),
        kind: Kind::Ratios(
            versus
                .ratios
                .iter()
                .map(|(&name, ratio)| (name.to_owned(), ratio.low, ratio.median, ratio.high))
                .collect(),
        ),
    }
    };
    let mut plots: Vec<Plot> = comparison.versus().map(ratios).collect();
    plots.push(Plot {
        title: "Latency by percentile".to_owned(),
        caption: "All rounds of each server together.".to_owned(),
        kind: Kind::Percentiles(
            latencies
                .map(|(name, latency)| (name.to_owned(), curve(latency)))
                .collect(),
        ),
    });
    plots.push(costs(report));
    page(plots)
}

/// Adds what the pages of all modes have in common.
pub fn complete(page: Page, report: &Report) -> Page {
    let facts = digest::facts(report).into_iter();
    let facts = Table {
        title: "Figures".to_owned(),
        header: vec![String::new(), String::new()],
        rows: facts
            .map(|(name, figure)| vec![name.to_owned(), figure])
            .collect(),
    };
    Page {
        title: format!("loadgen {}", report.mode),
        subtitle: digest::heading(report),
        mood: match report.verdict() {
            Verdict::Good => Mood::Good,
            Verdict::Broken | Verdict::Disappointing => Mood::Bad,
            Verdict::Invalid => Mood::Doubtful,
        },
        verdict: report.words(),
        headline: headline(report),
        tables: [digest::tables(report), vec![facts]].concat(),
        config: config(report),
        command: command(),
        ..page
    }
}

fn page(plots: Vec<Plot>) -> Page {
    Page {
        title: String::new(),
        subtitle: String::new(),
        mood: Mood::Doubtful,
        verdict: String::new(),
        headline: Vec::new(),
        plots,
        tables: Vec::new(),
        config: Vec::new(),
        command: String::new(),
    }
}

/// The figures that matter most.
fn headline(report: &Report) -> Vec<Fact> {
    let fact = |name: &str, figure: String, note: String| Fact {
        name: name.to_owned(),
        figure,
        note,
    };
    let mut facts = Vec::new();
    match &report.findings {
        Findings::Traffic(traffic) => {
            if let Some(latency) = traffic.latency_us {
                let note = format!("p50 {}, max {}", time(latency.p50), time(latency.max));
                facts.push(fact("latency p99", time(latency.p99), note));
            }
            if let Some(last) = traffic.last_receiver_us {
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
            if let Some(each) = idle.rss_bytes_per_connection_end {
                let note = format!("{} connections", grouped(report.connect.clients));
                facts.push(fact("memory of a connection", bytes(each), note));
            }
            if let Some(us) = idle.cpu_us_per_connection_second {
                let note = format!("{} pings answered", grouped(idle.pings_answered));
                facts.push(fact("CPU of a connection", format!("{us:.2} us/s"), note));
            }
        }
        Findings::Connect {} => {
            let note = format!("{} in all", grouped(report.connect.clients));
            facts.push(fact(
                "handshakes",
                rounded(report.connect.per_second) + "/s",
                note,
            ));
            if let Some(latency) = report.connect.latency_us {
                let note = format!("p50 {}", time(latency.p50));
                facts.push(fact("handshake p99", time(latency.p99), note));
            }
        }
        Findings::Search(search) => {
            if let Some(best) = &search.best {
                let note = report.config.slo.join(" and ");
                facts.push(fact("highest rate", grouped(best.rate.into()) + "/s", note));
                let delivered = rounded(best.step.delivered_per_second) + "/s";
                let note = format!("to {} clients", grouped(report.connect.clients));
                facts.push(fact("deliveries there", delivered, note));
            }
        }
        Findings::Comparison(comparison) => {
            for versus in comparison.versus() {
                let Some(cpu) = versus.ratios.get(compare::DECISIVE) else {
                    continue;
                };
                let name = format!("CPU of {} over {}", versus.target, comparison.baseline);
                let note = format!("{:.3} to {:.3}", cpu.low, cpu.high);
                facts.push(fact(&name, format!("{:.3}", cpu.median), note));
            }
        }
    }
    if let Some(us) = report.server.cpu_us_per_delivery {
        let share = report.loadgen.cpu_share * 100.0;
        let note = format!("load generator: {share:.0} % of a core");
        facts.push(fact("server CPU per delivery", format!("{us:.3} us"), note));
    }
    facts
}

/// How this was made. Where the program lies is nobody's business, and secrets are not.
fn command() -> String {
    let arguments = discreet_words(std::env::args().skip(1));
    let arguments = arguments.into_iter().map(quoted);
    let words = std::iter::once("loadgen".to_owned()).chain(arguments);
    words.collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it.
fn quoted(word: String) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,%@+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The settings, name by name.
fn config(report: &Report) -> Vec<(String, String)> {
    let settings = serde_json::to_value(&report.config).unwrap_or_default();
    let settings = settings.as_object().into_iter().flatten();
    settings
        .map(|(name, value)| (name.replace('_', " "), setting(value)))
        .collect()
}

fn setting(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(setting).collect::<Vec<_>>().join(", "),
        // A server: its name and its URL.
        Value::Object(fields) => fields.values().map(setting).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn latency_over_time(moments: &[Moment], report: &Report) -> Plot {
    let line = |name: &str, figure: fn(&Moment) -> Option<u64>| {
        // The worst of the moments that share a point: what is drawn must not look better than it was.
        let worst = |moments: &[Moment]| {
            let worst = moments.iter().filter_map(figure).max()?;
            Some((moments.last()?.at_seconds, figures::ratio(worst, 1)))
        };
        (name.to_owned(), points(moments, worst))
    };
    Plot {
        title: "Latency over time".to_owned(),
        caption: "Deliveries by the moment of their arrival; the measured time is shaded."
            .to_owned(),
        kind: Kind::Lines {
            x: axis("time", Unit::Seconds, false),
            y: axis("latency", Unit::Nanoseconds, true),
            lines: vec![
                line("p50", |moment| moment.p50_ns),
                line("p99", |moment| moment.p99_ns),
                line("last receiver p99", |moment| moment.last_receiver_p99_ns),
            ],
            shaded: Some(measured(report)),
        },
    }
}

fn deliveries_over_time(moments: &[Moment], report: &Report) -> Plot {
    let mean = |moments: &[Moment]| {
        let rates = moments.iter().map(|moment| moment.delivered_per_second);
        let count = figures::ratio(moments.len() as u64, 1);
        Some((moments.last()?.at_seconds, rates.sum::<f64>() / count))
    };
    Plot {
        title: "Deliveries over time".to_owned(),
        caption: "Messages to clients, each client's own counted; the measured time is shaded."
            .to_owned(),
        kind: Kind::Lines {
            x: axis("time", Unit::Seconds, false),
            y: axis("deliveries", Unit::PerSecond, false),
            lines: vec![("deliveries".to_owned(), points(moments, mean))],
            shaded: Some(measured(report)),
        },
    }
}

/// A line with as many points as can be told apart.
fn points(moments: &[Moment], of: impl Fn(&[Moment]) -> Option<(f64, f64)>) -> Vec<(f64, f64)> {
    let together = moments.len().div_ceil(POINTS_MAX).max(1);
    moments.chunks(together).filter_map(of).collect()
}

fn measured(report: &Report) -> (f64, f64) {
    let config = &report.config;
    let begin = config.warmup_seconds;
    (begin, begin + config.duration_seconds)
}

/// How many messages shared a frame, in doublings.
fn batches(batch: &Distribution) -> Plot {
    let mut labels = Vec::new();
    let mut shares = Vec::new();
    let (mut low, mut seen) = (1, 0);
    while seen < batch.count() {
        let high = low * 2 - 1;
        let upto = batch.count_up_to(high);
        labels.push(if low == high {
            low.to_string()
        } else {
            format!("{low}-{high}")
        });
        shares.push(figures::ratio(upto - seen, batch.count()) * 100.0);
        (low, seen) = (high + 1, upto);
    }
    Plot {
        title: "Messages in a frame".to_owned(),
        caption: "How many messages shared a frame: a server under load that joins what waits sends fewer, fuller \
                  frames."
            .to_owned(),
        kind: Kind::Bars {
            y: axis("frames", Unit::Percent, false),
            labels,
            series: vec![("frames".to_owned(), shares)],
        },
    }
}

fn positions(means_us: &[f64]) -> Plot {
    Plot {
        title: "Latency by position in the fan-out".to_owned(),
        caption: "Mean latency of each tenth of the clients, in the order in which they connected: a slope is a bias."
            .to_owned(),
        kind: Kind::Bars {
            y: axis("mean latency", Unit::Nanoseconds, false),
            labels: (1..=means_us.len()).map(|part| part.to_string()).collect(),
            series: vec![(
                "mean latency".to_owned(),
                means_us.iter().map(|us| us * 1000.0).collect(),
            )],
        },
    }
}

/// The CPU time of each server in each round.
fn costs(report: &Report) -> Plot {
    let mut series: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    if let Findings::Comparison(comparison) = &report.findings {
        for named in &report.config.targets {
            let rounds = comparison.rounds.iter();
            let points = rounds.filter(|round| round.target == named.name);
            let points = points.filter_map(|round| {
                Some((
                    f64::from(round.round),
                    round.step.cpu_us_per_delivery? * 1000.0,
                ))
            });
            series.push((named.name.clone(), points.collect()));
        }
    }
    Plot {
        title: "CPU per delivery, round by round".to_owned(),
        caption: "What else the machine did meets all servers of a round: lines that rise and fall together are noise."
            .to_owned(),
        kind: Kind::Lines {
            x: axis("round", Unit::Count, false),
            y: axis("server CPU per delivery", Unit::Nanoseconds, false),
            lines: series,
            shaded: None,
        },
    }
}

fn curve(distribution: &Distribution) -> Vec<(f64, f64)> {
    distribution
        .curve()
        .map(|point| (point.quantile, figures::ratio(point.value, 1)))
        .collect()
}

fn axis(name: &str, unit: Unit, log: bool) -> Axis {
    Axis {
        name: name.to_owned(),
        unit,
        log,
    }
}
