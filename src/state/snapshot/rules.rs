//! The settings that decide what is made of a sequence: where they differ, servers would not make the same of it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::SnapshotError;
use crate::vocabulary::{config::HistoryBounds, webhook::Topics};

/// What a server goes by.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Rules {
    notice_limit: usize,
    messages: usize,
    bytes: usize,
    age: Duration,
    total_bytes: usize,
}

impl Rules {
    /// By these bounds.
    pub(super) fn new(notice_limit: usize, history: &HistoryBounds) -> Self {
        Self {
            notice_limit,
            messages: history.messages,
            bytes: history.bytes,
            age: history.age,
            total_bytes: history.total_bytes,
        }
    }

    /// That another server goes by the same.
    ///
    /// # Errors
    /// The first flag that differs.
    pub(super) fn agree(&self, theirs: &Self) -> Result<(), SnapshotError> {
        same("--notice-limit", &self.notice_limit, &theirs.notice_limit)?;
        same("--history", &self.messages, &theirs.messages)?;
        same("--history-bytes", &self.bytes, &theirs.bytes)?;
        let shown = |age| humantime::format_duration(age).to_string();
        same("--history-age", &shown(self.age), &shown(theirs.age))?;
        same("--history-total", &self.total_bytes, &theirs.total_bytes)
    }
}

/// That another server has a program told of the same, or of nothing, like this one.
///
/// # Errors
/// The first flag that differs.
pub(super) fn agree_on_events(
    ours: Option<Topics>,
    theirs: Option<Topics>,
) -> Result<(), SnapshotError> {
    let shown = |topics: Option<Topics>| topics.map_or("absent", |_| "given");
    same("--webhook", &shown(ours), &shown(theirs))?;
    let shown = |topics: Option<Topics>| topics.unwrap_or_default().to_string();
    same("--webhook-events", &shown(ours), &shown(theirs))
}

fn same<T: PartialEq + fmt::Display>(
    flag: &'static str,
    ours: &T,
    theirs: &T,
) -> Result<(), SnapshotError> {
    if ours == theirs {
        return Ok(());
    }
    Err(SnapshotError::Rules {
        flag,
        ours: ours.to_string(),
        theirs: theirs.to_string(),
    })
}
