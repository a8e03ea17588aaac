//! What the load generator itself used.

use serde::Serialize;

use crate::{
    record::distribution::Summary,
    swarm::{shard::Window, trial::Trial},
};

/// What the load generator used, and how well it kept its schedule, in the measured window.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Loadgen {
    /// CPU seconds of all threads.
    pub cpu_seconds: f64,
    /// The part of one core that the busiest thread used.
    pub cpu_share: f64,
    /// The part of the time in which the thread that waited longest for a core did so, since others had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_share: Option<f64>,
    /// Seconds for which the thread that stood still longest did so: it neither slept, nor ran, nor waited for a core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stood_still_seconds: Option<f64>,
    /// From the intended sending to the actual, while the socket was writable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_slip_us: Option<Summary>,
    /// From the intended sending until the socket was writable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_blocked_us: Option<Summary>,
    /// One turn of the loop: about the most that it adds to a latency by being busy with other clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_us: Option<Summary>,
}

impl Loadgen {
    /// In one trial.
    pub fn new(trial: &Trial) -> Self {
        Self {
            cpu_seconds: trial.own_cpu_seconds(),
            cpu_share: trial.own_cpu_share(),
            waiting_share: trial.waiting_share(),
            stood_still_seconds: Window::longest_standstill(&trial.windows),
            schedule_slip_us: trial.sums.slip.summary(),
            send_blocked_us: trial.sums.blocked.summary(),
            turn_us: trial.sums.turn.summary(),
        }
    }
}
