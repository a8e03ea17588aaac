//! What an operator may set, and the bounds that are not theirs to set. Every bound has a name, its unit last.

use std::{path::PathBuf, time::Duration};

use thiserror::Error;

use super::{
    address::Address, forwarded::TrustedProxy, origin::AllowedOrigin, redis::RedisSettings,
};

/// Bytes that one turn takes in from all sockets together; the rest waits for the next turn.
pub const TURN_BYTES_MAX: usize = 256 << 10;
/// Bytes taken from one socket with one receive, and the share of a turn after which others who wait get to read.
pub const RECEIVE_BYTES_MAX: usize = 64 << 10;
/// Payload bytes of a frame that joins several text messages (one larger message travels alone).
pub const FRAME_BYTES_MAX: usize = 16 << 10;
/// Connections accepted in one turn, so that a storm of newcomers does not starve those already in.
pub const TURN_ACCEPTS_MAX: usize = 64;
/// Connections that the kernel holds for us until they are accepted.
pub const LISTEN_BACKLOG_MAX: i32 = 4096;
/// The TCP port that is listened on where nothing is said of it.
pub const DEFAULT_PORT: u16 = 8080;
/// Sockets that listen, all together.
pub const LISTENERS_MAX: usize = 8;
/// Descriptors kept back from clients: for the process itself, for its listeners, and for answering those beyond the
/// limit.
pub const RESERVED_DESCRIPTORS: usize = 64;
/// Connections of the operator, by `--admin-addr`; as many more descriptors are kept back for them.
pub const ADMIN_CONNECTIONS_MAX: usize = 16;
/// Connections beyond `max_connections` that are still told so, with a 503, out of the reserve.
pub const REFUSED_CONNECTIONS_MAX: usize = 40;
/// The least and the most that `max_request_head_bytes` may be: a handshake must fit, and what has arrived of a head is
/// gone over again with each piece of it.
pub const REQUEST_HEAD_BYTES_MIN: usize = 1 << 10;
/// See [`REQUEST_HEAD_BYTES_MIN`].
pub const REQUEST_HEAD_BYTES_MAX: usize = 64 << 10;
/// Headers of a request.
pub const REQUEST_HEADERS_MAX: usize = 128;
/// Bytes of the header with which a balancer says for whom it connects.
pub const PROXY_HEADER_BYTES_MAX: usize = 4 << 10;
/// Lines that the log has a second of those who are refused, and as many of pages of other origins.
pub const REFUSALS_PER_SECOND_MAX: u32 = 10;
/// Characters of what a peer sent that a line of the log shows.
pub const LOGGED_CHARS_MAX: usize = 256;
/// Lines of the log that wait to be written; beyond it they are lost, and counted.
pub const LOG_LINES_WAITING_MAX: usize = 1024;
/// How long a process that ends waits for its last lines to be written.
pub const LOG_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// Batches that may wait for one lagging peer; bounds the cost of very many very small ones.
pub const OUTBOX_BATCHES_MAX: usize = 1 << 16;
/// Bytes that the kernel holds of a peer and has not sent yet, where lag is bounded (`TCP_NOTSENT_LOWAT`, tcp(7)): what it
/// holds cannot be skipped any more.
pub const NOTSENT_LOWAT_BYTES: u32 = 16 << 10;
/// Characters of a client's or a channel's name.
pub const NAME_CHARS_MAX: usize = 64;
/// Channels of one chat client.
pub const CLIENT_CHANNELS_MAX: usize = 64;
/// Channels of the chat, and as many of the relay, which bounds what they cost when everyone makes as many as possible.
/// Those that nobody is in count too, as long as they are remembered.
pub const CHANNELS_MAX: usize = 100_000;
/// Members, or channels, listed in one answer of the chat, and messages that one who comes asks for; the total is told
/// beside them.
pub const LISTED_MAX: usize = 1000;
/// Members listed in one answer where nothing is said of it.
pub const LISTED_DEFAULT: usize = 50;
/// Messages in one answer about what was said before.
pub const HISTORY_LISTED_MAX: usize = 100;
/// The same where nothing is said of it.
pub const HISTORY_LISTED_DEFAULT: usize = 50;
/// Bytes of messages in one such answer, unless it holds one message.
pub const HISTORY_ANSWER_BYTES_MAX: usize = 16 << 10;
/// The most that `history.messages` may be.
pub const HISTORY_MESSAGES_MAX: usize = 10_000;
/// The most that `history.bytes` may be, so that offsets in a log fit 32 bits.
pub const HISTORY_BYTES_MAX: usize = 1 << 30;
/// Bytes of a log that are encoded together for those who are sent it again.
pub const REPLAY_BLOCK_BYTES: usize = 16 << 10;
/// Bytes of logs that one turn hands out to those who are sent them again; the rest waits for the next turn.
pub const TURN_REPLAY_BYTES_MAX: usize = 1 << 20;
/// How long these are shared with others who ask for the same.
pub const REPLAY_BLOCKS_KEPT: Duration = Duration::from_millis(50);
/// Bytes of them that are kept for that.
pub const REPLAY_BLOCKS_BYTES_MAX: usize = 1 << 20;
/// Bytes of requests of one client that are under way before it is not read any more.
pub const UNANSWERED_BYTES_MAX: usize = 64 << 10;
/// Members and channels listed for one client in one turn, so that a burst of small requests cannot make a large heap.
pub const TURN_LISTED_MAX: usize = 2 * LISTED_MAX;
/// Bytes of the `ref` that a chat client may add to a request.
pub const REF_BYTES_MAX: usize = 64;
/// How often at most the comings and goings of a large channel are summarised.
pub const SUMMARY_INTERVAL: Duration = Duration::from_secs(1);
/// People of a server that is gone, and channels that they were in, that one turn lets go; the rest waits for the next.
pub const TURN_VANISHING_MAX: usize = 1000;
/// Bytes that one turn writes of what a server that comes is told of the chat; the rest waits for the next.
pub const TURN_SNAPSHOT_BYTES_MAX: usize = 256 << 10;
/// Members that a channel may lose with a server and be told of each; of more it is told how many.
pub const LOSSES_TOLD_MAX: usize = 10;
/// How often at most the memory of everyone is added up for the metrics.
pub const LEDGER_INTERVAL: Duration = Duration::from_secs(1);
/// Emptied batches kept to be used again; channels in which nothing is said hold none.
pub const SPARE_BATCHES_MAX: usize = 64;
/// The longest that a message may be made to wait for others to share its batch.
pub const BATCH_WINDOW_MAX: Duration = Duration::from_secs(1);
/// What of a turn a step of a TLS handshake takes, in bytes that could have been read instead: it is work that few bytes
/// of a peer bring about.
pub const TLS_HANDSHAKE_TOLL_BYTES: usize = 8 << 10;
/// The same of a key that is tried on a token.
pub const TOKEN_TOLL_BYTES: usize = 4 << 10;
/// Tokens of one request that are looked at.
pub const REQUEST_TOKENS_MAX: usize = 3;
/// Keys that tokens are checked with, all of which may be tried on one.
pub const TOKEN_KEYS_MAX: usize = 64;
/// Addresses that are remembered for having connected lately, before those that do not matter any more are forgotten.
pub const ADDRESSES_MAX: usize = 1 << 16;
/// Bytes that a stream takes before they are encrypted and the socket has taken them.
pub const TLS_HELD_BYTES_MAX: usize = 64 << 10;
/// Bytes that a secret for tokens has at least (RFC 7518, section 3.2).
pub const TOKEN_SECRET_BYTES_MIN: usize = 32;
/// How far an issuer's clock may be ahead of ours, for tokens that are not valid before some moment.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(30);
/// How long a server that ends waits until Redis has taken its last words.
pub const REDIS_LEAVE_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections to Redis; as many more descriptors are kept back for them.
pub const REDIS_CONNECTIONS: usize = 2;
/// How long what clients ask for may wait for Redis before it is refused.
pub const REDIS_QUEUE_PATIENCE: Duration = Duration::from_secs(10);
/// The least that a node may be silent for before it is dead: less than that is any hiccup.
pub const REDIS_LEASE_MIN: Duration = Duration::from_secs(1);
/// Characters of the longest name that keys in Redis may begin with.
pub const REDIS_PREFIX_CHARS_MAX: usize = 64;
/// Bytes of what clients do that share one entry of the journal; one that is larger has one alone.
pub const ENTRY_BYTES_MAX: usize = 64 << 10;
/// Bytes of the largest message that may be allowed, so that offsets in a batch fit 32 bits.
pub const MESSAGE_BYTES_MAX: usize = 1 << 30;
/// From the beginning of a connection to Redis until it stands, and how long any answer of Redis is waited for without a byte
/// of it: what is lost after as long is asked again before anybody has waited for too long.
pub const REDIS_ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long Redis holds back the answer that there is nothing new, so that its silence shows.
pub const REDIS_BLOCK: Duration = Duration::from_millis(500);
/// The longest first wait before Redis is tried again, and the longest of all.
pub const REDIS_RETRY_WAITS: [Duration; 2] =
    [Duration::from_millis(50), Duration::from_millis(500)];
/// The same where an operator has something to mend first.
pub const REDIS_REFUSED_WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// How long Redis has to load its data, to make room or the like before it is asked again.
pub const REDIS_PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a snapshot that are written into Redis at once, for a node that comes.
pub const REDIS_PART_BYTES: usize = 64 << 10;
/// Bytes of the largest snapshot that one that comes takes.
pub const REDIS_SNAPSHOT_BYTES_MAX: usize = 1 << 30;
/// How long its parts stay there.
pub const REDIS_PART_KEPT: Duration = Duration::from_mins(1);
/// How long one that comes waits for the next of them before it asks another node.
pub const REDIS_SNAPSHOT_PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of entries of the journal that one answer of Redis is to hold, unless it holds one entry.
pub const REDIS_READ_BYTES: usize = 512 << 10;
/// Entries of one answer.
pub const REDIS_READ_ENTRIES_MAX: usize = 1024;
/// Bytes of the largest answer of Redis that is waited for; the connection ends with a larger one.
pub const REDIS_REPLY_BYTES_MAX: usize = 64 << 20;
/// Bytes of a line of such an answer: of what is said in one, such as an error, or of a number.
pub const REDIS_LINE_BYTES_MAX: usize = 16 << 10;
/// Elements of all lists of such an answer together.
pub const REDIS_REPLY_ELEMENTS_MAX: usize = 1 << 16;
/// Lists within lists of such an answer. Those that are asked for have four.
pub const REDIS_REPLY_LEVELS_MAX: usize = 8;

/// The longest that any duration may be, so that it can be added to any time.
pub const DURATION_MAX: Duration = Duration::from_hours(24 * 365);

/// How a server runs. `Config::default()` is what `hubbub` does without flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to listen, in this order; nothing said, with what was handed over, or else at port
    /// [`DEFAULT_PORT`] of this machine alone.
    pub addrs: Vec<Address>,
    /// Whether others may listen at the same TCP ports, as the next server does before this one ends.
    pub reuse_port: bool,
    /// Where the operator is listened to, and asks for the metrics, which are then to be had nowhere else.
    pub admin_addr: Option<Address>,
    /// The mode of the files of unix sockets, if it is not to depend on the umask.
    pub unix_mode: Option<u32>,
    /// The certificate and its key, where TLS is spoken.
    pub tls: Option<TlsFiles>,
    /// Origins whose pages may connect beside the server's own.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// What tokens must be like; without it nobody needs one.
    pub tokens: Option<TokenRules>,
    /// Bytes of the largest message a client may send; a larger one closes with 1009.
    pub max_message_bytes: usize,
    /// Connections served at once; `None` is the descriptor limit less [what is reserved](Self::reserved_descriptors).
    pub max_connections: Option<usize>,
    /// Bytes a peer may leave unsent after a flush before it counts as slow.
    pub max_unsent_bytes: usize,
    /// What becomes of a peer that lags.
    pub slow: Slow,
    /// How long the oldest of what a peer leaves unsent may have waited since it was sealed before the peer lags.
    pub max_lag: Option<Duration>,
    /// Bytes that all peers together may leave unsent before those with the most count as slow.
    pub max_unsent_total_bytes: usize,
    /// How long a peer with unsent bytes may make no progress before it counts as slow.
    pub write_timeout: Duration,
    /// After how much silence a peer is sent a ping.
    pub ping_interval: Duration,
    /// After how much silence, a ping included, a peer is given up.
    pub pong_timeout: Duration,
    /// From accept to upgraded, or from the beginning of an HTTP request to its end.
    pub handshake_timeout: Duration,
    /// How long one who was answered may ask for nothing more.
    pub keep_alive_timeout: Duration,
    /// HTTP requests on one connection.
    pub max_requests: u32,
    /// Bytes of a request's line and headers together.
    pub max_request_head_bytes: usize,
    /// What may come from one address.
    pub address_bounds: AddressBounds,
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Whether these begin each connection with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// What one client may send.
    pub client_rates: ClientRates,
    /// How long a client may go on sending more than that.
    pub flood_grace: Duration,
    /// Members of a chat channel beyond which comings and goings are summarised.
    pub notice_limit: usize,
    /// What channels remember.
    pub history: HistoryBounds,
    /// How long what was said in a channel waits for more to go out with it; zero sends it with its turn.
    pub batch_window: Duration,
    /// Where the servers share what is said and done, if this one is not alone.
    pub redis: Option<RedisSettings>,
    /// How long a stopping server gives its peers to go.
    pub drain_timeout: Duration,
    /// How long the last bytes to a peer, its close frame among them, are waited for.
    pub linger_timeout: Duration,
}

/// What becomes of a peer that lags. One of the echo is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// It is closed.
    Close,
    /// It goes without the oldest messages of channels, and is told which where they have numbers.
    Gap,
    /// One of a relay goes without all but the newest message of its channel, one of the chat as with [`Slow::Gap`].
    Latest,
}

/// What may come from one address; without a bound, anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressBounds {
    /// Connections at once.
    pub connections: Option<u32>,
    /// New connections in a second.
    pub handshakes: Option<u32>,
}

/// What channels remember of what was said in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryBounds {
    /// Messages of each channel; notices between them are kept and do not count.
    pub messages: usize,
    /// Bytes of messages and notices of a channel together. Of the newest message they are no bound.
    pub bytes: usize,
    /// How long they are kept, and how long a channel that nobody is in is remembered.
    pub age: Duration,
    /// Bytes of all channels together.
    pub total_bytes: usize,
    /// How many channels of the chat there may be, and as many of the relay; not the operator's to set.
    pub channels: usize,
}

/// How much may wait at a node for the journal that it shares with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalBounds {
    /// Bytes that are to be appended. At half of it those who want to say something are read no more.
    pub queue_bytes: usize,
    /// How long anything of it may wait; what comes and goes may wait for as long as it takes.
    pub patience: Duration,
}

/// What one client may send in a second; without a bound, anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientRates {
    /// Messages.
    pub messages: Option<u32>,
    /// Bytes, as they come over the wire.
    pub bytes: Option<usize>,
    /// Pings.
    pub pings: Option<u32>,
}

/// The files that TLS needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that lead from it to one that clients know, in PEM.
    pub cert: PathBuf,
    /// The certificate's key, in PEM.
    pub key: PathBuf,
}

/// What a token must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// The files with the keys: public keys in PEM, JWK Sets, or secrets; at least one.
    pub keys: Vec<PathBuf>,
    /// For whom it must be.
    pub audience: Option<String>,
    /// From whom it must be.
    pub issuer: Option<String>,
}

impl HistoryBounds {
    fn validate(&self) -> Result<(), ConfigError> {
        if self.messages > HISTORY_MESSAGES_MAX {
            return Err(ConfigError::HistoryMessages {
                messages: self.messages,
            });
        }
        if self.bytes > HISTORY_BYTES_MAX {
            return Err(ConfigError::HistoryBytes { bytes: self.bytes });
        }
        if self.total_bytes < self.bytes {
            return Err(ConfigError::HistoryTotal {
                total: self.total_bytes,
                one: self.bytes,
            });
        }
        Ok(())
    }
}

impl Default for HistoryBounds {
    fn default() -> Self {
        Self {
            messages: 100,
            bytes: 256 << 10,
            age: Duration::from_mins(5),
            total_bytes: 64 << 20,
            channels: CHANNELS_MAX,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            addrs: Vec::new(),
            reuse_port: false,
            admin_addr: None,
            unix_mode: None,
            tls: None,
            allowed_origins: Vec::new(),
            tokens: None,
            max_message_bytes: 64 << 10,
            max_connections: None,
            max_unsent_bytes: 1 << 20,
            slow: Slow::Close,
            max_lag: None,
            max_unsent_total_bytes: 1 << 30,
            write_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(54),
            pong_timeout: Duration::from_mins(1),
            handshake_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            max_requests: 1000,
            max_request_head_bytes: 16 << 10,
            address_bounds: AddressBounds::default(),
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            client_rates: ClientRates::default(),
            flood_grace: Duration::from_secs(10),
            notice_limit: 200,
            history: HistoryBounds::default(),
            batch_window: Duration::ZERO,
            redis: None,
            drain_timeout: Duration::from_secs(5),
            linger_timeout: Duration::from_secs(2),
        }
    }
}

impl Config {
    /// Descriptors kept back from clients.
    pub fn reserved_descriptors(&self) -> usize {
        let admin = self
            .admin_addr
            .as_ref()
            .map_or(0, |_| ADMIN_CONNECTIONS_MAX);
        let redis = self.redis.as_ref().map_or(0, |_| REDIS_CONNECTIONS);
        RESERVED_DESCRIPTORS + admin + redis
    }

    /// Whether peers lag within bounds that are narrower than what the kernel holds for each.
    pub fn bounds_lag(&self) -> bool {
        self.slow != Slow::Close || self.max_lag.is_some()
    }

    /// Bytes that a peer may leave unsent before it is handed more of what it missed.
    pub fn replay_bytes(&self) -> usize {
        self.max_unsent_bytes / 4
    }

    /// How long a peer has to answer a ping, so that the silence before and after it makes up the pong timeout.
    pub fn pong_grace(&self) -> Duration {
        self.pong_timeout.saturating_sub(self.ping_interval)
    }

    /// Checks that the settings make sense together.
    ///
    /// # Errors
    /// Names the flag that is wrong and what to set instead; the operator's to mend.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let durations = [
            ("--write-timeout", self.write_timeout),
            ("--ping-interval", self.ping_interval),
            ("--pong-timeout", self.pong_timeout),
            ("--handshake-timeout", self.handshake_timeout),
            ("--keep-alive-timeout", self.keep_alive_timeout),
            ("--linger-timeout", self.linger_timeout),
            ("--drain-timeout", self.drain_timeout),
            ("--flood-grace", self.flood_grace),
            ("--history-age", self.history.age),
        ];
        let max_lag = self.max_lag.map(|lag| ("--max-lag", lag));
        for (flag, duration) in durations.into_iter().chain(max_lag) {
            if duration.is_zero() && !["--drain-timeout", "--flood-grace"].contains(&flag) {
                return Err(ConfigError::Zero { flag });
            }
            if duration > DURATION_MAX {
                return Err(ConfigError::TooLong { flag });
            }
        }
        if self.pong_timeout <= self.ping_interval {
            return Err(ConfigError::PongBeforePing {
                pong: self.pong_timeout,
                ping: self.ping_interval,
            });
        }
        if self.batch_window > BATCH_WINDOW_MAX {
            return Err(ConfigError::BatchWindow {
                window: self.batch_window,
            });
        }
        if self.tls.is_some() && !self.addrs.is_empty() && self.addrs.iter().all(Address::is_unix) {
            return Err(ConfigError::TlsOnUnix);
        }
        if self.proxy_protocol && self.trusted_proxies.is_empty() {
            return Err(ConfigError::ProxyProtocol);
        }
        if self.max_message_bytes == 0 || self.max_message_bytes > MESSAGE_BYTES_MAX {
            return Err(ConfigError::MessageSize {
                bytes: self.max_message_bytes,
            });
        }
        if !(REQUEST_HEAD_BYTES_MIN..=REQUEST_HEAD_BYTES_MAX).contains(&self.max_request_head_bytes)
        {
            return Err(ConfigError::RequestHead {
                bytes: self.max_request_head_bytes,
            });
        }
        if self.max_unsent_bytes < FRAME_BYTES_MAX {
            return Err(ConfigError::Unsent {
                bytes: self.max_unsent_bytes,
            });
        }
        if self.max_unsent_total_bytes < self.max_unsent_bytes {
            return Err(ConfigError::UnsentTotal {
                total: self.max_unsent_total_bytes,
                one: self.max_unsent_bytes,
            });
        }
        self.history.validate()?;
        if let Some(redis) = &self.redis {
            self.validate_redis(redis)?;
        }
        let counts = [
            ("--max-connections", self.max_connections),
            ("--max-requests", Some(self.max_requests as usize)),
            (
                "--max-connections-per-address",
                self.address_bounds.connections.map(|most| most as usize),
            ),
            (
                "--max-handshakes-per-address",
                self.address_bounds.handshakes.map(|most| most as usize),
            ),
            (
                "--max-client-messages",
                self.client_rates.messages.map(|most| most as usize),
            ),
            ("--max-client-bytes", self.client_rates.bytes),
            (
                "--max-client-pings",
                self.client_rates.pings.map(|most| most as usize),
            ),
        ];
        if let Some((flag, _)) = counts.into_iter().find(|(_, count)| *count == Some(0)) {
            return Err(ConfigError::Zero { flag });
        }
        Ok(())
    }

    fn validate_redis(&self, redis: &RedisSettings) -> Result<(), ConfigError> {
        let (lease, prefix) = (redis.lease, &redis.prefix);
        if !(REDIS_LEASE_MIN..=DURATION_MAX).contains(&lease) {
            return Err(ConfigError::RedisLease { lease });
        }
        let has_good_length = (1..=REDIS_PREFIX_CHARS_MAX).contains(&prefix.chars().count());
        if !has_good_length || prefix.contains(['{', '}']) || prefix.chars().any(char::is_control) {
            return Err(ConfigError::RedisPrefix {
                prefix: prefix.clone(),
            });
        }
        if self.max_message_bytes > redis.bounds.queue_bytes / 4 {
            return Err(ConfigError::RedisQueue {
                queue: redis.bounds.queue_bytes,
                one: self.max_message_bytes,
            });
        }
        if redis.history_bytes < redis.bounds.queue_bytes {
            return Err(ConfigError::RedisHistory {
                history: redis.history_bytes,
                queue: redis.bounds.queue_bytes,
            });
        }
        Ok(())
    }
}

/// A setting that cannot work. The operator's to mend: the text names the flag and the fix.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A setting that must be more than nothing is zero.
    #[error("{flag} must be greater than zero")]
    Zero {
        /// The flag's name.
        flag: &'static str,
    },
    /// A duration beyond [`DURATION_MAX`].
    #[error("{flag} must be at most a year")]
    TooLong {
        /// The flag's name.
        flag: &'static str,
    },
    /// The pong would be overdue before its ping was sent.
    #[error(
        "--pong-timeout ({pong:?}) must exceed --ping-interval ({ping:?}): raise the one or lower the other"
    )]
    PongBeforePing {
        /// What `--pong-timeout` says.
        pong: Duration,
        /// What `--ping-interval` says.
        ping: Duration,
    },
    /// A message would wait for longer than [`BATCH_WINDOW_MAX`].
    #[error(
        "--batch-window ({window:?}) must be at most 1s, since every message may wait for so long"
    )]
    BatchWindow {
        /// What `--batch-window` says.
        window: Duration,
    },
    /// A unix socket is for peers on the same machine.
    #[error(
        "--tls-cert is for TCP: add an --addr like :443, or leave it out with --addr unix:PATH alone"
    )]
    TlsOnUnix,
    /// There is nobody who may speak the PROXY protocol.
    #[error(
        "--proxy-protocol needs to know from whom: name the balancer with --trust-forwarded, like 10.0.0.0/8"
    )]
    ProxyProtocol,
    /// No message, or one too large for the offsets of a batch.
    #[error("--max-message ({bytes} bytes) must be between 1B and 1GiB")]
    MessageSize {
        /// What `--max-message` says.
        bytes: usize,
    },
    /// No handshake would fit, or too much work would come of one that is sent a byte at a time.
    #[error("--max-request-head ({bytes} bytes) must be between 1KiB and 64KiB")]
    RequestHead {
        /// What `--max-request-head` says.
        bytes: usize,
    },
    /// Less than one frame may wait.
    #[error("--max-unsent ({bytes} bytes) must be at least 16KiB, the size of one frame")]
    Unsent {
        /// What `--max-unsent` says.
        bytes: usize,
    },
    /// All together may leave less unsent than one alone.
    #[error("--max-unsent-total ({total} bytes) must be at least --max-unsent ({one} bytes)")]
    UnsentTotal {
        /// What `--max-unsent-total` says.
        total: usize,
        /// What `--max-unsent` says.
        one: usize,
    },
    /// More messages of a channel than [`HISTORY_MESSAGES_MAX`].
    #[error("--history ({messages}) must be at most {HISTORY_MESSAGES_MAX} messages")]
    HistoryMessages {
        /// What `--history` says.
        messages: usize,
    },
    /// More bytes of a channel than [`HISTORY_BYTES_MAX`].
    #[error("--history-bytes ({bytes} bytes) must be at most 1GiB")]
    HistoryBytes {
        /// What `--history-bytes` says.
        bytes: usize,
    },
    /// All channels together may keep less than one alone.
    #[error("--history-total ({total} bytes) must be at least --history-bytes ({one} bytes)")]
    HistoryTotal {
        /// What `--history-total` says.
        total: usize,
        /// What `--history-bytes` says.
        one: usize,
    },
    /// Dead at any hiccup, or never.
    #[error("--redis-lease ({lease:?}) must be between 1s and a year")]
    RedisLease {
        /// What `--redis-lease` says.
        lease: Duration,
    },
    /// Keys that would not lie together.
    #[error(
        "--redis-prefix ({prefix:?}) must have 1 to {REDIS_PREFIX_CHARS_MAX} characters, none of them a brace"
    )]
    RedisPrefix {
        /// What `--redis-prefix` says.
        prefix: String,
    },
    /// One message would be a good part of all that may wait.
    #[error(
        "--redis-queue ({queue} bytes) must be at least four times --max-message ({one} bytes)"
    )]
    RedisQueue {
        /// What `--redis-queue` says.
        queue: usize,
        /// What `--max-message` says.
        one: usize,
    },
    /// A node that says all that it may would be behind at once.
    #[error("--redis-history ({history} bytes) must be at least --redis-queue ({queue} bytes)")]
    RedisHistory {
        /// What `--redis-history` says.
        history: usize,
        /// What `--redis-queue` says.
        queue: usize,
    },
    /// More connections than descriptors.
    #[error(
        "--max-connections ({wanted}) needs {wanted} + {reserved} descriptors, and the hard limit is {limit}: \
         lower it to {} or raise the limit (`ulimit -Hn`)",
        limit.saturating_sub(*reserved)
    )]
    Descriptors {
        /// What `--max-connections` says.
        wanted: usize,
        /// What is kept back.
        reserved: usize,
        /// The hard descriptor limit of the process.
        limit: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn a_pong_due_before_its_ping_names_both_flags() {
        let config = Config {
            pong_timeout: Duration::from_secs(10),
            ..Config::default()
        };
        let text = config.validate().unwrap_err().to_string();
        assert!(
            text.contains("--pong-timeout") && text.contains("--ping-interval"),
            "{text}"
        );
    }

    #[test]
    fn settings_that_allow_nothing_are_refused_by_name() {
        let none = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert!(none(|c| c.write_timeout = Duration::ZERO).contains("--write-timeout"));
        assert!(none(|c| c.max_lag = Some(Duration::ZERO)).contains("--max-lag"));
        assert!(none(|c| c.max_message_bytes = 0).contains("--max-message"));
        assert!(none(|c| c.max_unsent_bytes = 1).contains("--max-unsent"));
        assert!(none(|c| c.max_request_head_bytes = 0).contains("--max-request-head"));
        assert!(none(|c| c.max_request_head_bytes = 65 << 10).contains("--max-request-head"));
        assert!(none(|c| c.max_connections = Some(0)).contains("--max-connections"));
        assert!(none(|c| c.drain_timeout = Duration::MAX).contains("--drain-timeout"));
        assert!(none(|c| c.history.age = Duration::ZERO).contains("--history-age"));
        assert!(none(|c| c.history.messages = 10_001).contains("--history ("));
        assert!(none(|c| c.history.bytes = 65 << 20).contains("--history-total"));
        assert!(none(|c| c.history.bytes = 2 << 30).contains("--history-bytes"));
        assert!(none(|c| c.batch_window = Duration::from_secs(2)).contains("--batch-window"));
    }
}
