//! Who is cut off and comes back: by the numbers of the messages, whether each client got all of them, over all its
//! connections, or was told which it would not get.

use crate::{
    plan::lines::{Joined, Line, Numbers},
    record::{Record, distribution::Distribution},
};

/// How it went for those who were cut off, over all of them.
#[derive(Debug, Default)]
pub struct Recovery {
    /// How often someone was cut off.
    pub cuts: u64,
    /// How often one had all again that it had missed.
    pub recovered: u64,
    /// How often one was told that some would never come, and got all else.
    pub with_gaps: u64,
    /// How often one did not come back, or not to where the channel is.
    pub failed: u64,
    /// From the begin of the new connection to the last message that was missed.
    pub caught_up: Distribution,
    /// Deliveries that a gap declared missing.
    pub declared: u64,
    /// Numbers that were left out, and no gap said so.
    pub silent: u64,
    /// Numbers that came again.
    pub repeated: u64,
    /// Messages that nobody got, after whose sending their senders were cut off.
    pub unknown: u64,
}

/// One client's way through the numbers of its channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Track {
    /// Which life of the channel it knows.
    pub epoch: u64,
    /// The last number that it got, or was told that it will not get.
    pub seq: u64,
    is_in: bool,
    /// Numbers that were left out without a word.
    pub silent: u64,
    /// Numbers that were declared missing.
    pub declared: u64,
    returning: Option<Return>,
}

/// A client that was cut off, until it has what it missed.
#[derive(Clone, Copy, Debug, Default)]
struct Return {
    dialed_ns: u64,
    /// The last number that it missed, once it was told.
    until: Option<u64>,
    has_gap: bool,
    /// Whether the server said nothing of what was missed.
    is_ignored: bool,
}

impl Recovery {
    /// Adds that of another thread.
    pub fn add(&mut self, other: &Self) {
        self.cuts += other.cuts;
        self.recovered += other.recovered;
        self.with_gaps += other.with_gaps;
        self.failed += other.failed;
        self.caught_up.add(&other.caught_up);
        self.declared += other.declared;
        self.silent += other.silent;
        self.repeated += other.repeated;
        self.unknown += other.unknown;
    }
}

impl Track {
    /// Goes on to a number; how many were left out before it.
    fn go(&mut self, seq: u64) {
        self.silent += seq.saturating_sub(self.seq + 1);
        self.seq = self.seq.max(seq);
    }

    fn skip(&mut self, gap: Numbers) {
        self.silent += gap.from.saturating_sub(self.seq + 1);
        let first = gap.from.max(self.seq + 1);
        self.declared += (gap.to + 1).saturating_sub(first);
        self.seq = self.seq.max(gap.to);
        if let Some(returning) = &mut self.returning {
            returning.has_gap = true;
        }
    }

    fn join(&mut self, joined: Joined) {
        let Some(returning) = &mut self.returning else {
            (self.epoch, self.seq, self.is_in) = (joined.epoch, joined.seq, true);
            return;
        };
        returning.until = Some(joined.seq);
        returning.is_ignored =
            joined.recovered != Some(true) && joined.gap.is_none() && joined.epoch == self.epoch;
        if joined.epoch != self.epoch {
            let begin = joined.replay.map_or(joined.seq + 1, |replay| replay.from);
            self.begin(joined.epoch, begin);
        } else if let Some(gap) = joined.gap {
            self.skip(gap);
        }
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

impl Record<'_> {
    /// Follows the numbers of what a client got, if it may be cut off.
    pub fn followed(&mut self, client: usize, frame: &[u8], now_ns: u64) {
        let Some(track) = self.tracks.get_mut(client) else {
            return;
        };
        let recovery = &mut self.sums.recovery;
        for line in frame.split(|&byte| byte == b'\n') {
            match Line::read(line) {
                Line::Numbered(seq) if track.is_in && seq <= track.seq => recovery.repeated += 1,
                Line::Numbered(seq) if track.is_in => track.go(seq),
                Line::Gap(gap) => track.skip(gap),
                Line::Epoch(epoch) => track.begin(epoch, 1),
                Line::Joined(joined) => track.join(joined),
                Line::Numbered(_) | Line::Other => {}
            }
            let Some(returning) = track.returning else {
                continue;
            };
            if returning.until.is_some_and(|until| track.seq >= until) {
                track.returning = None;
                if returning.is_ignored {
                    recovery.failed += 1;
                    continue;
                }
                let took_ns = now_ns.saturating_sub(returning.dialed_ns);
                recovery.caught_up.record(took_ns);
                if returning.has_gap {
                    recovery.with_gaps += 1;
                } else {
                    recovery.recovered += 1;
                }
            }
        }
    }

    /// Notes that a client was cut off. What it sent and did not get back may have got lost with its connection.
    pub fn cut_off(&mut self, client: usize) {
        self.sums.recovery.cuts += 1;
        if let Some(track) = self.tracks.get_mut(client) {
            track.returning = Some(Return::default());
        }
        let publisher = self.thread + client * self.plan.threads;
        if publisher < self.plan.publishers {
            let under_way = self.returned(publisher)..self.ledger.sent_by(publisher);
            self.ledger.doubt(publisher, under_way);
        }
    }

    /// Notes that a client that was cut off begins to connect again.
    pub fn comes_back(&mut self, client: usize, now_ns: u64) {
        if let Some(track) = self.tracks.get_mut(client) {
            track.returning = Some(Return {
                dialed_ns: now_ns,
                ..Return::default()
            });
        }
    }

    /// Whether a client was cut off and has not caught up since.
    #[inline]
    pub fn is_returning(&self, client: usize) -> bool {
        let track = self.tracks.get(client);
        track.is_some_and(|track| track.returning.is_some())
    }

    /// What a client that was cut off has of its channel: the epoch and the last number.
    pub fn since(&self, client: usize) -> Option<(u64, u64)> {
        let track = self.tracks.get(client)?;
        track.returning.map(|_| (track.epoch, track.seq))
    }

    /// Tells all threads what this one's clients got of what is in doubt, and how far their channels are.
    pub fn vouch(&self) {
        for (client, track) in self.tracks.iter().enumerate() {
            let channel = self.channel(client);
            self.ledger.reached(channel, track.epoch, track.seq);
            self.ledger.vouch(|(publisher, sequence)| {
                let publisher = usize::from(publisher);
                let source = &self.publishers[publisher];
                let missing = self.integrity.missing(client, source.place);
                source.channel == channel
                    && self
                        .integrity
                        .next(client, source.place)
                        .is_some_and(|next| next > sequence)
                    && !missing.iter().any(|range| range.contains(&sequence))
            });
        }
    }

    /// Of the deliveries that a client was owed and did not get, those that are lost: no gap names them, and somebody
    /// else got them or should have.
    pub(super) fn lost_to(&mut self, client: usize, mut missing: u64) -> u64 {
        let track = self.tracks[client];
        missing -= self
            .ledger
            .nobodys(self.channel(client), self.plan.channels)
            .min(missing);
        let channel = self.channel(client);
        let end = self.ledger.last(channel, track.epoch);
        let silent = track.silent + end.saturating_sub(track.seq);
        let recovery = &mut self.sums.recovery;
        recovery.failed += u64::from(track.returning.is_some());
        recovery.silent += silent;
        let lost = missing
            .saturating_sub(track.declared)
            .max(missing.min(silent));
        recovery.declared += missing - lost;
        lost
    }
}
