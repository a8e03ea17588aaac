//! The flags of `hubbub serve` that bound what peers may do to it. Those per address and per client are off by default.

use std::time::Duration;

use clap::{Args, builder::FalseyValueParser};

use crate::vocabulary::{
    config::{AddressBounds, ClientRates, Config},
    forwarded::TrustedProxy,
    units::{duration, size},
};

/// Bounds against floods.
#[derive(Clone, Debug, Args)]
pub struct Floods {
    /// Connections from one address (IPv6: one /64) at once; those beyond are answered 429 [default: any number]
    #[arg(long, env = "HUBBUB_MAX_CONNECTIONS_PER_ADDRESS", value_name = "COUNT")]
    max_connections_per_address: Option<u32>,

    /// New connections from one address in a second; those beyond are answered 429 [default: any number]
    #[arg(long, env = "HUBBUB_MAX_HANDSHAKES_PER_ADDRESS", value_name = "COUNT")]
    max_handshakes_per_address: Option<u32>,

    /// Proxy whose X-Forwarded-For says for whom it asks: a network like 10.0.0.0/8, or unix (repeatable, or separated by
    /// commas)
    #[arg(
        long,
        env = "HUBBUB_TRUST_FORWARDED",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    trust_forwarded: Vec<TrustedProxy>,

    /// Expect those to begin each connection, before TLS, with a header of the PROXY protocol (version 1 or 2) that says for
    /// whom it is
    #[arg(long, env = "HUBBUB_PROXY_PROTOCOL", value_parser = FalseyValueParser::new())]
    proxy_protocol: bool,

    /// Messages of one client in a second; beyond it is read more slowly, and closed (1008) after --flood-grace [default:
    /// any number]
    #[arg(long, env = "HUBBUB_MAX_CLIENT_MESSAGES", value_name = "COUNT")]
    max_client_messages: Option<u32>,

    /// Bytes of one client in a second, likewise [default: any number]
    #[arg(long, env = "HUBBUB_MAX_CLIENT_BYTES", value_name = "SIZE", value_parser = size)]
    max_client_bytes: Option<usize>,

    /// Pings of one client in a second, likewise [default: any number]
    #[arg(long, env = "HUBBUB_MAX_CLIENT_PINGS", value_name = "COUNT")]
    max_client_pings: Option<u32>,

    /// Time that a client may go on sending more than it may before it is closed with 1008
    #[arg(long, env = "HUBBUB_FLOOD_GRACE", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    flood_grace: Duration,

    /// Bytes that all peers together may leave unsent; beyond it those with the most are closed as slow, with 4001
    #[arg(long, env = "HUBBUB_MAX_UNSENT_TOTAL", default_value = "1GiB", value_name = "SIZE", value_parser = size)]
    max_unsent_total: usize,

    /// HTTP requests on one connection, which is closed after the last of them
    #[arg(
        long,
        env = "HUBBUB_MAX_REQUESTS",
        default_value_t = 1000,
        value_name = "COUNT"
    )]
    max_requests: u32,

    /// Size of the largest request line and headers together, 1KiB to 64KiB; a larger one is answered 414 or 431
    #[arg(long, env = "HUBBUB_MAX_REQUEST_HEAD", default_value = "16KiB", value_name = "SIZE", value_parser = size)]
    max_request_head: usize,
}

impl Floods {
    /// The configuration with these bounds.
    pub(super) fn bound(self, config: Config) -> Config {
        Config {
            address_bounds: AddressBounds {
                connections: self.max_connections_per_address,
                handshakes: self.max_handshakes_per_address,
            },
            trusted_proxies: self.trust_forwarded,
            proxy_protocol: self.proxy_protocol,
            client_rates: ClientRates {
                messages: self.max_client_messages,
                bytes: self.max_client_bytes,
                pings: self.max_client_pings,
            },
            flood_grace: self.flood_grace,
            max_unsent_total_bytes: self.max_unsent_total,
            max_requests: self.max_requests,
            max_request_head_bytes: self.max_request_head,
            ..config
        }
    }
}
