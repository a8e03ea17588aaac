//! Where memory goes, as far as we hold it: without what the allocator adds, and without the kernel's share.

use std::mem::size_of;

/// Bytes held, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Connections, their deadlines and places, and requests that have not fully arrived.
    pub connections: usize,
    /// What could not leave at once. Of what several share, each has its share.
    pub outboxes: usize,
    /// Channels, memberships, and what is being said in them.
    pub channels: usize,
    /// What is kept of what was said.
    pub logs: usize,
    /// The people of the chat.
    pub people: usize,
    /// What programs have said that is not to be said again.
    pub receipts: usize,
    /// What deflates.
    pub compression: usize,
    /// What a program is to be told of.
    pub events: usize,
    /// Input: the buffer that all share, and messages that have not fully arrived.
    pub input: usize,
}

impl Memory {
    /// Each part with its name in the metrics.
    pub fn parts(&self) -> [(&'static str, usize); 9] {
        [
            ("connections", self.connections),
            ("outboxes", self.outboxes),
            ("channels", self.channels),
            ("logs", self.logs),
            ("people", self.people),
            ("receipts", self.receipts),
            ("compression", self.compression),
            ("events", self.events),
            ("input", self.input),
        ]
    }
}

/// Bytes of a hash table with room for so many of `T`, of which each has a byte of its own for control.
pub fn of_table<T>(capacity: usize) -> usize {
    capacity * (size_of::<T>() + 1)
}

/// Bytes of a list with room for so many of `T`.
pub fn of_list<T>(capacity: usize) -> usize {
    capacity * size_of::<T>()
}

/// Bytes of a tree of so many of `T`: leaves of eleven places, of which two in three are taken once there are several.
pub fn of_tree<T>(entries: usize) -> usize {
    const PLACES: usize = 11;
    let leaves = match entries {
        0..=PLACES => entries.min(1),
        more => (more * 3).div_ceil(PLACES * 2),
    };
    leaves * (PLACES * size_of::<T>() + 2 * size_of::<usize>())
}

/// Bytes of a `T` that several share.
pub fn of_shared<T>() -> usize {
    size_of::<T>() + COUNTS_BYTES
}

/// Bytes of a text that several share.
pub fn of_shared_text(text: &str) -> usize {
    text.len().next_multiple_of(size_of::<usize>()) + COUNTS_BYTES
}

/// What counts those who share something.
const COUNTS_BYTES: usize = 2 * size_of::<usize>();
