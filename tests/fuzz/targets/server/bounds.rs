//! The bounds of a server, each switched on by a bit.

use std::time::Duration;

use hubbub::vocabulary::{
    config::{AddressBounds, ClientRates, Config, FRAME_BYTES_MAX, HistoryBounds, Slow},
    forwarded::TrustedProxy,
};

/// The bounds that the bits ask for.
pub fn config([first, second]: [u8; 2]) -> Config {
    let is_set = |bit: u8| first & (1 << bit) != 0;
    let usual = Config::default();
    let unsent = if is_set(3) {
        FRAME_BYTES_MAX
    } else {
        usual.max_unsent_bytes
    };
    Config {
        client_rates: ClientRates {
            messages: is_set(0).then_some(5),
            bytes: is_set(1).then_some(2000),
            pings: is_set(0).then_some(2),
        },
        flood_grace: Duration::from_secs(u64::from(second & 2)),
        address_bounds: AddressBounds {
            connections: is_set(2).then_some(2),
            handshakes: is_set(2).then_some(3),
        },
        proxy_protocol: has_balancer([first, second]),
        trusted_proxies: is_set(4)
            .then_some(TrustedProxy::Unix)
            .into_iter()
            .collect(),
        max_unsent_bytes: unsent,
        max_unsent_total_bytes: unsent * 2,
        max_requests: if is_set(5) { 2 } else { usual.max_requests },
        max_connections: is_set(6).then_some(3),
        batch_window: Duration::from_millis(if is_set(7) { 10 } else { 0 }),
        notice_limit: 2,
        slow: match second & (8 | 16) {
            0 => Slow::Close,
            8 => Slow::Gap,
            _ => Slow::Latest,
        },
        max_lag: (second & 128 != 0).then_some(Duration::from_secs(1)),
        history: history(second),
        ..usual
    }
}

fn history(second: u8) -> HistoryBounds {
    let usual = HistoryBounds::default();
    match second & (32 | 64) {
        0 => usual,
        32 => HistoryBounds {
            messages: 3,
            bytes: 1000,
            age: Duration::from_secs(5),
            total_bytes: 2000,
            ..usual
        },
        _ => HistoryBounds {
            messages: 0,
            ..usual
        },
    }
}

/// Whether those on the unix socket begin with a header of the PROXY protocol.
pub fn has_balancer([first, second]: [u8; 2]) -> bool {
    first & (1 << 4) != 0 && second & 4 != 0
}

/// Whether everyone needs a token.
pub fn demand_tokens([_, second]: [u8; 2]) -> bool {
    second & 1 != 0
}
