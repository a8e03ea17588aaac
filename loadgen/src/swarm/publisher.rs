//! One publisher's place in what is to be sent. What it owes while its socket is blocked is not queued: it is a number.

use crate::{
    record::{Record, end::End},
    swarm::{client::Client, pace::Pace, timer::Clock},
};

/// Bytes encoded for one write. More that is due goes with the next, once it was looked what came meanwhile: a server that
/// nobody listens to stops listening, too.
const BATCH_BYTES: usize = 64 << 10;

/// What a publisher sends next, and whether it can.
#[derive(Debug)]
pub struct Publisher {
    number: u16,
    next: u32,
    blocked: bool,
    /// When its socket last became writable after it was not.
    writable_since_ns: u64,
    /// When it last came back after it was cut off: what was due before that is due then.
    back_ns: u64,
}

impl Publisher {
    /// The publisher of that number in the whole run, before its first message.
    pub fn new(number: u16) -> Self {
        Self {
            number,
            next: 0,
            blocked: false,
            writable_since_ns: 0,
            back_ns: 0,
        }
    }

    /// Sends what is due in one write, as far as the socket takes it; whether more is due that it may take.
    ///
    /// # Errors
    /// How the client's connection ended, if it did.
    pub fn publish(
        &mut self,
        client: &mut Client,
        pace: &Pace,
        clock: &Clock,
        record: &mut Record,
    ) -> Result<bool, End> {
        if !self.is_able(client) {
            return Ok(false);
        }
        let now_ns = clock.now_ns();
        let before = self.next;
        while let Some(intended_ns) = self.due(pace, record, now_ns) {
            if client.outgoing().len() >= BATCH_BYTES {
                self.blocked = !client.flush()?;
                return Ok(!self.blocked);
            }
            let since_ns = self.writable_since_ns;
            let bytes = record.sent(self.number, self.next, intended_ns, now_ns, since_ns);
            let mask = fastrand::u32(..).to_ne_bytes();
            client.outgoing().data(bytes, record.is_binary(), mask);
            self.next += 1;
        }
        if self.next > before {
            self.blocked = !client.flush()?;
        }
        Ok(false)
    }

    /// Goes on after the socket became writable again, at `since_ns` at the latest; whether more is due that it may take.
    ///
    /// # Errors
    /// How the client's connection ended, if it did.
    pub fn writable(
        &mut self,
        client: &mut Client,
        pace: &Pace,
        clock: &Clock,
        record: &mut Record,
        since_ns: u64,
    ) -> Result<bool, End> {
        // Also when it is not this publisher's doing that something waits: a pong may.
        if !client.flush()? || !self.blocked {
            return Ok(false);
        }
        self.blocked = false;
        self.writable_since_ns = since_ns;
        self.publish(client, pace, clock, record)
    }

    /// Is cut off: what waited for its socket is gone with it.
    pub fn cut(&mut self) {
        self.blocked = false;
    }

    /// Is connected again.
    pub fn back(&mut self, now_ns: u64) {
        self.back_ns = now_ns;
    }

    /// Whether its socket takes something, as far as is known.
    pub fn is_able(&self, client: &Client) -> bool {
        !self.blocked && client.is_open()
    }

    /// Whether it has sent all that it ever will.
    pub fn is_done(&self, client: &Client, pace: &Pace, now_ns: u64) -> bool {
        !client.is_open()
            || (!self.blocked && pace.is_over(usize::from(self.number), self.next, now_ns))
    }

    /// Notes whether its socket still takes no more, and what was due and could not be sent, since the time for that is over.
    pub fn give_up(&mut self, pace: &Pace, now_ns: u64, record: &mut Record) {
        if self.blocked {
            record.left_unread();
        }
        while let (true, Some(intended_ns)) = (self.blocked, self.due(pace, record, now_ns)) {
            record.unsent(self.number, intended_ns, now_ns);
            self.next += 1;
        }
    }

    fn due(&self, pace: &Pace, record: &Record, now_ns: u64) -> Option<u64> {
        let publisher = usize::from(self.number);
        let due_ns = pace.due(publisher, self.next, record.settled(publisher), now_ns)?;
        Some(due_ns.max(self.back_ns))
    }
}
