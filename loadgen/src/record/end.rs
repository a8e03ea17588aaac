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
    /// The server does not read what it is answered.
    Unread,
}

/// How long those were in whose connections ended without being asked to, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stays {
    /// Whoever was in for the least time.
    pub shortest_ns: u64,
    /// Whoever was in for the most.
    pub longest_ns: u64,
}

impl Stays {
    /// Of one client.
    pub fn of(stayed_ns: u64) -> Self {
        Self {
            shortest_ns: stayed_ns,
            longest_ns: stayed_ns,
        }
    }

    /// Of some and of others.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            shortest_ns: self.shortest_ns.min(other.shortest_ns),
            longest_ns: self.longest_ns.max(other.longest_ns),
        }
    }
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
            Self::Unread => f.write_str("answers unread"),
        }
    }
}
