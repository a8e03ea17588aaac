//! How much went through.

use serde::Serialize;

use crate::{figures, swarm::trial::Trial};

/// What went through in the measured window, duplicates included.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Throughput {
    /// Messages to clients.
    pub delivered_per_second: f64,
    /// Frames that carried them.
    pub frames_per_second: f64,
    /// Messages in a frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_batch: Option<f64>,
    /// Bytes received on all sockets, frame headers included.
    pub bytes_per_second: f64,
}

impl Throughput {
    /// In one trial.
    pub fn new(trial: &Trial) -> Self {
        let seconds = trial.window_seconds();
        let frames = trial.received(|totals| totals.frames);
        let messages = trial.received(|totals| totals.messages);
        let bytes = trial.received(|totals| totals.bytes);
        Self {
            delivered_per_second: figures::ratio(messages, 1) / seconds,
            frames_per_second: figures::ratio(frames, 1) / seconds,
            mean_batch: (frames > 0).then(|| figures::ratio(messages, frames)),
            bytes_per_second: figures::ratio(bytes, 1) / seconds,
        }
    }
}
