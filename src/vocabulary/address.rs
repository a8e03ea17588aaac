//! Where a server listens and a client connects.

use std::{fmt, path::PathBuf, str::FromStr};

use thiserror::Error;

/// What the path of a unix socket begins with on a command line.
const UNIX: &str = "unix:";
/// Bytes of a unix socket's path, so that the zero behind it has room too (unix(7), `sun_path`).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// A place to listen on: `HOST:PORT`, or `unix:PATH` for a unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP host and port, resolved when it is bound; port 0 lets the system pick one.
    Tcp(String),
    /// The path of a unix stream socket.
    Unix(PathBuf),
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

impl FromStr for Address {
    type Err = SocketPathError;

    fn from_str(text: &str) -> Result<Self, SocketPathError> {
        match socket_path(text) {
            Some(path) => path.map(Self::Unix),
            None => Ok(Self::Tcp(text.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host_and_port) => f.write_str(host_and_port),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unix_socket_has_a_path_that_fits_an_address() {
        let longest = format!("unix:/{}", "a".repeat(SOCKET_PATH_BYTES_MAX - 1));
        assert_eq!(
            longest.parse(),
            Ok(Address::Unix(longest.strip_prefix(UNIX).unwrap().into()))
        );
        let refused = |text: &str| text.parse::<Address>().unwrap_err();
        assert_eq!(refused(&format!("{longest}a")), SocketPathError::TooLong);
        assert_eq!(refused("unix:"), SocketPathError::Empty);
        assert_eq!(refused("unix:\0hubbub"), SocketPathError::Zero);
        assert_eq!(refused("unix:/run/a\0b"), SocketPathError::Zero);
    }
}
