//! Where a server listens and a client connects.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    str::FromStr,
};

use thiserror::Error;

/// What the path of a unix socket begins with on a command line.
const UNIX: &str = "unix:";
/// Bytes of a unix socket's path, so that the zero behind it has room too (unix(7), `sun_path`).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// A place to listen on: `HOST:PORT`, `:PORT`, or `unix:PATH`. Port 0 lets the system pick one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP port of all addresses of this machine, IPv6 and IPv4.
    Everywhere(u16),
    /// A TCP port of a host.
    Tcp {
        /// An address without brackets, or a name, which is resolved when it is bound.
        host: String,
        /// The port.
        port: u16,
    },
    /// The path of a unix stream socket.
    Unix(PathBuf),
}

/// A text that is no address. Its author's to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// It has another form.
    #[error("{problem}; write {instead}")]
    Form {
        /// What is wrong with it.
        problem: &'static str,
        /// What was perhaps meant.
        instead: String,
    },
    /// The path of a unix socket is none.
    #[error(transparent)]
    SocketPath(#[from] SocketPathError),
}

/// A path that no unix socket can have. Its author's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SocketPathError {
    /// The system would pick a name that nobody knows (unix(7), "Autobind feature").
    #[error("the path of the unix socket is missing: write it like unix:/run/hubbub.sock")]
    Empty,
    /// There is no room for it in an address.
    #[error(
        "the path of a unix socket has at most {SOCKET_PATH_BYTES_MAX} bytes: choose a shorter one, or one relative to \
         the folder you are in"
    )]
    TooLong,
    /// The system would take what comes before the zero for the whole, or one that begins with it for no file.
    #[error("the path of a unix socket has no zero byte in it: leave it out")]
    Zero,
}

/// The path of the unix socket that a text names as `unix:PATH`; `None` if it names something else.
pub fn socket_path(text: &str) -> Option<Result<PathBuf, SocketPathError>> {
    let path = text.strip_prefix(UNIX)?;
    Some(match path {
        "" => Err(SocketPathError::Empty),
        _ if path.len() > SOCKET_PATH_BYTES_MAX => Err(SocketPathError::TooLong),
        _ if path.contains('\0') => Err(SocketPathError::Zero),
        _ => Ok(path.into()),
    })
}

impl Address {
    /// A TCP port that only this machine reaches.
    pub fn loopback(port: u16) -> Self {
        Self::Tcp {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port,
        }
    }

    /// Whether it is a unix socket.
    pub fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(_))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match socket_path(text) {
            Some(path) => Ok(Self::Unix(path?)),
            None => tcp(text),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere(port) => write!(f, ":{port}"),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

fn tcp(text: &str) -> Result<Address, AddressError> {
    let wrong = |problem, instead: &str| AddressError::Form {
        problem,
        instead: instead.to_owned(),
    };
    if let Some((_, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        return Err(wrong(
            "that is a URL, and only its host and port are wanted",
            authority,
        ));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(wrong(
            "an IPv6 address stands in brackets",
            "it like [::1]:8080",
        ));
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(match text.parse::<u16>() {
            Ok(port) => wrong(
                "that is a port without a host",
                &format!(
                    ":{port} for all addresses of this machine, or 127.0.0.1:{port} for itself alone"
                ),
            ),
            Err(_) => wrong("it has no port", "it like 127.0.0.1:8080 or unix:PATH"),
        });
    };
    let digits = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(port) = digits.and_then(|port| port.parse().ok()) else {
        return Err(wrong(
            "its port is no number from 0 to 65535",
            "it like 127.0.0.1:8080",
        ));
    };
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = |host: &str| {
        host.chars()
            .all(|char| char.is_ascii_alphanumeric() || "-._%".contains(char))
    };
    match bracketed.unwrap_or(host) {
        "" if bracketed.is_none() => Ok(Address::Everywhere(port)),
        "*" => Err(wrong(
            "* is no host",
            &format!(":{port} for all addresses of this machine"),
        )),
        host if is_host(&host.replace(':', "")) && host.contains(':') == bracketed.is_some() => {
            Ok(Address::Tcp {
                host: host.to_owned(),
                port,
            })
        }
        _ => Err(wrong(
            "no host is like this",
            "it like 127.0.0.1:8080, localhost:8080 or [::1]:8080",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Address>().unwrap_err().to_string()
    }

    #[test]
    fn an_address_is_a_host_and_a_port_or_a_port_of_all_hosts() {
        let tcp = |host: &str, port| Address::Tcp {
            host: host.to_owned(),
            port,
        };
        for (text, address) in [
            (":8080", Address::Everywhere(8080)),
            ("127.0.0.1:0", Address::loopback(0)),
            ("localhost:8080", tcp("localhost", 8080)),
            ("[::1]:80", tcp("::1", 80)),
            ("[fe80::1%eth0]:80", tcp("fe80::1%eth0", 80)),
        ] {
            assert_eq!(text.parse(), Ok(address.clone()), "{text}");
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_one_that_was_perhaps_meant() {
        for (text, instead) in [
            (
                "8080",
                "write :8080 for all addresses of this machine, or 127.0.0.1:8080",
            ),
            ("*:8080", "write :8080"),
            ("http://example.com:80/chat", "write example.com:80"),
            ("localhost", "127.0.0.1:8080"),
            ("localhost:", "127.0.0.1:8080"),
            ("localhost:http", "127.0.0.1:8080"),
            ("localhost:+80", "127.0.0.1:8080"),
            (":65536", "127.0.0.1:8080"),
            ("127.0.0.1:80/relay", "127.0.0.1:8080"),
            ("::1", "[::1]:8080"),
            ("::1:80:x:80", "[::1]:8080"),
            ("[]:80", "[::1]:8080"),
            ("a b:80", "localhost:8080"),
            ("ada@h:80", "localhost:8080"),
            ("", "127.0.0.1:8080"),
        ] {
            let error = refused(text);
            assert!(error.contains(instead), "{text} is told: {error}");
        }
    }

    #[test]
    fn a_unix_socket_has_a_path_that_fits_an_address() {
        let longest = format!("unix:/{}", "a".repeat(SOCKET_PATH_BYTES_MAX - 1));
        let path = longest.strip_prefix(UNIX).unwrap();
        assert_eq!(longest.parse(), Ok(Address::Unix(path.into())));
        assert!(refused(&format!("{longest}a")).contains("at most 107 bytes"));
        assert!(refused("unix:").contains("missing"));
        assert!(refused("unix:\0hubbub").contains("zero byte"));
        assert!(refused("unix:/run/a\0b").contains("zero byte"));
    }
}
