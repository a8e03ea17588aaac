//! The command line. One set of flags for all modes, so that they may stand before or after the mode; a flag that means
//! nothing in a mode is refused there.

pub mod expectation;
mod help;
pub mod languages;
pub mod mode;
pub mod rate;
pub mod script;
mod sense;
pub mod stage;
pub mod values;

use std::{ffi::OsString, ops::RangeInclusive, path::PathBuf, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, error::ErrorKind};
use hubbub::{
    system::{
        cli::{discreet, end},
        opening::request::{Header, bearer, header},
    },
    vocabulary::units::{duration, size},
};
use tungstenite::http::HeaderValue;

use expectation::Expectation;
use help::{EXAMPLES, JUDGING, LANGUAGE, LOAD, MODES, OUTPUT, STRESS, TARGET, end_of_help};
use languages::ProtocolName;
use mode::Mode::{self, Compare, Connect, Fanout, Idle, Saturate, Search};
use rate::Rate;
use script::ScriptFlags;
use stage::StageFlag;
use values::{Contender, Cut, Load, OrderOf, PayloadName, Share, between, cut, share, target};

/// What `--source-ips` cannot exceed: 127.0.0.1 to 127.0.0.254.
const SOURCE_IPS_MAX: u8 = 254;

/// Measures how fast, how evenly and how safely a WebSocket server delivers each message to everyone.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    args_override_self = true,
    after_help = EXAMPLES,
    after_long_help = end_of_help()
)]
#[expect(
    clippy::doc_markdown,
    reason = "these comments are the help text, where backticks would only be noise"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is given or not"
)]
pub struct Args {
    /// What to measure
    #[arg(value_enum, default_value_t = Mode::Fanout)]
    pub mode: Mode,

    /// Server under test, such as ws://127.0.0.1:8080/relay, wss://HOST/relay or unix:PATH; repeatable [default: a server of its own, started and stopped]
    ///
    /// Several are the nodes of one hub: the clients of each channel go to them in turn, by their numbers, and with
    /// --protocol chat (without --churn) whoever loses its node recovers at the next one.
    #[arg(long, help_heading = TARGET)]
    pub url: Vec<String>,

    /// Server to compare, such as mine=ws://127.0.0.1:8080/relay or its=nats+ws://127.0.0.1:8081/; repeatable [default: its own server fills up to two]
    #[arg(long, help_heading = TARGET, value_name = "NAME=URL", value_parser = target)]
    pub target: Vec<Contender>,

    /// Process whose CPU and memory are the server's; repeatable [default: whoever listens there]
    ///
    /// One for each --target, or for each --url, whose processes add up.
    #[arg(long, help_heading = TARGET, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    pub server_pid: Vec<i32>,

    /// Token to come in with, unless --header has an Authorization [default: the user of the URL]
    #[arg(long, help_heading = TARGET, hide_short_help = true, value_name = "TOKEN", value_parser = bearer)]
    pub token: Option<HeaderValue>,

    /// Header of each handshake, as 'Name: value'; repeatable [default: none]
    #[arg(long, help_heading = TARGET, hide_short_help = true, value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<Header>,

    /// Subprotocol to offer in each handshake [default: that of the --protocol, if it has one]
    #[arg(long, help_heading = TARGET, hide_short_help = true, value_name = "NAME")]
    pub subprotocol: Option<HeaderValue>,

    /// Endpoint to ask for on unix sockets [default: /relay, or /ws with --protocol chat]
    #[arg(long, help_heading = TARGET, hide_short_help = true)]
    pub path: Option<String>,

    /// File with the authorities whose certificates are accepted at wss://, in PEM [default: the system's]
    #[arg(long, help_heading = TARGET, hide_short_help = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Accept any certificate at wss://, --ca or not
    #[arg(long, help_heading = TARGET, hide_short_help = true)]
    pub insecure: bool,

    /// Addresses to connect from, 127.0.0.1 to 127.0.0.K; for servers on this machine only [default: the system's choice]
    #[arg(long, help_heading = TARGET, hide_short_help = true, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=i64::from(SOURCE_IPS_MAX)))]
    pub source_ips: Option<u8>,

    /// Clients that connect; each receives everything
    ///
    /// With --stage they may become more or fewer; leave this out if the first stage has a number of its own.
    #[arg(long, help_heading = LOAD, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub clients: u32,

    /// Clients that also send: the first of them all [default: 10, or all if there are fewer]
    #[arg(long, help_heading = LOAD, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub publishers: Option<u32>,

    /// Messages sent per second, such as 100, 0.5, 1e3 or 30/m, by all publishers together
    ///
    /// Where search begins, unless with --clients-up-to.
    #[arg(long, help_heading = LOAD, value_name = "PER_SECOND", default_value = "100")]
    pub rate: Rate,

    /// Size of each message, such as 64B or 1KiB; at least 40B
    #[arg(long, help_heading = LOAD, default_value = "64B", value_parser = size)]
    pub size: usize,

    /// What fills each message behind its stamp, by the seed [default: dots]
    ///
    /// How well a message can be deflated is up to that.
    #[arg(long, help_heading = LOAD, hide_short_help = true, value_enum, value_name = "KIND")]
    pub payload: Option<PayloadName>,

    /// Have clients offer that what they receive be deflated (permessage-deflate) [default: none; all without a share]
    ///
    /// Some of them, spread among the others, with a share such as --compress=50%; what they send stays plain.
    #[arg(long, help_heading = LOAD, hide_short_help = true, value_name = "SHARE", value_parser = share, num_args = 0..=1, require_equals = true, default_missing_value = "100%")]
    pub compress: Option<Share>,

    /// How long to measure by the clock, such as 500ms, 10s or 2m [default: 10s; 3s each step of search, 300ms each round of compare]
    #[arg(long, help_heading = LOAD, value_parser = duration)]
    duration: Option<Duration>,

    /// How long to send before that, checked and counted as sent, but not timed [default: 2s; 1s in search, 100ms in compare, none in idle]
    #[arg(long, help_heading = LOAD, value_parser = duration)]
    warmup: Option<Duration>,

    /// A part of the run, in place of --duration, such as '30s: rate=100..500' or '1m: clients=500'; repeatable [default: one rate for --duration]
    ///
    /// 'LENGTH: rate=N, clients=N', each number also as FROM..TO, for one that rises or falls evenly; what a stage does
    /// not say stays as it was. Stages follow one another: each has its own figures, and only those that hold still are
    /// judged. Clients come and go evenly: the last that came go first, and publishers never.
    #[arg(long, help_heading = LOAD, value_name = "STAGE", conflicts_with_all = ["duration", "storm", "slow", "isolation", "churn", "cut"])]
    pub stage: Vec<StageFlag>,

    /// Channels that clients and publishers are spread over
    #[arg(long, help_heading = LOAD, hide_short_help = true, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub channels: u32,

    /// Threads that the clients are divided among
    #[arg(long, help_heading = LOAD, hide_short_help = true, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub threads: u32,

    /// Connections begun per second [default: as fast as they are accepted]
    #[arg(long, help_heading = LOAD, hide_short_help = true, value_name = "PER_SECOND")]
    pub connect_rate: Option<Rate>,

    /// How long none more may come in until the run is given up
    ///
    /// Be it for a handshake or for its entry; who comes with a --stage has as long.
    #[arg(long, help_heading = LOAD, hide_short_help = true, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub entry_timeout: Duration,

    /// Number that decides all that is random but the run's tag: the masks, what messages say, who leaves when [default: a new one each time, told in the result]
    #[arg(long, help_heading = LOAD, hide_short_help = true, value_name = "N")]
    pub seed: Option<u64>,

    /// What must hold, such as 'p99<5ms' or 'server.cpu_us_per_delivery<1'; repeatable [default: none]
    ///
    /// Left of < <= > or >= stands p50, p90, p95, p99, p999, max or mean of the latency, or a figure of the JSON result
    /// by its path. A limit without a unit is in the figure's own: microseconds, where its name has `_us`.
    #[arg(long, help_heading = JUDGING, value_name = "FIGURE<LIMIT")]
    pub expect: Vec<Expectation>,

    /// Whose messages must come to everyone in one order
    #[arg(long, help_heading = JUDGING, hide_short_help = true, value_enum, value_name = "WHOSE", default_value_t)]
    pub order: OrderOf,

    /// How long to wait at the end before a message counts as lost
    #[arg(long, help_heading = JUDGING, hide_short_help = true, default_value = "5s", value_parser = duration)]
    pub settle: Duration,

    /// The server may skip messages for who lags, as with --slow gap or latest there
    ///
    /// Relays cannot be judged for loss then, and chats are judged by the gaps that they tell of.
    #[arg(long, help_heading = JUDGING, hide_short_help = true, conflicts_with = "churn")]
    pub skips: bool,

    /// File for the result as JSON; `-` is stdout, and the table then goes to stderr [default: none]
    #[arg(long, help_heading = OUTPUT, value_name = "PATH")]
    pub json: Option<PathBuf>,

    /// File for a page with plots, HTML that loads nothing from elsewhere [default: none]
    #[arg(long, help_heading = OUTPUT, value_name = "PATH")]
    pub report: Option<PathBuf>,

    /// File for the latency's percentiles as HdrHistogram text, in milliseconds [default: none]
    #[arg(long, help_heading = OUTPUT, hide_short_help = true, value_name = "PATH")]
    pub hdr: Option<PathBuf>,

    /// File for all deliveries, one line each [default: none]
    ///
    /// A line is: client publisher sequence intended_ns sent_ns received_ns counted, and with --stage its number (0
    /// before the first).
    #[arg(long, help_heading = OUTPUT, hide_short_help = true, value_name = "PATH")]
    pub log: Option<PathBuf>,

    /// Show one line on a terminal while it runs, instead of the live view
    #[arg(long, help_heading = OUTPUT, hide_short_help = true)]
    pub no_tui: bool,

    /// Messages that each publisher keeps under way, in saturate
    #[arg(long, help_heading = MODES, hide_short_help = true, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub window: u32,

    /// Have search find the most clients, up to so many, at --rate [default: the highest rate for --clients]
    ///
    /// It begins with --clients.
    #[arg(long, help_heading = MODES, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub clients_up_to: Option<u32>,

    /// What search demands of each step, beside that nothing is lost; repeatable
    #[arg(long, help_heading = MODES, value_name = "FIGURE<LIMIT", default_value = "p99<10ms")]
    pub slo: Vec<Expectation>,

    /// Have each client ping the server when all are in, and again in each --period
    #[arg(long, help_heading = MODES, hide_short_help = true)]
    pub ping: bool,

    /// Rounds of compare
    ///
    /// From 8 on that can be compared a difference can be told from the noise.
    #[arg(long, help_heading = MODES, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub rounds: u32,

    /// What each round of compare measures
    #[arg(long, help_heading = MODES, hide_short_help = true, value_enum, value_name = "MODE", default_value_t = Load::Fanout)]
    pub load: Load,

    /// Clients that stop reading after the warm-up, such as 1% or 7: the last of them all [default: none]
    #[arg(long, help_heading = STRESS, value_name = "SHARE", value_parser = share)]
    pub slow: Option<Share>,

    /// Run without the slow clients first, and compare the others' p99
    #[arg(long, help_heading = STRESS, hide_short_help = true)]
    pub isolation: bool,

    /// Clients that come beside the others all at once, halfway, and are measured apart [default: none]
    #[arg(long, help_heading = STRESS, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub storm: Option<u32>,

    /// Time in which each client that does not send leaves once and rejoins, in chat [default: none leaves]
    #[arg(long, help_heading = STRESS, hide_short_help = true, value_name = "PERIOD", value_parser = duration)]
    pub churn: Option<Duration>,

    /// Clients that are cut off at random in every period, such as 10%/2s, and recover what they miss, in chat [default: none]
    ///
    /// At 100% all lose their connections at once, and are back at once.
    #[arg(long, help_heading = STRESS, value_name = "SHARE/PERIOD", value_parser = cut, conflicts_with = "churn")]
    pub cut: Option<Cut>,

    /// How long each of them stays away
    #[arg(long, help_heading = STRESS, hide_short_help = true, value_name = "LEAST..MOST", default_value = "200ms..2s", value_parser = between, requires = "cut")]
    pub away: RangeInclusive<Duration>,

    /// What the server speaks; may stand before a URL instead, as in nats+ws://127.0.0.1:8080/
    #[arg(long, help_heading = LANGUAGE, value_enum, default_value_t = ProtocolName::Relay)]
    pub protocol: ProtocolName,

    /// How a server of other people's is spoken to.
    #[command(flatten)]
    pub script: ScriptFlags,
}

impl Args {
    /// Reads the command line of this process; ends the process if it is wrong, or asks for help.
    pub fn of_process() -> Self {
        Self::read(std::env::args_os()).unwrap_or_else(|error| end(&error))
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// The user's: what it says is not understood, or means nothing in that mode.
    pub fn read(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(words).map_err(discreet)?;
        let mut args = Self::from_arg_matches(&matches)?;
        args.script.order(&matches);
        let torn = args.take_protocol_of_urls();
        match sense::misplaced(&matches, args.mode)
            .or(torn)
            .or_else(|| sense::said_twice(&matches, &args))
            .or_else(|| args.without_sense())
        {
            Some(reason) => Err(command.error(ErrorKind::ArgumentConflict, reason)),
            None => Ok(args),
        }
    }

    /// Takes the protocol that stands before the URLs for that of the run; what is wrong if they are of two minds.
    fn take_protocol_of_urls(&mut self) -> Option<String> {
        for url in &mut self.url {
            let (Some(protocol), plain) = ProtocolName::before(url) else {
                continue;
            };
            if self.protocol != ProtocolName::Relay && self.protocol != protocol {
                return Some(format!(
                    "{} stands before a URL, and {} is the protocol of the run: give one of them",
                    protocol.name(),
                    self.protocol.name()
                ));
            }
            self.protocol = protocol;
            *url = plain.to_owned();
        }
        None
    }

    /// What is spoken: by the run, and to those of several servers that have a protocol of their own.
    pub fn spoken(&self) -> impl Iterator<Item = ProtocolName> {
        let own = self.target.iter().filter_map(|target| target.protocol);
        std::iter::once(self.protocol).chain(own)
    }

    /// Clients that there are at first.
    pub fn clients_at_first(&self) -> u32 {
        let first = self.stage.first().and_then(|first| first.clients);
        first.map_or(self.clients, |(from, _)| from)
    }

    /// How long to measure, in one step or round.
    pub fn duration(&self) -> Duration {
        if !self.stage.is_empty() {
            let lengths = self.stage.iter().map(|stage| stage.length);
            return lengths.fold(Duration::ZERO, Duration::saturating_add);
        }
        self.duration.unwrap_or(match self.mode {
            Search => Duration::from_secs(3),
            // Short, so that what disturbs one server of a round meets the other too.
            Compare => Duration::from_millis(300),
            _ => Duration::from_secs(10),
        })
    }

    /// How long to send before that.
    pub fn warmup(&self) -> Duration {
        self.warmup.unwrap_or(match self.mode {
            Search => Duration::from_secs(1),
            Compare => Duration::from_millis(100),
            Idle | Connect => Duration::ZERO,
            _ => Duration::from_secs(2),
        })
    }

    /// The mode whose traffic a single step or round has.
    pub fn traffic(&self) -> Mode {
        match (self.mode, self.load) {
            (Compare, Load::Saturate) => Saturate,
            (Compare | Search, _) => Fanout,
            (mode, _) => mode,
        }
    }
}

#[cfg(test)]
mod tests;
