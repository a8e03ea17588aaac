//! What leaves publishers: messages are written as they are sent, and timed against when they were due.

use crate::{plan::stamp::Stamp, record::Record};

impl Record<'_> {
    /// The bytes of a message that is sent now, at `now_ns`, by a publisher whose socket was not writable until
    /// `writable_since_ns`.
    pub fn sent(
        &mut self,
        publisher: u16,
        sequence: u32,
        intended_ns: u64,
        now_ns: u64,
        writable_since_ns: u64,
    ) -> Vec<u8> {
        self.ledger.note_sent(publisher);
        let able_ns = intended_ns.max(writable_since_ns);
        let slip_ns = now_ns.saturating_sub(able_ns);
        let blocked_ns = able_ns - intended_ns;
        let is_judged = self.window_ns.contains(&intended_ns)
            && (self.stages.is_none() || self.sent_in_stage(intended_ns, slip_ns, blocked_ns));
        if is_judged {
            self.sums.slip.record(slip_ns);
            self.sums.blocked.record(blocked_ns);
        }
        let stamp = Stamp {
            publisher,
            sequence,
            intended_ns,
            delay_ns: now_ns.saturating_sub(intended_ns),
            was_blocked: blocked_ns > slip_ns,
        };
        let channel = self.publishers[usize::from(publisher)].channel;
        let payload = self.ledger.format.write(stamp, &self.ledger.payload);
        let own = self.plan.particulars.of(usize::from(publisher), channel);
        let number = u64::from(sequence) + 1;
        let protocol = &self.plan.protocol;
        protocol.message(own, channel, number, payload)
    }

    /// Notes that until now a publisher's socket took no more: the server has stopped reading.
    pub fn left_unread(&mut self) {
        self.sums.unread += 1;
    }

    /// Notes a message that was due and never sent, because until now its publisher's socket took no more: it is lost to
    /// everyone in its channel, if it was waited for that.
    pub fn unsent(&mut self, publisher: u16, intended_ns: u64, now_ns: u64) {
        let channel = self.plan.channel(usize::from(publisher));
        let since_ns = intended_ns.saturating_sub(self.window_ns.start);
        let lost = if self.sums.unawaited {
            0
        } else {
            self.plan.receivers(channel, since_ns) as u64
        };
        self.sums.unsent += 1;
        self.sums.lost += lost;
        if self.window_ns.contains(&intended_ns) {
            let blocked_ns = now_ns.saturating_sub(intended_ns);
            if self.unsent_in_stage(lost, intended_ns, blocked_ns) {
                self.sums.blocked.record(blocked_ns);
            }
        }
    }
}
