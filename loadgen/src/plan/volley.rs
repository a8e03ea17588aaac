//! Messages that one publisher sent at one time, and that came one after another: what their times say is true of all of
//! them.

use crate::plan::stamp::Stamp;

/// Some of one publisher's messages, of which none was left out.
#[derive(Clone, Copy, Debug)]
pub struct Volley {
    /// The first of them.
    pub first: Stamp,
    /// How many there are.
    pub count: u32,
}

impl Volley {
    /// The number of the message that would be one more.
    #[inline]
    pub fn next(&self) -> u32 {
        self.first.sequence.wrapping_add(self.count)
    }

    /// Whether that message is the one more, and was sent together with them.
    #[inline]
    pub fn is_followed_by(&self, stamp: Stamp) -> bool {
        let sequence = self.next();
        stamp
            == Stamp {
                sequence,
                ..self.first
            }
    }

    /// Those whose numbers are lower than this.
    #[inline]
    #[must_use]
    pub fn up_to(self, sequence: u32) -> Self {
        let count = self.count.min(sequence.saturating_sub(self.first.sequence));
        Self { count, ..self }
    }

    /// All of them.
    #[inline]
    pub fn stamps(&self) -> impl Iterator<Item = Stamp> + use<> {
        let first = self.first;
        (0..self.count).map(move |at| Stamp {
            sequence: first.sequence.wrapping_add(at),
            ..first
        })
    }
}
