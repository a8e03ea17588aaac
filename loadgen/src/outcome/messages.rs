//! What became of the messages.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{args::script::Sender, outcome::ways::ways, plan::Plan, swarm::trial::Trial};

/// What became of the messages, warm-up included, without slow clients and newcomers. `delivered` + `lost` =
/// `expected`.
#[derive(Clone, Debug, Serialize)]
pub struct Messages {
    /// Messages that publishers sent.
    pub sent: u64,
    /// Deliveries that there should be, without those that were under way when the user had nobody wait any more.
    pub expected: u64,
    /// Deliveries that there were, duplicates not counted.
    pub delivered: u64,
    /// Deliveries that were missing at the end; also of what was due and the server did not read.
    pub lost: u64,
    /// Deliveries of what that client already had.
    pub duplicated: u64,
    /// Deliveries after a later message of the same publisher.
    pub reordered: u64,
    /// Deliveries after a message that others got later.
    pub disordered: u64,
    /// Clients that the server disconnected, slow ones apart.
    pub disconnects: u64,
    /// How many of them in which way: by close code, or what came instead.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disconnects_by: BTreeMap<String, u64>,
    /// Deliveries that disconnected clients did not get any more; they are not expected.
    pub missed: u64,
    /// Deliveries to clients of another channel.
    pub stray: u64,
    /// Deliveries to the very senders, who should get none, or an acknowledgement and a copy at most.
    #[serde(skip_serializing_if = "is_zero")]
    pub returned: u64,
    /// Messages that were acknowledged to their senders, where that is what these get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acked: Option<u64>,
    /// Messages that were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unacked: Option<u64>,
    /// Frames that were not of this run, and messages that were damaged.
    pub foreign: u64,
    /// How many of these were messages that were damaged.
    pub damaged: u64,
    /// Deliveries of messages that nobody sent.
    pub invented: u64,
    /// Frames without messages that were awaited or answered, as a script or a chat's entry has it.
    #[serde(skip_serializing_if = "is_zero")]
    pub heeded: u64,
    /// Pings of the server that were answered.
    #[serde(skip_serializing_if = "is_zero")]
    pub pings: u64,
    /// Publishers that the server had stopped reading at the end.
    pub unread: u64,
    /// Messages that were due and never sent, since the server had.
    pub unsent: u64,
    /// Clients at which a message began and never ended, slow ones apart.
    pub unended: u64,
}

impl Messages {
    /// In one trial.
    pub fn new(plan: &Plan, trial: &Trial) -> Self {
        let sums = &trial.sums;
        let is_acked = plan.sender == Sender::Acked;
        Self {
            sent: trial.sent,
            expected: sums.counts.delivered + sums.lost,
            delivered: sums.counts.delivered,
            lost: sums.lost,
            duplicated: sums.counts.duplicated,
            reordered: sums.counts.reordered,
            disordered: sums.disordered + trial.collection.disordered(),
            disconnects: sums.disconnects.values().sum(),
            disconnects_by: ways(&sums.disconnects),
            missed: sums.missed,
            stray: sums.stray,
            returned: sums.echoes.returned,
            acked: is_acked.then_some(sums.echoes.acked),
            unacked: is_acked.then_some(sums.echoes.unacked),
            foreign: sums.foreign,
            damaged: sums.damaged,
            invented: sums.invented,
            heeded: sums.heeded,
            pings: sums.pings,
            unread: sums.unread,
            unsent: sums.unsent,
            unended: sums.unended,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this way")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
