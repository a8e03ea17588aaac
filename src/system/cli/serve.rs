//! The flags of `hubbub serve`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tracing::Level;

use super::{
    access::Access, compression::Deflation, door::Door, floods::Floods, history::History,
    listening::Listening, redis::Redis, webhook::Webhook,
};
use crate::{
    system::log::Format,
    vocabulary::{
        config::{Config, Slow},
        units::{duration, size},
    },
};

/// The flags of `hubbub serve`. Durations are written 500ms, 10s, 2m; sizes 512B, 64KiB, 1MiB.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    listening: Listening,

    #[command(flatten)]
    door: Door,

    #[command(flatten)]
    access: Access,

    /// Size of the largest message a client may send; a larger one closes with 1009
    #[arg(long, env = "HUBBUB_MAX_MESSAGE", default_value = "64KiB", value_name = "SIZE", value_parser = size)]
    max_message: usize,

    /// Connections served at once; those beyond are answered 503 [default: the descriptor limit less 64]
    #[arg(long, env = "HUBBUB_MAX_CONNECTIONS", value_name = "COUNT")]
    max_connections: Option<usize>,

    /// Bytes a peer may leave unsent after a flush before it lags, and --slow says what becomes of it
    #[arg(long, env = "HUBBUB_MAX_UNSENT", default_value = "1MiB", value_name = "SIZE", value_parser = size)]
    max_unsent: usize,

    /// What becomes of a peer that lags: it is closed with 4001, or goes without the oldest messages of its channels and, in
    /// the chat, is told which (gap); on relays it may be left only the newest (latest). Echoes are closed
    #[arg(
        long,
        env = "HUBBUB_SLOW",
        default_value = "close",
        value_name = "POLICY"
    )]
    slow: Policy,

    /// Time that the oldest of what a peer leaves unsent may have waited before the peer lags, beside --max-unsent [default:
    /// any time]
    #[arg(long, env = "HUBBUB_MAX_LAG", value_name = "DURATION", value_parser = duration)]
    max_lag: Option<Duration>,

    /// Time a peer with unsent bytes may make no progress before it is closed as slow, with 4001
    #[arg(long, env = "HUBBUB_WRITE_TIMEOUT", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    write_timeout: Duration,

    /// Silence after which a peer is sent a ping; any bytes from it end the silence
    #[arg(long, env = "HUBBUB_PING_INTERVAL", default_value = "54s", value_name = "DURATION", value_parser = duration)]
    ping_interval: Duration,

    /// Silence, the ping included, after which a peer is closed with 4002
    #[arg(long, env = "HUBBUB_PONG_TIMEOUT", default_value = "60s", value_name = "DURATION", value_parser = duration)]
    pong_timeout: Duration,

    /// Time from accept to upgraded, or from the beginning of an HTTP request to its end
    #[arg(long, env = "HUBBUB_HANDSHAKE_TIMEOUT", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    handshake_timeout: Duration,

    /// Time that one who was answered over HTTP may ask for nothing more before it is closed
    #[arg(long, env = "HUBBUB_KEEP_ALIVE_TIMEOUT", default_value = "75s", value_name = "DURATION", value_parser = duration)]
    keep_alive_timeout: Duration,

    /// Time to wait for a closed peer to take its last bytes and end its side
    #[arg(long, env = "HUBBUB_LINGER_TIMEOUT", default_value = "2s", value_name = "DURATION", value_parser = duration)]
    linger_timeout: Duration,

    /// Members of a chat channel beyond which comings and goings are told in one summary a second
    #[arg(
        long,
        env = "HUBBUB_NOTICE_LIMIT",
        default_value_t = 200,
        value_name = "MEMBERS"
    )]
    notice_limit: usize,

    /// Time that what is said in a channel waits for more to go out with it, up to 1s: less CPU, more latency
    #[arg(long, env = "HUBBUB_BATCH_WINDOW", default_value = "0s", value_name = "DURATION", value_parser = duration)]
    batch_window: Duration,

    /// Time to end gracefully on SIGTERM or SIGINT: closes (1001) are spread over its first half, the rest is cut at
    /// its end; a second signal ends at once
    #[arg(long, env = "HUBBUB_DRAIN_TIMEOUT", default_value = "5s", value_name = "DURATION", value_parser = duration)]
    drain_timeout: Duration,

    #[command(flatten)]
    history: History,

    #[command(flatten)]
    deflation: Deflation,

    #[command(flatten)]
    redis: Redis,

    #[command(flatten)]
    webhook: Webhook,

    #[command(flatten)]
    floods: Floods,

    /// How log lines on stderr look
    #[arg(
        long,
        env = "HUBBUB_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    log_format: Format,

    /// Least severe log lines shown: error, warn, info, debug (each connection) or trace
    #[arg(
        long,
        env = "HUBBUB_LOG_LEVEL",
        default_value = "info",
        value_name = "LEVEL"
    )]
    log_level: Level,
}

/// What becomes of a peer that lags.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Policy {
    Close,
    Gap,
    Latest,
}

impl From<Policy> for Slow {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Close => Self::Close,
            Policy::Gap => Self::Gap,
            Policy::Latest => Self::Latest,
        }
    }
}

impl Serve {
    /// How logs look.
    pub fn log_format(&self) -> Format {
        self.log_format
    }

    /// The least severe logs shown.
    pub fn log_level(&self) -> Level {
        self.log_level
    }

    /// What the flags make of a configuration; not validated yet.
    pub fn config(self) -> Config {
        let (tls, tokens, allowed_origins) = self.access.parts();
        let config = Config {
            tls,
            allowed_origins,
            tokens,
            max_message_bytes: self.max_message,
            max_connections: self.max_connections,
            max_unsent_bytes: self.max_unsent,
            slow: self.slow.into(),
            max_lag: self.max_lag,
            write_timeout: self.write_timeout,
            ping_interval: self.ping_interval,
            pong_timeout: self.pong_timeout,
            handshake_timeout: self.handshake_timeout,
            keep_alive_timeout: self.keep_alive_timeout,
            drain_timeout: self.drain_timeout,
            linger_timeout: self.linger_timeout,
            notice_limit: self.notice_limit,
            batch_window: self.batch_window,
            ..Config::default()
        };
        let config = self.deflation.agree(config);
        let config = self.door.open(self.listening.place(config));
        let config = self.history.remember(config);
        let config = self.webhook.tell(self.redis.share(config));
        self.floods.bound(config)
    }
}
