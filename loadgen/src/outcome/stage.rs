//! What became of each stage of a run that has some.

use serde::Serialize;

use crate::{
    args::rate::Rate,
    figures,
    outcome::{conduct::Conduct, crowd::Crowd, latencies::Latencies},
    plan::{Plan, stage},
    record::{distribution::Distribution, stages::Part},
    swarm::{shard::Window, trial::Trial},
};

/// One stage. Its messages are those that were due in it, whenever they came.
#[derive(Clone, Debug, Serialize)]
pub struct Stage {
    /// When it began, in seconds since the first message.
    pub begin_seconds: f64,
    /// When it ended.
    pub end_seconds: f64,
    /// Messages a second in all, at its begin.
    pub rate_begin: Rate,
    /// And at its end.
    pub rate_end: Rate,
    /// Clients that there should be, at its begin.
    pub clients_begin: usize,
    /// And at its end.
    pub clients_end: usize,
    /// Whether its load was the same throughout, so that it is judged.
    pub holds_still: bool,
    /// Whether its figures are the server's; absent where it is not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid_reason: Option<String>,
    /// Messages that were sent.
    pub sent: u64,
    /// Deliveries that there should be: to whoever was in when a message was sent and stayed, and those that came beside;
    /// without those that were under way when the user had nobody wait any more.
    pub expected: u64,
    /// Deliveries that there were, duplicates not counted.
    pub delivered: u64,
    /// Deliveries that there were not, to clients that were there.
    pub missing: u64,
    /// Messages that came to clients while it lasted, per second, duplicates included.
    pub delivered_per_second: f64,
    /// How long its messages took.
    #[serde(flatten)]
    pub latencies: Latencies,
    /// How clients came and went, if they should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crowd: Option<Crowd>,
}

impl Stage {
    /// Those of one trial that were begun.
    pub fn all(plan: &Plan, trial: &Trial) -> Vec<Self> {
        let warmup = plan.warmup.as_secs_f64();
        let ends = plan.stage_ends_ns(0);
        let begun = trial.stages.iter().zip(&trial.sums.stages);
        let last_receivers = trial.collection.last_receiver_by_stage.iter();
        ends.zip(begun.zip(last_receivers))
            .map(|((stage, end_ns), ((windows, part), last_receiver))| {
                let end_seconds = warmup + figures::seconds(end_ns);
                Self {
                    begin_seconds: end_seconds - stage.length.as_secs_f64(),
                    end_seconds,
                    ..Self::of(plan, stage, windows, part, last_receiver, trial)
                }
            })
            .collect()
    }

    /// But for what is not known of it alone.
    fn of(
        plan: &Plan,
        stage: stage::Stage,
        windows: &[Window],
        part: &Part,
        last_receiver: &Distribution,
        trial: &Trial,
    ) -> Self {
        let seconds = Window::longest_seconds(windows);
        let conduct = Conduct::of_stage(plan, &stage, windows, part, trial);
        let judged = stage.holds_still().then(|| conduct.judge());
        let invalid_reason = judged.and_then(|validity| Some(validity.doubt?.to_string()));
        let received: u64 = windows
            .iter()
            .map(|window| window.received().messages)
            .sum();
        Self {
            begin_seconds: 0.0,
            end_seconds: 0.0,
            rate_begin: stage.from,
            rate_end: stage.to,
            clients_begin: stage.clients_from,
            clients_end: stage.clients_to,
            holds_still: stage.holds_still(),
            valid: judged.map(|validity| validity.doubt.is_none()),
            invalid_reason,
            sent: part.sent,
            expected: part.delivered + part.missing,
            delivered: part.delivered,
            missing: part.missing,
            delivered_per_second: figures::ratio(received, 1) / seconds,
            latencies: Latencies::new(&part.latency, &part.sent_latency, last_receiver),
            crowd: (stage.clients_from != stage.clients_to).then(|| Crowd::new(part)),
        }
    }

    /// How many clients came with all of them, went and were not let in; `None` if none should.
    pub fn crowd(stages: &[Self]) -> Option<[u64; 3]> {
        let crowds = stages.iter().filter_map(|stage| stage.crowd.as_ref());
        let counts = crowds.map(|crowd| [crowd.came, crowd.went, crowd.failed]);
        counts
            .reduce(|[came, went, failed], more| [came + more[0], went + more[1], failed + more[2]])
    }

    /// Why the first of all clients that were not let in was not.
    pub fn first_failure(stages: &[Self]) -> Option<&str> {
        let mut crowds = stages.iter().filter_map(|stage| stage.crowd.as_ref());
        crowds.find_map(|crowd| crowd.first_failure.as_deref())
    }

    /// Why the first of several that is not valid is not.
    pub fn doubt(stages: &[Self]) -> Option<String> {
        let reasons = stages.iter().map(|stage| stage.invalid_reason.as_deref());
        let (number, reason) = (1..).zip(reasons).find(|(_, reason)| reason.is_some())?;
        Some(format!("in stage {number} {}", reason?))
    }
}
