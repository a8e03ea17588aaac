//! What a server said beside the messages of a run, in words, and whether that is what kept the load generator.

use crate::{
    figures::words::{counted, grouped},
    outcome::messages::Messages,
    record::{heard::Words, sample::Totals},
    swarm::trial::Trial,
};

/// The part of a core from which on a load generator has so much to do that it matters what that is.
const BUSY: f64 = 0.5;

/// That the server sent more else than messages of the run, by frames or by bytes, if it did, and not too little to matter.
pub fn most(trial: &Trial) -> Option<String> {
    let wanted = trial.own_cpu_share() + trial.waiting_share().unwrap_or(0.0);
    let received = Totals {
        frames: trial.received(|totals| totals.frames),
        bytes: trial.received(|totals| totals.bytes),
        foreign_frames: trial.received(|totals| totals.foreign_frames),
        foreign_bytes: trial.received(|totals| totals.foreign_bytes),
        ..Totals::default()
    };
    let sums = &trial.sums;
    let frames = frames(sums.foreign - sums.damaged, &sums.heard.words())?;
    is_most(wanted, &received).then(|| format!("the server mostly sent something else: {frames}"))
}

/// Whether other frames were most of what was received, and kept a thread that wanted so much of a core.
fn is_most(wanted: f64, received: &Totals) -> bool {
    wanted >= BUSY
        && (received.foreign_frames > received.frames
            || received.foreign_bytes > received.bytes / 2)
}

/// Frames that are not of this run, if there are any, with the first of them.
pub fn foreign(messages: &Messages, heard: &Words) -> Option<String> {
    frames(messages.foreign - messages.damaged, heard)
}

/// That messages came damaged, if any did, with the first of them.
pub fn damaged(messages: &Messages, heard: &Words) -> Option<String> {
    let first = heard.damaged.as_ref()?;
    let count = messages.damaged;
    let first = behind(count, first);
    Some(format!("{} came damaged{first}", counted(count, "message")))
}

/// That messages came that nobody sent, if any did, with the first of them.
pub fn invented(messages: &Messages, heard: &Words) -> Option<String> {
    let first = heard.invented.as_ref()?;
    let count = messages.invented;
    let first = behind(count, first);
    let messages = counted(count, "message");
    Some(format!("{messages} came that nobody sent{first}"))
}

fn frames(count: u64, heard: &Words) -> Option<String> {
    let first = behind(count, heard.foreign.as_ref()?);
    Some(match count {
        1 => format!("one frame that is not of this run{first}"),
        count => format!("{} frames that are not of this run{first}", grouped(count)),
    })
}

/// The first of so many, behind what they are.
fn behind(count: u64, first: &str) -> String {
    match count {
        1 => format!(": {first}"),
        _ => format!(", the first: {first}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_frames_are_to_blame_if_they_are_most_and_there_was_much_to_do() {
        let received = |frames, bytes, foreign_frames, foreign_bytes| Totals {
            frames,
            bytes,
            foreign_frames,
            foreign_bytes,
            ..Totals::default()
        };
        let by_frames = received(10, 10_000, 11, 100);
        let by_bytes = received(10, 10_000, 1, 5_001);
        for most in [by_frames, by_bytes] {
            assert!(is_most(BUSY, &most) && !is_most(BUSY - 0.01, &most));
        }
        assert!(!is_most(1.0, &received(10, 10_000, 10, 5_000)));
    }
}
