//! What came of what a program asked for.

use crate::vocabulary::chat::ChatError;

/// What came of it, in the order in which one program asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was said in a channel of the chat.
    Said {
        /// Which life of the channel it is in.
        epoch: u64,
        /// Its number there.
        seq: u64,
        /// Whether that was when it was asked for before.
        is_duplicate: bool,
    },
    /// It was said to one person.
    Whispered {
        /// Whether that was when it was asked for before.
        is_duplicate: bool,
    },
    /// It was said in a channel of the relay.
    Relayed,
    /// A person has left a channel.
    Expelled {
        /// How many of their sessions were in it.
        sessions: usize,
    },
    /// All connections of a person are about to be closed.
    Dismissed {
        /// How many there are.
        sessions: usize,
    },
    /// What it was to be known by is that of something else.
    Conflict,
    /// It was not done, or nobody knows whether it was.
    Refused(ChatError),
}
