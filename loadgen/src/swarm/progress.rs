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
        /// Which of how many stages that is in, if it is in one.
        stage: Option<(usize, usize)>,
        /// CPU seconds of the server up to now, if it is watched.
        server_cpu_seconds: Option<f64>,
        /// What came so far.
        collection: &'a Collection,
    },
}
