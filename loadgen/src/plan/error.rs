//! Why a run cannot be as the flags say.

use thiserror::Error;

use crate::plan::{particulars::ValuesError, script::error::ScriptError, stamp::STAMP_BYTES};

/// Local ports towards one server from one address, with some that others use taken off (`net.ipv4.ip_local_port_range`).
pub const PORTS_PER_SOURCE: usize = 28_000;

/// Flags that cannot work together. The user's to mend.
#[derive(Debug, Error)]
pub enum PlanError {
    /// Publishers are clients, and stamps number them in 16 bits.
    #[error(
        "--publishers ({publishers}) can be at most {most} here, since publishers are clients too: \
         lower it or raise --clients"
    )]
    Publishers {
        /// What `--publishers` says.
        publishers: usize,
        /// What it could say.
        most: usize,
    },
    /// Less than a stamp, or more than any server takes.
    #[error(
        "--size ({bytes} bytes) must be between {STAMP_BYTES}B, the size of a stamp, and 64MiB"
    )]
    Size {
        /// What `--size` says.
        bytes: usize,
    },
    /// Nothing would be measured.
    #[error("--duration must be greater than zero: give the time to measure, such as 10s")]
    NoDuration,
    /// A publisher has to read, since it is measured by its own messages too.
    #[error(
        "--slow ({slow} clients) can be at most {most} here, since publishers have to read: lower it or raise --clients"
    )]
    Slow {
        /// Clients that should stop reading.
        slow: usize,
        /// Clients that may.
        most: usize,
    },
    /// A channel would have nobody.
    #[error("--channels ({channels}) can be at most --clients ({clients}): lower it")]
    Channels {
        /// What `--channels` says.
        channels: usize,
        /// What `--clients` says.
        clients: usize,
    },
    /// The protocol knows none.
    #[error(
        "--channels needs --protocol relay or chat, or %t in the URL, --hello or --template, where the topic of a client's \
         channel goes"
    )]
    NoChannels,
    /// Only chat lets a client leave and stay connected.
    #[error("--churn needs --protocol chat: only there can a client leave a channel and rejoin it")]
    NoChurn,
    /// Only chat has numbers by which a client can say what it has.
    #[error(
        "--cut needs --protocol chat: only there can a client that comes back ask for what it missed"
    )]
    NoCut,
    /// A script that is none.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// A file with what each client says of its own.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// Nobody would say it.
    #[error(
        "--topic has no place to go: write %t into --url, --header, --hello or --template, or give a --protocol that has \
         topics, such as mqtt"
    )]
    NoTopic,
    /// Nobody would say what it holds.
    #[error("--values has no place to go: write %v into --url, --header, --hello or --template")]
    NoValue,
    /// Everyone would say nothing in its place.
    #[error(
        "%v stands for the client's line of a file: give --values FILE, or write %% for a percent sign"
    )]
    NoValues,
    /// A message would not be one any more within another.
    #[error(
        "--payload json has quotes, which do not fit into the text of --template or --protocol chat: give --payload chat or \
         random"
    )]
    Quotes,
    /// Each would need memory of its own.
    #[error("{stages} --stage are more than the {most} that there can be: give fewer")]
    Stages {
        /// How many there are.
        stages: usize,
        /// How many there can be.
        most: usize,
    },
    /// Nobody comes in no time.
    #[error(
        "--stage {stage} begins with {clients} clients, and there are {before} before it: let them come or go in one of \
         their own before, such as --stage '10s: clients={before}..{clients}'"
    )]
    Jump {
        /// Which one, from 1.
        stage: usize,
        /// Clients that it begins with.
        clients: usize,
        /// Clients that there are before.
        before: usize,
    },
    /// Publishers do not leave.
    #[error(
        "--stage {stage} has {clients} clients, fewer than --publishers ({publishers}), who do not leave: lower \
         --publishers or have more clients stay"
    )]
    StagePublishers {
        /// Which one, from 1.
        stage: usize,
        /// The fewest clients that it has.
        clients: usize,
        /// What `--publishers` says, or stands for.
        publishers: usize,
    },
    /// Who is expected to get what is known of one channel only.
    #[error(
        "clients that come and go with --stage are all in one channel: leave out --channels, or clients= in --stage"
    )]
    StageChannels,
    /// Who follows the numbers of a channel is there from the begin.
    #[error(
        "clients that come and go with --stage do not follow the numbers of a chat: leave out --skips and give one --url, or \
         leave out clients= in --stage"
    )]
    StageNumbers,
    /// A ramp carries no verdict.
    #[error(
        "no --stage holds still, so that there is nothing to judge: add one with a single rate, such as --stage '10s: \
         rate=500', or one that goes on as the last ended, such as --stage 10s"
    )]
    NothingStill,
    /// All would leave at once and for good.
    #[error(
        "--churn must be greater than zero: give the time in which each leaves once, such as 20s"
    )]
    NoPeriod,
    /// There is nothing to be isolated from.
    #[error(
        "--isolation compares with and without slow clients: say how many with --slow, such as --slow 1%"
    )]
    NobodySlow,
    /// Too few local ports.
    #[error(
        "{sockets} connections need more local ports than one address has ({PORTS_PER_SOURCE}): give --source-ips {sources}"
    )]
    Ports {
        /// Sockets at the same time.
        sockets: usize,
        /// Addresses that would do.
        sources: usize,
    },
    /// More than a stamp can carry.
    #[error(
        "--warmup, --duration and --settle together must stay below 39 hours: shorten --duration"
    )]
    TooLong,
    /// More than a sequence number can carry.
    #[error(
        "each publisher would send more than {} messages: lower --rate or --duration, or raise --publishers",
        u32::MAX - 1
    )]
    TooMany,
    /// The operating system forbids so many sockets.
    #[error(
        "{sockets} clients need {} descriptors, and the hard limit is {limit}: \
         lower --clients (or --clients-up-to, --storm, and the clients of --stage) to {} or raise the limit (`ulimit -Hn`)",
        sockets + reserved,
        limit.saturating_sub(*reserved)
    )]
    Descriptors {
        /// Sockets at the same time.
        sockets: usize,
        /// Descriptors that are no sockets.
        reserved: usize,
        /// The hard descriptor limit.
        limit: usize,
    },
    /// The soft descriptor limit could not be raised.
    #[error("cannot raise the descriptor limit ({0}): raise it by hand (`ulimit -n`)")]
    RaiseLimit(std::io::Error),
}
