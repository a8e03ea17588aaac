//! How someone comes to a server.

use std::net::IpAddr;

/// What a listener is for, which decides what those who come by it find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, where the operator has no listener of their own.
    Whole,
    /// Everything but what is the operator's.
    Public,
    /// What is the operator's.
    Admin,
}

/// From where, and by which listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The address of the peer; one on a unix socket has none.
    pub peer: Option<IpAddr>,
    /// The role of the listener.
    pub role: Role,
}

impl Role {
    /// Whether there are sessions, and the page for them.
    pub fn has_sessions(self) -> bool {
        self != Self::Admin
    }

    /// Whether there are metrics.
    pub fn has_metrics(self) -> bool {
        self != Self::Public
    }
}

impl Arrival {
    /// Someone from an address, where the operator has no listener of their own.
    pub fn of(peer: Option<IpAddr>) -> Self {
        Self {
            peer,
            role: Role::Whole,
        }
    }
}
