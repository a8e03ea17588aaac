//! Timers: one coarse deadline for each connection, set, moved and cancelled in O(1).
//!
//! A wheel of buckets, each a doubly linked list through a table that is indexed by the connection's slot. Deadlines
//! further away than one revolution wait in their bucket for a later one.

use std::time::Duration;

use super::memory::of_list;

/// How coarse deadlines are: they fire up to this much late and never early.
pub const TICK: Duration = Duration::from_millis(50);

/// Buckets of the wheel: a revolution is longer than the heartbeat, so that an idle connection is touched once in it.
const BUCKETS: usize = 2048;
const NONE: u32 = u32::MAX;

/// Deadlines by slot.
#[derive(Debug)]
pub struct Timers {
    entries: Vec<Entry>,
    heads: Box<[u32]>,
    /// One bit for each bucket that is not empty.
    occupied: [u64; BUCKETS / 64],
    /// The last tick whose deadlines have fired.
    passed: u64,
    armed: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The tick at which it fires, or [`UNARMED`].
    tick: u64,
    previous: u32,
    next: u32,
}

const UNARMED: u64 = u64::MAX;
const IDLE: Entry = Entry {
    tick: UNARMED,
    previous: NONE,
    next: NONE,
};

impl Default for Timers {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            heads: vec![NONE; BUCKETS].into(),
            occupied: [0; BUCKETS / 64],
            passed: 0,
            armed: 0,
        }
    }
}

impl Timers {
    /// Sets the slot's deadline, in place of the one it had.
    pub fn set(&mut self, slot: u32, due: Duration) {
        self.cancel(slot);
        let index = slot as usize;
        if index >= self.entries.len() {
            self.entries.resize(index + 1, IDLE);
        }
        let tick = ticks(due).max(self.passed + 1);
        let bucket = bucket(tick);
        let next = self.heads[bucket];
        if let Some(next) = self.entries.get_mut(next as usize) {
            next.previous = slot;
        }
        self.entries[index] = Entry {
            tick,
            previous: NONE,
            next,
        };
        self.heads[bucket] = slot;
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
        self.armed += 1;
    }

    /// Sets the slot's deadline unless it has an earlier one: a deadline that moves away is found out when it fires.
    pub fn set_earlier(&mut self, slot: u32, due: Duration) {
        let armed = self
            .entries
            .get(slot as usize)
            .map_or(UNARMED, |entry| entry.tick);
        if ticks(due) < armed {
            self.set(slot, due);
        }
    }

    /// Forgets the slot's deadline, if it has one.
    pub fn cancel(&mut self, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot as usize) else {
            return;
        };
        let Entry {
            tick,
            previous,
            next,
        } = std::mem::replace(entry, IDLE);
        if tick == UNARMED {
            return;
        }
        if let Some(next) = self.entries.get_mut(next as usize) {
            next.previous = previous;
        }
        if let Some(previous) = self.entries.get_mut(previous as usize) {
            previous.next = next;
        } else {
            let bucket = bucket(tick);
            self.heads[bucket] = next;
            if next == NONE {
                self.occupied[bucket / 64] &= !(1 << (bucket % 64));
            }
        }
        self.armed -= 1;
    }

    /// When to look again: no deadline is earlier. `None` if there is no deadline at all.
    pub fn next(&self) -> Option<Duration> {
        if self.armed == 0 {
            return None;
        }
        let from = bucket(self.passed + 1);
        let (word, bit) = (from / 64, from % 64);
        let ahead = self.occupied[word] >> bit;
        let distance = if ahead != 0 {
            ahead.trailing_zeros() as usize
        } else {
            let words = self.occupied.len();
            let (steps, bits) = (1..=words)
                .map(|step| (step, self.occupied[(word + step) % words]))
                .find(|(_, bits)| *bits != 0)
                .expect("an armed entry occupies a bucket");
            steps * 64 - bit + bits.trailing_zeros() as usize
        };
        let tick = self.passed + 1 + distance as u64;
        Some(TICK * u32::try_from(tick).unwrap_or(u32::MAX))
    }

    /// Takes out every slot whose deadline has passed at `now` and adds it to `due`, the earliest first unless they
    /// come from different revolutions.
    pub fn expire(&mut self, now: Duration, due: &mut Vec<u32>) {
        let until = whole_ticks(now);
        if until <= self.passed {
            return;
        }
        let buckets = (until - self.passed).min(BUCKETS as u64);
        for step in 1..=buckets {
            let mut slot = self.heads[bucket(self.passed + step)];
            while let Some(entry) = self.entries.get(slot as usize) {
                let next = entry.next;
                if entry.tick <= until {
                    self.cancel(slot);
                    due.push(slot);
                }
                slot = next;
            }
        }
        self.passed = until;
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        of_list::<Entry>(self.entries.capacity()) + of_list::<u32>(self.heads.len())
    }

    /// How many deadlines are set.
    pub fn len(&self) -> usize {
        self.armed
    }

    /// Whether no deadline is set.
    pub fn is_empty(&self) -> bool {
        self.armed == 0
    }
}

fn ticks(due: Duration) -> u64 {
    u64::try_from(due.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(UNARMED - 1)
}

fn whole_ticks(now: Duration) -> u64 {
    u64::try_from(now.as_nanos() / TICK.as_nanos()).unwrap_or(UNARMED - 1)
}

fn bucket(tick: u64) -> usize {
    usize::try_from(tick % BUCKETS as u64).expect("less than the number of buckets")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn expired(timers: &mut Timers, now: Duration) -> Vec<u32> {
        let mut due = Vec::new();
        timers.expire(now, &mut due);
        due.sort_unstable();
        due
    }

    #[test]
    fn a_deadline_fires_once_and_never_early() {
        let mut timers = Timers::default();
        timers.set(3, Duration::from_millis(101));
        assert_eq!(expired(&mut timers, Duration::from_millis(101)), [0; 0]);
        assert_eq!(timers.next(), Some(Duration::from_millis(150)));
        assert_eq!(expired(&mut timers, Duration::from_millis(150)), [3]);
        assert_eq!(expired(&mut timers, Duration::from_secs(1000)), [0; 0]);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_deadline_moves_earlier_at_once_and_later_when_it_fires() {
        let mut timers = Timers::default();
        timers.set(0, Duration::from_secs(10));
        timers.set_earlier(0, Duration::from_secs(20));
        timers.set_earlier(0, Duration::from_secs(5));
        assert_eq!(expired(&mut timers, Duration::from_secs(5)), [0]);
        assert!(timers.is_empty());
    }

    #[test]
    fn a_far_deadline_waits_for_its_own_revolution() {
        let mut timers = Timers::default();
        let far = TICK * 5 * u32::try_from(BUCKETS).unwrap();
        timers.set(0, far);
        assert_eq!(expired(&mut timers, far.saturating_sub(TICK)), [0; 0]);
        assert_eq!(expired(&mut timers, far), [0]);
    }

    #[test]
    fn the_wheel_agrees_with_a_sorted_list_whatever_is_done() {
        let mut chance = fastrand::Rng::with_seed(7);
        let mut timers = Timers::default();
        let mut model = BTreeMap::new();
        let mut now = Duration::ZERO;
        for _ in 0..20_000 {
            let slot = chance.u32(0..200);
            match chance.u32(0..10) {
                0..6 => {
                    let due = now + Duration::from_millis(chance.u64(0..200_000));
                    timers.set(slot, due);
                    model.insert(slot, due);
                }
                6 => {
                    timers.cancel(slot);
                    model.remove(&slot);
                }
                _ => {
                    now += Duration::from_millis(chance.u64(0..20_000));
                    let fired = expired(&mut timers, now);
                    for slot in &fired {
                        assert!(model.remove(slot).is_some_and(|due| due <= now));
                    }
                    assert!(model.values().all(|due| *due + TICK > now));
                }
            }
            assert_eq!(timers.len(), model.len());
            let earliest = model.values().min();
            assert_eq!(timers.next().is_some(), earliest.is_some());
            if let (Some(next), Some(earliest)) = (timers.next(), earliest) {
                assert!(next <= *earliest + TICK, "{next:?} is after {earliest:?}");
            }
        }
    }
}
