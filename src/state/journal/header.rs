//! What is to be known of an entry beside what it says.

use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::VERSION;
use crate::vocabulary::id::NodeId;

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// What clients of a node do.
    Actions,
    /// A node comes.
    Hello,
    /// A node is there, and has nothing to say.
    Alive,
    /// What became of what a program is told of.
    Settled,
    /// A node goes.
    Bye,
    /// A node is gone.
    Death,
    /// An era begins that goes on where the one before ended.
    Kept,
    /// An era begins, and what was before it may be lost.
    Lost,
}

/// The header of an entry: `VERSION KIND NODE NUMBER TIME_US`, and ` PREVIOUS_ID` where an era begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is for.
    pub kind: EntryKind,
    /// Which node wrote it.
    pub node: NodeId,
    /// How many that node has written with it that are numbered; 0 for one that is not, and [`NEWCOMER`] for the hello of a
    /// node that knows nothing yet.
    pub number: i64,
    /// When it was appended, since the Unix epoch: never earlier than what is before it.
    pub time: Duration,
    /// Where an era begins: the last id before, `0-0` if there was none.
    pub previous: Option<Box<str>>,
}

/// The number of a node that has said hello and knows nothing yet. Of those that know something none is below 0.
pub const NEWCOMER: i64 = -1;

/// Why an entry cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HeaderError {
    /// It is not of ours: to be skipped, by every node alike.
    #[error("an entry of the journal is none of ours: its header is {0:?}")]
    Foreign(Box<str>),
    /// A node of another release wrote it: nothing that comes after can be understood.
    #[error(
        "the journal has an entry of format {0}, and this is a server for format {VERSION}: bring all nodes to one release"
    )]
    Version(u64),
}

impl EntryKind {
    /// Its letter in headers.
    pub fn letter(self) -> char {
        match self {
            Self::Actions => 'a',
            Self::Hello => 'h',
            Self::Alive => 'l',
            Self::Settled => 's',
            Self::Bye => 'b',
            Self::Death => 'd',
            Self::Kept => 'k',
            Self::Lost => 'o',
        }
    }

    fn of(letter: &str) -> Option<Self> {
        Some(match letter {
            "a" => Self::Actions,
            "h" => Self::Hello,
            "l" => Self::Alive,
            "s" => Self::Settled,
            "b" => Self::Bye,
            "d" => Self::Death,
            "k" => Self::Kept,
            "o" => Self::Lost,
            _ => return None,
        })
    }
}

impl FromStr for Header {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<Self, HeaderError> {
        let foreign = || HeaderError::Foreign(text.into());
        let mut fields = text.split(' ');
        let mut field = || fields.next().ok_or_else(foreign);
        let not_a_number = |_: ParseIntError| foreign();
        let version: u64 = field()?.parse().map_err(not_a_number)?;
        if version != VERSION {
            return Err(HeaderError::Version(version));
        }
        let kind = EntryKind::of(field()?).ok_or_else(foreign)?;
        let node = NodeId(field()?.parse().map_err(not_a_number)?);
        let number = field()?.parse().map_err(not_a_number)?;
        let micros = field()?.parse().map_err(not_a_number)?;
        let is_first = matches!(kind, EntryKind::Kept | EntryKind::Lost);
        let previous = is_first.then(|| field().map(Into::into)).transpose()?;
        match fields.next() {
            Some(_) => Err(foreign()),
            None => Ok(Self {
                kind,
                node,
                number,
                time: Duration::from_micros(micros),
                previous,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_who_wrote_what_and_when() {
        assert_eq!(
            "3 a 7 12 1795906262856123".parse(),
            Ok(Header {
                kind: EntryKind::Actions,
                node: NodeId(7),
                number: 12,
                time: Duration::from_micros(1_795_906_262_856_123),
                previous: None,
            })
        );
    }

    #[test]
    fn where_an_era_begins_the_id_before_is_named() {
        let header: Header = "3 k 0 0 5 17-3".parse().unwrap();
        assert_eq!(header.previous.as_deref(), Some("17-3"));
    }

    #[test]
    fn what_others_write_is_foreign() {
        for text in [
            "",
            "3",
            "hello",
            "3 a 7 12",
            "3 x 7 12 5",
            "3 a 7 12 5 17-3",
            "3 k 0 0 5",
            "3 a -7 12 5",
        ] {
            let foreign = Err(HeaderError::Foreign(text.into()));
            assert_eq!(text.parse::<Header>(), foreign);
        }
    }

    #[test]
    fn another_format_is_told_from_what_others_write() {
        for version in [2, 4] {
            let read = format!("{version} a whatever follows").parse::<Header>();
            assert_eq!(read, Err(HeaderError::Version(version)));
        }
    }
}
