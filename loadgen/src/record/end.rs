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

impl End {
    /// Whether it may be that the node is gone, and not that it wanted this client away.
    pub fn may_be_the_nodes(self) -> bool {
        self == Self::Broken || self.is_goodbye()
    }

    /// Whether the node said so itself: that it goes away, or begins anew (RFC 6455, section 7.4.1, and its registry).
    pub fn is_goodbye(self) -> bool {
        matches!(self, Self::Closed(Some(1001 | 1012)))
    }
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
