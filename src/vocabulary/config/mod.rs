//! What an operator may set, and the bounds that are not theirs to set.

mod bounds;
mod error;

use std::{path::PathBuf, time::Duration};

pub use self::{bounds::*, error::ConfigError};
use super::{
    address::Address, forwarded::TrustedProxy, origin::AllowedOrigin, redis::RedisSettings,
    webhook::WebhookSettings,
};

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
    /// The file with the keys of programs that ask there.
    pub api_keys: Option<PathBuf>,
    /// From the beginning of a request with a body to its end.
    pub request_timeout: Duration,
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
    /// Whether messages are deflated, and for whom.
    pub compression: Compression,
    /// Where the servers share what is said and done, if this one is not alone.
    pub redis: Option<RedisSettings>,
    /// Where a program is told of what happens in the chat.
    pub webhook: Option<WebhookSettings>,
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
    /// Bytes that are to be appended. At half of it those who say something are read no more, and what would be more than all
    /// of it is refused, but who comes and goes.
    pub queue_bytes: usize,
    /// How long anything of it may wait; what comes and goes may wait for as long as it takes.
    pub patience: Duration,
}

/// Whether messages are deflated for those who offer it (RFC 7692).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Whether anybody's offer is accepted.
    pub is_on: bool,
    /// Bytes of the smallest batch that is deflated.
    pub min_bytes: usize,
    /// Texts in a User-Agent with which nothing is agreed on, beside those that are known to read it wrongly.
    pub declined_agents: Vec<String>,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            is_on: true,
            min_bytes: 256,
            declined_agents: Vec::new(),
        }
    }
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
            api_keys: None,
            request_timeout: Duration::from_secs(10),
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
            compression: Compression::default(),
            flood_grace: Duration::from_secs(10),
            notice_limit: 200,
            history: HistoryBounds::default(),
            batch_window: Duration::ZERO,
            redis: None,
            webhook: None,
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

    /// Whether programs are let in that show neither a key nor a token.
    pub fn lets_programs_in(&self) -> bool {
        self.api_keys.is_none() && self.tokens.is_none()
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
            ("--request-timeout", self.request_timeout),
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
        let mut addresses = self.addrs.iter().chain(&self.admin_addr);
        if self.tls.is_some() && !self.addrs.is_empty() && addresses.all(Address::is_unix) {
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
        if self.max_message_bytes > REDIS_MESSAGE_BYTES_MAX {
            return Err(ConfigError::RedisMessage {
                bytes: self.max_message_bytes,
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
    #[test]
    fn settings_with_which_redis_is_of_no_use_are_refused_by_name() {
        let refused = |change: fn(&mut Config, &mut RedisSettings)| {
            let mut config = Config::default();
            let mut redis = RedisSettings {
                url: "redis://localhost".parse().unwrap(),
                authorities: None,
                prefix: "hubbub".to_owned(),
                lease: Duration::from_secs(10),
                bounds: JournalBounds {
                    queue_bytes: 256 << 20,
                    patience: REDIS_QUEUE_PATIENCE,
                },
                history_bytes: 256 << 20,
            };
            change(&mut config, &mut redis);
            config.redis = Some(redis);
            config
                .validate()
                .map_or_else(|error| error.to_string(), |()| String::new())
        };
        assert_eq!(refused(|c, _| c.max_message_bytes = 16 << 20), "");
        assert!(refused(|c, _| c.max_message_bytes = 17 << 20).contains("--max-message"));
        assert!(refused(|_, r| r.lease = Duration::ZERO).contains("--redis-lease"));
        assert!(refused(|_, r| r.prefix = "{a}".to_owned()).contains("--redis-prefix"));
        assert!(refused(|_, r| r.bounds.queue_bytes = 100 << 10).contains("--redis-queue"));
        assert!(refused(|_, r| r.history_bytes = 1 << 20).contains("--redis-history"));
    }
}
