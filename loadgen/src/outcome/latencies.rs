//! How long messages took, told in the same figures of a whole trial and of each of its stages.

use serde::Serialize;

use crate::record::distribution::{Distribution, Summary};

/// How long messages took.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latencies {
    /// From the intended sending of a message to each client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Summary>,
    /// From the actual sending of a message to each client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_latency_us: Option<Summary>,
    /// From the intended sending of a message to its last client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_receiver_us: Option<Summary>,
}

impl Latencies {
    /// Of what was measured from the intended sending, from the actual one, and to the last client.
    pub fn new(
        latency: &Distribution,
        sent_latency: &Distribution,
        last_receiver: &Distribution,
    ) -> Self {
        Self {
            latency_us: latency.summary(),
            sent_latency_us: sent_latency.summary(),
            last_receiver_us: last_receiver.summary(),
        }
    }
}
