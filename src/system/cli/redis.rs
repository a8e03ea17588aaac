//! The flags of `hubbub serve` that make one hub of several servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::vocabulary::{
    config::{Config, JournalBounds, REDIS_QUEUE_PATIENCE},
    redis::{RedisSettings, RedisUrl},
    units::{duration, size},
};

/// Where the servers share what is said and done.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of flags")]
pub struct Redis {
    /// Redis 7 or Valkey, which makes one hub of all servers that name it: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE],
    /// rediss:// (TLS), or unix:PATH[?user=&password=&database=] [default: this server is alone]
    #[arg(long, env = "HUBBUB_REDIS", hide_env_values = true, value_name = "URL")]
    redis: Option<RedisUrl>,

    /// File with the authorities whose certificates are accepted at rediss://, in PEM [default: the system's]
    #[arg(long, env = "HUBBUB_REDIS_CA", value_name = "FILE", requires = "redis")]
    redis_ca: Option<PathBuf>,

    /// What the names of all keys in Redis begin with, in braces: another hub takes another
    #[arg(
        long,
        env = "HUBBUB_REDIS_PREFIX",
        default_value = "hubbub",
        value_name = "NAME"
    )]
    redis_prefix: String,

    /// How long a server may be silent before the others declare it dead, and its people gone
    #[arg(long, env = "HUBBUB_REDIS_LEASE", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    redis_lease: Duration,

    /// Bytes that may wait for Redis, at least four times --max-message; at half of it whoever said something is read no
    /// more, and what would be more than all of it is refused
    #[arg(long, env = "HUBBUB_REDIS_QUEUE", default_value = "16MiB", value_name = "SIZE", value_parser = size)]
    redis_queue: usize,

    /// Bytes that Redis keeps of what was said and done, about: what a server may stand still for
    #[arg(long, env = "HUBBUB_REDIS_HISTORY", default_value = "256MiB", value_name = "SIZE", value_parser = size)]
    redis_history: usize,
}

impl Redis {
    /// The settings with these.
    pub(super) fn share(self, config: Config) -> Config {
        let redis = self.redis.map(|url| RedisSettings {
            url,
            authorities: self.redis_ca,
            prefix: self.redis_prefix,
            lease: self.redis_lease,
            bounds: JournalBounds {
                queue_bytes: self.redis_queue,
                patience: REDIS_QUEUE_PATIENCE,
            },
            history_bytes: self.redis_history,
        });
        Config { redis, ..config }
    }
}
