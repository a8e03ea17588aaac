//! What reaches the clients: messages are found in their frames, checked against what each client should get, and timed.

use hubbub::state::inflation::Context;

use crate::{
    plan::{finder::Cursor, roles::Role, stamp::Stamp, volley::Volley},
    record::{
        Record, Seat,
        arriving::Arriving,
        heard::Words,
        integrity::Arrival,
        order::Place,
        sample::{Deflated, Landed},
        stages::At,
    },
};

/// What is true of all messages of a volley as they reach a client.
#[derive(Clone, Copy)]
struct Delivery {
    client: usize,
    seat: Seat,
    now_ns: u64,
    /// Whether they were due in the measured window.
    measured: bool,
    /// In which stage that is, if there are any.
    stage: Option<At>,
}

impl Delivery {
    /// Whether they count among the latencies.
    fn is_judged(&self) -> bool {
        self.measured && self.stage.is_none_or(|stage| stage.holds_still)
    }
}

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
        self.sample.totals.foreign_frames += 1;
        self.sample.totals.foreign_bytes += frame.len() as u64;
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

    /// Notes the messages of a frame that reached a client at `now_ns`; how many there were, those too that nobody sent as
    /// they are, and where the last ends. The last of them may be judged only when they are [settled](Self::settle).
    #[inline]
    pub fn received(&mut self, client: usize, frame: &[u8], now_ns: u64) -> (u64, usize) {
        let (mut found, mut known) = (0, 0);
        let mut cursor = Cursor::default();
        while let Some(next) = self.finder.next(frame, &mut cursor) {
            let Some(volley) = next else {
                found += 1;
                self.received_damaged(&frame[cursor.begin()..], now_ns);
                continue;
            };
            found += u64::from(volley.count);
            let ours = self.ledger.known(volley);
            if ours.count < volley.count {
                let invented = volley.count - ours.count;
                let last = &frame[cursor.begin()..cursor.end()];
                self.received_invented(invented, last, now_ns);
            }
            if ours.count > 0 {
                known += u64::from(ours.count);
                self.arrives(client, ours, now_ns);
            }
        }
        if known > 0 {
            self.sample.totals.messages += known;
            self.sample.totals.frames += 1;
            self.batches.record(known);
        }
        (found, cursor.end())
    }

    /// Checks and times messages that reached a client.
    pub(super) fn arrived(&mut self, arriving: Arriving) {
        let Arriving {
            client,
            volley,
            now_ns,
        } = arriving;
        let (seat, stamp) = (self.clients[client], volley.first);
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
        let delivery = Delivery {
            client,
            seat,
            now_ns,
            measured,
            stage: self.stage(stamp.intended_ns).filter(|_| measured),
        };
        let fresh = self.delivered(delivery, volley);
        if fresh == 0 {
            return;
        }
        if let Some(stage) = delivery.stage {
            self.arrived_in_stage(stage, latency_ns, stamp, fresh);
        }
        if delivery.is_judged() {
            self.times.record(latency_ns, stamp, fresh);
            if self.plan.nodes > 1 {
                let is_near = self.ledger.node(stamp.publisher) == seat.node;
                self.times.record_by_node(latency_ns, is_near, fresh);
            }
            self.fairness.of(client).record(latency_ns, fresh);
        }
    }

    /// Notes that messages reached a client that should get them; how many of them it did not have.
    #[inline]
    fn delivered(&mut self, delivery: Delivery, volley: Volley) -> u32 {
        let Volley { first, count } = volley;
        let place = self.publishers[usize::from(first.publisher)].place;
        let integrity = &mut self.integrity;
        if !integrity.arrived_next(delivery.client, place, first.sequence, count) {
            let stamps = volley.stamps();
            return stamps
                .map(|stamp| self.delivered_alone(delivery, stamp))
                .sum();
        }
        if self.lines.is_some() {
            for stamp in volley.stamps() {
                self.log(
                    delivery.client,
                    stamp,
                    delivery.now_ns,
                    delivery.is_judged(),
                );
            }
        }
        self.landed(delivery, volley, false);
        count
    }

    /// The same of one message, which perhaps is not the next.
    #[cold]
    fn delivered_alone(&mut self, delivery: Delivery, stamp: Stamp) -> u32 {
        let Delivery { client, now_ns, .. } = delivery;
        let publisher = usize::from(stamp.publisher);
        let place = self.publishers[publisher].place;
        let arrival = self.integrity.arrived(client, place, stamp.sequence);
        let is_fresh = arrival != Arrival::Again;
        self.log(client, stamp, now_ns, is_fresh && delivery.is_judged());
        match arrival {
            Arrival::First | Arrival::Late => {
                let alone = Volley {
                    first: stamp,
                    count: 1,
                };
                self.landed(delivery, alone, arrival.is_late());
            }
            // Nobody waits for such a one.
            Arrival::Beside { is_late } => {
                let flights = &mut self.publishers[publisher].flights;
                let place = flights.place(stamp.sequence);
                if let Some(place) = place.filter(|_| !is_late) {
                    let channel = delivery.seat.channel;
                    self.order.saw(channel, client, stamp.name(), place);
                }
            }
            Arrival::Again => {}
        }
        is_fresh.into()
    }

    /// Notes that messages reached one more client of those that should get them, which perhaps got later ones of their
    /// publisher before.
    #[inline]
    fn landed(&mut self, delivery: Delivery, volley: Volley, is_late: bool) {
        let Delivery { client, seat, .. } = delivery;
        let Stamp {
            publisher,
            sequence: first,
            intended_ns,
            ..
        } = volley.first;
        let order = &mut self.order;
        let look = |sequence, place: &mut Place| {
            // What is late among its publisher's is said to be that already.
            if !is_late {
                order.saw(seat.channel, client, (publisher, sequence), place);
            }
        };
        let landed = &mut self.sample.landed;
        let land = |sequence, landing| {
            landed.push(Landed {
                publisher,
                sequence,
                measured_ns: delivery.measured.then_some(intended_ns),
                stage: delivery.stage,
                landing,
            });
        };
        let flights = &mut self.publishers[usize::from(publisher)].flights;
        flights.arrived_together(first..volley.next(), delivery.now_ns, look, land);
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
