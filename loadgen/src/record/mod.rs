//! Everything that one thread measures while messages flow. What goes wrong is counted from the first message to the
//! last; times are kept of messages whose intended send time lies in the measured window.

mod arrivals;
mod arriving;
pub mod collection;
mod crowd;
pub mod distribution;
pub mod echoes;
pub mod end;
pub mod fairness;
mod fate;
pub mod flights;
mod forged;
pub mod heard;
pub mod integrity;
pub mod ledger;
pub mod log;
mod optional;
pub mod order;
mod owed;
pub mod pings;
pub mod place;
mod presence;
pub mod recovery;
pub mod sample;
mod sent;
pub mod stages;
pub mod sums;
pub mod tally;
mod times;
pub mod track;

use std::{mem, ops::Range};

use crate::plan::{Plan, finder::Finder, particulars::Own, roles::Role, script::Script};
use arriving::Arriving;
use echoes::Echoes;
use fairness::Fairness;
use flights::Flights;
use integrity::Integrity;
use ledger::Ledger;
use log::Lines;
use order::Order;
use pings::Pings;
use sample::{Sample, Totals};
use stages::Stages;
use sums::Sums;
use tally::Tally;
use times::Times;
use track::Track;

/// The record of one thread. Clients are numbered as in that thread.
#[derive(Debug)]
pub struct Record<'run> {
    ledger: &'run Ledger,
    plan: &'run Plan,
    thread: usize,
    window_ns: Range<u64>,
    finder: Finder,
    arriving: Option<Arriving>,
    lines: Option<Lines<'run>>,
    clients: Vec<Seat>,
    publishers: Vec<Source>,
    integrity: Integrity,
    storm_integrity: Integrity,
    order: Order,
    /// What publishers get of their own, where that is not what everyone gets.
    echoes: Option<Echoes>,
    /// By client, where clients follow the numbers of their channels.
    tracks: Vec<Track>,
    pings: Pings,
    sample: Sample,
    /// What was received before the sample.
    before: Totals,
    times: Times,
    /// Messages in a frame, since the sample was begun.
    batches: Tally,
    fairness: Fairness,
    sums: Sums,
    /// What is measured of each stage, if there are any.
    stages: Option<Box<Stages>>,
}

/// A client's place in the run.
#[derive(Clone, Copy, Debug)]
struct Seat {
    role: Role,
    channel: usize,
    node: usize,
}

/// A publisher as its receivers see it.
#[derive(Debug)]
struct Source {
    channel: usize,
    /// Its place among the publishers of that channel.
    place: usize,
    flights: Flights,
}

impl<'run> Record<'run> {
    /// An empty record of one thread of a planned run.
    pub fn new(ledger: &'run Ledger, plan: &'run Plan, thread: usize) -> Self {
        let seat = |client| Seat {
            role: plan.role(client),
            channel: plan.channel(client),
            node: plan.node(client),
        };
        let clients: Vec<Seat> = plan.clients_of(thread).map(seat).collect();
        let first = plan.first_clients_of(thread);
        let regular = plan.regular_clients_of(thread);
        let source = |publisher| {
            let channel = plan.channel(publisher);
            let receivers = clients[..first]
                .iter()
                .filter(|seat| seat.channel == channel && seat.role.stays());
            let is_own = publisher % plan.threads == thread;
            let aside = usize::from(is_own && !plan.is_own_receiver());
            let receivers = u32::try_from(receivers.count() - aside);
            Source {
                channel,
                place: publisher / plan.channels,
                flights: Flights::new(receivers.expect("sockets are fewer than that")),
            }
        };
        let width = plan.publishers_per_channel();
        let mut integrity = Integrity::new(regular, width);
        (first..regular).for_each(|client| integrity.begin_anew(client));
        let mut storm_integrity = Integrity::new(clients.len() - regular, width);
        (0..clients.len() - regular).for_each(|client| storm_integrity.begin_anew(client));
        let mut order = Order::new(plan.channels, clients.len());
        (first..clients.len()).for_each(|client| order.begin_anew(client));
        Self {
            ledger,
            plan,
            thread,
            window_ns: u64::MAX..u64::MAX,
            finder: Finder::new(ledger.format),
            arriving: None,
            lines: ledger.log.as_deref().map(log::DeliveryLog::lines),
            publishers: (0..plan.publishers).map(source).collect(),
            integrity,
            storm_integrity,
            order,
            echoes: Echoes::new(plan.sender, plan.publishers_of(thread).count()),
            tracks: vec![Track::default(); if plan.has_numbers() { first } else { 0 }],
            clients,
            pings: Pings::default(),
            sample: Sample::new(thread, 0),
            before: Totals::default(),
            times: Times::new(plan.nodes),
            batches: Tally::default(),
            // Nobody is served where nothing is said, and a histogram each is most of what a client takes.
            fairness: Fairness::new(if plan.publishers > 0 { regular } else { 0 }),
            sums: Sums::default(),
            stages: None,
        }
    }

    /// Sets the measured window, in nanoseconds since the origin.
    pub fn measure(&mut self, window_ns: Range<u64>) {
        self.stages = Stages::new(self.plan, window_ns.start).map(Box::new);
        self.window_ns = window_ns;
    }

    /// A client's number in the whole run.
    pub fn number(&self, client: usize) -> usize {
        self.thread + client * self.plan.threads
    }

    /// What a client is there for.
    pub fn role(&self, client: usize) -> Role {
        self.clients[client].role
    }

    /// Which channel a client is in.
    pub fn channel(&self, client: usize) -> usize {
        self.clients[client].channel
    }

    /// Which node of the hub a client is at.
    pub fn node(&self, client: usize) -> usize {
        self.clients[client].node
    }

    /// Notes that a ping was answered.
    pub fn ping_answered(&mut self) {
        self.sums.pings += 1;
    }

    /// How a client is to speak, if that is up to a script, and what is particular to it.
    pub fn script(&self, client: usize) -> Option<(&'run Script, Own<'run>)> {
        let plan = self.plan;
        let script = plan.protocol.script()?;
        Some((script, self.own(client)))
    }

    /// What is particular to a client.
    pub fn own(&self, client: usize) -> Own<'run> {
        let number = self.number(client);
        self.plan.particulars.of(number, self.channel(client))
    }

    /// Whether messages are sent as binary frames.
    pub fn is_binary(&self) -> bool {
        self.plan.protocol.is_binary()
    }

    /// Notes that a turn of the loop handled events from one moment to another.
    pub fn turned(&mut self, from_ns: u64, to_ns: u64) {
        if self.window_ns.contains(&from_ns) {
            self.sums.turn.record(to_ns - from_ns);
        }
    }

    /// Ends the current sample, and begins that of another moment.
    pub fn cut(&mut self, moment: u64) -> Sample {
        self.settle();
        let mut sample = mem::replace(&mut self.sample, Sample::new(self.thread, moment));
        sample.skipped = self.integrity.counts().skipped;
        sample.duplicated = self.integrity.counts().duplicated;
        self.times.drain_into(&mut sample);
        self.batches.drain_into(&mut sample.batch);
        self.before += sample.totals;
        sample
    }

    /// What was received so far.
    pub fn totals(&self) -> Totals {
        let mut totals = self.before;
        totals += self.sample.totals;
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::{distribution::Distribution, *};
    use crate::{args::Args, plan::stamp::Stamp};

    const BEGIN_NS: u64 = 1_000_000;
    const END_NS: u64 = 2_000_000;

    /// What is recorded when two members, one of whom sends, measure from the first millisecond to the second.
    fn recorded(tell: impl FnOnce(&mut Record)) -> (Sample, Sums) {
        let words = ["loadgen", "--clients", "2", "--publishers", "1"];
        let plan = Plan::new(&Args::read(words).unwrap()).unwrap();
        let ledger = Ledger::new(&plan, None);
        let mut record = Record::new(&ledger, &plan, 0);
        record.measure(BEGIN_NS..END_NS);
        tell(&mut record);
        let sample = record.cut(0);
        let (sums, _) = record.close(|_| true);
        (sample, sums)
    }

    fn max_us(distribution: &Distribution) -> String {
        format!("{:.0}", distribution.summary().unwrap().max)
    }

    #[test]
    fn latency_counts_from_the_intended_time_and_from_the_actual() {
        let (sample, sums) = recorded(|record| {
            let text = record.sent(0, 0, BEGIN_NS, 1_200_000, 0);
            record.received(0, &text, 1_300_000);
            record.received(1, &text, 1_700_000);
        });
        assert_eq!(max_us(&sample.latency), "700");
        assert_eq!(max_us(&sample.sent_latency), "500");
        assert_eq!(max_us(&sums.slip), "200");
        let landing = sample.landed[0].landing;
        assert_eq!((landing.first_ns, landing.last_ns), (1_300_000, 1_700_000));
        assert_eq!((sums.counts.delivered, sums.lost), (2, 0));
    }

    #[test]
    fn waiting_for_a_blocked_socket_is_not_slip() {
        let (_, sums) = recorded(|record| {
            record.sent(0, 0, BEGIN_NS, 1_950_000, 1_900_000);
        });
        assert_eq!(max_us(&sums.slip), "50");
        assert_eq!(max_us(&sums.blocked), "900");
    }

    #[test]
    fn who_was_prompt_is_charged_with_what_the_server_blocked_and_nothing_else() {
        let prompt_us = |writable_since_ns| {
            let (sample, _) = recorded(|record| {
                let text = record.sent(0, 0, BEGIN_NS, 1_900_000, writable_since_ns);
                record.received(0, &text, 1_950_000);
            });
            assert_eq!(max_us(&sample.latency), "950");
            assert_eq!(max_us(&sample.sent_latency), "50");
            max_us(&sample.prompt_latency)
        };
        assert_eq!(prompt_us(0), "50");
        assert_eq!(prompt_us(1_890_000), "950");
    }

    #[test]
    fn outside_the_window_messages_are_checked_and_not_measured() {
        let (sample, sums) = recorded(|record| {
            let text = record.sent(0, 0, BEGIN_NS - 1, BEGIN_NS, 0);
            for _ in 0..2 {
                record.received(0, &text, 1_100_000);
            }
        });
        assert_eq!((sums.counts.duplicated, sums.lost), (1, 1));
        assert_eq!(sample.latency.summary(), None);
    }

    #[test]
    fn a_frame_counts_once_however_many_messages_it_carries() {
        let (sample, _) = recorded(|record| {
            let one = record.sent(0, 0, BEGIN_NS, BEGIN_NS, 0);
            let two = record.sent(0, 1, BEGIN_NS, BEGIN_NS, 0);
            record.received(0, &[one, two].join(&b'\n'), 1_100_000);
            record.received(0, b"welcome", 1_100_000);
        });
        assert_eq!((sample.totals.messages, sample.totals.frames), (2, 1));
    }

    #[test]
    fn what_was_never_sent_is_made_up() {
        let stamp = |sequence| Stamp {
            publisher: 0,
            sequence,
            intended_ns: BEGIN_NS,
            delay_ns: 0,
            was_blocked: false,
        };
        // One by itself, and one behind a message that was sent.
        for forged in [vec![9], vec![0, 1]] {
            let (_, sums) = recorded(|record| {
                record.sent(0, 0, BEGIN_NS, BEGIN_NS, 0);
                let (format, payload) = (&record.ledger.format, &record.ledger.payload);
                let texts = forged.iter().map(|&at| format.write(stamp(at), payload));
                let frame = texts.collect::<Vec<_>>().join("\n");
                record.received(0, frame.as_bytes(), 1_100_000);
            });
            let delivered = forged.len() as u64 - 1;
            assert_eq!((sums.counts.delivered, sums.foreign), (delivered, 0));
            assert_eq!(sums.invented, 1);
        }
    }
}
