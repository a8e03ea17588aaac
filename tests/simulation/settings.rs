//! What is on in a run: each seed draws bounds, some of them so small that they bite.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use hubbub::server::gate::token::Keyring;
use hubbub::vocabulary::{
    config::{
        AddressBounds, ClientRates, Compression, Config, FRAME_BYTES_MAX, HistoryBounds, Slow,
    },
    forwarded::TrustedProxy,
};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::peer::{chat::CHANNELS_MAX, program::SENDER};
use crate::sabotage::{Belief, Sabotage};
use crate::tamper::Tamper;

/// Channels of the chat in most runs.
const CHANNELS: usize = 5;
/// Bytes of the largest message.
const MESSAGE_BYTES_MAX: usize = 32 << 10;
const SECRET: &[u8] = b"a secret of at least thirty-two bytes";
/// Where all come from, if there is a balancer.
pub const BALANCER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
/// When the clock begins, in milliseconds since the Unix epoch.
pub const EPOCH_MS: u64 = 1_700_000_000_000;

/// What the server is told, and what the oracle believes that it was told.
#[derive(Clone, Debug)]
pub struct Settings {
    pub config: Config,
    pub max_connections: usize,
    pub demands_tokens: bool,
    /// How many channels the chat has.
    pub breadth: usize,
    /// Whether what is done takes effect only turns later, among what others do elsewhere.
    pub is_late: bool,
}

impl Settings {
    /// Those that everyone can live with.
    pub fn generous() -> Self {
        let config = Config {
            max_message_bytes: MESSAGE_BYTES_MAX,
            max_unsent_bytes: 32 << 10,
            ..Config::default()
        };
        Self {
            config,
            max_connections: usize::MAX,
            demands_tokens: false,
            breadth: CHANNELS,
            is_late: false,
        }
    }

    /// Those of a seed, which a sabotage may need.
    pub fn draw(seed: u64, sabotage: Sabotage) -> Self {
        let mut chance = fastrand::Rng::with_seed(!seed);
        let Self { mut config, .. } = Self::generous();
        config.batch_window = Duration::from_millis(seed % 4 * 5);
        config.max_unsent_bytes = chance.usize(16 << 10..64 << 10);
        if chance.bool() {
            // As little for all together as for one alone.
            config.max_unsent_bytes = FRAME_BYTES_MAX;
            config.max_unsent_total_bytes = FRAME_BYTES_MAX;
        }
        if chance.bool() {
            config.notice_limit = chance.usize(1..4);
        }
        if chance.bool() || sabotage.misleads(Belief::Requests) {
            config.max_requests = chance.u32(1..10);
        }
        if chance.bool() || sabotage.misleads(Belief::Addresses) {
            config.address_bounds = AddressBounds {
                connections: Some(chance.u32(1..4)),
                handshakes: chance.bool().then(|| chance.u32(1..4)),
            };
        }
        if chance.u8(0..3) == 0 {
            config.client_rates = ClientRates {
                messages: Some(chance.u32(20..100)),
                bytes: chance.bool().then(|| chance.usize(10_000..100_000)),
                pings: chance.bool().then(|| chance.u32(1..10)),
            };
            config.flood_grace = Duration::from_millis(chance.u64(0..3000));
        }
        if sabotage.misleads(Belief::Rates) {
            config.client_rates.messages = Some(20);
            config.flood_grace = Duration::ZERO;
        }
        config.drain_timeout = Duration::from_millis(chance.u64(0..5000));
        let is_full_soon = chance.u8(0..4) == 0 || sabotage.misleads(Belief::Connections);
        let max_connections = if is_full_soon {
            chance.usize(5..14)
        } else {
            usize::MAX
        };
        let demands_tokens = chance.u8(0..3) == 0 || sabotage.misleads(Belief::Expiry);
        config.keep_alive_timeout = Duration::from_secs(chance.u64(10..100));
        // One who is refused late keeps its place until it is told, of which the oracle knows nothing.
        if !is_full_soon && chance.u8(0..4) == 0 {
            config.proxy_protocol = true;
            config.trusted_proxies = vec![TrustedProxy::Network(BALANCER.into())];
        }
        config.history = history(&mut chance);
        if sabotage == Sabotage::Tampered(Tamper::ShortGap) {
            config.history.messages = 2;
        }
        config.slow = match chance.u8(0..4) {
            0 => Slow::Gap,
            1 => Slow::Latest,
            _ => Slow::Close,
        };
        if config.slow != Slow::Close && chance.u8(0..4) > 0 {
            // Who goes without something before it is closed for it.
            config.max_unsent_bytes = FRAME_BYTES_MAX;
            config.max_unsent_total_bytes = Config::default().max_unsent_total_bytes;
        }
        config.max_lag =
            (chance.u8(0..3) == 0).then(|| Duration::from_millis(chance.u64(100..1000)));
        // One who is in many channels has much to say at once.
        let is_broad = chance.u8(0..8) == 0 && config.client_rates == ClientRates::default();
        config.compression = Compression {
            is_on: !seed.is_multiple_of(5) || sabotage.misleads(Belief::Window),
            min_bytes: usize::try_from(seed * 7 % 300).expect("fewer than 300"),
            ..Compression::default()
        };
        config.validate().expect("settings that make sense");
        Self {
            config,
            max_connections,
            demands_tokens,
            breadth: if is_broad { CHANNELS_MAX } else { CHANNELS },
            is_late: chance.bool(),
        }
    }

    /// Those that the server is told, and those that the oracle believes that it was told.
    pub fn apart(self, sabotage: Sabotage) -> (Self, Self) {
        let (mut told, mut believed) = (self.clone(), self);
        if sabotage.misleads(Belief::Addresses) {
            told.config.address_bounds = AddressBounds::default();
        }
        if sabotage.misleads(Belief::Connections) {
            told.max_connections = usize::MAX;
        }
        if sabotage.misleads(Belief::Requests) {
            told.config.max_requests = u32::MAX;
        }
        if sabotage.misleads(Belief::Unsent) {
            told.config.max_unsent_bytes = told.config.max_unsent_total_bytes;
        }
        if sabotage.misleads(Belief::Rates) {
            believed.config.client_rates = ClientRates::default();
        }
        (told, believed)
    }

    /// Whether anyone may be closed for sending too much.
    pub fn has_rates(&self) -> bool {
        self.config.client_rates != ClientRates::default()
    }
}

/// What channels remember: little of it in one way or another, or nothing, or all that is said in a run.
fn history(chance: &mut fastrand::Rng) -> HistoryBounds {
    let mut history = HistoryBounds::default();
    match chance.u8(0..8) {
        0 => history.messages = 0,
        1 => history.messages = chance.usize(1..8),
        2 => history.bytes = chance.usize(0..4000),
        3 => history.age = Duration::from_millis(chance.u64(1..1000)),
        4 => {
            history.bytes = chance.usize(0..4000);
            history.total_bytes = history.bytes + chance.usize(0..4000);
        }
        5 => {
            history.messages = chance.usize(0..20);
            history.age = Duration::from_millis(chance.u64(1..4000));
        }
        _ => {}
    }
    history
}

/// The keys that tokens are checked with.
pub fn keyring() -> Keyring {
    Keyring::new(SECRET, None, None).expect("a secret that is long enough")
}

/// A token by which a program publishes as it does where none is needed. It does not expire.
pub fn program_token() -> String {
    let sub = format!("api:{SENDER}");
    let claims = json!({"exp": u32::MAX, "sub": sub, "name": SENDER, "api": ["publish:*"]});
    sign(&claims)
}

/// A token that expires so long after the clock began.
pub fn token(expires_at: Duration) -> String {
    let exp = Duration::from_millis(EPOCH_MS) + expires_at;
    sign(&json!({"exp": exp.as_secs_f64()}))
}

fn sign(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET).expect("a secret");
    encode(&Header::default(), claims, &key).expect("claims that are JSON")
}
