//! The PROXY protocol, versions 1 and 2: what a balancer says of a connection before its client speaks
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>).

use std::net::IpAddr;

use proxy_header::{Error, ParseConfig, ProxyHeader};

use crate::vocabulary::config::PROXY_HEADER_BYTES_MAX;

/// How a header of version 2 begins with which a balancer speaks for itself: its signature, version and command.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20";
/// Bytes of version 2 before those that it counts.
const FIXED_BYTES: usize = 16;

/// A balancer that says something else, or too much of it. Its operator's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadHeader;

/// Reads a header from the front of `input`: for which address the balancer connects, and how many bytes the header had.
/// It names none where it connects for itself (`LOCAL`) or does not say (`UNKNOWN`). `None` if it is not all there.
///
/// # Errors
/// It is no header, or one beyond [`PROXY_HEADER_BYTES_MAX`].
pub fn parse(input: &[u8]) -> Result<Option<(Option<IpAddr>, usize)>, BadHeader> {
    if let Some(bytes) = local_bytes(input) {
        return match bytes {
            _ if bytes > PROXY_HEADER_BYTES_MAX => Err(BadHeader),
            _ if input.len() < bytes => Ok(None),
            _ => Ok(Some((None, bytes))),
        };
    }
    let config = ParseConfig {
        include_tlvs: false,
        ..ParseConfig::default()
    };
    match ProxyHeader::parse(&input[..input.len().min(PROXY_HEADER_BYTES_MAX)], config) {
        Ok((header, bytes)) => {
            let proxied = header.proxied_address();
            let client = proxied.map(|proxied| proxied.source.ip().to_canonical());
            Ok(Some((client, bytes)))
        }
        Err(Error::BufferTooShort) if input.len() < PROXY_HEADER_BYTES_MAX => Ok(None),
        Err(_) => Err(BadHeader),
    }
}

/// Bytes of a header with which a balancer speaks for itself, if it is one and says so already. Nothing else of it counts,
/// not even its family (section 2.2), by which the library would want addresses.
fn local_bytes(input: &[u8]) -> Option<usize> {
    let fixed = input.first_chunk::<FIXED_BYTES>()?;
    let length = u16::from_be_bytes([fixed[14], fixed[15]]);
    fixed
        .starts_with(LOCAL)
        .then(|| FIXED_BYTES + usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

    /// A header of version 2 with so many bytes behind its first sixteen.
    fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[0x20 | command, family, high, low], rest].concat()
    }

    fn assert_names(header: &[u8], client: Option<&str>) {
        for end in 0..header.len() {
            assert_eq!(parse(&header[..end]), Ok(None), "{end} bytes of it");
        }
        let client = client.map(|client| client.parse().unwrap());
        let followed = [header, b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(parse(&followed), Ok(Some((client, header.len()))));
    }

    #[test]
    fn a_balancer_names_its_client_in_either_version() {
        assert_names(
            b"PROXY TCP4 198.51.100.1 203.0.113.9 4711 443\r\n",
            Some("198.51.100.1"),
        );
        assert_names(
            b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n",
            Some("2001:db8::1"),
        );
        assert_names(
            b"PROXY TCP6 ::ffff:198.51.100.1 2001:db8::2 4711 443\r\n",
            Some("198.51.100.1"),
        );
        let addresses = [198, 51, 100, 1, 203, 0, 113, 9, 18, 103, 1, 187];
        assert_names(&version_2(1, 0x11, &addresses), Some("198.51.100.1"));
        let more = [&addresses[..], &[4, 0, 2, 0, 0]].concat();
        assert_names(&version_2(1, 0x11, &more), Some("198.51.100.1"));
        let mut addresses = [0; 36];
        addresses[..2].copy_from_slice(&[0x20, 1]);
        assert_names(&version_2(1, 0x21, &addresses), Some("2001::"));
    }

    #[test]
    fn a_balancer_that_speaks_for_itself_or_does_not_say_names_nobody() {
        assert_names(b"PROXY UNKNOWN\r\n", None);
        assert_names(b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", None);
        assert_names(&version_2(0, 0, &[]), None);
        for rest in [&[][..], &[0; 5], &[0; 12]] {
            assert_names(&version_2(0, 0x11, rest), None);
        }
        assert_names(&version_2(1, 0, &[]), None);
        assert_names(&version_2(1, 0x31, &[0; 216]), None);
    }

    #[test]
    fn what_is_no_header_or_has_no_end_is_bad() {
        for input in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"\x16\x03\x01\x02\x00",
            b"PROXY TCP4 2001:db8::1 203.0.113.9 4711 443\r\n",
            b"PROXY TCP5 198.51.100.1 203.0.113.9 4711 443\r\n",
            &[b"PROXY TCP4 ", &[b'1'; 107][..]].concat(),
            &[SIGNATURE, &[0x31, 0x11, 0, 0]].concat(),
        ] {
            assert_eq!(parse(input), Err(BadHeader), "{}", input.escape_ascii());
        }
        for command in [0, 1] {
            let mut longest = version_2(command, 0, &[0; PROXY_HEADER_BYTES_MAX - FIXED_BYTES]);
            assert_eq!(parse(&longest), Ok(Some((None, PROXY_HEADER_BYTES_MAX))));
            longest[15] += 1;
            longest.push(0);
            assert_eq!(parse(&longest), Err(BadHeader));
        }
    }
}
