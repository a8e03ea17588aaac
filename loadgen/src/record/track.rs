//! One client's way through the numbers of its channel, over all its connections.

use crate::{
    plan::lines::{Joined, Numbers},
    record::end::End,
};

/// One client's way through the numbers of its channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Track {
    /// Which life of the channel it knows.
    pub epoch: u64,
    /// The last number that it got, or was told that it will not get.
    pub seq: u64,
    /// Whether it is in, so that numbers count.
    pub is_in: bool,
    /// Numbers that were left out without a word.
    pub silent: u64,
    /// Numbers that were declared missing.
    pub declared: u64,
    /// Messages of its own that are not waited for any more: they may have got lost.
    pub written_off: u32,
    /// Its way back, if it lost its connection, until it has what it missed.
    pub returning: Option<Return>,
}

/// The way back of a client that lost its connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Return {
    /// When it began, in nanoseconds since the origin: when who was cut off asks to come in again, and when anyone else lost
    /// its connection.
    pub begun_ns: u64,
    /// How the connection ended, if it was not cut off.
    pub end: Option<End>,
    /// Nodes that did not let it in since then.
    pub tries: usize,
    /// Whether it came in at another node than the one that was gone.
    pub has_moved: bool,
    /// Whether some of what it missed will never come.
    pub has_gap: bool,
    /// Whether the server said nothing of what was missed.
    pub is_ignored: bool,
    /// The last number that it missed, once it was told.
    until: Option<u64>,
}

impl Return {
    /// One that begins at a moment.
    pub fn begun(now_ns: u64) -> Self {
        Self {
            begun_ns: now_ns,
            ..Self::default()
        }
    }

    /// Whether it was not told yet what it missed.
    pub fn is_outside(&self) -> bool {
        self.until.is_none()
    }

    /// Asks to come in, as from the beginning.
    pub fn ask(&mut self) {
        (self.until, self.is_ignored) = (None, false);
    }
}

impl Track {
    /// Goes on to a number; what was left out before it was so without a word.
    pub fn go(&mut self, seq: u64) {
        self.silent += seq.saturating_sub(self.seq + 1);
        self.seq = self.seq.max(seq);
    }

    /// Is told of numbers that will not come.
    pub fn skip(&mut self, gap: Numbers) {
        self.silent += gap.from.saturating_sub(self.seq + 1);
        let first = gap.from.max(self.seq + 1);
        // An epoch has declared all that there is.
        self.declared = self
            .declared
            .saturating_add((gap.to + 1).saturating_sub(first));
        self.seq = self.seq.max(gap.to);
        if let Some(returning) = &mut self.returning {
            returning.has_gap = true;
        }
    }

    /// Is in; whether the channel that it comes back to has begun again.
    pub fn join(&mut self, joined: Joined) -> bool {
        let Some(returning) = &mut self.returning else {
            (self.epoch, self.seq, self.is_in) = (joined.epoch, joined.seq, true);
            return false;
        };
        let is_new = joined.epoch != self.epoch;
        returning.until = Some(joined.seq);
        returning.is_ignored = joined.recovered != Some(true) && joined.gap.is_none() && !is_new;
        if is_new {
            let begin = joined.replay.map_or(joined.seq + 1, |replay| replay.from);
            self.begin(joined.epoch, begin);
        } else if let Some(gap) = joined.gap {
            self.skip(gap);
        }
        is_new
    }

    /// Is told that the channel began again, in the place of all that might have followed.
    pub fn begin_again(&mut self, epoch: u64) {
        self.begin(epoch, 1);
        if let Some(until) = self.returning.as_mut().and_then(|way| way.until.as_mut()) {
            *until = 0;
        }
    }

    /// Its way back, if that ends here: it has all that it missed, or was told what it will not get.
    #[inline]
    pub fn caught_up(&mut self) -> Option<Return> {
        let until = self.returning?.until?;
        if self.seq < until {
            return None;
        }
        self.returning.take()
    }

    /// Goes on in another life of the channel, which declares that any end of the last may be missing.
    fn begin(&mut self, epoch: u64, first: u64) {
        (self.epoch, self.seq) = (epoch, first.saturating_sub(1));
        self.declared = u64::MAX;
        if let Some(returning) = &mut self.returning {
            returning.has_gap = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that was told of so many messages of the first epoch.
    fn in_until(seq: u64) -> Track {
        Track {
            epoch: 1,
            seq,
            is_in: true,
            ..Track::default()
        }
    }

    fn joined(seq: u64) -> Joined {
        Joined {
            seq,
            epoch: 1,
            recovered: Some(true),
            replay: None,
            gap: None,
        }
    }

    #[test]
    fn who_comes_back_has_caught_up_once_it_has_what_was_said_before_it_came() {
        let mut track = in_until(7);
        track.returning = Some(Return::default());
        assert!(!track.join(joined(9)));
        assert!(track.caught_up().is_none());
        track.go(8);
        track.go(9);
        assert!(!track.caught_up().unwrap().has_gap);
        assert_eq!((track.silent, track.declared), (0, 0));
    }

    #[test]
    fn a_gap_after_an_epoch_declares_no_more_than_there_is() {
        let mut track = in_until(7);
        track.begin_again(2);
        track.skip(Numbers { from: 1, to: 3 });
        track.go(5);
        assert_eq!((track.epoch, track.seq, track.silent), (2, 5, 1));
        assert_eq!(track.declared, u64::MAX);
    }

    #[test]
    fn an_epoch_ends_the_way_back_to_the_one_before() {
        let mut track = in_until(7);
        track.returning = Some(Return::default());
        track.join(joined(20));
        track.begin_again(2);
        assert!(track.caught_up().unwrap().has_gap);
    }
}
