//! What befalls Redis: for how long it is stopped, down, loading, or takes nothing.

use std::time::Duration;

use crate::redis::{Failure, FakeRedis, Memory, Store};
use crate::settings::Settings;

/// The longest time for which anything goes on: beyond the time that an answer is waited for.
const LONGEST_MS: u64 = 2500;

/// What goes on, and until when.
#[derive(Debug)]
pub struct Weather {
    trouble: Option<(Trouble, Duration)>,
    /// What Redis held some time ago.
    former: Store,
    /// Whether Redis may have forgotten something.
    pub has_lost: bool,
}

/// What goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Stopped,
    Down,
    Loading,
    Refusing,
}

impl Weather {
    pub fn new(redis: &FakeRedis) -> Self {
        Self {
            trouble: None,
            former: redis.moment(),
            has_lost: false,
        }
    }

    /// Something may begin, by chance, or end, by time.
    pub fn pass(
        &mut self,
        redis: &mut FakeRedis,
        settings: &Settings,
        now: Duration,
        chance: &mut fastrand::Rng,
    ) {
        match self.trouble {
            Some((_, until)) if until > now => {}
            Some((trouble, _)) => self.end(trouble, redis, settings, now, chance),
            None => self.begin(redis, settings, now, chance),
        }
    }

    /// All is well again.
    pub fn clear(
        &mut self,
        redis: &mut FakeRedis,
        settings: &Settings,
        now: Duration,
        chance: &mut fastrand::Rng,
    ) {
        while let Some((trouble, _)) = self.trouble {
            self.end(trouble, redis, settings, now, chance);
        }
    }

    fn begin(
        &mut self,
        redis: &mut FakeRedis,
        settings: &Settings,
        now: Duration,
        chance: &mut fastrand::Rng,
    ) {
        let trouble = match chance.u16(0..1500) {
            0..4 => {
                redis.stall(true);
                Trouble::Stopped
            }
            4..8 => {
                redis.crash();
                Trouble::Down
            }
            8..14 => {
                redis.refuse(chance.choice([
                    Failure::Oom,
                    Failure::ReadOnly,
                    Failure::Misconf,
                    Failure::NoReplicas,
                    Failure::Busy,
                ]));
                Trouble::Refusing
            }
            14..18 => return redis.flush_scripts(),
            18..20 if settings.may_lose => {
                self.has_lost = true;
                return redis.flush_all();
            }
            20 if settings.may_lose => {
                self.has_lost = true;
                return redis.fail_over(self.former.clone());
            }
            21..60 => {
                self.former = redis.moment();
                return;
            }
            _ => return,
        };
        self.trouble = Some((trouble, until(now, chance)));
    }

    fn end(
        &mut self,
        trouble: Trouble,
        redis: &mut FakeRedis,
        settings: &Settings,
        now: Duration,
        chance: &mut fastrand::Rng,
    ) {
        self.trouble = None;
        match trouble {
            Trouble::Stopped => redis.stall(false),
            Trouble::Refusing => redis.refuse(None),
            Trouble::Loading => redis.load(),
            Trouble::Down => {
                let keeps_all = settings.redis.is_synced;
                let memory = match chance.u8(0..3) {
                    _ if keeps_all => Memory::Whole,
                    0 => Memory::Whole,
                    1 => Memory::Former(self.former.clone()),
                    _ => Memory::Former(Store::default()),
                };
                self.has_lost |= !keeps_all || settings.redis.is_reticent;
                let is_loading = chance.bool();
                redis.restart(memory, is_loading);
                self.trouble = is_loading.then(|| (Trouble::Loading, until(now, chance)));
            }
        }
    }
}

/// When something ends that begins now.
fn until(now: Duration, chance: &mut fastrand::Rng) -> Duration {
    let longest = if chance.bool() { LONGEST_MS } else { 200 };
    now + Duration::from_millis(chance.u64(0..longest))
}
