//! What is made to go wrong on purpose, to prove that it is seen.

use crate::socket::Flaw;

/// What is wrong in a run, if anything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing.
    None,
    /// The bytes that reach someone in the chat.
    Flawed(Flaw),
    /// What a node makes of the journal.
    Misread(Misreading),
    /// A node takes for told what the endpoint of a webhook has not heard.
    Untold,
}

/// What a node makes of what someone at another one does, now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misreading {
    /// Nothing.
    Skips,
    /// It takes it for done at another moment.
    Late,
}

impl Sabotage {
    /// All that there is.
    pub const ALL: [Self; 6] = [
        Self::Flawed(Flaw::Lose),
        Self::Flawed(Flaw::Duplicate),
        Self::Flawed(Flaw::Swap),
        Self::Misread(Misreading::Skips),
        Self::Misread(Misreading::Late),
        Self::Untold,
    ];

    /// What is wrong with the bytes that reach someone in the chat.
    pub fn flaw(self) -> Option<Flaw> {
        match self {
            Self::Flawed(flaw) => Some(flaw),
            _ => None,
        }
    }

    /// What is wrong with what a node makes of the journal.
    pub fn misreading(self) -> Option<Misreading> {
        match self {
            Self::Misread(misreading) => Some(misreading),
            _ => None,
        }
    }
}
