//! Several servers against the first of them: each figure as a ratio, and a verdict that rests on the CPU time of a
//! delivery.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    figures::words::counted,
    outcome::{
        ratio::{Finding, ROUNDS_MIN, Ratio},
        step::Step,
    },
};

/// Several servers against the first of them.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// All rounds, in the order in which they were run.
    pub rounds: Vec<Round>,
    /// The server that the others are held against.
    pub baseline: String,
    /// The second server against the first.
    #[serde(flatten)]
    pub second: Versus,
    /// Any others against the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<Versus>,
}

/// One server in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Which round, from 1.
    pub round: u32,
    /// Which server.
    pub target: String,
    /// The figures.
    #[serde(flatten)]
    pub step: Step,
}

/// One server against the first.
#[derive(Clone, Debug, Serialize)]
pub struct Versus {
    /// Which server.
    pub target: String,
    /// Each of its figures over that of the first, round by round.
    pub ratios: BTreeMap<&'static str, Ratio>,
    /// What the decisive one says: whether this server needs less or more CPU per delivery than the first.
    pub finding: Finding,
    /// The same in words.
    pub verdict: String,
}

/// What there is of one server, round by round.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its figures in each round.
    pub steps: &'a [Step],
}

/// A figure of a round, if that round has one that says something of the server.
type Figure = fn(&Step) -> Option<f64>;

/// Figures whose ratios are told. Times count only where the load generator kept its schedule; what the server used for
/// them does not depend on that.
const FIGURES: [(&str, Figure); 10] = [
    ("cpu_us_per_delivery", |step| step.cpu_us_per_delivery),
    ("delivered_per_second", |step| {
        Some(step.delivered_per_second)
    }),
    ("mean_batch", |step| step.mean_batch),
    ("p50", |step| Some(step.believed(step.latency_us)?.p50)),
    ("p95", |step| Some(step.believed(step.latency_us)?.p95)),
    ("p99", |step| Some(step.believed(step.latency_us)?.p99)),
    ("last_receiver_p95", |step| {
        Some(step.believed(step.last_receiver_us)?.p95)
    }),
    ("last_receiver_p99", |step| {
        Some(step.believed(step.last_receiver_us)?.p99)
    }),
    ("spread_p50", |step| {
        Some(step.believed(step.spread_us)?.p50)
    }),
    ("rss_bytes_per_connection", |step| {
        step.rss_bytes_per_connection
    }),
];
/// The figure that the verdict rests on.
pub const DECISIVE: &str = "cpu_us_per_delivery";
/// Figures that are told in its place where nobody knows it, and what they are called.
const INSTEAD: [(&str, &str); 2] = [
    ("p99", "p99"),
    ("delivered_per_second", "deliveries a second"),
];

impl Comparison {
    /// Of two or more servers, the first of which is the baseline.
    pub fn new(sides: &[Side], rounds: Vec<Round>) -> Self {
        let (first, others) = sides.split_first().expect("there are two at least");
        let mut others = others.iter().map(|other| Versus::new(first, other));
        let second = others.next().expect("there are two at least");
        Self {
            rounds,
            baseline: first.name.to_owned(),
            second,
            more: others.collect(),
        }
    }

    /// Whether a server did not bring everything to everyone.
    pub fn is_broken(&self) -> bool {
        self.rounds.iter().any(|round| round.step.is_broken())
    }

    /// Servers that did not bring everything to everyone, and what each of them did wrong first.
    pub fn faults(&self) -> BTreeMap<&str, &str> {
        let mut faults = BTreeMap::new();
        for round in &self.rounds {
            if let Some(fault) = &round.step.fault {
                faults
                    .entry(round.target.as_str())
                    .or_insert(fault.as_str());
            }
        }
        faults
    }

    /// How many rounds there were of each server.
    pub fn rounds_run(&self) -> usize {
        self.rounds.len() / self.names().count()
    }

    /// All servers against the first.
    pub fn versus(&self) -> impl Iterator<Item = &Versus> {
        std::iter::once(&self.second).chain(&self.more)
    }

    /// What the servers are called, the baseline first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let others = self.versus().map(|versus| versus.target.as_str());
        std::iter::once(self.baseline.as_str()).chain(others)
    }

    /// The median over each server's rounds, in the order of their names, of each figure that any of them has.
    pub fn medians(&self) -> Vec<(&'static str, Vec<Option<f64>>)> {
        let of = |name: &str, figure: Figure| {
            let rounds = self.rounds.iter().filter(|round| round.target == name);
            let undisturbed = rounds.filter(|round| !round.step.validity.disturbed_server);
            median(undisturbed.filter_map(|round| figure(&round.step)))
        };
        let row = |(name, figure)| {
            (
                name,
                self.names().map(|server| of(server, figure)).collect(),
            )
        };
        let rows = FIGURES.into_iter().map(row);
        rows.filter(|(_, medians): &(_, Vec<_>)| medians.iter().any(Option::is_some))
            .collect()
    }

    /// Why the rounds say nothing of what the servers cost; `None` if most of them do, and there are enough.
    pub fn invalid_reason(&self) -> Option<String> {
        self.disturbed().or_else(|| self.too_few())
    }

    fn too_few(&self) -> Option<String> {
        let few = self.versus().filter(|versus| versus.has_too_few_rounds());
        let verdicts: Vec<&str> = few.map(|versus| versus.verdict.as_str()).collect();
        (!verdicts.is_empty()).then(|| verdicts.join("; "))
    }

    fn disturbed(&self) -> Option<String> {
        let disturbed = self
            .rounds
            .iter()
            .filter(|round| round.step.validity.disturbed_server);
        let reasons = disturbed.filter_map(|round| round.step.invalid_reason.as_deref());
        let (count, all) = (reasons.clone().count(), self.rounds.len());
        let reason = reasons.into_iter().next()?;
        (count * 2 > all).then(|| format!("in {count} of {all} rounds {reason}"))
    }
}

impl Versus {
    /// Its ratios as they are told: the decisive one first.
    pub fn in_order(&self) -> impl Iterator<Item = (&'static str, &Ratio)> {
        figures().filter_map(|name| Some((name, self.ratios.get(name)?)))
    }

    /// Whose figures are divided by whose.
    pub fn over(&self, baseline: &str) -> String {
        over(&self.target, baseline)
    }

    /// Whether it comes from fewer rounds than tell anything from noise.
    fn has_too_few_rounds(&self) -> bool {
        let decisive = self.ratios.get(DECISIVE).map(|ratio| ratio.rounds);
        let most = || self.ratios.values().map(|ratio| ratio.rounds).max();
        decisive.or_else(most).unwrap_or(0) < ROUNDS_MIN
    }

    fn new(first: &Side, other: &Side) -> Self {
        let pairs = other.steps.iter().zip(first.steps);
        let pairs = pairs
            .filter(|(step, of)| !step.validity.disturbed_server && !of.validity.disturbed_server);
        let ratio = |figure: Figure| {
            let figures = |(step, of)| Some((figure(step)?, figure(of)?));
            Ratio::new(pairs.clone().filter_map(figures))
        };
        let ratios: BTreeMap<_, _> = FIGURES
            .into_iter()
            .filter_map(|(name, figure)| Some((name, ratio(figure)?)))
            .collect();
        let decisive = ratios.get(DECISIVE);
        Self {
            target: other.name.to_owned(),
            finding: decisive.map_or(Finding::Unknown, Ratio::finding),
            verdict: verdict(first.name, other.name, &ratios),
            ratios,
        }
    }
}

/// The names of all figures whose ratios are told, in that order.
pub fn figures() -> impl Iterator<Item = &'static str> {
    FIGURES.into_iter().map(|(name, _)| name)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(values[last / 2].midpoint(values[last.div_ceil(2)]))
}

fn over(other: &str, first: &str) -> String {
    format!("{other} ÷ {first}")
}

fn verdict(first: &str, other: &str, ratios: &BTreeMap<&str, Ratio>) -> String {
    let Some(ratio) = ratios.get(DECISIVE) else {
        return verdict_without_cpu(first, other, ratios);
    };
    let Ratio {
        median,
        low,
        high,
        rounds,
    } = ratio;
    let rounds = counted(*rounds as u64, "round");
    let spread = format!("99% interval {low:.3} to {high:.3}, {rounds}");
    let times = format!("{median:.3} times, {spread}");
    let interval = format!("{} is {median:.3}, {spread}", over(other, first));
    match ratio.finding() {
        Finding::More => format!("{other} needs more CPU per delivery than {first}: {times}"),
        Finding::Less => format!("{other} needs less CPU per delivery than {first}: {times}"),
        Finding::Alike => format!(
            "{other} and {first} need the same CPU per delivery, as far as can be told: the difference is within the noise ({interval})"
        ),
        Finding::Unknown => format!(
            "too few rounds to tell {other} from {first} ({interval}); eight that can be compared are the fewest"
        ),
    }
}

/// What was compared where the decisive figure was not.
fn verdict_without_cpu(first: &str, other: &str, ratios: &BTreeMap<&str, Ratio>) -> String {
    let known = INSTEAD.iter();
    let known = known.filter_map(|(figure, name)| Some((name, ratios.get(figure)?)));
    let rounds = known.clone().map(|(_, ratio)| ratio.rounds).max();
    let rounds = rounds.unwrap_or(0);
    let enough = rounds >= ROUNDS_MIN;
    let told = known.filter(|(_, ratio)| !enough || ratio.rounds >= ROUNDS_MIN);
    let told = told.map(|(name, ratio)| {
        let Ratio {
            median, low, high, ..
        } = ratio;
        format!("{name} {median:.3} ({low:.3} to {high:.3})")
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let what = if enough {
        format!(
            "{} by times and throughput alone: {told}, each with its 99% interval, {} at most",
            over(other, first),
            counted(rounds as u64, "round")
        )
    } else {
        let colon = if told.is_empty() { "" } else { ": " };
        format!(
            "too few rounds to tell {other} from {first} ({}{colon}{told}); eight that can be compared are the fewest",
            counted(rounds as u64, "round")
        )
    };
    format!(
        "{what}; which of them needs more CPU per delivery is not known: give --server-pid for each"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_knows_the_cpu_it_is_said_what_was_compared() {
        let ratio = |median: f64, rounds| Ratio {
            median,
            low: median - 0.02,
            high: median + 0.02,
            rounds,
        };
        let says = |p99_rounds, rounds| {
            let p99 = ("p99", ratio(1.2, p99_rounds));
            let delivered = ("delivered_per_second", ratio(1.0, rounds));
            verdict("a", "b", &[p99, delivered].into_iter().collect())
        };
        let unknown =
            "; which of them needs more CPU per delivery is not known: give --server-pid for each";
        let both = "p99 1.200 (1.180 to 1.220), deliveries a second 1.000 (0.980 to 1.020)";
        let told = format!(
            "b ÷ a by times and throughput alone: {both}, each with its 99% interval, 12 rounds at most"
        );
        assert_eq!(says(12, 12), told + unknown);
        // What most rounds are not valid for says nothing.
        assert!(says(3, 12).contains("alone: deliveries a second 1.000"));
        let told = format!(
            "too few rounds to tell b from a (7 rounds: {both}); eight that can be compared are the fewest"
        );
        assert_eq!(says(7, 7), told + unknown);
        let told = verdict("a", "b", &BTreeMap::new());
        assert!(told.contains("from a (0 rounds); eight"), "{told}");
    }

    #[test]
    fn a_median_stands_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
        assert_eq!(median(std::iter::empty()), None);
    }

    #[test]
    fn seven_rounds_are_too_few() {
        let with = |rounds| {
            let ratio = Ratio {
                median: 1.2,
                low: 1.1,
                high: 1.3,
                rounds,
            };
            let second = Versus {
                target: "b".to_owned(),
                ratios: BTreeMap::from([(DECISIVE, ratio)]),
                finding: ratio.finding(),
                verdict: verdict("a", "b", &BTreeMap::from([(DECISIVE, ratio)])),
            };
            let comparison = Comparison {
                rounds: Vec::new(),
                baseline: "a".to_owned(),
                second,
                more: Vec::new(),
            };
            comparison.invalid_reason()
        };
        assert!(with(7).unwrap().starts_with("too few rounds"));
        assert_eq!(with(8), None);
    }

    #[test]
    fn a_verdict_names_who_needs_more() {
        let says = |median, rounds| {
            let (low, high) = (median - 0.02, median + 0.02);
            let ratio = Ratio {
                median,
                low,
                high,
                rounds,
            };
            verdict("a", "b", &BTreeMap::from([(DECISIVE, ratio)]))
        };
        assert!(says(1.2, 12).starts_with("b needs more CPU per delivery than a: 1.200 times"));
        assert!(says(0.8, 12).starts_with("b needs less"));
        assert!(says(1.01, 12).contains("within the noise"));
        assert!(says(1.2, 3).starts_with("too few rounds"));
        assert!(says(1.2, 1).contains("(b ÷ a is 1.200, 99% interval 1.180 to 1.220, 1 round)"));
    }
}
