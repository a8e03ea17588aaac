//! How the load generator and the server did what a run asked of them, as far as it tells what the figures are worth.

use crate::{
    figures,
    plan::{Pacing, Plan, stage::Stage},
    record::{distribution::Summary, stages::Part},
    swarm::{shard::Window, trial::Trial},
};

/// What is to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Conduct {
    /// How publishers were paced.
    pub pacing: Pacing,
    /// Messages that were due in the measured time.
    pub due: u64,
    /// Whether the user ended it early.
    pub is_stopped: bool,
    /// How late messages were sent while the socket was writable.
    pub slip: Option<Summary>,
    /// The latency.
    pub latency: Option<Summary>,
    /// What it would be if everything had been sent as soon as its socket took it. Where no socket was blocked it is the
    /// latency from the actual sending; time in which the server blocked one stays in it.
    pub prompt_latency: Option<Summary>,
    /// Whether what did not come is told already as what the server did wrong.
    pub is_blamed: bool,
    /// The part of the time that the thread of the load generator which waited longest waited for a core, if the system
    /// tells that.
    pub waiting_share: Option<f64>,
    /// Seconds that were measured.
    pub seconds: f64,
    /// For how many of them the thread of the load generator that stood still longest did so, if the system tells what
    /// that takes.
    pub stood_seconds: Option<f64>,
    /// The part of a core that the busiest thread of the load generator used.
    pub own_share: f64,
    /// The part of a core that the server used, if it was watched; of several processes, each of them on average.
    pub server_share: Option<f64>,
}

impl Conduct {
    /// In all of a trial that is judged.
    pub fn of(plan: &Plan, trial: &Trial) -> Self {
        Self {
            pacing: plan.pacing,
            due: trial.sums.blocked.count(),
            is_stopped: trial.interrupted,
            slip: trial.sums.slip.summary(),
            latency: trial.collection.latency.summary(),
            prompt_latency: trial.collection.prompt_latency.summary(),
            is_blamed: trial.sums.are_short(plan.is_blind_to_loss()),
            waiting_share: Window::waiting_share(&trial.windows),
            seconds: Window::longest_seconds(&trial.windows),
            stood_seconds: Window::longest_standstill(&trial.windows),
            own_share: Window::busiest_share(&trial.windows),
            server_share: server_share(&trial.windows, trial),
        }
    }

    /// In one stage of it.
    pub fn of_stage(
        plan: &Plan,
        stage: &Stage,
        windows: &[Window],
        part: &Part,
        trial: &Trial,
    ) -> Self {
        Self {
            pacing: Pacing::Open { rate: stage.from },
            due: part.blocked.count(),
            is_stopped: trial.interrupted,
            slip: part.slip.summary(),
            latency: part.latency.summary(),
            prompt_latency: part.prompt_latency.summary(),
            is_blamed: part.missing + part.missed > 0 && !plan.is_blind_to_loss(),
            waiting_share: Window::waiting_share(windows),
            seconds: Window::longest_seconds(windows),
            stood_seconds: Window::longest_standstill(windows),
            own_share: Window::busiest_share(windows),
            server_share: server_share(windows, trial),
        }
    }
}

/// The part of a core that each process of the server used on average, if it was watched.
fn server_share(windows: &[Window], trial: &Trial) -> Option<f64> {
    let cpu = windows.iter().find_map(Window::server_cpu_seconds)?;
    let processes = figures::ratio(trial.server_processes as u64, 1);
    Some(cpu / Window::longest_seconds(windows) / processes)
}
