//! How far a node has followed the journal, whether anything before that is missing, and how much is ahead.

use std::time::Duration;

use bytes::Bytes;

use super::{
    entry::{Entry, EntryId},
    trim::Trim,
};
use crate::state::journal::{EntryKind, Header};

/// What was read of the journal. Redis itself goes on behind an entry that is gone with whatever is left, and says nothing.
#[derive(Debug)]
pub(super) struct Course {
    /// The last entry that was folded, if anything is.
    last: Option<EntryId>,
    /// The same when Redis was last asked to append something.
    asked_behind: Option<EntryId>,
    /// The latest time of all entries, since the Unix epoch.
    pub(super) time: Duration,
    /// What is to be trimmed of it.
    pub(super) trim: Trim,
    /// The newest entry that is known of.
    newest: EntryId,
    /// Bytes of an entry, by those that were read lately.
    entry_bytes: usize,
    /// Entries of somebody else.
    pub(super) foreign: u64,
    /// Eras that have begun.
    pub(super) eras: Eras,
}

/// How many eras have begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eras {
    /// Those that go on where the one before ended.
    pub kept: u64,
    /// Those of which nothing is known that was before.
    pub lost: u64,
}

/// Entries are missing between these: they were trimmed before we read them, or what we read was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) last: EntryId,
    pub(super) next: EntryId,
}

impl Course {
    /// Nothing is followed yet.
    pub(super) fn new(kept_bytes: usize) -> Self {
        Self {
            last: None,
            asked_behind: None,
            time: Duration::ZERO,
            trim: Trim::new(kept_bytes),
            newest: EntryId::default(),
            entry_bytes: 0,
            foreign: 0,
            eras: Eras::default(),
        }
    }

    /// The last entry that was folded, if anything is.
    pub(super) fn last(&self) -> Option<EntryId> {
        self.last
    }

    /// Begins behind an entry, or ends.
    pub(super) fn seek(&mut self, last: Option<EntryId>) {
        self.last = last;
        self.asked_behind = None;
        self.time = Duration::ZERO;
    }

    /// Redis is being asked to append something: behind all that was read by now.
    pub(super) fn ask(&mut self) {
        self.asked_behind = self.last;
    }

    /// Notes where it was appended, and whether it is there indeed. Else Redis has forgotten what was read.
    pub(super) fn is_ahead(&mut self, appended: EntryId) -> bool {
        self.newest = self.newest.max(appended);
        self.asked_behind.is_none_or(|last| last < appended)
    }

    /// Goes on to the next entry, and says what it is about, if it is of ours.
    pub(super) fn pass(&mut self, entry: Entry) -> Result<Option<(Header, Bytes)>, Hole> {
        let Some(last) = self.last else {
            return Ok(None);
        };
        let Entry { id, content, bytes } = entry;
        let follows = match content.as_ref().map(|(header, _)| header) {
            Some(header) if header.kind == EntryKind::Kept => {
                let previous = header.previous.as_deref();
                previous.and_then(|id| id.parse().ok()) == Some(last)
            }
            // Whatever was before does not matter any more.
            Some(header) if header.kind == EntryKind::Lost => true,
            Some(_) => last.is_followed_by(id),
            // Somebody else may write at whatever place they like.
            None => last.is_followed_by(id) || id.era != last.era,
        };
        if !follows {
            return Err(Hole { last, next: id });
        }
        self.last = Some(id);
        self.newest = self.newest.max(id);
        self.entry_bytes = (self.entry_bytes * 15 + bytes) / 16;
        self.trim.read(id, bytes);
        match &content {
            None => self.foreign += 1,
            Some((header, _)) => {
                self.time = self.time.max(header.time);
                self.eras.kept += u64::from(header.kind == EntryKind::Kept);
                self.eras.lost += u64::from(header.kind == EntryKind::Lost);
            }
        }
        Ok(content)
    }

    /// Bytes of entries that are ahead, as far as is known.
    pub(super) fn lag_bytes(&self) -> usize {
        let Some(last) = self.last.filter(|last| last.era == self.newest.era) else {
            return 0;
        };
        let entries = self.newest.seq.saturating_sub(last.seq);
        let entries = usize::try_from(entries).unwrap_or(usize::MAX);
        entries.saturating_mul(self.entry_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::id::NodeId;

    fn id(era: u64, seq: u64) -> EntryId {
        EntryId { era, seq }
    }

    fn entry(id: EntryId, kind: EntryKind, previous: Option<EntryId>) -> Entry {
        let header = Header {
            kind,
            node: NodeId(1),
            number: 1,
            time: Duration::from_secs(id.seq),
            previous: previous.map(|id| id.to_string().into()),
        };
        Entry {
            id,
            content: Some((header, Bytes::new())),
            bytes: 1000,
        }
    }

    fn foreign(id: EntryId) -> Entry {
        Entry {
            id,
            content: None,
            bytes: 1000,
        }
    }

    /// One that has come to `7-3`.
    fn course() -> Course {
        let mut course = Course::new(1 << 20);
        course.seek(Some(id(7, 3)));
        course
    }

    /// Whether nothing is missing between `7-3` and an entry.
    fn passes(entry: Entry) -> bool {
        course().pass(entry).is_ok()
    }

    #[test]
    fn entries_of_an_era_follow_one_another() {
        assert!(passes(entry(id(7, 4), EntryKind::Actions, None)));
        assert!(!passes(entry(id(7, 5), EntryKind::Actions, None)));
        assert!(!passes(entry(id(8, 0), EntryKind::Actions, None)));
        let mut course = course();
        let passed = course.pass(entry(id(7, 4), EntryKind::Alive, None));
        assert_eq!(passed.unwrap().unwrap().0.kind, EntryKind::Alive);
        assert_eq!(course.last(), Some(id(7, 4)));
        assert_eq!(course.time, Duration::from_secs(4));
    }

    #[test]
    fn an_era_that_was_kept_follows_what_was_last() {
        assert!(passes(entry(id(9, 0), EntryKind::Kept, Some(id(7, 3)))));
        assert!(!passes(entry(id(9, 0), EntryKind::Kept, Some(id(7, 4)))));
        assert!(!passes(entry(id(9, 0), EntryKind::Kept, Some(id(7, 2)))));
    }

    #[test]
    fn one_that_was_lost_follows_anything() {
        assert!(passes(entry(id(9, 0), EntryKind::Lost, Some(id(7, 9)))));
    }

    #[test]
    fn what_others_write_takes_a_place_of_ours_or_one_of_their_own() {
        assert!(passes(foreign(id(7, 4))));
        assert!(!passes(foreign(id(7, 5))));
        assert!(passes(foreign(id(8, 5))));
    }

    #[test]
    fn what_is_ahead_is_told_in_bytes() {
        let mut course = course();
        for seq in 4..100 {
            course.pass(foreign(id(7, seq))).unwrap();
        }
        assert_eq!(course.foreign, 96);
        assert_eq!(course.lag_bytes(), 0);
        assert!(course.is_ahead(id(7, 109)));
        assert!((9_000..=10_000).contains(&course.lag_bytes()));
    }

    #[test]
    fn what_is_appended_is_behind_all_that_was_read_when_it_was_asked_for() {
        let mut course = course();
        course.ask();
        course
            .pass(entry(id(7, 4), EntryKind::Actions, None))
            .unwrap();
        assert!(course.is_ahead(id(7, 4)));
        course.ask();
        assert!(!course.is_ahead(id(7, 4)));
    }

    #[test]
    fn eras_are_counted() {
        let mut course = course();
        course
            .pass(entry(id(8, 0), EntryKind::Kept, Some(id(7, 3))))
            .unwrap();
        course.pass(entry(id(9, 0), EntryKind::Lost, None)).unwrap();
        assert_eq!(course.eras, Eras { kept: 1, lost: 1 });
    }
}
