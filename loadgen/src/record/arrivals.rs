//! What reaches the clients: messages are found in their frames, checked against what each client should get, and timed.

use hubbub::state::inflation::Context;

use crate::{
    plan::{finder::Cursor, roles::Role, stamp::Stamp, volley::Volley},
    record::{
        Record, Seat,
        heard::Words,
        integrity::Arrival,
        order::Place,
        sample::{Deflated, Landed},
    },
};

impl Record<'_> {
    /// Notes bytes that a socket gave.
    #[inline]
    pub fn received_bytes(&mut self, count: usize) {
        self.sample.totals.bytes += count as u64;
    }

    /// Notes how a server answered the offer to deflate: how it does, if it does.
    pub fn agreed(&mut self, context: Option<Context>) {
        let agreements = &mut self.sums.agreements;
        *match context {
            Some(Context::Fresh) => &mut agreements.fresh,
            Some(Context::Kept) => &mut agreements.kept,
            None => &mut agreements.declined,
        } += 1;
    }

    /// Notes a message that was deflated.
    pub fn inflated(&mut self, deflated: Deflated) {
        self.sample.totals.deflated += deflated;
    }

    /// Notes a frame that is not of this run.
    pub fn received_foreign(&mut self, frame: &[u8], now_ns: u64) {
        self.sums.foreign += 1;
        self.sums.heard.foreign(frame, now_ns);
        if self.plan.protocol.is_error(frame) {
            self.received_error(frame, now_ns);
        }
    }

    /// Notes a frame without a message that was awaited or answered.
    pub fn received_heeded(&mut self, frame: &[u8], now_ns: u64) {
        self.sums.heeded += 1;
        self.sums.heard.heeded(frame, now_ns);
    }

    /// Notes an answer that is an error.
    pub fn received_error(&mut self, frame: &[u8], now_ns: u64) {
        self.sums.heard.error(frame, now_ns);
    }

    /// Notes what the server says to a client as it closes its connection.
    pub fn received_close(&mut self, client: usize, payload: &[u8], now_ns: u64) {
        // Those are meant to be closed.
        if self.role(client) != Role::Slow {
            self.sums.heard.close(payload, now_ns);
        }
    }

    /// What the server said so far of itself.
    pub fn heard(&self) -> Words {
        self.sums.heard.words()
    }

    /// Notes the messages of a frame that reached a client at `now_ns`; how many there were, damaged ones too, and where
    /// the last ends.
    #[inline]
    pub fn received(&mut self, client: usize, frame: &[u8], now_ns: u64) -> (u64, usize) {
        let seat = self.clients[client];
        let (mut found, mut known) = (0, 0);
        let mut cursor = Cursor::default();
        while let Some(next) = self.finder.next(frame, &mut cursor) {
            let Some(volley) = next else {
                found += 1;
                continue;
            };
            found += u64::from(volley.count);
            let ours = self.ledger.known(volley);
            if ours.count > 0 {
                known += u64::from(ours.count);
                self.arrived(client, seat, ours, now_ns);
            }
        }
        if found > known {
            self.sums.foreign += found - known;
            self.sums.heard.foreign(frame, now_ns);
        }
        if known > 0 {
            self.sample.totals.messages += known;
            self.sample.totals.frames += 1;
            self.batches.record(known);
        }
        (found, cursor.end())
    }

    fn arrived(&mut self, client: usize, seat: Seat, volley: Volley, now_ns: u64) {
        let stamp = volley.first;
        if self.echoes.is_some() && self.number(client) == usize::from(stamp.publisher) {
            return self.came_back(client, volley, now_ns);
        }
        if self.publishers[usize::from(stamp.publisher)].channel != seat.channel {
            self.sums.stray += u64::from(volley.count);
            return self.log_uncounted(client, volley, now_ns);
        }
        let latency_ns = now_ns.saturating_sub(stamp.intended_ns);
        let measured = self.window_ns.contains(&stamp.intended_ns) && !self.is_returning(client);
        if !seat.role.stays() {
            self.log_uncounted(client, volley, now_ns);
            let latency_ns = measured.then_some(latency_ns);
            return self.arrived_aside(client, seat.role, volley, latency_ns);
        }
        let stage = self.stage(stamp.intended_ns).filter(|_| measured);
        let judged = measured && stage.is_none_or(|stage| stage.holds_still);
        let mut fresh = 0;
        for stamp in volley.stamps() {
            let arrival = self.landed(client, seat, stamp, now_ns, measured);
            let is_fresh = arrival != Arrival::Again;
            fresh += u32::from(is_fresh);
            if self.lines.is_some() {
                self.log(client, stamp, now_ns, judged && is_fresh);
            }
        }
        if fresh == 0 {
            return;
        }
        if let Some(stage) = stage {
            self.arrived_in_stage(stage, latency_ns, stamp, fresh);
        }
        if judged {
            self.times.record(latency_ns, stamp, fresh);
            if self.plan.nodes > 1 {
                let is_near = self.ledger.node(stamp.publisher) == seat.node;
                self.times.record_by_node(latency_ns, is_near, fresh);
            }
            self.fairness.of(client).record(latency_ns, fresh);
        }
    }

    /// Notes that one message reached a client that should get it, and perhaps as the last one; what it is to that client.
    #[inline]
    fn landed(
        &mut self,
        client: usize,
        seat: Seat,
        stamp: Stamp,
        now_ns: u64,
        measured: bool,
    ) -> Arrival {
        let source = &mut self.publishers[usize::from(stamp.publisher)];
        let arrival = self.integrity.arrived(client, source.place, stamp.sequence);
        let order = &mut self.order;
        let look = |place: &mut Place| {
            // What is late among its publisher's is said to be that already.
            if !arrival.is_late() {
                order.saw(seat.channel, client, stamp.name(), place);
            }
        };
        let flights = &mut source.flights;
        let landing = match arrival {
            Arrival::First | Arrival::Late => flights.arrived(stamp.sequence, now_ns, now_ns, look),
            // Nobody waits for such a one.
            Arrival::Beside { .. } => {
                flights.place(stamp.sequence).into_iter().for_each(look);
                None
            }
            Arrival::Again => None,
        };
        if let Some(landing) = landing {
            let stage = self.stage(stamp.intended_ns).filter(|_| measured);
            self.sample.landed.push(Landed {
                publisher: stamp.publisher,
                sequence: stamp.sequence,
                measured_ns: measured.then_some(stamp.intended_ns),
                stage,
                landing,
            });
        }
        arrival
    }

    /// Notes what reached its own sender, where that is no delivery.
    #[cold]
    fn came_back(&mut self, client: usize, volley: Volley, now_ns: u64) {
        self.log_uncounted(client, volley, now_ns);
        if let Some(echoes) = &mut self.echoes {
            for stamp in volley.stamps() {
                echoes.arrived(client, stamp.sequence);
            }
        }
    }

    /// Logs what counts among no latencies.
    #[cold]
    fn log_uncounted(&mut self, client: usize, volley: Volley, now_ns: u64) {
        for stamp in volley.stamps() {
            self.log(client, stamp, now_ns, false);
        }
    }

    #[cold]
    fn log(&mut self, client: usize, stamp: Stamp, now_ns: u64, counted: bool) {
        if let Some(lines) = &mut self.lines {
            let number = self.thread + client * self.plan.threads;
            let stages = self.stages.as_deref();
            let stage = stages.map(|stages| stages.number(stamp.intended_ns));
            lines.add(number, stamp, now_ns, counted, stage);
        }
    }

    /// Notes what reached a client that is not measured with the others.
    #[cold]
    fn arrived_aside(
        &mut self,
        client: usize,
        role: Role,
        volley: Volley,
        latency_ns: Option<u64>,
    ) {
        if role != Role::Newcomer {
            return;
        }
        let newcomer = self.newcomer(client);
        let source = &mut self.publishers[usize::from(volley.first.publisher)];
        for stamp in volley.stamps() {
            let arrival = self
                .storm_integrity
                .arrived(newcomer, source.place, stamp.sequence);
            let place = source.flights.place(stamp.sequence);
            if let Some(place) = place.filter(|_| arrival != Arrival::Again && !arrival.is_late()) {
                self.order.saw(source.channel, client, stamp.name(), place);
            }
            if let Some(latency_ns) = latency_ns.filter(|_| arrival != Arrival::Again) {
                self.sums.storm.latency.record(latency_ns);
            }
        }
    }
}
