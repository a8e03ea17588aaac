//! How connections end.

use std::fmt;

/// How a client's connection ended without being asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The server closed it, with this code or none.
    Closed(Option<u16>),
    /// The stream ended or broke without a close.
    Broken,
    /// The server broke the protocol.
    Protocol,
    /// The server answered an entry with an error.
    Refused,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(Some(code)) => write!(f, "{code}"),
            Self::Closed(None) => f.write_str("close without code"),
            Self::Broken => f.write_str("no close"),
            Self::Protocol => f.write_str("protocol error"),
            Self::Refused => f.write_str("entry refused"),
        }
    }
}
