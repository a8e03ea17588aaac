//! What a run is known by beside its bytes: when it was sealed, and where it comes from.

use std::rc::Rc;
use std::time::Duration;

use crate::vocabulary::chat::GapReason;

/// The seal of a run, shared by all who get it.
#[derive(Clone, Debug, Default)]
pub struct Seal {
    /// When, in monotonic time.
    pub at: Duration,
    /// Where it comes from, as far as that decides what becomes of it when its peer lags. What has none is never
    /// skipped: answers, private messages, echoes.
    pub origin: Option<Origin>,
}

/// Where a run comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A channel of the relay, whose messages have no numbers; they may be skipped.
    Relay {
        /// The channel's serial.
        channel: u64,
    },
    /// A channel of the chat; its messages may be skipped, and a gap says which were.
    Chat {
        /// The channel.
        source: Rc<Source>,
        /// The number of the run's first message; the others follow.
        first: u64,
    },
    /// An answer with which one's membership of a channel begins or ends. It is never skipped, and no gap of the channel
    /// grows across it.
    Membership(Rc<Source>),
    /// What tells of messages that were left out. It is never skipped, and grows.
    Gap(Box<Gap>),
}

/// One life of a channel of the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The channel's name.
    pub channel: Rc<str>,
    /// Which of its lives.
    pub epoch: u64,
}

/// Numbers of a channel that a peer does not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The channel.
    pub source: Rc<Source>,
    /// The first of them.
    pub from: u64,
    /// The last of them.
    pub to: u64,
    /// Why.
    pub reason: GapReason,
}

impl Seal {
    /// The seal of what is never skipped.
    pub fn at(at: Duration) -> Self {
        Self { at, origin: None }
    }

    /// Whether a peer that lags may go without what it seals.
    pub fn is_skippable(&self) -> bool {
        matches!(
            self.origin,
            Some(Origin::Relay { .. } | Origin::Chat { .. })
        )
    }

    /// The gap that it seals, if it is one.
    pub fn gap(&self) -> Option<&Gap> {
        match &self.origin {
            Some(Origin::Gap(gap)) => Some(gap),
            _ => None,
        }
    }

    /// The channel of the chat whose messages it seals.
    pub fn source(&self) -> Option<&Rc<Source>> {
        match &self.origin {
            Some(Origin::Chat { source, .. }) => Some(source),
            _ => None,
        }
    }

    /// The seal of the messages from one on.
    pub(super) fn from(&self, message: u32) -> Self {
        let mut seal = self.clone();
        if let Some(Origin::Chat { first, .. }) = &mut seal.origin {
            *first += u64::from(message);
        }
        seal
    }
}
