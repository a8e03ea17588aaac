//! Clients that lose their connections, and those that come back: to the node where they were, or, if that is gone, to
//! another one of the same hub.

use std::time::Duration;

use crate::{
    plan::{Pacing, nanoseconds, protocol::Protocol, roles::Role},
    record::end::End,
    swarm::{
        dial::Dial,
        outgoing::Unread,
        shard::{CLOSE_POLICY, CLOSE_PROTOCOL_ERROR, Shard, connecting::DIALS_PER_TURN},
    },
};

/// How long a node may take to let in someone who comes back, where there are others.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Between two rounds through all the nodes, none of which lets one in, and two questions for a channel that is not to be
/// had for now.
const PAUSE: Duration = Duration::from_millis(100);

impl Shard<'_> {
    /// A client's connection has ended, and nobody asked for it.
    pub(super) fn lost(&mut self, index: usize, end: End) {
        let client = &mut self.clients[index];
        if client.is_leaving() {
            return self.vanish(index);
        }
        if !client.is_open() {
            return;
        }
        let now_ns = self.common.clock.now_ns();
        if end == End::Unread {
            self.record.faulted(&Unread, now_ns);
        }
        if self.crowd.coming(index).is_some() {
            return self.kept_out(
                index,
                format!("its connection ended before it was in ({end})"),
            );
        }
        if self.moves && end.may_be_the_nodes() && self.record.role(index) == Role::Member {
            return self.seek_node(index, end);
        }
        if self.plan.pacing != Pacing::Silent && self.common.ledger.sent() == 0 {
            self.dismissed.get_or_insert((index, end));
        }
        let stayed_ns = now_ns.saturating_sub(client.open_ns());
        self.record.disconnected(index, end, stayed_ns);
        let roams = self.churn.as_mut().and_then(|churn| churn.back(index));
        if client.awaits() && roams.is_none() && self.record.role(index) != Role::Newcomer {
            self.entering = self.entering.saturating_sub(1);
        }
        client.close(match end {
            End::Closed(code) => code,
            End::Broken => None,
            End::Protocol | End::Refused => Some(CLOSE_PROTOCOL_ERROR),
            End::Unread => Some(CLOSE_POLICY),
        });
    }

    /// Has those ask to come in again whose time away is over; when to look after the next one.
    pub(super) fn come_back_due(&mut self, now_ns: u64) -> u64 {
        for _ in 0..DIALS_PER_TURN {
            let Some(index) = self.away.due(now_ns) else {
                break;
            };
            let client = &mut self.clients[index];
            let begun_ns = client.dialing().map(Dial::begun_ns);
            let is_late =
                begun_ns.is_some_and(|begun_ns| begun_ns + nanoseconds(ANSWER_TIMEOUT) <= now_ns);
            if client.is_away() {
                self.come_back(index, now_ns);
            } else if is_late && self.record.is_returning(index) {
                self.dialing -= 1;
                self.not_let_in(index, now_ns);
            } else if client.is_open() && !client.awaits() && self.record.is_outside(index) {
                self.ask_again(index);
            }
        }
        self.away.next_ns()
    }

    /// A client that comes back is not let in: it asks at the next node, if there is one.
    pub(super) fn not_let_in(&mut self, index: usize, now_ns: u64) {
        if !self.moves {
            // It counts as one that has not come back.
            return self.clients[index].abandon();
        }
        self.clients[index].cut();
        let tries = self.record.moves_on(index);
        let pause_ns = if tries.is_multiple_of(self.plan.nodes) {
            nanoseconds(PAUSE)
        } else {
            0
        };
        self.away.until(now_ns + pause_ns, index);
    }

    /// Goes on where a client was that is connected again.
    pub(super) fn resume(&mut self, index: usize, now_ns: u64) -> Result<(), End> {
        self.record.let_in(index);
        self.ask_in(index)?;
        if let Some(publisher) = self.publishers.get_mut(index) {
            publisher.back(now_ns);
            self.publish(index);
        }
        Ok(())
    }

    /// A client that comes back is not in its channel, and asks for it once more after a while.
    pub(super) fn ask_later(&mut self, index: usize, now_ns: u64) {
        self.away.until(now_ns + nanoseconds(PAUSE), index);
    }

    /// Takes a client's connection, without a word.
    pub(super) fn cut(&mut self, index: usize, back_ns: u64) {
        self.clients[index].cut();
        if let Some(publisher) = self.publishers.get_mut(index) {
            publisher.cut();
        }
        self.away.until(back_ns, index);
    }

    /// Has a client whose node may be gone look for one that is there.
    fn seek_node(&mut self, index: usize, end: End) {
        let now_ns = self.common.clock.now_ns();
        let was_returning = self.record.lost_connection(index, end, now_ns);
        // A node that lets one in to end it at once is not asked without end.
        let pause_ns = if was_returning { nanoseconds(PAUSE) } else { 0 };
        if let End::Closed(code) = end {
            self.clients[index].close(code);
        }
        self.cut(index, now_ns + pause_ns);
    }

    /// Asks for the channel, and for what was said there since.
    fn ask_in(&mut self, index: usize) -> Result<(), End> {
        let channel = self.record.channel(index);
        let Some((epoch, seq)) = self.record.since(index) else {
            return Ok(());
        };
        let entry = Protocol::reentry(channel, epoch, seq);
        self.clients[index].ask(entry)
    }

    fn ask_again(&mut self, index: usize) {
        if let Err(end) = self.ask_in(index) {
            self.lost(index, end);
        }
    }

    fn come_back(&mut self, index: usize, now_ns: u64) {
        self.record.comes_back(index, now_ns);
        match self.dialed(index, now_ns) {
            Ok(client) => {
                self.clients[index] = client;
                self.dialing += 1;
                if self.moves {
                    let late_ns = now_ns + nanoseconds(ANSWER_TIMEOUT);
                    self.away.until(late_ns, index);
                }
            }
            Err(_) => self.not_let_in(index, now_ns),
        }
    }
}
