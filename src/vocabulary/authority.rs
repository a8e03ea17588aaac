//! Whom a URL names: a host, and perhaps a port. `Host` headers and the origins of pages write it the same way.

use std::net::{IpAddr, Ipv6Addr};

/// A host and perhaps a port (RFC 3986, section 3.2). Users, zones and percent encoding mean nothing to a server, so none
/// are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub host: &'a str,
    /// The port, where one is named; there may be a colon without one.
    pub port: Option<u16>,
}

/// What is no authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityError {
    /// Its host is none.
    Host,
    /// Its port is no number up to 65535.
    Port,
}

impl<'a> Authority<'a> {
    /// Reads `HOST` or `HOST:PORT`.
    ///
    /// # Errors
    /// Which of the two is wrong.
    pub fn read(text: &'a str) -> Result<Self, AuthorityError> {
        let is_address = text.starts_with('[');
        let host_end = match text.find(']') {
            Some(bracket) if is_address => bracket + 1,
            _ => text.find(':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at(host_end);
        if !is_host(host) {
            return Err(AuthorityError::Host);
        }
        let port = match rest.strip_prefix(':') {
            Some("") => None,
            Some(port) => Some(read_port(port)?),
            None if rest.is_empty() => None,
            None => return Err(AuthorityError::Port),
        };
        Ok(Self { host, port })
    }

    /// Whether it leads nowhere but to this machine, whoever is asked about the name.
    pub fn is_loopback(self) -> bool {
        let address = self.host.trim_matches(['[', ']']).parse::<IpAddr>();
        self.host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

fn is_host(host: &str) -> bool {
    let may_be_in_name =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(may_be_in_name),
    }
}

fn read_port(text: &str) -> Result<u16, AuthorityError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|_| is_number);
    port.ok_or(AuthorityError::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_host_and_perhaps_a_port() {
        for (text, host, port) in [
            ("example.com", "example.com", None),
            ("example.com:", "example.com", None),
            ("example.com:8080", "example.com", Some(8080)),
            ("under_score", "under_score", None),
            ("192.0.2.1:0", "192.0.2.1", Some(0)),
            ("[::1]", "[::1]", None),
            ("[2001:db8::1]:65535", "[2001:db8::1]", Some(65535)),
        ] {
            let read = Authority::read(text);
            assert_eq!(read, Ok(Authority { host, port }), "{text}");
        }
    }

    #[test]
    fn this_machine_is_named_so_or_by_an_address_of_its_own() {
        let is_loopback = |text| Authority::read(text).unwrap().is_loopback();
        for text in [
            "localhost",
            "LOCALHOST:1",
            "127.1.2.3:80",
            "[::1]:9090",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(text), "{text}");
        }
        for text in ["a.localhost", "127.1", "10.0.0.1", "[::]", "[::2]:1"] {
            assert!(!is_loopback(text), "{text}");
        }
    }

    #[test]
    fn what_is_none_says_which_part_is_wrong() {
        for text in [
            "", ":80", "a b", "a/b", "a@b", "a%20b", "é", "::1", "[", "[]", "[::1", "[a]",
            "[::1%1]", "a[::1]", "a]", "[[::1]]",
        ] {
            let read = Authority::read(text);
            assert_eq!(read, Err(AuthorityError::Host), "{text}");
        }
        for text in ["a:b", "a:+1", "a:65536", "a:1:2", "[::1]1", "[::1]:x"] {
            let read = Authority::read(text);
            assert_eq!(read, Err(AuthorityError::Port), "{text}");
        }
    }
}
