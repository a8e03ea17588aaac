//! What it is about with someone whose session is here: what they may do, how much they were told, and what they wait for.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{
    state::{engine::Refusal, memory::of_list},
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
}

/// What of a request the engine knows nothing of.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub(in crate::state) reference: Option<&'a str>,
    pub(super) past: Past,
    pub(super) members: usize,
}

/// The same, kept.
#[derive(Debug)]
pub struct Waited {
    reference: Option<Box<str>>,
    past: Past,
    members: usize,
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
}

impl Default for Asked<'_> {
    fn default() -> Self {
        Self {
            reference: None,
            past: Past::None,
            members: LISTED_DEFAULT,
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
        }
    }

    pub(super) fn keep(self) -> Waited {
        Waited {
            reference: self.reference.map(Into::into),
            past: self.past,
            members: self.members,
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
