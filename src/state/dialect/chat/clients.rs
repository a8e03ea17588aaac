//! Clients that have something in common, of which there is nearly always one.

use std::collections::BTreeSet;

use crate::state::{hub::ClientId, memory::of_tree};

/// At least one client.
#[derive(Debug)]
pub(super) enum Clients {
    One(ClientId),
    #[expect(
        clippy::box_collection,
        reason = "what is rare is not to make what is frequent larger"
    )]
    Several(Box<BTreeSet<ClientId>>),
}

impl Clients {
    /// Adds one more.
    pub(super) fn insert(&mut self, client: ClientId) {
        match self {
            Self::One(one) => *self = Self::Several(Box::new(BTreeSet::from([*one, client]))),
            Self::Several(several) => {
                several.insert(client);
            }
        }
    }

    /// Takes one out, if that leaves any; says whether it was the only one instead.
    pub(super) fn remove(&mut self, client: ClientId) -> bool {
        match self {
            Self::One(one) => return *one == client,
            Self::Several(several) => {
                several.remove(&client);
                if let (1, Some(&one)) = (several.len(), several.first()) {
                    *self = Self::One(one);
                }
            }
        }
        false
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Several(several) => several.len(),
        }
    }

    /// All of them, in an order that is nobody's business.
    pub(super) fn iter(&self) -> impl Iterator<Item = ClientId> + Clone {
        let (one, several) = match self {
            Self::One(one) => (Some(*one), None),
            Self::Several(several) => (None, Some(several)),
        };
        let several = several.into_iter().flat_map(|several| several.iter());
        one.into_iter().chain(several.copied())
    }

    /// Bytes that they take beside themselves.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Several(several) => {
                size_of::<BTreeSet<ClientId>>() + of_tree::<ClientId>(several.len())
            }
        }
    }
}
