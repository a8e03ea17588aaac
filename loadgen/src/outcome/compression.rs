//! What came deflated, and what that took of the load generator.

use serde::Serialize;

use crate::{figures, plan::Plan, record::sample::Deflated, swarm::trial::Trial};

/// How the offer to deflate was answered, by handshakes, and what came deflated in the measured window.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Compression {
    /// Handshakes in which the server agreed.
    pub agreed: u64,
    /// Handshakes in which it declined.
    pub declined: u64,
    /// Those in which it agreed and keeps its context: each client has a state of its own.
    pub context_kept: u64,
    /// Messages of the WebSocket that came deflated; each may have several of the run's.
    pub messages: u64,
    /// Of these, messages that were inflated, and not known from an equal one.
    pub inflations: u64,
    /// Bytes of their payloads on the wire.
    pub wire_bytes: u64,
    /// Bytes of the same inflated.
    pub inflated_bytes: u64,
    /// The former over the latter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// CPU seconds of the load generator for inflating, and for finding equal messages, by the clocks of its threads: each
    /// inflation is timed, and one in 64 searches.
    pub cpu_seconds: f64,
    /// The same as a part of all its CPU seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_share: Option<f64>,
}

impl Compression {
    /// In one trial, if it was offered.
    pub fn new(plan: &Plan, trial: &Trial) -> Option<Self> {
        if plan.inflating == 0 {
            return None;
        }
        let received =
            |figure: fn(&Deflated) -> u64| trial.received(|totals| figure(&totals.deflated));
        let agreements = trial.sums.agreements;
        let wire_bytes = received(|deflated| deflated.bytes);
        let inflated_bytes = received(|deflated| deflated.inflated_bytes);
        let cpu_seconds = figures::seconds(received(|deflated| deflated.cpu_ns));
        let all_cpu_seconds = trial.own_cpu_seconds();
        Some(Self {
            agreed: agreements.fresh + agreements.kept,
            declined: agreements.declined,
            context_kept: agreements.kept,
            messages: received(|deflated| deflated.messages),
            inflations: received(|deflated| deflated.inflations),
            wire_bytes,
            inflated_bytes,
            ratio: (inflated_bytes > 0).then(|| figures::ratio(wire_bytes, inflated_bytes)),
            cpu_seconds,
            cpu_share: (all_cpu_seconds > 0.0).then(|| cpu_seconds / all_cpu_seconds),
        })
    }
}
