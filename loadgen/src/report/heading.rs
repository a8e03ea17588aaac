//! What was done, in a line.

use crate::{
    figures::words::grouped,
    outcome::{Findings, Outcome, config::Config},
};

/// What was done, in a line.
pub fn heading(outcome: &Outcome) -> String {
    let config = &outcome.config;
    let clients = clients(config);
    let seconds = config.duration_seconds;
    let senders = || senders(config);
    match &outcome.findings {
        Findings::Traffic(_) => format!("{clients}, {}, for {seconds} s", senders()),
        Findings::Idle(_) => format!("{clients}, all of them silent, for {seconds} s"),
        Findings::Connect {} => {
            format!("{clients} at a time, connecting again and again for {seconds} s")
        }
        Findings::Search(_) => match config.clients_up_to {
            None => format!(
                "{clients}, {} of them publishing, {} B a message, {seconds} s at each rate",
                config.publishers, config.size_bytes
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
                "{}: {clients}, {}, {} rounds of {seconds} s each",
                names.join(" and "),
                senders(),
                config.rounds.unwrap_or(0)
            )
        }
    }
}

fn clients(config: &Config) -> String {
    let clients = grouped(config.clients as u64);
    match config.urls.len() {
        0 => format!("{clients} clients"),
        nodes => format!("{clients} clients at {nodes} nodes"),
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
