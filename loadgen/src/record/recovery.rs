//! Who loses its connection and comes back: by the numbers of the messages, whether each client got all of them, over all
//! its connections, or was told which it would not get.

use crate::{
    plan::lines::Line,
    record::{Record, distribution::Distribution, end::End, fate::Fate, track::Return},
};

/// How it went for those who lost their connections, over all of them.
#[derive(Debug, Default)]
pub struct Recovery {
    /// How often someone was cut off.
    pub cuts: u64,
    /// How often someone came in at another node, since its own was gone.
    pub moved: u64,
    /// How often someone was told that its channel had begun again, and that any end of what was before may be missing.
    pub epochs: u64,
    /// How often one had all again that it had missed.
    pub recovered: u64,
    /// How often one was told that some would never come, and got all else.
    pub with_gaps: u64,
    /// How often one did not come back, or not to where the channel is.
    pub failed: u64,
    /// From the begin of the new connection to the last message that was missed, of those who were cut off.
    pub caught_up: Distribution,
    /// From the end of the old connection to the same, of those who moved.
    pub moved_caught_up: Distribution,
    /// Deliveries that a gap or another epoch declared missing.
    pub declared: u64,
    /// Numbers that were left out, and no gap said so.
    pub silent: u64,
    /// Numbers that came again.
    pub repeated: u64,
    /// Messages that nobody got, whose senders lost their connections before they had them back, or were told that they may
    /// not have been said.
    pub unknown: u64,
}

impl Recovery {
    /// Adds that of another thread.
    pub fn add(&mut self, other: &Self) {
        self.cuts += other.cuts;
        self.moved += other.moved;
        self.epochs += other.epochs;
        self.recovered += other.recovered;
        self.with_gaps += other.with_gaps;
        self.failed += other.failed;
        self.caught_up.add(&other.caught_up);
        self.moved_caught_up.add(&other.moved_caught_up);
        self.declared += other.declared;
        self.silent += other.silent;
        self.repeated += other.repeated;
        self.unknown += other.unknown;
    }

    /// Adds one that has what it missed.
    fn came_back(&mut self, way: Return, now_ns: u64) {
        if way.is_ignored {
            self.failed += 1;
            return;
        }
        let took_ns = now_ns.saturating_sub(way.begun_ns);
        if way.has_moved {
            self.moved_caught_up.record(took_ns);
        } else {
            self.caught_up.record(took_ns);
        }
        if way.has_gap {
            self.with_gaps += 1;
        } else {
            self.recovered += 1;
        }
    }
}

impl Record<'_> {
    /// Follows the numbers of what a client got, if it may lose its connection.
    pub fn followed(&mut self, client: usize, frame: &[u8], now_ns: u64) {
        if self.tracks.is_empty() {
            return;
        }
        // What the frame says of its client is not true of what it brings.
        self.settle();
        let Some(track) = self.tracks.get_mut(client) else {
            return;
        };
        let recovery = &mut self.sums.recovery;
        let mut is_in_doubt = false;
        for line in frame.split(|&byte| byte == b'\n') {
            match Line::read(line) {
                Line::Numbered(seq) if track.is_in && seq <= track.seq => recovery.repeated += 1,
                Line::Numbered(seq) if track.is_in => track.go(seq),
                Line::Gap(gap) => track.skip(gap),
                Line::Epoch(epoch) => {
                    track.begin_again(epoch);
                    recovery.epochs += 1;
                }
                Line::Joined(joined) => recovery.epochs += u64::from(track.join(joined)),
                Line::Doubt => is_in_doubt = true,
                Line::Numbered(_) | Line::Other => {}
            }
            if let Some(way) = track.caught_up() {
                recovery.came_back(way, now_ns);
            }
        }
        if is_in_doubt {
            self.doubt_overtaken(client);
            self.doubt(client);
        }
    }

    /// Notes that a client was cut off, and will come back to the node where it began.
    pub fn cut_off(&mut self, client: usize) {
        self.sums.recovery.cuts += 1;
        if let Some(track) = self.tracks.get_mut(client) {
            track.returning = Some(Return::default());
        }
        self.doubt(client);
        self.go_to(client, self.plan.node(self.number(client)));
    }

    /// Notes that a client lost its connection at `now_ns`, and looks whether its node is there, which has said so itself if
    /// it is not. Whether it had come back before, and not even caught up.
    pub fn lost_connection(&mut self, client: usize, end: End, now_ns: u64) -> bool {
        let was_returning = self.is_returning(client);
        if let Some(track) = self.tracks.get_mut(client) {
            // Who has not caught up since the last time is still on its way.
            let way = track.returning.get_or_insert_with(|| Return::begun(now_ns));
            (way.end, way.tries) = (Some(end), 0);
        }
        self.doubt(client);
        if end.is_goodbye() {
            self.moves_on(client);
        }
        was_returning
    }

    /// Has a client that was not let in ask at the next node; how many have not let it in so far.
    pub fn moves_on(&mut self, client: usize) -> usize {
        self.go_to(client, (self.node(client) + 1) % self.plan.nodes);
        let track = self.tracks.get_mut(client);
        let way = track.and_then(|track| track.returning.as_mut());
        way.map_or(0, |way| {
            way.tries += 1;
            way.tries
        })
    }

    /// Notes that a client asks to come in again.
    pub fn comes_back(&mut self, client: usize, now_ns: u64) {
        let track = self.tracks.get_mut(client);
        if let Some(way) = track.and_then(|track| track.returning.as_mut()) {
            if way.end.is_none() && way.tries == 0 {
                way.begun_ns = now_ns;
            }
            way.ask();
        }
    }

    /// Notes that a node let a client in again: if it is the very one that ended its connection, that was there all the
    /// time.
    pub fn let_in(&mut self, client: usize) {
        let track = self.tracks.get_mut(client);
        let Some(way) = track.and_then(|track| track.returning.as_mut()) else {
            return;
        };
        let has_moved = way.tries > 0;
        way.has_moved |= has_moved;
        way.tries = 0;
        if has_moved {
            self.sums.recovery.moved += 1;
        } else if let Some(end) = way.end {
            self.ended(client, end);
        }
    }

    /// Whether a client lost its connection and has not caught up since.
    #[inline]
    pub fn is_returning(&self, client: usize) -> bool {
        let track = self.tracks.get(client);
        track.is_some_and(|track| track.returning.is_some())
    }

    /// Whether such a client is not in yet.
    pub fn is_outside(&self, client: usize) -> bool {
        let track = self.tracks.get(client);
        let way = track.and_then(|track| track.returning);
        way.is_some_and(|way| way.is_outside())
    }

    /// What a client that lost its connection has of its channel: the epoch and the last number.
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

    /// Notes that what a client sent and did not get back may have got lost.
    fn doubt(&mut self, client: usize) {
        let publisher = self.number(client);
        if publisher < self.plan.publishers {
            let sent = self.ledger.sent_by(publisher);
            self.ledger.doubt(publisher, self.returned(publisher)..sent);
            if let Some(track) = self.tracks.get_mut(client) {
                track.written_off = sent;
            }
        }
    }

    /// Notes the same of what was overtaken: the answers of a frame are looked at when all of its messages are there, so that
    /// what came behind the one that says that something may be lost has come before it.
    fn doubt_overtaken(&self, client: usize) {
        let publisher = self.number(client);
        if let Some(source) = self.publishers.get(publisher) {
            for range in self.integrity.missing(client, source.place) {
                self.ledger.doubt(publisher, range.clone());
            }
        }
    }

    /// Notes at which node of the hub a client is.
    fn go_to(&mut self, client: usize, node: usize) {
        self.clients[client].node = node;
        self.ledger.note_node(self.number(client), node);
    }

    /// Of the deliveries that a client was owed and did not get, those that are lost: no gap names them, and somebody
    /// else got them or should have. What may be under way to it is not among them, nor is who may be on its way back.
    pub(super) fn lost_to(&mut self, client: usize, mut missing: u64, fate: Fate) -> u64 {
        let track = self.tracks[client];
        missing -= self
            .ledger
            .nobodys(self.channel(client), self.plan.channels)
            .min(missing);
        let channel = self.channel(client);
        let is_known = fate != Fate::Unknown;
        let end = self.ledger.last(channel, track.epoch);
        let behind = if is_known {
            end.saturating_sub(track.seq)
        } else {
            0
        };
        let silent = track.silent + behind;
        let recovery = &mut self.sums.recovery;
        recovery.failed += u64::from(track.returning.is_some() && is_known);
        recovery.silent += silent;
        let lost = missing
            .saturating_sub(track.declared)
            .max(missing.min(silent));
        recovery.declared += missing - lost;
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::Args, plan::Plan, record::ledger::Ledger};

    #[test]
    fn what_could_not_be_said_is_in_doubt_though_what_was_said_later_comes_in_the_same_frame() {
        let line = "loadgen --clients 2 --publishers 1 --protocol chat --skips";
        let plan = Plan::new(&Args::read(line.split(' ')).unwrap()).unwrap();
        let ledger = Ledger::new(&plan, None);
        let mut record = Record::new(&ledger, &plan, 0);
        let [_, later] = [0, 1].map(|sequence| record.sent(0, sequence, 0, 0, 0));
        let error = r#"{"action":"error","code":"unavailable","message":"not now"}"#;
        let frame = [error.as_bytes(), &later].join(&b'\n');
        record.received(0, &frame, 1);
        record.followed(0, &frame, 1);
        record.vouch();
        assert_eq!(ledger.unknown(), 1);
    }
}
