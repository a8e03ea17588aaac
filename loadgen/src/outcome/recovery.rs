//! How it went for those who lost their connections and came back.

use serde::Serialize;

use crate::{plan::Plan, record::distribution::Summary, swarm::trial::Trial};

/// How it went for those who lost their connections and came back.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Recovery {
    /// How often someone was cut off.
    pub cuts: u64,
    /// How often someone came in at another node, since its own was gone.
    pub moved: u64,
    /// How often someone was told that its channel had begun again, and that any end of what was before may be missing.
    pub epochs: u64,
    /// How often one had all again that it had missed.
    pub recovered: u64,
    /// How often one was told that some would never come, and got all else.
    pub with_gaps: u64,
    /// How often one did not come back, or not to where the channel is.
    pub failed: u64,
    /// Deliveries that a gap or another epoch declared missing; they are not expected.
    pub declared: u64,
    /// Numbers that were left out, and no gap said so.
    pub silent: u64,
    /// Numbers that came again.
    pub repeated: u64,
    /// Messages that nobody got, whose senders lost their connections before they had them back, or were told that they may
    /// not have been said; they are not expected.
    pub unknown: u64,
    /// From the begin of the new connection to the last message that was missed, of those who were cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caught_up_us: Option<Summary>,
    /// From the end of the old connection to the same, of those who moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_caught_up_us: Option<Summary>,
}

impl Recovery {
    /// In one trial; `None` if nobody followed the numbers of the messages.
    pub fn new(plan: &Plan, trial: &Trial) -> Option<Self> {
        let recovery = &trial.sums.recovery;
        plan.has_numbers().then(|| Self {
            cuts: recovery.cuts,
            moved: recovery.moved,
            epochs: recovery.epochs,
            recovered: recovery.recovered,
            with_gaps: recovery.with_gaps,
            failed: recovery.failed,
            declared: recovery.declared,
            silent: recovery.silent,
            repeated: recovery.repeated,
            unknown: recovery.unknown,
            caught_up_us: recovery.caught_up.summary(),
            moved_caught_up_us: recovery.moved_caught_up.summary(),
        })
    }
}
