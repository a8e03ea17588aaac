//! How a client comes.

use std::time::Duration;

use crate::peer::{Kind, Role};

/// How a client knocks.
#[derive(Clone, Copy, Debug)]
pub struct Knock {
    pub role: Role,
    /// Whether it never misbehaves.
    pub is_steady: bool,
    /// Whether it takes little of what it is sent, until all is calm.
    pub is_sluggish: bool,
    pub kind: Kind,
    /// The channel, for one who is in one.
    pub channel: usize,
    /// The peer whose recall it has, for one who comes back to the chat.
    pub returning: Option<usize>,
    /// The bits of the window within which it offers to inflate, if it does.
    pub window: Option<u8>,
    /// How long its token is good; nothing if it has expired.
    pub lasts: Duration,
}

impl Knock {
    /// Of one who is always there.
    pub fn witness(kind: Kind, channel: usize) -> Self {
        Self {
            role: Role::Witness,
            is_steady: true,
            is_sluggish: false,
            kind,
            channel,
            returning: None,
            window: None,
            lasts: Duration::from_hours(24),
        }
    }

    /// Of one who speaks as others do.
    pub fn steady(kind: Kind, channel: usize) -> Self {
        Self {
            role: Role::Member,
            ..Self::witness(kind, channel)
        }
    }
}
