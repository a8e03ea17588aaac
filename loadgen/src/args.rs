//! The command line. One set of flags for all modes, so that they may stand before or after the mode.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};
use hubbub::vocabulary::units::{duration, size};
use tungstenite::http::{HeaderName, HeaderValue};

use crate::expect::Expectation;

/// Measures how fast, how evenly and how safely a WebSocket server delivers each message to everyone.
///
/// Exit status: 0 good; 1 an expectation failed, or a message was lost, duplicated or reordered, or a client was
/// disconnected; 2 usage or set-up; 3 not valid, because the load generator itself was the bottleneck.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version)]
#[expect(
    clippy::doc_markdown,
    reason = "these comments are the help text, where backticks would only be noise"
)]
pub struct Args {
    /// What to measure
    #[arg(value_enum, default_value_t = Mode::Fanout)]
    pub mode: Mode,

    /// Server under test, such as ws://127.0.0.1:8080/relay [default: a server of its own, started and stopped]
    #[arg(long)]
    pub url: Option<String>,

    /// Clients that connect; each receives everything
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub clients: u32,

    /// Clients that also send: the first of them all [default: 10, or all if there are fewer]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub publishers: Option<u32>,

    /// Messages sent per second, by all publishers together
    #[arg(long, value_name = "PER_SECOND", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: u32,

    /// Size of each message, such as 64B or 1KiB; at least 32B
    #[arg(long, default_value = "64B", value_parser = size)]
    pub size: usize,

    /// How long to measure, such as 500ms, 10s or 2m
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub duration: Duration,

    /// How long to send before measuring begins
    #[arg(long, default_value = "2s", value_parser = duration)]
    pub warmup: Duration,

    /// How long to wait at the end before a message counts as lost
    #[arg(long, default_value = "5s", value_parser = duration)]
    pub settle: Duration,

    /// Connections begun per second [default: as fast as they are accepted]
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u32).range(1..))]
    pub connect_rate: Option<u32>,

    /// Header of each handshake, as 'Name: value'; repeatable [default: none]
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<(HeaderName, HeaderValue)>,

    /// Subprotocol to offer in each handshake [default: none]
    #[arg(long, value_name = "NAME")]
    pub subprotocol: Option<HeaderValue>,

    /// Process whose CPU and memory are the server's [default: that of the server of its own]
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    pub server_pid: Option<i32>,

    /// Number that decides all that is random: the run's tag and the masks [default: a new one each time, told in the result]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// What must hold, such as 'p99<5ms' or 'server.cpu_us_per_delivery<1'; repeatable [default: none]
    ///
    /// Left of < <= > or >= stands p50, p90, p99, p999, max or mean of the latency, or a figure of the JSON result by its
    /// path, in that figure's unit.
    #[arg(long, value_name = "FIGURE<LIMIT")]
    pub expect: Vec<Expectation>,

    /// File for the result as JSON; `-` is stdout, and the table then goes to stderr [default: none]
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,
}

/// What a run measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Every delivery of an open-loop schedule, from the intended send time to each client
    Fanout,
    /// The server of a run's own, in a process of its own
    #[value(hide = true)]
    ServeChild,
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("a header needs a colon; write it like 'Authorization: Bearer abc'")?;
    let name = name
        .trim()
        .parse()
        .map_err(|_| format!("`{name}` is no header name; letters, digits and hyphens are"))?;
    let value = value
        .trim()
        .parse()
        .map_err(|_| format!("the value of `{name}` has characters no header can carry"))?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn flags_stand_before_after_or_without_the_mode() {
        for line in [
            "loadgen --rate 7 --size 1KiB",
            "loadgen fanout --rate 7 --size 1KiB",
            "loadgen --rate 7 fanout --size 1KiB",
        ] {
            let args = Args::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(
                (args.mode, args.rate, args.size),
                (Mode::Fanout, 7, 1024),
                "{line}"
            );
        }
    }

    #[test]
    fn every_flag_has_help() {
        let command = Args::command();
        for flag in command.get_arguments() {
            assert!(flag.get_help().is_some(), "{}", flag.get_id());
        }
    }

    #[test]
    fn a_header_is_a_name_and_a_value() {
        let (name, value) = header("X-Test: a: b").unwrap();
        assert_eq!((name.as_str(), value.as_bytes()), ("x-test", &b"a: b"[..]));
        assert!(header("no colon").unwrap_err().contains("colon"));
        assert!(header("bad name: x").is_err());
    }
}
