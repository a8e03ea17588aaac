//! Where a server listens and a client connects.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

/// A place to listen on: `HOST:PORT`, or `unix:PATH` for a unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP host and port, resolved when it is bound; port 0 lets the system pick one.
    Tcp(String),
    /// The path of a unix stream socket.
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix("unix:") {
            Some(path) => Self::Unix(path.into()),
            None => Self::Tcp(text.to_owned()),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host_and_port) => f.write_str(host_and_port),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
