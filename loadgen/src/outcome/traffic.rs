//! What a trial with messages comes to: their times, and what else has a file of its own.

use std::fmt::Display;

use serde::Serialize;

use crate::{
    args::values::OrderOf,
    outcome::{
        churn::Churn, fairness::Fairness, isolation::Isolation, latencies::Latencies,
        messages::Messages, nodes::Nodes, noise, recovery::Recovery, slow::Slow, stage::Stage,
        storm::Storm, throughput::Throughput,
    },
    plan::Plan,
    record::distribution::Summary,
    swarm::trial::Trial,
};

/// What became of the messages.
#[derive(Clone, Debug, Serialize)]
pub struct Traffic {
    /// What became of the messages, warm-up included.
    pub messages: Messages,
    /// What went through in the measured window.
    pub throughput: Throughput,
    /// How long messages took.
    #[serde(flatten)]
    pub latencies: Latencies,
    /// From the first client that got a message to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread_us: Option<Summary>,
    /// What differs by the nodes of a hub that has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// How evenly the clients were served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fairness: Option<Fairness>,
    /// What became of each stage, if there are any. The other figures are of those that hold still, together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// What became of clients that stopped reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<Slow>,
    /// What those saw who came halfway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
    /// How it went for those who left and rejoined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub churn: Option<Churn>,
    /// How it went for those who lost their connections and came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// What slow clients do to the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// What else the server sent, if that was most of what the load generator had to do.
    #[serde(skip)]
    pub noise: Option<String>,
    /// How long messages waited for the server to read.
    #[serde(skip)]
    pub blocked_us: Option<Summary>,
    /// Whose messages were to come to everyone in one order.
    #[serde(skip)]
    pub order: OrderOf,
    /// Whether losses cannot be told from what the server was allowed to skip.
    #[serde(skip)]
    pub blind_to_loss: bool,
    /// Whether messages came back to those who sent them, and to nobody else.
    #[serde(skip)]
    pub only_to_sender: bool,
    /// Whether messages came to everyone but those who sent them.
    #[serde(skip)]
    pub all_but_sender: bool,
}

impl Traffic {
    /// Of one trial.
    pub fn new(plan: &Plan, trial: &Trial) -> Self {
        let to_sender = trial.sums.to_sender;
        let collection = &trial.collection;
        let messages = Messages::new(plan, trial);
        let (delivered, lost) = (messages.delivered, messages.lost);
        Self {
            order: plan.order,
            blind_to_loss: plan.is_blind_to_loss(),
            only_to_sender: delivered > 0 && delivered == to_sender && lost > 0,
            all_but_sender: plan.is_own_receiver()
                && delivered > 0
                && to_sender == 0
                && lost == messages.sent,
            messages,
            throughput: Throughput::new(trial),
            latencies: Latencies::new(
                &collection.latency,
                &collection.sent_latency,
                &collection.last_receiver,
            ),
            spread_us: collection.spread.summary(),
            nodes: Nodes::new(trial),
            fairness: Fairness::new(trial),
            stages: Stage::all(plan, trial),
            slow: Slow::new(plan, trial),
            storm: Storm::new(plan, trial),
            churn: Churn::new(plan, trial),
            recovery: Recovery::new(plan, trial),
            isolation: None,
            noise: noise::most(trial),
            blocked_us: trial.sums.blocked.summary(),
        }
    }

    /// Why figures say nothing of the server, with what else it sent before that, unless it is told already of what went
    /// wrong.
    pub fn behind_noise(&self, doubt: impl Display) -> String {
        match &self.noise {
            Some(noise) if !self.is_broken() => format!("{noise}; {doubt}"),
            _ => doubt.to_string(),
        }
    }

    /// Whether anything went wrong that must not.
    pub fn is_broken(&self) -> bool {
        self.wrongs().any(|(count, _)| count > 0)
    }

    /// What can go wrong and must not, and how often it did.
    pub fn wrongs(&self) -> impl Iterator<Item = (u64, &'static str)> {
        let messages = &self.messages;
        let alone = self.isolation.as_ref();
        let alone = u64::from(alone.is_some_and(|isolation| isolation.broken));
        let (failed, wrong) = self.storm.as_ref().map_or((0, 0), |storm| {
            let wrong = storm.lost + storm.duplicated + storm.reordered;
            (storm.failed, wrong)
        });
        let lost = if self.blind_to_loss { 0 } else { messages.lost };
        let [_, _, kept_out] = Stage::crowd(&self.stages).unwrap_or_default();
        let disordered = match self.order {
            OrderOf::All => messages.disordered,
            OrderOf::Publisher => 0,
        };
        let recovery = self.recovery.as_ref();
        let (failed_back, silent, repeated) = recovery.map_or((0, 0, 0), |recovery| {
            (recovery.failed, recovery.silent, recovery.repeated)
        });
        [
            (failed_back, "not recovered after a lost connection"),
            (silent, "left out of the numbers without a gap"),
            (repeated, "numbers that came again"),
            (lost, "lost"),
            (messages.duplicated, "duplicated"),
            (messages.reordered, "out of order"),
            (
                disordered,
                "in another order than elsewhere, which --order publisher allows",
            ),
            (messages.stray, "in a wrong channel"),
            (messages.invented, "that nobody sent"),
            (
                messages.returned,
                "back to their senders, who should get none",
            ),
            (
                messages.unacked.unwrap_or(0),
                "not acknowledged to their senders",
            ),
            (messages.disconnects, "disconnected without being slow"),
            (alone, "wrong without slow clients"),
            (failed, "not let in halfway"),
            (kept_out, "not let in with their stage"),
            (wrong, "wrong at those who came halfway"),
        ]
        .into_iter()
    }
}
