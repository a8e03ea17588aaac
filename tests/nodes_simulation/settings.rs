//! What is on in a run: each seed draws bounds, some of them so small that they bite.

use std::time::Duration;

use hubbub::vocabulary::{
    config::{Compression, Config, HistoryBounds, JournalBounds, REDIS_LEASE_MIN},
    redis::RedisSettings,
    webhook::{Topic, WebhookPace, WebhookSettings},
};

use crate::redis;

/// What nodes and Redis are told.
#[derive(Clone, Debug)]
pub struct Settings {
    pub config: Config,
    pub journal: RedisSettings,
    pub redis: redis::Settings,
    /// How many nodes there are, when all are there.
    pub nodes: usize,
    /// Whether channels keep all that is said in a run.
    pub is_roomy: bool,
    /// Whether Redis may forget.
    pub may_lose: bool,
    /// Whether all nodes are restarted now and then, as for a new release.
    pub is_restarted: bool,
}

impl Settings {
    pub fn draw(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(!seed);
        let is_roomy = chance.bool();
        let history = if is_roomy {
            HistoryBounds::default()
        } else {
            HistoryBounds {
                messages: chance.usize(0..8),
                bytes: 2000,
                age: Duration::from_secs(chance.u64(1..20)),
                total_bytes: 8000,
                channels: 4,
            }
        };
        let config = Config {
            history,
            notice_limit: chance.choice([1, 2, 3, 100]).expect("there are some"),
            drain_timeout: Duration::from_millis(200),
            compression: Compression {
                is_on: !seed.is_multiple_of(5),
                min_bytes: 0,
                ..Compression::default()
            },
            ..Config::default()
        };
        config.validate().expect("settings that make sense");
        let is_synced = chance.u8(0..4) > 0;
        let password = chance.bool().then(|| "secret".to_owned());
        let user = password.as_ref().map(|password| format!(":{password}@"));
        let user = user.unwrap_or_default();
        Self {
            config,
            journal: RedisSettings {
                url: format!("redis://{user}sim").parse().expect("a URL"),
                authorities: None,
                prefix: "hubbub".to_owned(),
                lease: Duration::from_millis(chance.u64(300..2000)).max(REDIS_LEASE_MIN),
                bounds: JournalBounds {
                    queue_bytes: chance.usize(2000..40_000),
                    patience: Duration::from_millis(chance.u64(200..2000)),
                },
                history_bytes: chance.usize(4 << 10..64 << 10),
            },
            redis: redis::Settings {
                password,
                is_written: is_synced || chance.bool(),
                is_synced,
                is_reticent: chance.u8(0..16) == 0,
            },
            nodes: chance.usize(2..=4),
            is_roomy,
            may_lose: chance.u8(0..4) == 0,
            is_restarted: chance.u8(0..4) == 0,
        }
    }

    /// The same where the endpoint of a webhook is told what happens.
    pub fn with_webhook(self, seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let pace = WebhookPace {
            vacancy: Duration::from_millis(chance.u64(100..2000)),
            waits: [20, 200].map(Duration::from_millis),
            patience: Duration::from_millis(chance.u64(300..5000)),
            ..WebhookPace::default()
        };
        let webhook = WebhookSettings {
            url: "http://localhost/".parse().expect("a URL"),
            secret: "secret".into(),
            topics: Topic::ALL.into_iter().collect(),
            pace,
        };
        let config = Config {
            webhook: Some(webhook),
            ..self.config
        };
        Self { config, ..self }
    }
}
