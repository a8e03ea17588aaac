//! On what terms we are with Redis: who we say that we are, and where the journal lies.

use std::fmt;
use std::time::Duration;

/// Who asks, where, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who we say that we are, if anybody.
    pub credentials: Option<Credentials>,
    /// The database, by its number.
    pub database: u32,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// How long a node may be silent before others declare it dead.
    pub lease: Duration,
}

/// A user and its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user; without one it is that of those who give only a password.
    pub user: Option<String>,
    /// The password.
    pub password: String,
}

impl Credentials {
    /// As they are said.
    pub(super) fn words(&self) -> [&[u8]; 2] {
        let user = self.user.as_deref().unwrap_or("default");
        [user.as_bytes(), self.password.as_bytes()]
    }
}

impl fmt::Debug for Credentials {
    /// All but the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Credentials");
        shown.field("user", &self.user).finish_non_exhaustive()
    }
}

impl Terms {
    /// The stream that all nodes read. The braces let both keys share a slot (Redis Cluster specification, "Hash tags").
    pub(super) fn journal(&self) -> String {
        format!("{{{}}}:journal", self.prefix)
    }

    /// The hash that the script keeps beside it.
    pub(super) fn nodes(&self) -> String {
        format!("{{{}}}:nodes", self.prefix)
    }

    /// How often a node says that it lives, so that three may be lost before the lease is over.
    pub(super) fn alive_interval(&self) -> Duration {
        self.lease * 3 / 10
    }
}
