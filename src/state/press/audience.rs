//! Whether deflating pays: what is saved for all who read it, against the time that it takes.

/// How many bytes may be deflated for each that is saved: one takes about 8 ns, as long as a wire of 1 Gbit/s has it, and
/// what is saved is saved on wires of 100 Mbit/s.
const BYTES_FOR_ONE: u64 = 10;
/// How much longer a frame takes than its bytes, in bytes.
const FRAME_BYTES: u64 = 560;
/// A whole, of which parts are counted.
const WHOLE: u32 = 256;
/// Batches that are not tried because those before hardly got smaller, before one is tried again.
const UNTRIED_MAX: u16 = 64;

/// Those who inflate what is said in a channel, in one form and within one window; and how well that has paid.
#[derive(Clone, Copy, Debug)]
pub struct Audience {
    members: u32,
    /// What was left of the latest batches, the older ones counting for less, in parts of [`WHOLE`].
    left: u16,
    /// Batches that were not tried for that.
    untried: u16,
}

impl Default for Audience {
    /// Nobody, and half of each batch is thought to be left.
    fn default() -> Self {
        Self {
            members: 0,
            left: 128,
            untried: 0,
        }
    }
}

impl Audience {
    /// Counts one more.
    pub fn join(&mut self) {
        self.members += 1;
    }

    /// Counts one less.
    pub fn leave(&mut self) {
        self.members -= 1;
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Whether a batch of so many bytes in so many frames is worth a try, by what was left of those before.
    pub(super) fn is_worth(&mut self, bytes: usize, frames: u32) -> bool {
        let bytes = bytes as u64;
        let cost = bytes + u64::from(frames) * FRAME_BYTES;
        let pays = |left: u16| {
            let saved = bytes * u64::from(WHOLE.saturating_sub(left.into())) / u64::from(WHOLE);
            saved * u64::from(self.members) * BYTES_FOR_ONE >= cost
        };
        if pays(self.left) {
            return true;
        }
        if pays(Self::default().left) {
            self.untried += 1;
        }
        let is_tried = self.untried > UNTRIED_MAX;
        if is_tried {
            self.untried = 0;
        }
        is_tried
    }

    /// Notes what was left of a batch.
    pub(super) fn learn(&mut self, before: usize, after: usize) {
        let left = after as u64 * u64::from(WHOLE) / before.max(1) as u64;
        let left = (3 * u64::from(self.left) + left).div_ceil(4);
        self.left = u16::try_from(left).unwrap_or(u16::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audience(members: u32) -> Audience {
        Audience {
            members,
            ..Audience::default()
        }
    }

    #[test]
    fn what_many_read_pays_sooner_than_what_few_do() {
        assert!(!audience(1).is_worth(120, 1));
        assert!(audience(2).is_worth(120, 1));
        assert!(!audience(1).is_worth(4000, 60));
        assert!(audience(3).is_worth(4000, 60));
    }

    #[test]
    fn what_gets_no_smaller_is_tried_again_now_and_then() {
        let mut audience = audience(1000);
        let tried = (0..1000)
            .filter(|_| {
                let is_tried = audience.is_worth(1000, 1);
                if is_tried {
                    audience.learn(1000, 1000);
                }
                is_tried
            })
            .count();
        assert!((20..50).contains(&tried), "{tried} of 1000");
        for _ in 0..=UNTRIED_MAX {
            audience.is_worth(1000, 1);
        }
        audience.learn(1000, 300);
        assert!(audience.is_worth(1000, 1), "it has paid again");
    }
}
