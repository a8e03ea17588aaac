//! What takes all connections at hand, so that it is done between the turn's parts: what is shown of clients, for which more may
//! have to be looked at than one turn can, and what is done to one.

use crate::{
    server::{http::Response, survey::Rank},
    vocabulary::id::Key,
};

/// Something of this kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// To show how it goes.
    Stats,
    /// To show clients of this server.
    Clients {
        /// Which come first.
        rank: Rank,
        /// How many, at most.
        limit: usize,
    },
    /// To show clients with an id or a name, at whichever server.
    Named {
        /// The id or the name.
        text: String,
        /// How many, at most.
        limit: usize,
    },
    /// To close a client of this server.
    Close {
        /// Its connection.
        key: Key,
        /// The code that it is told.
        code: u16,
        /// And the words.
        words: Box<str>,
    },
}

/// One that is waited for, or what came of it.
#[derive(Debug)]
pub enum Awaited {
    /// It is yet to be done.
    Errand(Errand),
    /// It is done, and this is to be answered.
    Answer(Response),
    /// That was answered.
    Nothing,
}

impl Errand {
    /// Whether everyone has to be looked at for it.
    pub fn is_of_all(&self) -> bool {
        match self {
            Self::Stats | Self::Clients { .. } => true,
            Self::Named { .. } | Self::Close { .. } => false,
        }
    }
}

impl Awaited {
    /// What is yet to be done.
    pub(super) fn errand(&self) -> Option<&Errand> {
        match self {
            Self::Errand(errand) => Some(errand),
            Self::Answer(_) | Self::Nothing => None,
        }
    }

    /// What is answered, if that is known. It is told once.
    pub(super) fn answer(&mut self) -> Option<Response> {
        match std::mem::replace(self, Self::Nothing) {
            Self::Answer(response) => Some(response),
            other => {
                *self = other;
                None
            }
        }
    }
}
