//! What was done, in a line.

use crate::{
    figures::words::{counted, grouped, size},
    outcome::{Findings, Outcome, config::Config, traffic::Traffic},
};

/// What was done, in a line.
pub fn heading(outcome: &Outcome) -> String {
    let config = &outcome.config;
    let clients = clients(config);
    let seconds = config.duration_seconds;
    let senders = || senders(config);
    match &outcome.findings {
        Findings::Traffic(traffic) => {
            let clients = at_any_time(traffic).unwrap_or(clients);
            format!("{clients}, {}, for {seconds} s", senders())
        }
        Findings::Idle(_) => format!("{clients}, all of them silent, for {seconds} s"),
        Findings::Connect(_) => {
            format!("{clients} at a time, connecting again and again for {seconds} s")
        }
        Findings::Search(_) => match config.clients_up_to {
            None => format!(
                "{clients}, {} of them publishing, {} a message, {seconds} s at each rate",
                config.publishers,
                size(config.size_bytes as u64)
            ),
            Some(most) => format!(
                "{clients} to {}, {}, {seconds} s with each number",
                grouped(most.into()),
                senders()
            ),
        },
        Findings::Comparison(_) => {
            let names: Vec<&str> = config
                .targets
                .iter()
                .map(|named| named.name.as_str())
                .collect();
            format!(
                "{}: {clients}, {}, {} of {seconds} s each",
                names.join(" and "),
                senders(),
                counted(config.rounds.unwrap_or(0).into(), "round")
            )
        }
    }
}

fn clients(config: &Config) -> String {
    let clients = counted(config.clients as u64, "client");
    match config.urls.len() {
        0 => clients,
        nodes => format!("{clients} at {}", counted(nodes as u64, "node")),
    }
}

/// The fewest and the most clients of stages in which they came or went.
fn at_any_time(traffic: &Traffic) -> Option<String> {
    let stages = traffic.stages.iter();
    let ends = stages.flat_map(|stage| [stage.clients_begin, stage.clients_end]);
    let (least, most) = (ends.clone().min()?, ends.max()?);
    let most = counted(most as u64, "client");
    let clients = || format!("{} to {most}", grouped(least as u64));
    (traffic.stages.iter().any(|stage| stage.crowd.is_some())).then(clients)
}

fn senders(config: &Config) -> String {
    let Config {
        publishers,
        size_bytes,
        stages,
        ..
    } = config;
    let size = size(*size_bytes as u64);
    if !stages.is_empty() {
        return format!(
            "{publishers} of them publishing messages of {size} ({})",
            stages.join("; then ")
        );
    }
    match (config.rate, config.window) {
        (Some(rate), _) => {
            format!("{publishers} of them publishing {rate} messages of {size} a second")
        }
        (_, Some(window)) => {
            format!(
                "{publishers} of them with {} of {size} under way each",
                counted(window.into(), "message")
            )
        }
        _ => "all of them silent".to_owned(),
    }
}
