//! A log as it is, to be made again elsewhere.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{Entry, Log, low_bits};
use crate::vocabulary::frame::Kind;

/// All that a log keeps of a channel of the chat.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct LogRecord {
    first: u64,
    last_message: u64,
    /// Of each: how many bytes it has, when it was said, and whether it is a notice.
    entries: Vec<(u32, u32, bool)>,
    bodies: ByteBuf,
}

impl Log {
    /// What it keeps.
    pub fn record(&self) -> LogRecord {
        let mut before = low_bits(self.start);
        let entries = self.entries.iter().map(|entry| {
            let bytes = entry.end.wrapping_sub(before);
            before = entry.end;
            (bytes, entry.at, entry.is_notice)
        });
        let (head, tail) = self.bodies.as_slices();
        LogRecord {
            first: self.first,
            last_message: self.last_message,
            entries: entries.collect(),
            bodies: [head, tail].concat().into(),
        }
    }
}

impl LogRecord {
    /// The log again. `None` if its parts do not fit each other.
    pub fn log(&self) -> Option<Log> {
        let mut log = Log {
            first: self.first,
            last_message: self.last_message,
            bodies: self.bodies.iter().copied().collect(),
            entries: VecDeque::with_capacity(self.entries.len()),
            ..Log::default()
        };
        let mut end = 0_u32;
        for &(bytes, at, is_notice) in &self.entries {
            end = end.checked_add(bytes)?;
            log.messages += usize::from(!is_notice);
            log.entries.push_back(Entry {
                end,
                at,
                kind: Kind::Text,
                is_notice,
            });
        }
        (end as usize == log.bodies.len()).then_some(log)
    }
}
