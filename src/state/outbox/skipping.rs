//! What a peer that lags goes without: whole messages of channels, the oldest first, and what it is told in their place.

use std::rc::Rc;
use std::time::Duration;

use crate::{
    state::{
        batch::{Run, Slice},
        seal::{Gap, Origin, Source},
    },
    vocabulary::{chat::GapReason, config::Slow},
};

/// How much may stay. By default, everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes that wait.
    pub(super) waiting_bytes: usize,
    /// How many of them may stay.
    pub(super) bytes_max: usize,
    /// Batches that have to go, of whatever size.
    pub(super) surplus_batches: usize,
    /// What was sealed before has to go.
    pub(super) sealed_before: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            waiting_bytes: 0,
            bytes_max: usize::MAX,
            surplus_batches: 0,
            sealed_before: Duration::ZERO,
        }
    }
}

/// A queue that is gone over once, from its front, and thinned on the way.
pub(super) struct Thinning {
    slow: Slow,
    limits: Limits,
    /// Messages, from the front, whose frame is begun.
    begun: u32,
    /// What stays. A slice of which nothing is left is empty until the end.
    kept: Vec<Slice>,
    /// Gaps that were met or made, of which no byte is out.
    gaps: Vec<Missing>,
    /// The newest message of each relay's channel, by its serial, and its place in `kept`.
    newest: Vec<(u64, usize)>,
    skipped: usize,
}

/// A gap, and its place in `kept`.
struct Missing {
    gap: Gap,
    at: Duration,
    place: usize,
    /// Whether what is adjacent may still be added.
    is_open: bool,
}

/// When the oldest was sealed of what may be skipped, which is not the newest of a channel under [`Slow::Latest`].
pub(super) fn oldest_skippable<'a>(
    batches: impl IntoIterator<Item = &'a Slice>,
    mut begun: u32,
    slow: Slow,
) -> Option<Duration> {
    let mut skippable = batches.into_iter().filter_map(|slice| {
        let is_out = begun.min(slice.len());
        begun -= is_out;
        let rest = slice.len() - is_out;
        let seal = slice.run.seal();
        (rest > 0 && seal.is_skippable()).then_some((seal.at, rest))
    });
    let (at, messages) = skippable.next()?;
    let is_newest = slow == Slow::Latest && messages == 1 && skippable.next().is_none();
    (!is_newest).then_some(at)
}

impl Thinning {
    /// A queue of whose messages the first are in a frame that is begun, and stay.
    pub(super) fn new(slow: Slow, limits: Limits, begun: u32) -> Self {
        Self {
            slow,
            limits,
            begun,
            kept: Vec::new(),
            gaps: Vec::new(),
            newest: Vec::new(),
            skipped: 0,
        }
    }

    /// Goes over what is next in the queue.
    pub(super) fn pass(&mut self, mut slice: Slice) {
        let begun = self.begun.min(slice.len());
        if begun > 0 {
            self.begun -= begun;
            let mut head = slice.clone();
            head.to = head.from + begun;
            slice.from = head.to;
            self.kept.push(head);
        }
        let run = Rc::clone(&slice.run);
        match &run.seal().origin {
            _ if slice.is_empty() => {}
            Some(Origin::Gap(gap)) => {
                self.miss(gap.as_ref().clone(), run.seal().at);
            }
            Some(Origin::Chat { source, first }) => {
                let number = first + u64::from(slice.from);
                let skipped = self.shorten(&mut slice);
                if skipped > 0 {
                    let gap = Gap {
                        source: Rc::clone(source),
                        from: number,
                        to: number + u64::from(skipped) - 1,
                        reason: GapReason::Slow,
                    };
                    self.limits.waiting_bytes += self.miss(gap, run.seal().at);
                }
                self.keep(slice);
            }
            Some(Origin::Relay { channel }) if self.slow == Slow::Latest => {
                self.supersede(*channel, slice);
            }
            Some(Origin::Relay { .. }) => {
                self.shorten(&mut slice);
                self.keep(slice);
            }
            Some(Origin::Membership(source)) => {
                for missing in &mut self.gaps {
                    missing.is_open &= missing.gap.source != *source;
                }
                self.keep(slice);
            }
            None => self.keep(slice),
        }
    }

    /// The queue as it is now, and how many messages were skipped.
    pub(super) fn finish(mut self) -> (impl Iterator<Item = Slice>, usize) {
        for Missing { gap, at, place, .. } in self.gaps {
            self.kept[place] = told(gap, at);
        }
        let kept = self.kept.into_iter().filter(|slice| !slice.is_empty());
        (kept, self.skipped)
    }

    /// Adds what stays, to what it was cut off from if that stays too.
    fn keep(&mut self, slice: Slice) {
        match self.kept.last_mut() {
            Some(last) if Rc::ptr_eq(&last.run, &slice.run) && last.to == slice.from => {
                last.to = slice.to;
            }
            _ => self.kept.push(slice),
        }
    }

    /// Takes messages off the front for as long as too much waits, and returns how many.
    fn shorten(&mut self, slice: &mut Slice) -> u32 {
        let before = slice.from;
        let limits = &mut self.limits;
        let must_go = limits.surplus_batches > 0 || slice.run.seal().at < limits.sealed_before;
        while !slice.is_empty() && (must_go || limits.waiting_bytes > limits.bytes_max) {
            let weight = slice.weight();
            slice.from += 1;
            let freed = weight - slice.weight();
            limits.waiting_bytes = limits.waiting_bytes.saturating_sub(freed);
        }
        if slice.is_empty() {
            limits.surplus_batches = limits.surplus_batches.saturating_sub(1);
        }
        let skipped = slice.from - before;
        self.skipped += skipped as usize;
        skipped
    }

    /// Keeps the last message alone, in place of what was kept of the channel before.
    fn supersede(&mut self, channel: u64, mut slice: Slice) {
        self.skipped += slice.len() as usize - 1;
        slice.from = slice.to - 1;
        let place = self.kept.len();
        self.kept.push(slice);
        match self.newest.iter_mut().find(|(of, _)| *of == channel) {
            Some((_, newest)) => {
                self.skipped += clear(&mut self.kept[*newest]);
                *newest = place;
            }
            None => self.newest.push((channel, place)),
        }
    }

    /// Notes a gap: a channel has one that is open, and what stands between it and this one is skipped too. Returns the bytes
    /// of one that there was not.
    fn miss(&mut self, gap: Gap, at: Duration) -> usize {
        let mut open = self.gaps.iter_mut().filter(|missing| missing.is_open);
        let Some(open) = open.find(|missing| missing.gap.source == gap.source) else {
            let slice = told(gap.clone(), at);
            let weight = slice.weight();
            self.gaps.push(Missing {
                gap,
                at,
                place: self.kept.len(),
                is_open: true,
            });
            self.kept.push(slice);
            return weight;
        };
        let between = &mut self.kept[open.place + 1..];
        let between = between
            .iter_mut()
            .filter(|slice| is_of(slice, &gap.source))
            .map(clear)
            .sum::<usize>();
        self.skipped += between;
        open.gap.to = gap.to;
        if between > 0 || gap.reason == GapReason::Slow {
            open.gap.reason = GapReason::Slow;
        }
        0
    }
}

fn told(gap: Gap, at: Duration) -> Slice {
    Slice::whole(Rc::new(Run::gap(gap, at)))
}

fn is_of(slice: &Slice, source: &Rc<Source>) -> bool {
    slice.run.seal().source() == Some(source)
}

/// Leaves nothing of it, and returns how many messages it had.
fn clear(slice: &mut Slice) -> usize {
    let messages = slice.len();
    slice.from = slice.to;
    messages as usize
}
