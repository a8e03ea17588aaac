//! The clients of one thread: one poll, one receive buffer, and a schedule that is looked at after every receive, so
//! that sending stays on time however much there is to receive.

mod connecting;
mod crowding;
mod cutting;
mod entering;
mod error;
mod returning;
mod sampling;
mod sending;
mod settling;
mod stages;
mod waiting;
mod window;

pub use entering::ENTRY_GRACE;
pub use error::ShardError;
pub use window::{Mark, Timeline, Window, Windows};

use std::{io, mem, sync::mpsc::Sender};

use mio::{Events, Poll, Token, event::Event};

use sampling::Sampling;

use crate::{
    plan::{Plan, nanoseconds, roles::Role, target::Target},
    record::{
        Record,
        end::End,
        fairness::Fairness,
        sample::{SAMPLE, Sample},
        sums::Sums,
    },
    server::usage::Watched,
    swarm::{
        away::Away, backlog::Backlog, beats::Beats, churn::Churn, client::Client, common::Common,
        crowd::Crowd, cuts::Cuts, dial::DialError, inflating::Inflating, pace::Pace,
        publisher::Publisher, receiving, standstill::Standstill, timer::Timer,
    },
};

const TIMER: Token = Token(usize::MAX - 1);

/// Events taken from the system at once: few, so that a socket that became writable does not wait behind thousands
/// that became readable.
const EVENTS_MAX: usize = 256;
/// Bytes of the receive buffer that all clients share.
const RECEIVE_BYTES: usize = 256 << 10;
/// Close codes of RFC 6455, section 7.4.1.
const CLOSE_NORMAL: u16 = 1000;
const CLOSE_PROTOCOL_ERROR: u16 = 1002;
const CLOSE_POLICY: u16 = 1008;

/// The clients of one thread, and all that happens to them.
#[derive(Debug)]
pub struct Shard<'run> {
    plan: &'run Plan,
    targets: &'run [Target],
    common: &'run Common,
    thread: usize,
    poll: Poll,
    events: Events,
    timer: Timer,
    clients: Vec<Client>,
    /// Of these, clients whose handshake is not done.
    dialing: usize,
    /// Of the first clients, those that wait for the answer to their entry.
    entering: usize,
    /// One of them for which that answer was an error.
    refused: Option<usize>,
    /// Clients that were turned away before anyone had come in, and why.
    turned_away: Vec<(usize, DialError)>,
    /// A client whose connection ended before there was a message.
    dismissed: Option<(usize, End)>,
    /// Whether slow clients have stopped reading.
    deaf: bool,
    publishers: Vec<Publisher>,
    pace: Pace,
    /// Messages of the schedule that their publishers were told of.
    announced: u64,
    /// When the first that was not announced is due.
    next_due_ns: u64,
    /// Whether publishers have more to send than a turn takes.
    behind: bool,
    /// Clients that may have more to receive than a turn takes.
    unread: Backlog,
    /// When clients ping the server again.
    pings: Option<Beats>,
    /// When clients say again what they do.
    every: Option<Beats>,
    churn: Option<Churn>,
    cuts: Option<Cuts>,
    crowd: Crowd,
    away: Away,
    /// Whether clients whose node is gone go to another one by now.
    moves: bool,
    storm_ns: u64,
    sampling: Sampling,
    /// When the events that are being handled came.
    turn_ns: u64,
    standstill: Standstill,
    buffer: Box<[u8]>,
    inflating: Inflating,
    record: Record<'run>,
}

impl<'run> Shard<'run> {
    /// One thread's clients, none of them connected.
    ///
    /// # Errors
    /// When the system lacks what every run needs, such as descriptors.
    pub fn new(
        plan: &'run Plan,
        targets: &'run [Target],
        common: &'run Common,
        thread: usize,
    ) -> Result<Self, ShardError> {
        let poll = Poll::new()?;
        let publishers = plan.publishers_of(thread);
        let numbers = publishers.filter_map(|number| u16::try_from(number).ok());
        Ok(Self {
            plan,
            targets,
            common,
            thread,
            timer: Timer::new(poll.registry(), TIMER)?,
            poll,
            events: Events::with_capacity(EVENTS_MAX),
            clients: Vec::with_capacity(plan.clients_of(thread).len()),
            dialing: 0,
            entering: 0,
            refused: None,
            turned_away: Vec::new(),
            dismissed: None,
            deaf: false,
            publishers: numbers.map(Publisher::new).collect(),
            pace: Pace::Silent,
            announced: 0,
            next_due_ns: u64::MAX,
            behind: false,
            unread: Backlog::default(),
            pings: None,
            every: None,
            churn: None,
            cuts: None,
            crowd: Crowd::default(),
            away: Away::default(),
            moves: false,
            storm_ns: u64::MAX,
            sampling: Sampling::default(),
            turn_ns: 0,
            standstill: Standstill::default(),
            buffer: vec![0; RECEIVE_BYTES].into(),
            inflating: Inflating::default(),
            record: Record::new(&common.ledger, plan, thread),
        })
    }

    /// Whether it is that of the first thread.
    pub fn is_first(&self) -> bool {
        self.thread == 0
    }

    /// Runs warm-up, measurement, and the wait for what is still under way. Samples are sent as they are taken; the
    /// server is watched, if that is this thread's part.
    ///
    /// # Errors
    /// When the system fails us. A server that does is part of the record.
    pub fn exchange(
        mut self,
        timeline: Timeline,
        watched: Option<&Watched>,
        samples: Sender<Sample>,
    ) -> Result<(Self, Windows), ShardError> {
        let Timeline {
            start_ns,
            begin_ns,
            end_ns,
        } = timeline;
        self.seed();
        self.look();
        self.begin(timeline, samples);
        self.run_until(start_ns)?;
        self.ping_all(start_ns);
        self.open_windows(end_ns);
        self.run_until(begin_ns)?;
        if self.common.clock.now_ns() < begin_ns {
            return Err(ShardError::Interrupted);
        }
        self.deaf = true;
        let windows = self.measure(timeline, watched)?;
        if let Some(churn) = &mut self.churn {
            churn.stop();
        }
        if self.common.is_ending() {
            self.pace.stop(self.common.clock.now_ns());
            self.storm_ns = u64::MAX;
        }
        if let Some(cuts) = &mut self.cuts {
            cuts.stop();
        }
        self.crowd.stop();
        let was_awaited = self.settle()?;
        self.let_slow_catch_up()?;
        self.give_up(was_awaited);
        Ok((self, windows))
    }

    /// Tells all threads what the clients of this one got, before any of them ends its record.
    pub fn vouch(&self) {
        self.record.vouch();
    }

    /// Says goodbye for all clients; what is recorded.
    pub fn close(self) -> (Sums, Fairness) {
        let Self {
            mut clients,
            record,
            ..
        } = self;
        let closed = record.close(|client| clients.get(client).is_some_and(Client::is_open));
        for client in clients.iter_mut().filter(|client| client.is_open()) {
            client.close(Some(CLOSE_NORMAL));
        }
        closed
    }

    /// Has the thread that runs this draw the same numbers each time.
    fn seed(&self) {
        fastrand::seed(self.plan.seed.wrapping_add(self.thread as u64));
    }

    fn begin(&mut self, timeline: Timeline, samples: Sender<Sample>) {
        let Timeline {
            start_ns,
            begin_ns,
            end_ns,
        } = timeline;
        self.record.measure(begin_ns..end_ns);
        self.pace = self
            .plan
            .schedule(start_ns)
            .map_or(Pace::Silent, Pace::Open);
        if matches!(self.pace, Pace::Open(_)) && !self.publishers.is_empty() {
            self.next_due_ns = start_ns;
        }
        self.churn = self.plan.churn.map(|period| {
            let clients = 0..self.clients.len();
            let rovers = clients.filter(|&client| self.record.role(client) == Role::Rover);
            Churn::new(rovers.collect(), begin_ns..end_ns, nanoseconds(period))
        });
        self.begin_to_cut(begin_ns..end_ns);
        let turns = self.plan.has_ramps_of_clients();
        self.crowd = Crowd::new(turns.then(|| self.plan.turns(self.thread, begin_ns)));
        self.moves = self.plan.moves();
        if self.plan.storm > 0 {
            self.storm_ns = begin_ns.midpoint(end_ns);
        }
        self.sampling = Sampling {
            samples: Some(samples),
            start_ns,
            next_ns: start_ns + nanoseconds(SAMPLE),
        };
    }

    /// Keeps to what is due until a moment, or the user's signal.
    fn run_until(&mut self, until_ns: u64) -> Result<(), ShardError> {
        loop {
            let now_ns = self.common.clock.now_ns();
            let next_ns = self.do_due(now_ns);
            if now_ns >= until_ns || self.common.is_ending() {
                return Ok(());
            }
            self.timer.arm(&self.common.clock, until_ns.min(next_ns))?;
            self.turn()?;
            self.check_set_up()?;
        }
    }

    /// Does what is due; when something is again, in nanoseconds since the origin.
    fn do_due(&mut self, now_ns: u64) -> u64 {
        self.publish_due(now_ns);
        self.sample(now_ns);
        let leave_ns = self.leave_due(now_ns);
        let cut_ns = self.cut_due(now_ns);
        let back_ns = self.come_back_due(now_ns);
        let crowd_ns = self.crowd_due(now_ns);
        let beat_ns = self.beat_due(now_ns);
        let storm_ns = self.storm(now_ns);
        self.publish_ns()
            .min(self.sampling.next_ns)
            .min(leave_ns)
            .min(cut_ns)
            .min(back_ns)
            .min(crowd_ns)
            .min(beat_ns)
            .min(storm_ns)
    }

    /// Sleeps until something happens, unless the last turn left something to do, and handles it.
    fn turn(&mut self) -> Result<(), ShardError> {
        let mut events = mem::replace(&mut self.events, Events::with_capacity(0));
        let has_more = self.behind || !self.unread.is_empty();
        let unread = self.unread.take();
        let polled = self.wait(&mut events, has_more);
        let handled = match polled {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error.into()),
            _ => events.iter().try_for_each(|event| self.handle(event)),
        };
        self.events = events;
        for (index, ending) in unread {
            // Some were read already, as still more came for them.
            if self.unread.has(index) {
                self.unread.add(index, ending);
            } else {
                self.receive(index, ending);
            }
        }
        let now_ns = self.common.clock.now_ns();
        self.record.turned(self.turn_ns, now_ns);
        if self.standstill.is_due(now_ns) {
            self.look();
        }
        handled
    }

    fn handle(&mut self, event: &Event) -> Result<(), ShardError> {
        match event.token() {
            TIMER => {}
            Token(index) if self.clients[index].dialing().is_some() => self.advance(index)?,
            Token(index) => {
                if event.is_writable() {
                    self.writable(index);
                }
                // Data and the end of the stream can share an edge, and then a short read is not the last.
                let ending = event.is_read_closed() || event.is_error();
                if event.is_readable() || ending {
                    self.receive(index, ending);
                }
            }
        }
        Ok(())
    }

    /// Receives what a socket has, as far as there is room. What else it has is for the next turn: nobody keeps the loop
    /// from the others, nor from sending.
    fn receive(&mut self, index: usize, ending: bool) {
        let is_deaf = self.deaf && self.record.role(index) == Role::Slow;
        if is_deaf || !self.clients[index].listens() {
            return;
        }
        let mut buffer = mem::take(&mut self.buffer);
        let received = self.clients[index].receive(&mut buffer);
        let now_ns = self.common.clock.now_ns();
        match received {
            Ok(receiving::Received { bytes: 0, .. }) => {}
            Ok(receiving::Received { bytes, has_more }) => {
                self.record.received_bytes(bytes);
                self.take_in(index, &buffer[..bytes], now_ns);
                self.publish_due(now_ns);
                if ending || has_more {
                    self.unread.add(index, ending);
                }
            }
            Err(receiving::ReceiveError::Ended) => self.lost(index, End::Broken),
            Err(fault) => {
                self.record.faulted(&fault, now_ns);
                self.lost(index, End::Protocol);
            }
        }
        self.buffer = buffer;
    }

    /// Takes in what a client received.
    fn take_in(&mut self, index: usize, bytes: &[u8], now_ns: u64) {
        let client = &mut self.clients[index];
        let (inflating, record) = (&mut self.inflating, &mut self.record);
        let heard = client.take_in(bytes, index, now_ns, inflating, record);
        self.record.settle();
        match heard {
            Ok(None) => {}
            Ok(Some(answer)) => self.answered(index, answer, now_ns),
            Err(end) => return self.lost(index, end),
        }
        // What came back may make room for more.
        if index < self.publishers.len() && matches!(self.pace, Pace::Closed { .. }) {
            self.publish(index);
        }
    }
}
