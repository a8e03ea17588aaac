//! One connection, from its first byte to its last: HTTP, then perhaps a WebSocket session, then a close that arrives.

mod calling;
mod closing;
mod deadlines;
mod exchange;
mod expiry;
mod introduction;
mod lagging;
mod meter;
mod session;
mod standing;
mod terms;

use std::io;
use std::mem;
use std::time::Duration;

use self::{
    closing::Closing,
    exchange::Exchange,
    introduction::Introduction,
    meter::{Meter, Sent},
    session::Session,
    terms::Terms,
};
pub use self::{standing::Standing, terms::Visitor};
use super::{
    stream::{Readiness, Stream},
    world::World,
};
use crate::{
    state::{
        addresses::Excess, batch::Slice, channel::Departure, commons::Commons,
        dialect::DialectName, hub::Room, memory::Memory, metrics::Omission, outbox::Outbox,
    },
    vocabulary::{arrival::Arrival, coding::Coding, config::Config, reason::Reason},
};

/// A stream, what waits for it, and how far it has come.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    outbox: Outbox,
    phase: Phase,
    slot: u32,
    /// It is only told that it is not served.
    refusal: Option<Refusal>,
    terms: Option<Box<Terms>>,
    /// When the peer last sent a byte.
    heard_at: Duration,
    /// When it was last sent a ping that it has not answered.
    pinged_at: Option<Duration>,
    /// Since when it has taken none of the bytes that wait for it.
    stalled_since: Option<Duration>,
    /// What of `World::unsent_bytes` is this connection's.
    counted_unsent: usize,
    readiness: Readiness,
    is_at_end: bool,
    /// So much of what was asked for is under way that it is not read.
    is_held: bool,
    /// A deadline may have come nearer since the timer was set.
    is_rearmed: bool,
    ended: Option<Reason>,
}

/// Why a connection is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no room.
    Full,
    /// Its address has too many.
    Excess(Excess),
}

#[derive(Debug)]
enum Phase {
    Introduction(Box<Introduction>),
    Http(Box<Exchange>),
    Open(Session),
    Closing(Closing),
}

impl<S: Stream> Connection<S> {
    /// A connection that was just accepted. One that is refused is told so, whatever it asks for.
    pub fn new(
        stream: S,
        slot: u32,
        arrival: Arrival,
        refusal: Option<Refusal>,
        visitor: Option<Visitor>,
        now: Duration,
    ) -> Self {
        Self {
            stream,
            outbox: Outbox::default(),
            phase: Phase::Http(Box::new(Exchange::new(arrival, now))),
            slot,
            refusal,
            terms: Terms::of_visitor(visitor),
            heard_at: now,
            pinged_at: None,
            stalled_since: None,
            counted_unsent: 0,
            readiness: Readiness {
                writable: true,
                ..Readiness::default()
            },
            is_at_end: false,
            is_held: false,
            is_rearmed: true,
            ended: None,
        }
    }

    /// One that a balancer has made, which is to say for whom.
    pub fn introduced(
        stream: S,
        slot: u32,
        arrival: Arrival,
        refusal: Option<Refusal>,
        now: Duration,
    ) -> Self {
        Self {
            phase: Phase::Introduction(Box::new(Introduction::new(arrival, now))),
            ..Self::new(stream, slot, arrival, refusal, None, now)
        }
    }

    /// Notes what an event says.
    pub fn signal(&mut self, readiness: Readiness) {
        self.readiness.readable |= readiness.readable | readiness.is_deceptive;
        self.readiness.writable |= readiness.writable;
        self.readiness.is_deceptive |= readiness.is_deceptive;
    }

    /// Whether there is input to read or to go on with, and it may be now.
    pub fn wants_reading(&self) -> bool {
        match &self.phase {
            Phase::Http(exchange) => {
                let has_input = self.readiness.readable || exchange.has_more;
                self.outbox.is_empty()
                    && !self.is_held
                    && (exchange.calls_on() || exchange.is_open() && has_input)
            }
            Phase::Open(session) => {
                let has_input = self.readiness.readable || session.websocket.has_more();
                let is_let = !self.is_held && self.paused_until().is_none();
                has_input && is_let || session.websocket.is_waited_for()
            }
            Phase::Introduction(_) | Phase::Closing(_) => self.readiness.readable,
        }
    }

    /// Whether something waits to be written, or to be done once all is written.
    pub fn wants_writing(&self) -> bool {
        self.is_waiting() || self.stream.held_bytes() > 0 || matches!(self.phase, Phase::Closing(_))
    }

    /// Reads once into `buffer`, acts on what arrived, and returns how many bytes that was, or how many came of it where
    /// they are more. The reading is over when [`wants_reading`](Self::wants_reading) says no.
    pub fn read(&mut self, buffer: &mut [u8], world: &mut World) -> usize {
        if let Phase::Http(exchange) = &self.phase
            && exchange.calls_on()
        {
            return self.go_on_calling(world);
        }
        if let Phase::Http(exchange) = &self.phase
            && exchange.has_more
            && let Some(bytes) = self.serve(world)
        {
            return bytes;
        }
        if let Phase::Open(session) = &self.phase
            && session.websocket.has_more()
        {
            return self.hear(&[], world);
        }
        let buffer = match &self.phase {
            Phase::Introduction(introduction) => &mut buffer[..introduction.room()],
            _ => buffer,
        };
        let received = self.stream.read(buffer);
        let toll = self.stream.take_toll();
        let wire_bytes = received.as_ref().map_or(0, |&read| read) + toll;
        if wire_bytes > 0 {
            // The next ping may be due before the pong would have been.
            self.is_rearmed |= self.awaits_pong();
            self.heard_at = world.now.monotonic;
            self.measure(Sent::bytes(wire_bytes), world);
        }
        let taken = match received {
            Ok(0) => {
                self.readiness.readable = false;
                self.is_at_end = true;
                self.end_of_stream(world);
                0
            }
            Ok(read) => {
                let is_drained = read < buffer.len()
                    && self.stream.short_read_drains()
                    && !self.readiness.is_deceptive;
                self.readiness.readable = !is_drained;
                world.metrics.bytes_received += read as u64;
                self.receive(&buffer[..read], world).max(read)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readiness.readable = false;
                0
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => {
                self.readiness.readable = false;
                self.fail(&error, world);
                0
            }
        };
        taken + toll
    }

    /// Queues what is said to this peer. One that was given up lacks what was dropped, so it gets nothing after it.
    pub fn deliver(&mut self, slice: Slice) {
        let is_given_up = matches!(&self.phase, Phase::Closing(closing) if closing.is_given_up);
        if self.ended.is_none() && !is_given_up {
            self.outbox.push(slice);
        }
    }

    /// Writes what waits, as far as the stream takes it, and judges a peer that takes too little.
    pub fn flush(&mut self, world: &mut World) {
        let is_tried = self.readiness.writable && self.ended.is_none();
        if is_tried {
            self.write(world);
        }
        self.readiness.writable &= self.stream.held_bytes() == 0;
        self.recount(world);
        if is_tried && self.is_waiting() && self.is_stalled(world) {
            self.give_up(Reason::SlowStalled, world);
            return;
        }
        if !self.judge(world) {
            return;
        }
        if self.is_waiting() {
            // What waits may be the first of what may be skipped.
            self.is_rearmed |= self.stalled_since.is_none() || world.config.bounds_lag();
            self.stalled_since.get_or_insert(world.now.monotonic);
        } else {
            if self.readiness.writable {
                // One for whom nothing waits because it was skipped has taken nothing.
                self.stalled_since = None;
            }
            self.settle(world.now, world.config.linger_timeout);
        }
    }

    /// Whether anything waits for the stream, as of the last time that it was counted.
    pub(super) fn is_waiting(&self) -> bool {
        self.counted_unsent > 0 || !self.outbox.is_empty()
    }

    /// Reads on if enough of what was asked for is answered.
    pub fn go_on_reading(&mut self, commons: &mut Commons) {
        let client = match &self.phase {
            Phase::Open(session) => session.dialect.client(),
            Phase::Http(exchange) => exchange.caller,
            Phase::Introduction(_) | Phase::Closing(_) => None,
        };
        self.is_held = client.is_some_and(|client| commons.holds(client));
    }

    /// What it may be handed of what it missed.
    pub fn replay_room(&self, config: &Config) -> Room {
        let unsent = self.outbox.unsent_bytes() + self.stream.held_bytes();
        Room {
            bytes: config.replay_bytes().saturating_sub(unsent),
            spare: (unsent > 0).then(|| config.max_unsent_bytes.saturating_sub(unsent)),
        }
    }

    /// Sees to it that it is handed more of what it missed, if it has taken what it was handed.
    pub fn catch_up(&self, world: &mut World) {
        if let Phase::Open(session) = &self.phase
            && let Some(client) = session.dialect.client()
            && self.replay_room(&world.config).bytes > 0
        {
            world.commons.hub.resume(client);
        }
    }

    /// Tells the books how many bytes wait.
    pub(super) fn recount(&mut self, world: &mut World) {
        let unsent = self.outbox.unsent_bytes() + self.stream.held_bytes();
        world.unsent_bytes = world.unsent_bytes + unsent - self.counted_unsent;
        self.counted_unsent = unsent;
    }

    /// Whether a deadline may have come nearer since this was last asked.
    pub fn take_rearmed(&mut self) -> bool {
        mem::take(&mut self.is_rearmed)
    }

    /// Ends the connection; it is reaped at the end of the turn. The first reason counts: how the stream of one that is
    /// closing comes to its end does not matter, unless we cut it off.
    pub fn end(&mut self, reason: Reason) {
        let reason = match &self.phase {
            Phase::Closing(closing) if !matches!(reason, Reason::DrainCut | Reason::SlowTotal) => {
                closing.reason
            }
            _ => reason,
        };
        self.ended.get_or_insert(reason);
    }

    /// Why it ended, if it has.
    pub fn ended(&self) -> Option<Reason> {
        self.ended
    }

    /// Leaves the hub and the books, before the stream is dropped.
    pub fn leave(&mut self, world: &mut World) {
        if let Some(visitor) = self.visitor() {
            visitor.leave(&mut world.addresses, world.now.monotonic);
        }
        world.unsent_bytes -= mem::take(&mut self.counted_unsent);
        match &self.phase {
            Phase::Open(session) => world.end(&session.dialect, Departure::Vanishes),
            Phase::Http(exchange) => world.part(exchange.caller),
            Phase::Introduction(_) | Phase::Closing(_) => {}
        }
    }

    /// Bytes that wait for the peer, as of the last flush.
    pub fn unsent_bytes(&self) -> usize {
        self.counted_unsent
    }

    /// Adds the bytes that it takes beside itself.
    pub fn weigh(&self, memory: &mut Memory) {
        memory.outboxes += self.outbox.heap_bytes();
        memory.connections += self.stream.heap_bytes();
        memory.connections += self.terms.as_ref().map_or(0, |_| size_of::<Terms>());
        match &self.phase {
            Phase::Introduction(introduction) => memory.connections += introduction.heap_bytes(),
            Phase::Http(exchange) => memory.connections += exchange.heap_bytes(),
            Phase::Open(session) => {
                memory.people += session.dialect.heap_bytes();
                memory.input += session.websocket.heap_bytes();
            }
            Phase::Closing(_) => {}
        }
    }

    fn receive(&mut self, input: &[u8], world: &mut World) -> usize {
        match &mut self.phase {
            Phase::Introduction(_) => self.be_introduced(input, world),
            Phase::Http(exchange) => {
                exchange.hear(input, world.now.monotonic);
                self.is_rearmed = true;
                if exchange.calling.is_some() {
                    return self.go_on_calling(world);
                }
                // What has not fully arrived is gone over again with each piece of it.
                let gone_over = exchange.input.len();
                self.serve(world).unwrap_or(gone_over)
            }
            Phase::Open(_) => self.hear(input, world),
            Phase::Closing(_) => 0,
        }
    }

    /// Ends it for an error of the stream.
    fn fail(&mut self, error: &io::Error, world: &mut World) {
        let reason = match error.kind() {
            io::ErrorKind::InvalidData => Reason::Tls,
            _ => Reason::Reset,
        };
        match &self.phase {
            Phase::Introduction(_) => self.fail_handshake(reason, world),
            Phase::Http(exchange) if exchange.answered == 0 => self.fail_handshake(reason, world),
            _ => self.end(reason),
        }
    }

    /// Ends it before it has come to anything.
    fn fail_handshake(&mut self, reason: Reason, world: &mut World) {
        world.metrics.count_handshake_failure(reason.name());
        self.end(reason);
    }

    /// Measures what was sent: reading pauses if it is too much, and one that goes on is closed.
    fn measure(&mut self, sent: Sent, world: &mut World) {
        let (grace, now) = (world.config.flood_grace, world.now.monotonic);
        let Some(meter) = self.meter() else {
            return;
        };
        let is_flood = meter.note(sent, grace, now, &mut world.metrics);
        self.is_rearmed = true;
        if is_flood {
            self.close(Reason::Flood, world);
        }
    }

    fn end_of_stream(&mut self, world: &mut World) {
        match &self.phase {
            Phase::Introduction(_) => self.fail_handshake(Reason::EndOfStream, world),
            Phase::Http(exchange) if exchange.is_at_rest() && exchange.answered > 0 => {
                self.close(Reason::HttpDone, world);
            }
            Phase::Http(_) => {
                world
                    .metrics
                    .count_handshake_failure(Reason::EndOfStream.name());
                self.close(Reason::EndOfStream, world);
            }
            Phase::Open(_) => self.close(Reason::EndOfStream, world),
            Phase::Closing(_) => {}
        }
    }

    /// Whether it has taken none of the bytes that wait for it for too long.
    fn is_stalled(&self, world: &World) -> bool {
        self.stalled_since
            .is_some_and(|since| world.now.monotonic >= since + world.config.write_timeout)
    }

    fn write(&mut self, world: &mut World) {
        let held_before = self.stream.held_bytes();
        let coding = self.coding();
        let flushed = self
            .stream
            .push_held()
            .and_then(|()| self.outbox.flush(&mut self.stream, coding));
        match flushed {
            Ok(flushed) => {
                self.readiness.writable = !flushed.blocked;
                if flushed.bytes > 0 || self.stream.held_bytes() < held_before {
                    self.stalled_since = None;
                }
                world.metrics.bytes_sent += flushed.bytes as u64;
                world.metrics.skipped_messages[Omission::Slow as usize] += flushed.skipped as u64;
                if flushed.frames > 0 {
                    world.metrics.frames_sent += flushed.frames as u64;
                    world
                        .metrics
                        .batch_messages
                        .record(flushed.messages as u64, 1);
                    if let Some(dialect) = self.dialect() {
                        world.metrics.messages_delivered[dialect as usize] +=
                            flushed.messages as u64;
                    }
                }
            }
            Err(_) => self.end(Reason::Reset),
        }
    }

    fn dialect(&self) -> Option<DialectName> {
        match &self.phase {
            Phase::Introduction(_) | Phase::Http(_) => None,
            Phase::Open(session) => Some(session.dialect.name()),
            Phase::Closing(closing) => closing.dialect,
        }
    }

    /// How its messages may be coded.
    fn coding(&self) -> Coding {
        match &self.phase {
            Phase::Introduction(_) | Phase::Http(_) => Coding::Plain,
            Phase::Open(session) => session.websocket.coding(),
            Phase::Closing(closing) => closing.coding,
        }
    }

    fn visitor(&mut self) -> Option<&mut Visitor> {
        self.terms.as_mut()?.visitor.as_mut()
    }

    fn meter(&mut self) -> Option<&mut Meter> {
        self.terms.as_mut()?.meter.as_mut()
    }
}
