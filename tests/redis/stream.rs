//! A stream: entries in the order of their ids, of which the oldest may be gone.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use bytes::Bytes;

use super::reply::{Failure, Reply};

/// Bytes and entries of a node of Redis' tree, by default. Rough trimming takes whole nodes.
const NODE_BYTES: usize = 4096;
const NODE_ENTRIES: usize = 100;

/// An id: the part before the hyphen, and the one after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub u64, pub u64);

/// The id that a new entry is to have.
#[derive(Clone, Copy, Debug)]
pub enum Wish {
    /// By the clock, in ms: `*`.
    Clock(u64),
    /// The next with this first part: `7-*`.
    Next(u64),
    /// This one.
    Exact(Id),
}

/// What is to go once an entry is added.
#[derive(Clone, Copy, Debug)]
pub enum Trim {
    /// All that is older than an id; with `is_rough` only as far as nothing has to be rewritten.
    Before { id: Id, is_rough: bool },
    /// All but so many.
    Length(usize),
}

/// Fields and their values, in turn.
pub type Fields = Vec<Bytes>;

/// The entries, and what is known of those that are gone.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    entries: BTreeMap<Id, Entry>,
    /// The last id that there ever was.
    pub last: Id,
    /// How many entries there ever were.
    added: u64,
    /// Entries and bytes in the newest node.
    node: (usize, usize),
}

#[derive(Clone, Debug)]
struct Entry {
    fields: Fields,
    begins_node: bool,
}

impl Id {
    /// The one after.
    fn next(self) -> Option<Self> {
        let Self(first, second) = self;
        match second.checked_add(1) {
            Some(second) => Some(Self(first, second)),
            None => Some(Self(first.checked_add(1)?, 0)),
        }
    }

    pub fn text(self) -> String {
        format!("{}-{}", self.0, self.1)
    }

    /// Reads one that may lack its second part, which is `second` then.
    pub fn parse(text: &str, second: u64) -> Result<Self, Failure> {
        let (first, rest) = text.split_once('-').unwrap_or((text, ""));
        let number = |text: &str| u64::from_str(text).map_err(|_| Failure::InvalidId);
        let second = if rest.is_empty() {
            second
        } else {
            number(rest)?
        };
        Ok(Self(number(first)?, second))
    }
}

impl Stream {
    /// Adds an entry. What is smaller than the last is refused.
    pub fn add(&mut self, wish: Wish, fields: Fields) -> Result<Id, Failure> {
        if self.last == Id(u64::MAX, u64::MAX) {
            return Err(Failure::Exhausted);
        }
        let id = match wish {
            Wish::Clock(ms) if ms > self.last.0 => Id(ms, 0),
            Wish::Clock(_) => self.last.next().ok_or(Failure::Exhausted)?,
            Wish::Next(first) if first > self.last.0 => Id(first, 0),
            Wish::Next(first) => Id(first, self.last.1.saturating_add(1)),
            Wish::Exact(id) => id,
        };
        if id <= self.last {
            return Err(Failure::SmallId);
        }
        let bytes = fields.iter().map(Bytes::len).sum();
        let (entries_before, bytes_before) = self.node;
        let begins_node = entries_before == 0
            || entries_before >= NODE_ENTRIES
            || bytes_before + bytes >= NODE_BYTES;
        self.node = if begins_node {
            (1, bytes)
        } else {
            (entries_before + 1, bytes_before + bytes)
        };
        self.entries.insert(
            id,
            Entry {
                fields,
                begins_node,
            },
        );
        self.last = id;
        self.added += 1;
        Ok(id)
    }

    pub fn trim(&mut self, trim: Trim) -> usize {
        let before = self.entries.len();
        let first = match trim {
            Trim::Length(length) => {
                let gone = before.saturating_sub(length);
                self.entries.keys().nth(gone).copied()
            }
            Trim::Before {
                id,
                is_rough: false,
            } => self.entries.range(id..).next().map(at),
            Trim::Before { id, is_rough: true } => {
                // The last node is never taken as a whole, since its last entry is the newest.
                let nodes = self.entries.iter().filter(|(_, entry)| entry.begins_node);
                let begins = nodes.map(at).take_while(|&begins| begins <= id);
                begins.last().or(self.entries.keys().next().copied())
            }
        };
        self.entries = match first {
            Some(first) => self.entries.split_off(&first),
            None => BTreeMap::new(),
        };
        before - self.entries.len()
    }

    /// At most so many entries of a range.
    pub fn range(&self, range: RangeInclusive<Id>, most: usize) -> Vec<Reply> {
        if range.is_empty() {
            return Vec::new();
        }
        let entries = self.entries.range(range).take(most);
        entries.map(|(id, entry)| entry.reply(*id)).collect()
    }

    /// At most so many entries behind an id.
    pub fn after(&self, id: Id, most: usize) -> Vec<Reply> {
        id.next()
            .map(|next| self.range(next..=Id(u64::MAX, u64::MAX), most))
            .unwrap_or_default()
    }

    /// What `XINFO STREAM` says, as far as anybody asks.
    pub fn facts(&self) -> Reply {
        let end =
            |entry: Option<(&Id, &Entry)>| entry.map_or(Reply::Nil, |(id, entry)| entry.reply(*id));
        let first = self.entries.keys().next().copied().unwrap_or_default();
        Reply::map([
            ("length", Reply::count(self.entries.len())),
            ("last-generated-id", Reply::text(self.last.text())),
            ("entries-added", Reply::Number(self.added.cast_signed())),
            ("recorded-first-entry-id", Reply::text(first.text())),
            ("groups", Reply::Number(0)),
            ("first-entry", end(self.entries.first_key_value())),
            ("last-entry", end(self.entries.last_key_value())),
        ])
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Entry {
    fn reply(&self, id: Id) -> Reply {
        let fields = self.fields.iter().cloned().map(Reply::Text).collect();
        Reply::List(vec![Reply::text(id.text()), Reply::List(fields)])
    }
}

fn at((id, _): (&Id, &Entry)) -> Id {
    *id
}
