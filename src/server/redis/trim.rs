//! What of the journal is old enough to be trimmed: Redis counts entries, and we count bytes.

use std::collections::VecDeque;

use super::entry::EntryId;

/// Places that are remembered of what is kept, so that it is trimmed in steps.
const STEPS: usize = 64;

/// Places in the journal, by how many bytes were read before them.
#[derive(Debug)]
pub(super) struct Trim {
    kept_bytes: usize,
    /// Bytes that were read.
    bytes: usize,
    /// Places, and what was read before, oldest first.
    places: VecDeque<(EntryId, usize)>,
    /// Up to where it may be trimmed, if it was not told yet.
    due: Option<EntryId>,
}

impl Trim {
    /// So much is kept.
    pub(super) fn new(kept_bytes: usize) -> Self {
        Self {
            kept_bytes,
            bytes: 0,
            places: VecDeque::new(),
            due: None,
        }
    }

    /// An entry was read.
    pub(super) fn read(&mut self, id: EntryId, bytes: usize) {
        let step = self.kept_bytes / STEPS;
        if self
            .places
            .back()
            .is_none_or(|&(_, before)| self.bytes >= before + step)
        {
            self.places.push_back((id, self.bytes));
        }
        self.bytes += bytes;
        while let Some(&(id, before)) = self.places.front()
            && self.bytes >= before + self.kept_bytes
        {
            self.places.pop_front();
            self.due = Some(id);
        }
    }

    /// Before which place there is something to be trimmed.
    pub(super) fn due(&self) -> Option<EntryId> {
        self.due
    }

    /// It was.
    pub(super) fn done(&mut self) {
        self.due = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_what_is_kept_goes_in_steps() {
        let mut trim = Trim::new(6400);
        let id = |seq| EntryId { era: 1, seq };
        for seq in 0..640 {
            trim.read(id(seq), 10);
        }
        assert_eq!(trim.due(), Some(id(0)));
        trim.done();
        for seq in 640..649 {
            trim.read(id(seq), 10);
        }
        assert_eq!(trim.due(), None);
        trim.read(id(649), 10);
        assert_eq!(trim.due(), Some(id(10)));
        for seq in 650..10_000 {
            trim.read(id(seq), 10);
        }
        assert_eq!(trim.due(), Some(id(9360)));
        assert!(trim.places.len() <= STEPS + 1);
    }
}
