//! Entries as they lie in Redis: at a place, and perhaps of somebody else.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use super::resp::Reply;
use crate::state::journal::{Header, HeaderError};

/// The place of an entry. Those of one era are numbered without a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// The era: a later one has a larger number.
    pub era: u64,
    /// The number within it.
    pub seq: u64,
}

/// A text that is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

/// Something that was read from the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: EntryId,
    /// What it is, unless somebody else has put it there.
    pub(super) content: Option<(Header, Bytes)>,
    /// Bytes that it has.
    pub(super) bytes: usize,
}

/// Why an entry cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EntryError {
    /// The reply is none.
    None,
    /// A node of another release has written it.
    Version(HeaderError),
}

impl EntryId {
    /// Whether a place is the next one of the same era.
    pub(super) fn is_followed_by(self, next: Self) -> bool {
        next.era == self.era && Some(next.seq) == self.seq.checked_add(1)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.era, self.seq)
    }
}

impl FromStr for EntryId {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (era, seq) = text.split_once('-').ok_or(NoPlace)?;
        match (era.parse(), seq.parse()) {
            (Ok(era), Ok(seq)) => Ok(Self { era, seq }),
            _ => Err(NoPlace),
        }
    }
}

impl Entry {
    /// What a reply has of an entry: its place, and a list of fields and values.
    pub(super) fn read(reply: Reply) -> Result<Self, EntryError> {
        let Reply::List(parts) = reply else {
            return Err(EntryError::None);
        };
        let Ok([id, Reply::List(fields)]) = <[Reply; 2]>::try_from(parts) else {
            return Err(EntryError::None);
        };
        let id = id.text().and_then(|text| text.parse().ok());
        let id = id.ok_or(EntryError::None)?;
        let bytes = fields.iter().map(Reply::bytes).sum();
        let content = match <[Reply; 4]>::try_from(fields) {
            Ok([h, header, b, Reply::Text(body)])
                if h.text() == Some("h") && b.text() == Some("b") =>
            {
                match header.text().unwrap_or_default().parse() {
                    Ok(header) => Some((header, body)),
                    Err(HeaderError::Foreign(_)) => None,
                    Err(version @ HeaderError::Version(_)) => {
                        return Err(EntryError::Version(version));
                    }
                }
            }
            _ => None,
        };
        Ok(Self { id, content, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::redis::testing::replies;
    use crate::{state::journal::EntryKind, vocabulary::id::NodeId};

    fn read(bytes: &str) -> Result<Entry, EntryError> {
        Entry::read(replies(bytes).remove(0))
    }

    #[test]
    fn an_entry_of_ours_has_a_header_and_a_body() {
        let entry =
            read("*2\r\n$3\r\n7-8\r\n*4\r\n+h\r\n+3 l 3 9 5\r\n+b\r\n$2\r\nxy\r\n").unwrap();
        assert_eq!(entry.id, EntryId { era: 7, seq: 8 });
        assert_eq!(entry.bytes, 13);
        let (header, body) = entry.content.unwrap();
        assert_eq!((header.kind, header.node), (EntryKind::Alive, NodeId(3)));
        assert_eq!(&body[..], b"xy");
    }

    #[test]
    fn one_of_somebody_else_has_a_place_only() {
        for fields in [
            "*2\r\n+h\r\n+3 l 3 9 5\r\n",
            "*4\r\n+b\r\n+x\r\n+h\r\n+3 l 3 9 5\r\n",
            "*4\r\n+h\r\n+what\r\n+b\r\n+x\r\n",
            "*0\r\n",
        ] {
            let entry = read(&format!("*2\r\n$3\r\n7-8\r\n{fields}")).unwrap();
            assert_eq!(entry.id, EntryId { era: 7, seq: 8 });
            assert_eq!(entry.content, None);
        }
    }

    #[test]
    fn one_of_another_version_is_told_and_what_is_none_is_refused() {
        let newer = read("*2\r\n$3\r\n7-8\r\n*4\r\n+h\r\n+4 x\r\n+b\r\n+x\r\n");
        assert_eq!(newer, Err(EntryError::Version(HeaderError::Version(4))));
        assert_eq!(read("*1\r\n$3\r\n7-8\r\n"), Err(EntryError::None));
        assert_eq!(read("*2\r\n$3\r\n7+8\r\n*0\r\n"), Err(EntryError::None));
        assert_eq!(read(":1\r\n"), Err(EntryError::None));
    }

    #[test]
    fn places_of_an_era_follow_one_another() {
        let id = |era, seq| EntryId { era, seq };
        assert!(id(7, 3).is_followed_by(id(7, 4)));
        assert!(!id(7, 3).is_followed_by(id(7, 5)));
        assert!(!id(7, 3).is_followed_by(id(8, 4)));
        assert!(!id(7, u64::MAX).is_followed_by(id(7, 0)));
        assert_eq!(id(7, 3).to_string().parse(), Ok(id(7, 3)));
    }
}
