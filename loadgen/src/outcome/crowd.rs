//! How clients came and went with a stage that changes how many there are.

use serde::Serialize;

use crate::record::{distribution::Summary, stages::Part};

/// How clients came and went with a stage. Who was asked to go before it was in is not in any of these.
#[derive(Clone, Debug, Serialize)]
pub struct Crowd {
    /// Clients that came and are in.
    pub came: u64,
    /// Clients that said goodbye.
    pub went: u64,
    /// Clients that should have come and were not let in.
    pub failed: u64,
    /// Why the first of these was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
    /// From when it was a client's turn to come to the end of its handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_us: Option<Summary>,
}

impl Crowd {
    /// In one stage, of which this was measured.
    pub fn new(part: &Part) -> Self {
        Self {
            came: part.came,
            went: part.went,
            failed: part.failed,
            first_failure: part.failure.clone(),
            connect_us: part.connect.summary(),
        }
    }
}
