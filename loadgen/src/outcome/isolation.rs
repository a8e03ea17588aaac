//! What slow clients do to the others.

use serde::Serialize;

use crate::record::distribution::Summary;

/// What slow clients do to the others: the others' p99 in a run without them, and with them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Isolation {
    /// Without slow clients.
    pub p99_us_without: f64,
    /// With them.
    pub p99_us_with: f64,
    /// The second over the first.
    pub ratio: f64,
    /// Whether something went wrong in the run without them.
    #[serde(skip)]
    pub broken: bool,
}

impl Isolation {
    /// The latency of a run without slow clients, in which something went wrong or not, and that of one with them.
    pub fn new(without: Option<Summary>, broken: bool, with: Option<Summary>) -> Option<Self> {
        let (without, with) = (without?.p99, with?.p99);
        Some(Self {
            p99_us_without: without,
            p99_us_with: with,
            ratio: with / without,
            broken,
        })
    }
}
