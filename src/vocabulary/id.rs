//! Names for things that come and go.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What comes before the key of a connection where that is the id of a client who has no other. No person's id begins like it,
/// or the one could be closed in the other's place.
pub const CONNECTION: &str = "connection:";

/// A connection: a slot of the server's slab, and which of its successive tenants is meant.
///
/// The generation is what keeps a late event for a closed socket from reaching the newcomer in its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The slot.
    pub slot: u32,
    /// The tenant; no two connections of one process share slot and generation until it has wrapped around.
    pub generation: u32,
}

/// A server of several that are one, by the number that it was given when it came: none has one twice, and the newest has
/// the greatest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
pub struct NodeId(pub u32);

impl fmt::Display for Key {
    /// `slot.generation`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.slot, self.generation)
    }
}

impl FromStr for Key {
    type Err = ParseIntError;

    /// Reads it as it is shown.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (slot, generation) = text.split_once('.').unwrap_or((text, ""));
        Ok(Self {
            slot: slot.parse()?,
            generation: generation.parse()?,
        })
    }
}

impl From<Key> for usize {
    fn from(key: Key) -> usize {
        (key.generation as usize) << u32::BITS | key.slot as usize
    }
}

impl From<usize> for Key {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of a 64-bit token are meant"
    )]
    fn from(token: usize) -> Self {
        Self {
            slot: token as u32,
            generation: (token >> u32::BITS) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_the_way_through_a_token() {
        let key = Key {
            slot: 7,
            generation: u32::MAX - 1,
        };
        assert_eq!(Key::from(usize::from(key)), key);
        assert_eq!(key.to_string(), "7.4294967294");
        assert_eq!("7.4294967294".parse(), Ok(key));
        for none in ["", "7", "7.", ".1", "7.1.1", "7.-1", "7.4294967296"] {
            assert!(none.parse::<Key>().is_err(), "{none}");
        }
    }
}
