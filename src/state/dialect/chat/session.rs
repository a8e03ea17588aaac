//! What it is about with someone whose session is here: what they may do, how much they were told, and what they wait for.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use crate::{
    state::{engine::Refusal, hub::Stay, memory::of_list},
    vocabulary::{
        chat::Past,
        config::{LISTED_DEFAULT, LISTED_MAX, TURN_LISTED_MAX},
        pass::Rights,
    },
};

/// A session of the chat.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) rights: Rights,
    pub(super) allowance: Allowance,
    /// What was asked and not answered yet, in this order.
    pub(super) waiting: VecDeque<Waiting>,
}

/// What someone asked while something of theirs was under way.
#[derive(Debug)]
pub(super) enum Waiting {
    /// To be back in the chat, and in channels where it was before its server lost track: before anything else.
    Return {
        stays: Box<[Stay]>,
        /// Whether the engine was given it.
        is_under_way: bool,
    },
    /// It is under way itself.
    Deed(Waited),
    /// It is looked at once all before is answered: a request as it was read, if it was text.
    Look(Option<Box<str>>),
    /// It is not done, and is answered so once all before is.
    Refused {
        why: Refusal,
        reference: Option<Box<str>>,
    },
}

impl Waiting {
    /// Bytes that one takes which is not under way.
    pub(super) fn look_bytes(text: Option<&str>) -> usize {
        size_of::<Self>() + text.map_or(0, str::len)
    }

    /// Whether it is answered once the engine gives something back.
    pub(super) fn is_sequenced(&self) -> bool {
        matches!(self, Self::Return { .. } | Self::Deed(_))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Return { .. } | Self::Deed(_) => 0,
            Self::Look(text) => Self::look_bytes(text.as_deref()),
            Self::Refused { reference, .. } => Self::look_bytes(reference.as_deref()),
        }
    }
}

/// What of a request the engine knows nothing of.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub(in crate::state) reference: Option<&'a str>,
    pub(super) past: Past,
    pub(super) members: usize,
    /// Where one was who comes back, channel by channel.
    pub(super) stays: &'a [Stay],
}

/// The same, kept.
#[derive(Debug)]
pub struct Waited {
    reference: Option<Box<str>>,
    past: Past,
    members: usize,
    stays: Box<[Stay]>,
}

/// How many entries of lists someone may still be told this turn.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    /// When the turn was that entries were listed in last.
    turn: Duration,
    /// How many were.
    listed: usize,
}

impl Session {
    pub(super) fn new(rights: Rights) -> Self {
        Self {
            rights,
            allowance: Allowance::default(),
            waiting: VecDeque::new(),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        of_list::<Waiting>(self.waiting.capacity())
    }

    /// The channels that it was in, if the engine is still to be given that it comes back there, which it is now.
    pub(super) fn take_return(&mut self) -> Option<&[Stay]> {
        let Some(Waiting::Return {
            stays,
            is_under_way,
        }) = self.waiting.front_mut()
        else {
            return None;
        };
        let is_due = !mem::replace(is_under_way, true);
        is_due.then_some(stays)
    }

    /// Whether the engine is still to be given that it comes back.
    pub(super) fn is_away(&self) -> bool {
        let first = self.waiting.front();
        matches!(
            first,
            Some(Waiting::Return {
                is_under_way: false,
                ..
            })
        )
    }

    /// The engine gives nothing back any more: it is to come back to where it was, and whatever it asked and nobody answered,
    /// nobody will ever know of. Returns the bytes of what waits for that.
    pub(super) fn uproot(&mut self, stays: Box<[Stay]>) -> usize {
        for waiting in &mut self.waiting {
            match waiting {
                Waiting::Return { is_under_way, .. } => *is_under_way = false,
                Waiting::Deed(waited) => {
                    *waiting = Waiting::Refused {
                        why: Refusal::Unknown,
                        reference: waited.reference.take(),
                    };
                }
                Waiting::Look(_) | Waiting::Refused { .. } => {}
            }
        }
        if !self.is_away() {
            self.waiting.push_front(Waiting::Return {
                stays,
                is_under_way: false,
            });
        }
        self.waiting.iter().map(Waiting::bytes).sum()
    }
}

impl Default for Asked<'_> {
    fn default() -> Self {
        Self {
            reference: None,
            past: Past::None,
            members: LISTED_DEFAULT,
            stays: &[],
        }
    }
}

impl<'a> Asked<'a> {
    /// What was kept.
    pub fn of(waited: &'a Waited) -> Self {
        Self {
            reference: waited.reference.as_deref(),
            past: waited.past,
            members: waited.members,
            stays: &waited.stays,
        }
    }

    pub(super) fn keep(self) -> Waited {
        Waited {
            reference: self.reference.map(Into::into),
            past: self.past,
            members: self.members,
            stays: Box::default(),
        }
    }
}

impl Waited {
    /// What is to be known of one who comes back.
    pub(super) fn returning(stays: Box<[Stay]>) -> Self {
        Self {
            stays,
            ..Asked::default().keep()
        }
    }
}

impl Allowance {
    /// How many entries the next list may have.
    pub(super) fn room(&mut self, now: Duration) -> usize {
        if self.turn != now {
            *self = Self {
                turn: now,
                listed: 0,
            };
        }
        LISTED_MAX.min(TURN_LISTED_MAX.saturating_sub(self.listed))
    }

    /// Notes that a list had `entries`.
    pub(super) fn spend(&mut self, entries: usize) {
        self.listed += entries;
    }
}
