//! The log of a channel: the unbroken end of what was said in it.
//!
//! Bodies lie end to end in one ring, and what is to be known of each in another. Both grow by little at a time, so that a
//! log takes hardly more than what it keeps.

mod record;

use std::collections::VecDeque;
use std::time::Duration;

pub use self::record::LogRecord;
use super::{batch::OpenBatch, memory::of_list};
use crate::vocabulary::{
    config::{HistoryBounds, REPLAY_BLOCK_BYTES},
    frame::Kind,
};

/// The unit of ages: enough for a year in 32 bits, and for nobody to see.
const TICK_MILLIS: u64 = 10;
/// The least that the ring of bodies grows by.
const GROWTH_BYTES_MIN: usize = 64;
/// Which part of itself the ring of bodies grows by.
const BODIES_PART: usize = 16;
/// Which part of itself the ring of entries grows by.
const ENTRIES_PART: usize = 8;

/// Messages by their place in the channel, which has had `place` messages before; notices are messages too.
#[derive(Debug, Default)]
pub struct Log {
    bodies: VecDeque<u8>,
    entries: VecDeque<Entry>,
    /// The place of the oldest that is kept, or of the next one if none is.
    first: u64,
    /// How many bytes were said before the oldest that is kept.
    start: u64,
    /// How many of those kept are messages, and no notices.
    messages: usize,
    /// The place after the newest message that is no notice.
    last_message: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The last bits of the number of bytes said up to its end.
    end: u32,
    /// When it was said, in ticks.
    at: u32,
    kind: Kind,
    is_notice: bool,
}

impl Log {
    /// How many messages there ever were.
    pub fn said(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The place of the oldest that is kept, or of the next one if none is.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Bytes of the messages and notices that are kept.
    pub fn bytes(&self) -> usize {
        self.bodies.len()
    }

    /// How many messages are kept, without notices.
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        self.bodies.capacity() + of_list::<Entry>(self.entries.capacity())
    }

    /// What lies where it grows, and where it is dropped.
    pub(super) fn ends(&self) -> (Option<u8>, [Option<u32>; 2]) {
        let entries = [self.entries.front(), self.entries.back()];
        let at = entries.map(|entry| entry.map(|entry| entry.at));
        (self.bodies.back().copied(), at)
    }

    /// Adds what was just said, and drops what is beyond the bounds. Where nothing is kept it is only counted.
    pub fn push(
        &mut self,
        kind: Kind,
        is_notice: bool,
        body: &[u8],
        now: Duration,
        bounds: &HistoryBounds,
    ) {
        if bounds.messages == 0 {
            self.first += 1;
            self.start += body.len() as u64;
            return;
        }
        reserve(&mut self.bodies, body.len(), BODIES_PART, GROWTH_BYTES_MIN);
        reserve(&mut self.entries, 1, ENTRIES_PART, 1);
        self.bodies.extend(body);
        self.entries.push_back(Entry {
            end: low_bits(self.start + self.bodies.len() as u64),
            at: low_bits(ticks(now)),
            kind,
            is_notice,
        });
        if !is_notice {
            self.messages += 1;
            self.last_message = self.said();
        }
        while self.exceeds(bounds) {
            self.drop_first();
        }
        self.shrink();
    }

    /// Drops what is too old.
    pub fn age(&mut self, now: Duration, most: Duration) {
        while self.ages_at(now, most).is_some_and(|at| at <= now) {
            self.drop_first();
        }
        self.shrink();
    }

    /// When the oldest is too old: up to a tick late, and never early. It is the same whenever one asks.
    pub fn ages_at(&self, now: Duration, most: Duration) -> Option<Duration> {
        let first = self.entries.front()?;
        let now = ticks(now);
        let age = low_bits(now).wrapping_sub(first.at);
        let next = now.saturating_sub(u64::from(age)) + 1;
        Some(Duration::from_millis(next * TICK_MILLIS) + most)
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Drops the oldest, and returns its bytes. There must be one.
    pub fn drop_first(&mut self) -> usize {
        let bytes = self.length(0);
        let entry = self.entries.pop_front().expect("there is an oldest");
        self.bodies.drain(..bytes);
        self.messages -= usize::from(!entry.is_notice);
        self.first += 1;
        self.start += bytes as u64;
        bytes
    }

    /// Gives back memory that it will not need soon.
    #[inline]
    pub fn shrink(&mut self) {
        shrink(&mut self.bodies, 4 * GROWTH_BYTES_MIN);
        shrink(&mut self.entries, 4 * ENTRIES_PART);
    }

    /// The place of the last but `messages` messages, notices not counted, or of the oldest message if fewer are kept; the
    /// next place if that is none.
    pub fn last(&self, messages: usize) -> u64 {
        let newest_first = (0..self.entries.len()).rev();
        let mut messages_back = newest_first.filter(|&index| !self.entries[index].is_notice);
        let wanted = messages.min(self.messages);
        let index = match wanted {
            0 => None,
            _ => messages_back.nth(wanted - 1),
        };
        index.map_or(self.said(), |index| self.first + index as u64)
    }

    /// From which place to which those lie that are encoded together with one that is kept, as of now. Blocks begin
    /// where bytes say so, so that whoever asks for whatever shares them.
    pub fn block(&self, place: u64) -> (u64, u64) {
        const BLOCK_BYTES: u64 = REPLAY_BLOCK_BYTES as u64;
        let block = self.offset(self.index(place)) / BLOCK_BYTES;
        let first_from = |offset: u64| {
            let before = |entry: &Entry| self.start + self.to_end(entry) < offset;
            let following = || 1 + self.entries.partition_point(before);
            if self.start < offset { following() } else { 0 }
        };
        let from = first_from(block * BLOCK_BYTES);
        let to = first_from((block + 1) * BLOCK_BYTES).min(self.entries.len());
        (self.first + from as u64, self.first + to as u64)
    }

    /// Copies some of what is kept into an empty batch.
    pub fn copy(&self, from: u64, to: u64, batch: &mut OpenBatch) {
        for place in from..to {
            let [head, tail] = self.body(place);
            let kind = self.entries[self.index(place)].kind;
            batch.compose(kind, |bodies| {
                bodies.extend_from_slice(head);
                bodies.extend_from_slice(tail);
            });
        }
    }

    /// The place of the first of up to `limit` that are kept before another, so that all of them have at most so many bytes
    /// with what separates them, or there is only one; and how many bytes they have.
    pub fn before(&self, end: u64, limit: usize, bytes_max: usize) -> (u64, usize) {
        let (mut start, mut bytes) = (end, 0);
        while start > self.first && end - start < limit as u64 {
            let more = self.length(self.index(start - 1)) + 1;
            if start < end && bytes + more > bytes_max {
                break;
            }
            bytes += more;
            start -= 1;
        }
        (start, bytes)
    }

    /// Whether one that is kept is text or binary.
    pub fn kind(&self, place: u64) -> Kind {
        self.entries[self.index(place)].kind
    }

    /// The body of one that is kept, in two parts, as it may go around the end of the ring.
    pub fn body(&self, place: u64) -> [&[u8]; 2] {
        let index = self.index(place);
        let start = usize::try_from(self.offset(index) - self.start).expect("it is in memory");
        let end = start + self.length(index);
        let (head, tail) = self.bodies.as_slices();
        let part = |slice: &'_ [u8], before: usize| {
            let from = start.saturating_sub(before).min(slice.len());
            let to = end.saturating_sub(before).min(slice.len());
            from..to
        };
        [&head[part(head, 0)], &tail[part(tail, head.len())]]
    }

    /// Whether there is more than may be kept. The newest message does not count once it is the oldest that is kept, up to a
    /// quarter of what all channels may keep: it is no cause to drop itself, but notices after it may be.
    fn exceeds(&self, bounds: &HistoryBounds) -> bool {
        if self.messages > bounds.messages {
            return true;
        }
        if self.bodies.len() <= bounds.bytes {
            return false;
        }
        let is_newest = self.last_message == self.first + 1 || self.entries.len() == 1;
        let newest = if is_newest { self.length(0) } else { 0 };
        let is_let_pass = newest <= bounds.total_bytes / 4;
        let passed = if is_let_pass { newest } else { 0 };
        self.bodies.len() - passed > bounds.bytes
    }

    fn index(&self, place: u64) -> usize {
        usize::try_from(place - self.first).expect("it is in memory")
    }

    /// How many bytes were said before one that is kept.
    fn offset(&self, index: usize) -> u64 {
        let before = index.checked_sub(1).map(|before| &self.entries[before]);
        self.start + before.map_or(0, |before| self.to_end(before))
    }

    /// How many of the bytes that are kept were said up to the end of one.
    fn to_end(&self, entry: &Entry) -> u64 {
        u64::from(entry.end.wrapping_sub(low_bits(self.start)))
    }

    fn length(&self, index: usize) -> usize {
        let end = self.entries[index].end;
        end.wrapping_sub(low_bits(self.offset(index))) as usize
    }
}

/// Makes room for `more`, and for a part of what is there beside it.
fn reserve<T>(ring: &mut VecDeque<T>, more: usize, part: usize, least: usize) {
    if ring.capacity() - ring.len() < more {
        ring.reserve_exact(more + (ring.len() / part).max(least));
    }
}

/// Gives back most of what is not needed, if that is more than `least`.
#[inline]
fn shrink<T>(ring: &mut VecDeque<T>, least: usize) {
    if 4 * ring.len() < ring.capacity() && (ring.capacity() > least || ring.is_empty()) {
        ring.shrink_to(2 * ring.len());
    }
}

/// The last bits, which tell two ends in a log apart, as it has less than 4 GiB, and two moments, as an age is less than a
/// year.
#[expect(clippy::cast_possible_truncation, reason = "they are what is meant")]
fn low_bits(number: u64) -> u32 {
    number as u32
}

fn ticks(time: Duration) -> u64 {
    time.as_secs() * (1000 / TICK_MILLIS) + u64::from(time.subsec_millis()) / TICK_MILLIS
}

#[cfg(test)]
mod tests;
