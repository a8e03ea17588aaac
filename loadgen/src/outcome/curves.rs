//! What figures only sum up: distributions, and how they came about.

use crate::record::{collection::Collection, distribution::Distribution};

/// What a run measured beside its figures, by what it was about.
#[derive(Debug)]
pub enum Curves {
    /// Messages: their times, and what came when.
    Traffic(Box<Collection>),
    /// Handshakes, from the begin of a connection.
    Handshakes(Distribution),
    /// The latencies of several servers, each with its name.
    Targets(Vec<(String, Distribution)>),
    /// Steps of a search, which are all among its figures.
    Steps,
}

impl Curves {
    /// The times that the run is about, if they are those of one server.
    pub fn latency(&self) -> Option<&Distribution> {
        match self {
            Self::Traffic(collection) => Some(&collection.latency),
            Self::Handshakes(latency) => Some(latency),
            Self::Targets(_) | Self::Steps => None,
        }
    }
}
