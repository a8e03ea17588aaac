//! Why a setting cannot work.

use std::time::Duration;

use thiserror::Error;

use super::{HISTORY_MESSAGES_MAX, REDIS_PREFIX_CHARS_MAX};

/// A setting that cannot work. The operator's to mend: the text names the flag and the fix.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A setting that must be more than nothing is zero.
    #[error("{flag} must be greater than zero")]
    Zero {
        /// The flag's name.
        flag: &'static str,
    },
    /// A duration beyond [`DURATION_MAX`](super::DURATION_MAX).
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
    /// A message would wait for longer than [`BATCH_WINDOW_MAX`](super::BATCH_WINDOW_MAX).
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
    /// More messages of a channel than [`HISTORY_MESSAGES_MAX`](super::HISTORY_MESSAGES_MAX).
    #[error("--history ({messages}) must be at most {HISTORY_MESSAGES_MAX} messages")]
    HistoryMessages {
        /// What `--history` says.
        messages: usize,
    },
    /// More bytes of a channel than [`HISTORY_BYTES_MAX`](super::HISTORY_BYTES_MAX).
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
    /// A message that no server could read back in one piece.
    #[error("--max-message ({bytes} bytes) must be at most 16MiB with --redis")]
    RedisMessage {
        /// What `--max-message` says.
        bytes: usize,
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
