//! What is made to go wrong on purpose, to prove that the oracle sees it.

use crate::peer::Kind;
use crate::socket::Flaw;
use crate::tamper::{Tamper, Tampering};

/// What is wrong in a run, if anything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing.
    None,
    /// The bytes that reach the first member of this kind.
    Flawed(Kind, Flaw),
    /// What is told of what was missed, to everyone in the chat but its witness.
    Tampered(Tamper),
    /// What the oracle believes that the server is to do.
    Misled(Belief),
}

/// Something that the oracle believes, and the server knows nothing of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belief {
    /// There are bounds for each address.
    Addresses,
    /// There is room for few connections.
    Connections,
    /// A connection serves few requests.
    Requests,
    /// Tokens expire.
    Expiry,
    /// Nobody is closed for sending too much, as nothing is too much.
    Rates,
    /// Peers may leave only so much unsent.
    Unsent,
    /// Those who inflate have a small window.
    Window,
}

impl Belief {
    /// Those that show by chance.
    pub const BY_CHANCE: [Self; 5] = [
        Self::Addresses,
        Self::Connections,
        Self::Requests,
        Self::Expiry,
        Self::Rates,
    ];
}

impl Sabotage {
    /// What is wrong with the bytes that reach a member of this kind.
    pub fn flaw(self, kind: Kind) -> Option<Flaw> {
        match self {
            Self::Flawed(of, flaw) if of == kind => Some(flaw),
            _ => None,
        }
    }

    /// What is wrong with what is told to someone in the chat.
    pub fn tampering(self) -> Option<Tampering> {
        match self {
            Self::Tampered(tamper) => Some(Tampering::new(tamper)),
            _ => None,
        }
    }

    /// Whether the oracle believes this and the server does not.
    pub fn misleads(self, belief: Belief) -> bool {
        self == Self::Misled(belief)
    }
}
