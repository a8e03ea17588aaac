//! The script: what it is asked, and what it answers.

/// Its text, which says what all operations do.
pub(super) const SOURCE: &str = include_str!("journal.lua");
