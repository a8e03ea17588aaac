//! What a server said beside the messages of a run, and whether that is what kept the load generator.

use crate::{figures::words::grouped, swarm::trial::Trial};

/// The part of a core from which on a load generator has so much to do that it matters what that is.
const BUSY: f64 = 0.5;

/// Why figures say nothing of the server, with what else it sent before that, if that was most of what there was to do.
pub fn before(doubt: String, trial: &Trial) -> String {
    let words = trial.sums.heard.words();
    match words.foreign.filter(|_| is_most(trial)) {
        Some(first) => {
            let frames = frames(trial.sums.foreign, &first);
            format!("the server mostly sent something else: {frames}; {doubt}")
        }
        None => doubt,
    }
}

/// So many frames that are not of a run, with the first of them.
pub fn frames(count: u64, first: &str) -> String {
    match count {
        1 => format!("one frame that is not of this run: {first}"),
        count => format!(
            "{} frames that are not of this run, the first: {first}",
            grouped(count)
        ),
    }
}

/// Whether there was more of that than of all else, by frames or by bytes, and not too little to matter.
fn is_most(trial: &Trial) -> bool {
    let wanted = trial.own_cpu_share() + trial.waiting_share().unwrap_or(0.0);
    let (frames, bytes) = (
        trial.received(|totals| totals.frames),
        trial.received(|totals| totals.bytes),
    );
    wanted >= BUSY
        && (trial.received(|totals| totals.foreign_frames) > frames
            || trial.received(|totals| totals.foreign_bytes) > bytes / 2)
}
