//! One publisher's place in the schedule. What it owes while its socket is blocked is not queued: it is a number.

use crate::{
    client::{Client, End},
    record::Record,
    schedule::Schedule,
    stamp::Stamp,
    timer::Clock,
};

/// Bytes encoded for one write; more that is due goes with the next.
const BATCH_BYTES: usize = 64 << 10;

/// What a publisher sends next, and whether it can.
#[derive(Debug)]
pub struct Publisher {
    number: u16,
    next: u32,
    blocked: bool,
    /// When its socket last became writable after it was not.
    writable_since_ns: u64,
}

impl Publisher {
    /// The publisher of that number, at the begin of the schedule.
    pub fn new(number: u16) -> Self {
        Self {
            number,
            next: 0,
            blocked: false,
            writable_since_ns: 0,
        }
    }

    /// Sends everything that is due, as far as the socket takes it.
    ///
    /// # Errors
    /// How the client's connection ended, if it did.
    pub fn publish(
        &mut self,
        client: &mut Client,
        schedule: &Schedule,
        clock: &Clock,
        record: &mut Record,
    ) -> Result<(), End> {
        while !self.blocked && client.is_open() {
            let now_ns = clock.now_ns();
            let before = self.next;
            while client.outgoing().len() < BATCH_BYTES {
                let due = schedule.time_of(usize::from(self.number), self.next);
                let Some(intended_ns) = due.filter(|&time| time <= now_ns) else {
                    break;
                };
                let stamp = Stamp {
                    publisher: self.number,
                    sequence: self.next,
                    intended_ns,
                };
                let text = record.sent(stamp, now_ns, self.writable_since_ns);
                client
                    .outgoing()
                    .text(text, fastrand::u32(..).to_ne_bytes());
                self.next += 1;
            }
            if self.next == before {
                break;
            }
            self.blocked = !client.flush()?;
        }
        Ok(())
    }

    /// Notes what was due and could not be sent, since the time for that is over.
    pub fn give_up(&self, schedule: &Schedule, now_ns: u64, record: &mut Record) {
        let owed = (self.next..).map_while(|next| schedule.time_of(usize::from(self.number), next));
        for intended_ns in owed.filter(|_| self.blocked) {
            record.unsent(intended_ns, now_ns);
        }
    }

    /// Goes on after the socket became writable again.
    ///
    /// # Errors
    /// How the client's connection ended, if it did.
    pub fn writable(
        &mut self,
        client: &mut Client,
        schedule: &Schedule,
        clock: &Clock,
        record: &mut Record,
    ) -> Result<(), End> {
        // Also when it is not this publisher's doing that something waits: a pong may.
        if !client.flush()? || !self.blocked {
            return Ok(());
        }
        self.blocked = false;
        self.writable_since_ns = clock.now_ns();
        self.publish(client, schedule, clock, record)
    }
}
