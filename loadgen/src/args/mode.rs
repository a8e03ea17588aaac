//! The modes: what a run measures.

use std::fmt;

use clap::ValueEnum;

/// What a run measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Every delivery of an open-loop schedule, from the intended send time to each client
    Fanout,
    /// The most that can be delivered: each publisher keeps a window of its messages under way
    Saturate,
    /// The highest open-loop rate at which --slo holds and nothing is lost; the most clients, with --clients-up-to
    Search,
    /// Silent connections, their pings answered: memory and CPU of each
    Idle,
    /// Handshakes per second, and their latency; up to 128 are under way at once, unless --connect-rate spaces them
    Connect,
    /// Two or more servers in interleaved rounds: ratios with their spread
    Compare,
    /// The server of a run's own, in a process of its own
    #[value(hide = true)]
    ServeChild,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
