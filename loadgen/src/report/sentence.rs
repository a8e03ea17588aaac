//! What a result comes to, in a sentence.

use crate::{
    figures::words::{counted, grouped, rounded, time},
    outcome::{
        Findings, Outcome,
        comparison::Comparison,
        departures::{After, Departures},
        fault::{cause, fault},
        idle::Idle,
        noise,
        recovery::Recovery,
        search::{Load, Search},
        traffic::Traffic,
        verdict::Verdict,
    },
    report::expected::failed,
};

/// What it comes to, with the word for that before it.
pub fn sentence(outcome: &Outcome) -> String {
    format!("{}: {}", word(outcome), words(outcome))
}

/// That word, on a terminal as on the page.
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome.verdict() {
        Verdict::Good => "Good",
        Verdict::Broken => "BROKEN",
        Verdict::Invalid => "NOT VALID",
        Verdict::Disappointing => "FAILED",
    }
}

/// The same without that word.
pub fn words(outcome: &Outcome) -> String {
    let early = if outcome.unawaited {
        " (ended early by a signal, without waiting for what was under way)"
    } else if outcome.interrupted {
        " (ended early by a signal)"
    } else {
        ""
    };
    let words = match outcome.verdict() {
        Verdict::Good => whats_good(outcome),
        Verdict::Broken => {
            let doubt = outcome.invalid_reason.as_ref();
            let doubt = doubt.map(|doubt| format!("; besides, {doubt}"));
            whats_broken(outcome) + &doubt.unwrap_or_default()
        }
        Verdict::Invalid => outcome.invalid_reason.clone().unwrap_or_default(),
        Verdict::Disappointing => whats_in_vain(outcome),
    };
    let end = if early.is_empty() && words.ends_with('?') {
        ""
    } else {
        "."
    };
    format!("{words}{early}{end}")
}

fn whats_broken(outcome: &Outcome) -> String {
    match &outcome.findings {
        Findings::Traffic(traffic) => fault(traffic, &outcome.heard).unwrap_or_default(),
        Findings::Idle(idle) if idle.departures.disconnects > 0 => {
            let pings = match idle.pings_answered {
                0 => "which it had sent no pings".to_owned(),
                count => format!("which had answered {}", counted(count, "ping")),
            };
            departed(&idle.departures, &pings, outcome)
        }
        Findings::Idle(idle) if idle.ignores_clients() => format!(
            "the server kept {} of {} and answered none of their pings, which it must (RFC 6455, section 5.5.2)",
            grouped(idle.clients_ignored.unwrap_or(0)),
            counted(outcome.connect.clients, "client")
        ),
        Findings::Connect(departures) if departures.disconnects > 0 => {
            departed(departures, "which were only to come in", outcome)
        }
        Findings::Comparison(comparison) => {
            let faults = comparison.faults().into_iter();
            let faults = faults.map(|(name, fault)| format!("{name}: {fault}"));
            faults.collect::<Vec<_>>().join("; ")
        }
        Findings::Search(
            search @ Search {
                ended_by: Some(error),
                ..
            },
        ) => match search.fault() {
            Some(fault) => format!("{fault}; after that, {error}"),
            None => format!("after a step that it served: {error}"),
        },
        Findings::Idle(_) | Findings::Connect(_) | Findings::Search(_) => {
            format!("not every client came in; {}", cause(0, &outcome.heard))
        }
    }
}

/// Whom the server sent away, when, and why.
fn departed(departures: &Departures, who: &str, outcome: &Outcome) -> String {
    let after = departures.disconnected_after_seconds;
    let after = after.map_or_else(String::new, |After { first, last }| {
        let [first, last] = [first, last].map(|seconds| time(seconds * 1e6));
        format!(", the first after {first} and the last after {last}")
    });
    format!(
        "the server disconnected {} of {}, {who}{after}; {}",
        grouped(departures.disconnects),
        counted(outcome.connect.clients, "client"),
        cause(departures.disconnects, &outcome.heard)
    )
}

fn whats_in_vain(outcome: &Outcome) -> String {
    match &outcome.findings {
        Findings::Search(search) if search.best.is_none() => match search.fault() {
            Some(fault) => format!("{}: {fault}", held_nothing(outcome)),
            None => format!(
                "{}; lower --rate or --clients, or ask less with --slo",
                held_nothing(outcome)
            ),
        },
        _ => format!(
            "nothing went wrong, but this did not hold: {}",
            failed(outcome)
        ),
    }
}

fn whats_good(outcome: &Outcome) -> String {
    match &outcome.findings {
        Findings::Traffic(traffic) if traffic.blind_to_loss => {
            format!(
                "what came to a client came once and {}; what did not come cannot be judged, since the server may skip it",
                in_order(traffic)
            )
        }
        Findings::Traffic(traffic) => {
            let recovery = traffic.recovery.as_ref();
            let or_told = recovery.map_or_else(String::new, or_told);
            let damaged = noise::damaged(&traffic.messages, &outcome.heard);
            let damaged = damaged.map_or_else(String::new, |told| format!("; besides, {told}"));
            let came = if outcome.unawaited {
                "what came to a client came once"
            } else {
                "every client got every message once"
            };
            format!("{came} and {}{or_told}{damaged}", in_order(traffic))
        }
        Findings::Idle(idle) => stayed(idle),
        Findings::Connect(_) if outcome.interrupted => {
            let inside = counted(outcome.connect.clients, "client");
            format!("{inside} came in, and none was turned away")
        }
        Findings::Connect(_) => "every client came in".to_owned(),
        Findings::Search(search) => highest(search, outcome),
        Findings::Comparison(comparison) => compared(comparison),
    }
}

/// What else became of messages that is no loss, as somebody was told.
fn or_told(recovery: &Recovery) -> String {
    let receivers = match recovery.declared {
        0 => String::new(),
        count => format!(
            ", or was told that it would not ({} deliveries)",
            grouped(count)
        ),
    };
    let senders = match recovery.unknown {
        0 => String::new(),
        1 => ", but 1 message reached nobody: its sender was told so, or left in doubt".to_owned(),
        count => format!(
            ", but {} messages reached nobody: their senders were told so, or left in doubt",
            grouped(count)
        ),
    };
    receivers + &senders
}

/// That all stayed, and what came of all pings.
fn stayed(idle: &Idle) -> String {
    let theirs = match idle.pings_answered {
        0 => "the server sent no pings".to_owned(),
        count => format!("answered {} in all", counted(count, "ping")),
    };
    let ours = idle.pongs_received.zip(idle.pings_sent);
    let ours = ours.map_or_else(String::new, |(pongs, pings)| {
        let pings = counted(pings, "ping");
        format!("; the server answered {} of their {pings}", grouped(pongs))
    });
    format!("every client stayed connected, and {theirs}{ours}")
}

/// In which order what came did, where that is none that must not be.
fn in_order(traffic: &Traffic) -> String {
    match traffic.messages.disordered {
        0 => "in order".to_owned(),
        count => format!(
            "in the order of its publisher ({} among several publishers in another than elsewhere)",
            grouped(count)
        ),
    }
}

fn highest(search: &Search, outcome: &Outcome) -> String {
    let config = &outcome.config;
    let Some(best) = &search.best else {
        return String::new();
    };
    let (load, slo) = (best.load, config.slo.join(" and "));
    let delivered = rounded(best.step.delivered_per_second);
    let rate = config.rate.map(Load::Rate);
    match load {
        Load::Rate(_) => format!(
            "{load} are the most at which {slo} holds and nothing is lost: {delivered} deliveries a second to {}",
            counted(config.clients as u64, "client")
        ),
        Load::Clients(clients) => {
            let are = if clients == 1 { "is" } else { "are" };
            let most = match config.clients_up_to {
                Some(most) if clients == most => "as many as --clients-up-to allows, and",
                _ => "the most at which",
            };
            let rate = rate.map_or_else(String::new, |rate| format!(" at {rate}"));
            let more = search.turned_away.as_ref();
            let more = more.map_or_else(String::new, |more| format!("; with more, {more}"));
            format!(
                "{load} {are} {most} {slo} holds and nothing is lost{rate}: {delivered} deliveries a second{more}"
            )
        }
    }
}

fn held_nothing(outcome: &Outcome) -> &'static str {
    match outcome.config.clients_up_to {
        None => "not even the lowest rate held",
        Some(_) => "it did not even hold with the fewest clients",
    }
}

fn compared(comparison: &Comparison) -> String {
    let verdicts = comparison.versus().map(|versus| versus.verdict.as_str());
    verdicts.collect::<Vec<_>>().join("; ")
}
