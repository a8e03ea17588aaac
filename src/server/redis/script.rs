//! The script: what it is asked, and what it answers.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::{entry::EntryId, outage::Outage, resp::Reply};
use crate::{
    state::journal::{Batch, EntryKind, NEWCOMER},
    vocabulary::id::NodeId,
};

/// Its text, which says what all operations do.
pub(super) const SOURCE: &str = include_str!("journal.lua");

/// What is answered, by the script or past it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// An entry was appended.
    Done {
        id: EntryId,
        /// The time of Redis, since the Unix epoch, if it was told.
        time: Option<Duration>,
        /// What else there is to say.
        rest: Vec<String>,
    },
    /// It had been before.
    Again,
    /// Whoever asked is not among the living nodes.
    Buried,
    /// A node is not to be declared dead, or is already.
    Refused { is_done: bool },
    /// The era is another, or over.
    Era(u64),
    /// A part of a snapshot is there, or is not there yet.
    Part(Option<Bytes>),
    /// A part is written.
    Written,
    /// Nothing was done, and nothing will be for now.
    Undone,
}

impl Answer {
    /// What a reply says.
    ///
    /// # Errors
    /// It does not say what the script says.
    pub(super) fn read(reply: &Reply) -> Result<Self, Outage> {
        let words = match reply {
            Reply::List(words) => words,
            Reply::Error(error) => return Err(Outage::told(error)),
            _ => return Err(Outage::unexpected("from the script, no list")),
        };
        let words: Option<Vec<_>> = words.iter().map(Reply::text).collect();
        let answer = match words.as_deref() {
            Some(["ok", id, time_us, rest @ ..]) => match (id.parse(), time_us.parse()) {
                (Ok(id), Ok(time_us)) => Some(Self::Done {
                    id,
                    time: Some(Duration::from_micros(time_us)),
                    rest: rest.iter().map(|&word| word.to_owned()).collect(),
                }),
                _ => None,
            },
            Some(["again", _]) => Some(Self::Again),
            Some(["buried"]) => Some(Self::Buried),
            Some(["refused", why]) => Some(Self::Refused {
                is_done: *why == "done",
            }),
            Some(["era", era, _, _]) => era.parse().ok().map(Self::Era),
            _ => None,
        };
        answer.ok_or_else(|| Outage::unexpected(format!("from the script, {words:.80?}")))
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation<'a> {
    /// To append an entry of a node.
    Append {
        node: NodeId,
        batch: &'a Batch,
        /// What is older may go.
        trim: Option<EntryId>,
    },
    /// To become a node.
    Hello {
        body: &'a [u8],
        /// Where something was left that is of no use.
        useless: Option<EntryId>,
    },
    /// To say that a newcomer lives, which is to have no place in the journal.
    Wait { node: NodeId },
    /// To say of the node that this one was that it is gone, under a number that is above all that it has given.
    Farewell { node: NodeId, number: u64 },
    /// To declare one dead.
    Death { node: NodeId, target: NodeId },
    /// To open a new era.
    Era {
        read: EntryId,
        /// The time of it, in microseconds.
        read_us: u128,
        is_kept: bool,
    },
}

impl Operation<'_> {
    /// What it takes, beside who asks: its name first.
    pub(super) fn words(&self) -> (&'static str, Vec<Vec<u8>>) {
        let text = |word: &dyn fmt::Display| word.to_string().into_bytes();
        match self {
            Self::Append { node, batch, trim } => {
                let trim = trim.map_or_else(|| b"-".to_vec(), |id| text(&id));
                let kind = text(&batch.kind.letter());
                let body = batch.body.to_vec();
                let words = vec![text(&node.0), text(&batch.number), kind, body, trim];
                ("append", words)
            }
            Self::Hello { body, useless } => {
                let useless = useless.map(|id| text(&id));
                let words = [body.to_vec()].into_iter().chain(useless);
                ("hello", words.collect())
            }
            Self::Wait { node } => {
                let kind = text(&EntryKind::Alive.letter());
                let words = vec![text(&node.0), text(&NEWCOMER), kind, Vec::new(), text(&'-')];
                ("append", words)
            }
            Self::Farewell { node, number } => {
                let kind = text(&EntryKind::Bye.letter());
                // It knows nothing that it could leave behind.
                let body = b"fell".to_vec();
                let words = vec![text(&node.0), text(number), kind, body, text(&'-')];
                ("append", words)
            }
            Self::Death { node, target } => ("death", vec![text(&node.0), text(&target.0)]),
            Self::Era {
                read,
                read_us,
                is_kept,
            } => {
                let may_be_kept = text(&u8::from(*is_kept));
                let words = vec![text(read), text(read_us), may_be_kept, Vec::new()];
                ("era", words)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::redis::testing::replies;

    #[test]
    fn answers_are_read_by_their_first_word() {
        let read = |bytes: &str| Answer::read(&replies(bytes)[0]);
        assert_eq!(
            read("*5\r\n+ok\r\n+7-8\r\n+9\r\n+3\r\n+1\r\n"),
            Ok(Answer::Done {
                id: EntryId { era: 7, seq: 8 },
                time: Some(Duration::from_micros(9)),
                rest: vec!["3".to_owned(), "1".to_owned()],
            })
        );
        assert_eq!(read("*2\r\n+again\r\n+3\r\n"), Ok(Answer::Again));
        assert_eq!(read("*1\r\n+buried\r\n"), Ok(Answer::Buried));
        assert_eq!(
            read("*2\r\n+refused\r\n+hung\r\n"),
            Ok(Answer::Refused { is_done: false })
        );
        assert_eq!(
            read("*4\r\n+era\r\n+0\r\n+-\r\n+0-0\r\n"),
            Ok(Answer::Era(0))
        );
        assert_eq!(read("-OOM no\r\n"), Err(Outage::OutOfMemory));
        for odd in [
            "+OK\r\n",
            "*0\r\n",
            "*3\r\n+ok\r\n+7\r\n+9\r\n",
            "*1\r\n*0\r\n",
        ] {
            assert!(matches!(read(odd), Err(Outage::Unexpected(_))), "{odd}");
        }
    }
}
