//! How far a run is, for whoever watches it.

use crate::{record::collection::Collection, swarm::shard::Timeline};

/// What a run is at.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Clients come in.
    Connecting {
        /// Those that are in.
        inside: usize,
        /// Those that shall be.
        wanted: usize,
    },
    /// Messages are exchanged.
    Exchanging {
        /// When what is done.
        timeline: Timeline,
        /// The moment, in nanoseconds since the origin.
        now_ns: u64,
        /// What came so far.
        collection: &'a Collection,
    },
}
