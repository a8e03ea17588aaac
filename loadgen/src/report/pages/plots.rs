//! The plots of each mode.

use crate::{
    figures,
    outcome::{
        Findings, Outcome,
        comparison::{Comparison, Versus},
        config::{Config, Named},
        curves::Curves,
        search::{Load, Search, Tried},
        stage::Stage,
        traffic::Traffic,
    },
    page::{Axis, Kind, Plot, Span, Unit},
    record::{
        collection::{Collection, Moment},
        distribution::Distribution,
    },
    report::figure::called_by_rounds,
};

/// Points of a line that is drawn: more could not be told apart.
const POINTS_MAX: usize = 600;

/// What is better seen than read.
pub(super) fn plots(outcome: &Outcome, curves: &Curves) -> Vec<Plot> {
    match (&outcome.findings, curves) {
        (Findings::Traffic(traffic), Curves::Traffic(collection)) => {
            broadcast(&outcome.config, traffic, collection)
        }
        (Findings::Search(search), _) => vec![latency_by_load(search)],
        (Findings::Comparison(comparison), Curves::Targets(latencies)) => {
            compared(&outcome.config, comparison, latencies)
        }
        (_, Curves::Handshakes(latency)) => vec![handshakes(latency)],
        _ => Vec::new(),
    }
}

/// Latency by percentile, and over time; throughput; batches; who was served when.
fn broadcast(config: &Config, traffic: &Traffic, collection: &Collection) -> Vec<Plot> {
    let curves = [
        ("latency", &collection.latency),
        ("to the last receiver", &collection.last_receiver),
        ("first to last receiver", &collection.spread),
        ("from the actual sending", &collection.sent_latency),
    ]
    .map(|(name, distribution)| (name.to_owned(), curve(distribution)));
    let latency = Plot {
        title: "Latency by percentile".to_owned(),
        caption: "Each further nine has as much room as the one before: a curve that stays flat to the right serves \
                  even the unluckiest delivery in time. Latency counts from the moment at which a message should have \
                  been sent."
            .to_owned(),
        kind: Kind::Percentiles(curves.into()),
    };
    let moments = collection.moments();
    let fairness = traffic.fairness.as_ref();
    let positions = fairness.map(|fairness| positions(&fairness.mean_by_position_us));
    let stages = &traffic.stages;
    let comes = stages.iter().any(|stage| stage.crowd.is_some());
    let clients = comes.then(|| clients_over_time(config, stages));
    let plots = [
        Some(latency),
        Some(latency_over_time(moments, config, stages)),
        Some(deliveries_over_time(moments, config, stages)),
        clients,
        Some(batches(&collection.batch)),
        positions,
    ];
    plots.into_iter().flatten().collect()
}

fn handshakes(latency: &Distribution) -> Plot {
    Plot {
        title: "Handshakes by percentile".to_owned(),
        caption: "From the begin of a connection to the end of its handshake.".to_owned(),
        kind: Kind::Percentiles(vec![("handshake".to_owned(), curve(latency))]),
    }
}

fn latency_by_load(search: &Search) -> Plot {
    let (title, tried, x) = match search.steps.first().map(|tried| tried.load) {
        Some(Load::Clients(_)) => (
            "Latency by clients",
            "number of clients",
            axis("clients", Unit::Count, true),
        ),
        _ => (
            "Latency by rate",
            "rate",
            axis("messages per second", Unit::PerSecond, true),
        ),
    };
    let line = |name: &str, figure: fn(&Tried) -> Option<f64>| {
        let steps = search.steps.iter().rev();
        let points = steps.filter_map(|tried| Some((tried.load.figure(), figure(tried)? * 1000.0)));
        let mut points: Vec<(f64, f64)> = points.collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        // Of several attempts at one load, the last decided.
        points.dedup_by_key(|point| point.0);
        (name.to_owned(), points)
    };
    Plot {
        title: title.to_owned(),
        caption: format!(
            "Each point is a {tried} that was tried; both axes are logarithmic. Where the lines turn upwards the server \
             is at its limit."
        ),
        kind: Kind::Lines {
            x,
            y: axis("latency", Unit::Nanoseconds, true),
            lines: vec![
                line("p50", |tried| Some(tried.step.latency_us?.p50)),
                line("p99", |tried| Some(tried.step.latency_us?.p99)),
                line("last receiver p99", |tried| {
                    Some(tried.step.last_receiver_us?.p99)
                }),
            ],
            spans: Vec::new(),
        },
    }
}

/// The latencies of several servers, their ratios, and what they cost.
fn compared(
    config: &Config,
    comparison: &Comparison,
    latencies: &[(String, Distribution)],
) -> Vec<Plot> {
    let ratios = |versus: &Versus| {
        Plot {
        title: versus.over(&comparison.baseline),
        caption: "The median of each figure's ratio over the rounds, and the interval that holds the true one with a \
                  confidence of 99%. Where the interval spans 1, the difference is within the noise. 17/20 behind a name \
                  says that its ratio comes from 17 of 20 rounds: times count only where the load generator was punctual."
            .to_owned(),
        kind: Kind::Ratios(
            versus
                .in_order()
                .map(|(name, ratio)| {
                    let name = called_by_rounds(name, ratio, comparison.rounds_run());
                    (name, ratio.low, ratio.median, ratio.high)
                })
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
                .iter()
                .map(|(name, latency)| (name.clone(), curve(latency)))
                .collect(),
        ),
    });
    plots.push(costs(config, comparison));
    plots
}

fn latency_over_time(moments: &[Moment], config: &Config, stages: &[Stage]) -> Plot {
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
        caption: format!(
            "Deliveries by the moment of their arrival; {}.",
            what_is_shaded(stages)
        ),
        kind: Kind::Lines {
            x: axis("time", Unit::Seconds, false),
            y: axis("latency", Unit::Nanoseconds, true),
            lines: vec![
                line("p50", |moment| moment.p50_ns),
                line("p99", |moment| moment.p99_ns),
                line("last receiver p99", |moment| moment.last_receiver_p99_ns),
            ],
            spans: measured(config, stages),
        },
    }
}

fn deliveries_over_time(moments: &[Moment], config: &Config, stages: &[Stage]) -> Plot {
    let mean = |moments: &[Moment]| {
        let rates = moments.iter().map(|moment| moment.delivered_per_second);
        let count = figures::ratio(moments.len() as u64, 1);
        Some((moments.last()?.at_seconds, rates.sum::<f64>() / count))
    };
    Plot {
        title: "Deliveries over time".to_owned(),
        caption: format!(
            "Messages to clients, each client's own counted; {}.",
            what_is_shaded(stages)
        ),
        kind: Kind::Lines {
            x: axis("time", Unit::Seconds, false),
            y: axis("deliveries", Unit::PerSecond, false),
            lines: vec![("deliveries".to_owned(), points(moments, mean))],
            spans: measured(config, stages),
        },
    }
}

fn clients_over_time(config: &Config, stages: &[Stage]) -> Plot {
    let ends = stages.iter().flat_map(|stage| {
        let begin = (stage.begin_seconds, stage.clients_begin);
        [begin, (stage.end_seconds, stage.clients_end)]
    });
    let points = [(0.0, config.clients)].into_iter().chain(ends);
    let points = points.map(|(at, clients)| (at, figures::ratio(clients as u64, 1)));
    Plot {
        title: "Clients over time".to_owned(),
        caption: format!(
            "As many as there should be by the stages; {}.",
            what_is_shaded(stages)
        ),
        kind: Kind::Lines {
            x: axis("time", Unit::Seconds, false),
            y: axis("clients", Unit::Count, false),
            lines: vec![("clients".to_owned(), points.collect())],
            spans: measured(config, stages),
        },
    }
}

/// A line with as many points as can be told apart.
fn points(moments: &[Moment], of: impl Fn(&[Moment]) -> Option<(f64, f64)>) -> Vec<(f64, f64)> {
    let together = moments.len().div_ceil(POINTS_MAX).max(1);
    moments.chunks(together).filter_map(of).collect()
}

/// What was measured, stage by stage if there are any: what is judged of it is shaded.
fn measured(config: &Config, stages: &[Stage]) -> Vec<Span> {
    if stages.is_empty() {
        let from = config.warmup_seconds;
        return vec![Span {
            from,
            to: from + config.duration_seconds,
            shaded: true,
        }];
    }
    let span = |stage: &Stage| Span {
        from: stage.begin_seconds,
        to: stage.end_seconds,
        shaded: stage.holds_still,
    };
    stages.iter().map(span).collect()
}

fn what_is_shaded(stages: &[Stage]) -> &'static str {
    if stages.is_empty() {
        "the measured time is shaded"
    } else {
        "a line stands between two stages, and those that hold still are shaded"
    }
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
fn costs(config: &Config, comparison: &Comparison) -> Plot {
    let line = |named: &Named| {
        let rounds = comparison.rounds.iter();
        let points = rounds.filter(|round| round.target == named.name);
        let points = points.filter_map(|round| {
            let us = round.step.cpu_us_per_delivery?;
            Some((f64::from(round.round), us * 1000.0))
        });
        (named.name.clone(), points.collect())
    };
    Plot {
        title: "CPU per delivery, round by round".to_owned(),
        caption: "What else the machine did meets all servers of a round: lines that rise and fall together are noise."
            .to_owned(),
        kind: Kind::Lines {
            x: axis("round", Unit::Count, false),
            y: axis("server CPU per delivery", Unit::Nanoseconds, false),
            lines: config.targets.iter().map(line).collect(),
            spans: Vec::new(),
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
