//! Proxies that are believed when they say for whom they ask.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use ipnet::IpNet;

/// A kind of peer that is a proxy of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedProxy {
    /// One on the unix socket.
    Unix,
    /// One with an address in a network.
    Network(IpNet),
}

/// A text that names no such peer. Its author's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a network nor unix; write 10.0.0.0/8, 192.0.2.1 or unix")]
pub struct TrustedProxyError;

impl TrustedProxy {
    /// Whether a peer is meant; one on a unix socket has no address.
    pub fn covers(&self, peer: Option<IpAddr>) -> bool {
        match (self, peer.map(|address| address.to_canonical())) {
            (Self::Unix, None) => true,
            (Self::Network(network), Some(address)) => network.contains(&address),
            _ => false,
        }
    }
}

impl FromStr for TrustedProxy {
    type Err = TrustedProxyError;

    fn from_str(text: &str) -> Result<Self, TrustedProxyError> {
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let network = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self::Network).map_err(|_| TrustedProxyError)
    }
}

/// An entry that a trusted proxy made and that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// For whom a request is, whose `X-Forwarded-For` has these entries, the last one being the nearest proxy's: the last
/// address that is not a trusted proxy's itself. What comes before it may be anyone's invention.
///
/// # Errors
/// What a trusted proxy says cannot be read, so that nobody knows for whom it asks. The operator's to mend.
pub fn client_of<'a>(
    peer: Option<IpAddr>,
    forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
    trusted: &[TrustedProxy],
) -> Result<Option<IpAddr>, Unreadable> {
    let mut client = peer;
    for entry in forwarded_for.rev() {
        if !trusted.iter().any(|proxy| proxy.covers(client)) {
            break;
        }
        client = Some(address(entry).ok_or(Unreadable)?);
    }
    Ok(client)
}

/// An address, perhaps with a port, as some proxies write it.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let address = bare.unwrap_or(text).parse::<IpAddr>();
    address.or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For whom a request is: nobody where there is no address.
    fn client(peer: Option<&str>, entries: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<_> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let peer = peer.map(|text| text.parse().unwrap());
        let entries = entries.iter().map(|entry| entry.as_bytes());
        match client_of(peer, entries, &trusted) {
            Ok(Some(address)) => address.to_string(),
            Ok(None) => "nobody".to_owned(),
            Err(Unreadable) => "unreadable".to_owned(),
        }
    }

    #[test]
    fn a_peer_that_is_not_trusted_is_who_asks() {
        let said = ["192.0.2.9"];
        assert_eq!(client(Some("192.0.2.1"), &said, &[]), "192.0.2.1");
        assert_eq!(
            client(Some("192.0.2.1"), &said, &["10.0.0.0/8", "unix"]),
            "192.0.2.1"
        );
        assert_eq!(client(None, &said, &["10.0.0.0/8"]), "nobody");
    }

    #[test]
    fn a_trusted_proxy_says_for_whom_it_asks() {
        let said = ["192.0.2.9"];
        assert_eq!(
            client(Some("10.1.2.3"), &said, &["10.0.0.0/8"]),
            "192.0.2.9"
        );
        assert_eq!(
            client(Some("::ffff:10.1.2.3"), &said, &["10.0.0.0/8"]),
            "192.0.2.9"
        );
        assert_eq!(client(Some("::1"), &said, &["::1"]), "192.0.2.9");
        assert_eq!(client(None, &said, &["unix"]), "192.0.2.9");
        assert_eq!(client(None, &[], &["unix"]), "nobody");
    }

    #[test]
    fn of_a_chain_of_proxies_what_the_client_invented_is_not_believed() {
        let said = ["198.51.100.7", "192.0.2.9", "10.0.0.5"];
        assert_eq!(
            client(Some("10.0.0.6"), &said, &["10.0.0.0/8"]),
            "192.0.2.9"
        );
    }

    #[test]
    fn what_a_proxy_says_is_read_or_refused_but_never_passed_over() {
        let said = |entry: &str| client(Some("10.0.0.6"), &["203.0.113.1", entry], &["10.0.0.0/8"]);
        for entry in ["192.0.2.9", "192.0.2.9:4711", " 192.0.2.9 "] {
            assert_eq!(said(entry), "192.0.2.9");
        }
        for entry in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"] {
            assert_eq!(said(entry), "2001:db8::1");
        }
        for entry in ["unknown", "", "\u{e9}", "10.0.0.5, 192.0.2.9"] {
            assert_eq!(said(entry), "unreadable", "{entry}");
        }
        // Who is behind those who cannot be trusted can say what they like.
        let invented = ["\u{e9}", "192.0.2.9"];
        let client = client(Some("10.0.0.6"), &invented, &["10.0.0.0/8"]);
        assert_eq!(client, "192.0.2.9");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "everyone", "10.0.0.0/33", "unix:/a"] {
            assert_eq!(
                text.parse::<TrustedProxy>(),
                Err(TrustedProxyError),
                "{text}"
            );
        }
    }
}
