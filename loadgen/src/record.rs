//! Everything that is measured while messages flow. What goes wrong is counted from the first message to the last;
//! times are kept of those whose intended send time lies in the measured window.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    client::End,
    distribution::Distribution,
    fairness::Fairness,
    flights::Flights,
    integrity::{Arrival, Counts, Integrity},
    plan::Plan,
    stamp::{Format, Stamp},
};

/// The record of one run.
#[derive(Debug)]
pub struct Record {
    format: Format,
    window_ns: Range<u64>,
    integrity: Integrity,
    flights: Vec<Flights>,
    sent: u64,
    receivers: u32,
    totals: Totals,
    foreign: u64,
    disconnects: BTreeMap<End, u64>,
    /// Of the handshakes, from the begin of the connection.
    pub connect: Distribution,
    /// From the intended sending to each client.
    pub latency: Distribution,
    /// From the actual sending to each client.
    pub sent_latency: Distribution,
    /// From the intended sending to the last client.
    pub last_receiver: Distribution,
    /// From the first client to the last.
    pub spread: Distribution,
    /// How late messages were sent by our own fault.
    pub slip: Distribution,
    /// How late messages were sent because the socket took no more.
    pub blocked: Distribution,
    /// How long one turn of the loop took: the most that our own slowness can add to a latency.
    pub turn: Distribution,
    /// Latencies, client by client.
    pub fairness: Fairness,
}

/// What was received so far, duplicates included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Messages of this run.
    pub messages: u64,
    /// Text frames that carried them.
    pub frames: u64,
    /// Bytes received on all sockets.
    pub bytes: u64,
}

impl Record {
    /// An empty record of a planned run.
    pub fn new(plan: &Plan) -> Self {
        Self {
            format: Format::new(fastrand::u32(..), plan.size_bytes),
            window_ns: u64::MAX..u64::MAX,
            integrity: Integrity::new(plan.clients, plan.publishers),
            flights: std::iter::repeat_with(Flights::default)
                .take(plan.publishers)
                .collect(),
            sent: 0,
            receivers: 0,
            totals: Totals::default(),
            foreign: 0,
            disconnects: BTreeMap::new(),
            connect: Distribution::default(),
            latency: Distribution::default(),
            sent_latency: Distribution::default(),
            last_receiver: Distribution::default(),
            spread: Distribution::default(),
            slip: Distribution::default(),
            blocked: Distribution::default(),
            turn: Distribution::default(),
            fairness: Fairness::new(plan.clients),
        }
    }

    /// Sets the measured window, in nanoseconds since the origin.
    pub fn measure(&mut self, window_ns: Range<u64>) {
        self.window_ns = window_ns;
    }

    /// Notes that one more client receives, `took_ns` after it began to connect.
    pub fn connected(&mut self, took_ns: u64) {
        self.receivers += 1;
        self.connect.record(took_ns);
    }

    /// Notes that a client was disconnected without having asked for it.
    pub fn disconnected(&mut self, end: End) {
        self.receivers -= 1;
        *self.disconnects.entry(end).or_default() += 1;
    }

    /// The text of a message that is sent now, at `now_ns`, by a publisher whose socket was not writable until
    /// `writable_since_ns`.
    pub fn sent(&mut self, stamp: Stamp, now_ns: u64, writable_since_ns: u64) -> String {
        self.flights[usize::from(stamp.publisher)].sent(now_ns, self.receivers);
        self.sent += 1;
        if self.window_ns.contains(&stamp.intended_ns) {
            let able_ns = stamp.intended_ns.max(writable_since_ns);
            self.slip.record(now_ns.saturating_sub(able_ns));
            self.blocked.record(able_ns - stamp.intended_ns);
        }
        self.format.write(stamp)
    }

    /// Notes a message that was due and never sent, because until now its publisher's socket took no more.
    pub fn unsent(&mut self, intended_ns: u64, now_ns: u64) {
        if self.window_ns.contains(&intended_ns) {
            self.blocked.record(now_ns.saturating_sub(intended_ns));
        }
    }

    /// Notes bytes that a socket gave.
    #[inline]
    pub fn received_bytes(&mut self, count: usize) {
        self.totals.bytes += count as u64;
    }

    /// Notes a message that is not of this run.
    pub fn received_foreign(&mut self) {
        self.foreign += 1;
    }

    /// Notes the messages of a text frame that reached a client at `now_ns`.
    #[inline]
    pub fn received(&mut self, client: usize, frame: &[u8], now_ns: u64) {
        let before = self.totals.messages;
        for message in self.format.messages(frame) {
            match message.filter(|stamp| self.knows(*stamp)) {
                Some(stamp) => self.arrived(client, stamp, now_ns),
                None => self.foreign += 1,
            }
        }
        self.totals.frames += u64::from(self.totals.messages > before);
    }

    /// Notes that a turn of the loop handled events from one moment to another.
    pub fn turned(&mut self, from_ns: u64, to_ns: u64) {
        if self.window_ns.contains(&from_ns) {
            self.turn.record(to_ns - from_ns);
        }
    }

    /// Clients that are connected.
    pub fn receivers(&self) -> u32 {
        self.receivers
    }

    /// Messages sent by all publishers.
    pub fn messages_sent(&self) -> u64 {
        self.sent
    }

    /// Messages received that were not of this run.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// What was received so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// How deliveries went so far.
    pub fn counts(&self) -> Counts {
        self.integrity.counts()
    }

    /// How clients were disconnected, and how many in each way.
    pub fn disconnects(&self) -> &BTreeMap<End, u64> {
        &self.disconnects
    }

    fn knows(&self, stamp: Stamp) -> bool {
        self.flights
            .get(usize::from(stamp.publisher))
            .is_some_and(|flights| flights.knows(stamp.sequence))
    }

    #[inline]
    fn arrived(&mut self, client: usize, stamp: Stamp, now_ns: u64) {
        self.totals.messages += 1;
        let publisher = usize::from(stamp.publisher);
        if self.integrity.arrived(client, publisher, stamp.sequence) == Arrival::Again {
            return;
        }
        let landing = self.flights[publisher].arrived(stamp.sequence, now_ns);
        if !self.window_ns.contains(&stamp.intended_ns) {
            return;
        }
        let latency_ns = now_ns.saturating_sub(stamp.intended_ns);
        self.latency.record(latency_ns);
        self.fairness.record(client, latency_ns);
        let Some(landing) = landing else { return };
        self.sent_latency
            .record(now_ns.saturating_sub(landing.sent_ns));
        if let Some(spread_ns) = landing.spread_ns {
            self.last_receiver.record(latency_ns);
            self.spread.record(spread_ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    const STAMP: Stamp = Stamp {
        publisher: 0,
        sequence: 0,
        intended_ns: 1_000_000,
    };

    /// A record with two connected clients that measures from the first millisecond to the second.
    fn record() -> Record {
        let args = Args::parse_from(["loadgen", "--clients", "2", "--publishers", "1"]);
        let mut record = Record::new(&Plan::new(&args).unwrap());
        record.measure(1_000_000..2_000_000);
        record.connected(1);
        record.connected(1);
        record
    }

    fn max_us(distribution: &Distribution) -> String {
        format!("{:.0}", distribution.summary().unwrap().max)
    }

    #[test]
    fn latency_counts_from_the_intended_time_and_from_the_actual() {
        let mut record = record();
        let text = record.sent(STAMP, 1_200_000, 0);
        record.received(0, text.as_bytes(), 1_300_000);
        record.received(1, text.as_bytes(), 1_700_000);
        assert_eq!(max_us(&record.latency), "700");
        assert_eq!(max_us(&record.sent_latency), "500");
        assert_eq!(max_us(&record.last_receiver), "700");
        assert_eq!(max_us(&record.spread), "400");
        assert_eq!(max_us(&record.slip), "200");
        assert_eq!(record.counts().delivered, 2);
    }

    #[test]
    fn waiting_for_a_blocked_socket_is_not_slip() {
        let mut record = record();
        record.sent(STAMP, 1_950_000, 1_900_000);
        assert_eq!(max_us(&record.slip), "50");
        assert_eq!(max_us(&record.blocked), "900");
    }

    #[test]
    fn outside_the_window_messages_are_checked_and_not_measured() {
        let mut record = record();
        let warmup = Stamp {
            intended_ns: 999_999,
            ..STAMP
        };
        let text = record.sent(warmup, 1_000_000, 0);
        for _ in 0..2 {
            record.received(0, text.as_bytes(), 1_100_000);
        }
        assert_eq!(record.counts().duplicated, 1);
        assert_eq!(record.latency.summary(), None);
    }

    #[test]
    fn a_frame_counts_once_however_many_messages_it_carries() {
        let mut record = record();
        let one = record.sent(STAMP, 1_000_000, 0);
        let two = record.sent(
            Stamp {
                sequence: 1,
                ..STAMP
            },
            1_000_000,
            0,
        );
        record.received(0, format!("{one}\n{two}").as_bytes(), 1_100_000);
        record.received(0, b"welcome", 1_100_000);
        let totals = record.totals();
        assert_eq!(
            (totals.messages, totals.frames, record.foreign()),
            (2, 1, 1)
        );
    }

    #[test]
    fn what_was_never_sent_is_foreign() {
        let mut record = record();
        let text = record.sent(STAMP, 1_000_000, 0);
        let forged = text.replace("00000000.", "00000009.");
        record.received(0, forged.as_bytes(), 1_100_000);
        assert_eq!((record.counts().delivered, record.foreign()), (0, 1));
    }
}
