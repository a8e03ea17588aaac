//! The press: what deflates (RFC 7692). There is one for all channels, and it is used only where that pays.
//!
//! Each payload is deflated from a fresh state, so that it depends on nothing that was said before or elsewhere, and ends
//! with a flush, of which the last four bytes are left out (RFC 7692, section 7.2.1). No block is final: many who read a
//! final one deliver nothing after it.

mod audience;
#[cfg(test)]
#[path = "../../../tests/inflate/mod.rs"]
pub(super) mod inflate;
#[cfg(test)]
mod tests;

use flate2::{Compress, Compression, FlushCompress, Status};

pub use self::audience::Audience;
use super::batch::Run;
use crate::vocabulary::{
    coding::{Coding, Window},
    config::{DEFLATED_BYTES_MIN, TURN_DEFLATED_BYTES_MAX},
    frame::{Header, Kind},
};

/// How hard to look for what was there before: beyond it little is gained for much time.
const LEVEL: u32 = 6;
/// With what a flush ends.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];
/// Bytes that may come of a payload beside as many as it has, so that what fills its room has got no smaller.
const SLACK_BYTES: usize = 64;
/// Bytes that a state takes, by its window.
const STATE_BYTES: [usize; Window::ALL.len()] = [251_008, 380_032];

/// Why a batch went out as it is to some who would have inflated it, in the order of the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyPlain {
    /// It has too few bytes.
    Small,
    /// What its readers would save is not worth what it takes.
    Threshold,
    /// This turn has deflated enough, or would have by it.
    Large,
    /// It got no smaller.
    NotSmaller,
}

impl WhyPlain {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Small, Self::Threshold, Self::Large, Self::NotSmaller];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Threshold => "threshold",
            Self::Large => "large",
            Self::NotSmaller => "not-smaller",
        }
    }
}

/// What deflating came to. A batch counts once for each form and window in which someone reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deflation {
    /// Batches that were deflated.
    pub batches: u64,
    /// Bytes of their frames before.
    pub bytes_before: u64,
    /// Bytes of their frames after.
    pub bytes_after: u64,
    /// Batches that went out as they are, by [`WhyPlain`].
    pub plain_batches: [u64; WhyPlain::ALL.len()],
}

/// The states that deflate, one for each window, and what they have done.
#[derive(Debug)]
pub struct Press {
    /// Made when they are first used.
    states: [Option<Compress>; Window::ALL.len()],
    /// Bytes of the smallest batch that is deflated.
    min_bytes: usize,
    /// Bytes that may still be deflated this turn.
    left_bytes: usize,
    deflation: Deflation,
}

impl Default for Press {
    /// One that deflates whatever pays.
    fn default() -> Self {
        Self::new(0)
    }
}

impl Press {
    /// One that deflates no batch of fewer bytes.
    pub fn new(min_bytes: usize) -> Self {
        Self {
            states: Default::default(),
            min_bytes,
            left_bytes: TURN_DEFLATED_BYTES_MAX,
            deflation: Deflation::default(),
        }
    }

    /// What it has done.
    pub fn deflation(&self) -> Deflation {
        self.deflation
    }

    /// Bytes that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        let states = self.states.iter().zip(STATE_BYTES);
        let made = states.filter(|(state, _)| state.is_some());
        made.map(|(_, bytes)| bytes).sum()
    }

    /// Notes that a turn is over.
    pub fn end_turn(&mut self) {
        self.left_bytes = TURN_DEFLATED_BYTES_MAX;
    }

    /// Deflates a batch for those who read it within a window, if there are any and it pays.
    pub fn press(&mut self, run: &mut Run, window: Window, audience: &mut Audience) {
        if audience.is_empty() {
            return;
        }
        match self.try_press(run, window, audience) {
            Ok((before, after)) => {
                self.deflation.batches += 1;
                self.deflation.bytes_before += before as u64;
                self.deflation.bytes_after += after as u64;
            }
            Err(why) => self.deflation.plain_batches[why as usize] += 1,
        }
    }

    fn try_press(
        &mut self,
        run: &mut Run,
        window: Window,
        audience: &mut Audience,
    ) -> Result<(usize, usize), WhyPlain> {
        if run.weight(0, run.messages()) < self.min_bytes {
            return Err(WhyPlain::Small);
        }
        let before = run.bytes(Coding::Plain).len();
        if !audience.is_worth(before, run.frames()) {
            return Err(WhyPlain::Threshold);
        }
        let pressed = run.deflate(window, self);
        let after = run.bytes(Coding::Deflate(window)).len();
        if pressed != Err(WhyPlain::Large) {
            audience.learn(before, after);
        }
        pressed.map(|()| (before, after))
    }

    /// Appends the frame of a message with its payload deflated.
    ///
    /// # Errors
    /// It gets no smaller, or may not be deflated this turn: nothing is appended.
    pub(super) fn deflate(
        &mut self,
        window: Window,
        kind: Kind,
        payload: &[u8],
        frames: &mut Vec<u8>,
    ) -> Result<(), WhyPlain> {
        if payload.len() < DEFLATED_BYTES_MIN {
            return Err(WhyPlain::NotSmaller);
        }
        self.left_bytes = self
            .left_bytes
            .checked_sub(payload.len())
            .ok_or(WhyPlain::Large)?;
        let start = frames.len();
        // What is deflated has a header that is no longer than what it had before.
        let reserved = Header::new(kind, payload.len());
        frames.extend_from_slice(reserved.as_ref());
        let from = frames.len();
        frames.reserve(payload.len() + SLACK_BYTES);
        let state = self.states[window as usize].get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::new(LEVEL), false, window.bits())
        });
        state.reset();
        let status = state.compress_vec(payload, frames, FlushCompress::Sync);
        // What has filled its room may not be all.
        let is_all = matches!(status, Ok(Status::Ok))
            && state.total_in() == payload.len() as u64
            && frames.len() < frames.capacity()
            && frames.ends_with(&FLUSHED);
        let end = frames.len() - if is_all { FLUSHED.len() } else { 0 };
        if !is_all || end - from >= payload.len() {
            frames.truncate(start);
            return Err(WhyPlain::NotSmaller);
        }
        let header = Header::deflated(kind, end - from);
        let header = header.as_ref();
        frames[start..start + header.len()].copy_from_slice(header);
        frames.copy_within(from..end, start + header.len());
        frames.truncate(start + header.len() + end - from);
        Ok(())
    }
}
