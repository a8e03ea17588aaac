//! The clients of one thread: one poll, one receive buffer, and a schedule that is looked at after every receive, so
//! that sending stays on time however much there is to receive.

use std::{io, mem, net::Ipv4Addr, sync::mpsc::Sender, time::Duration};

use mio::{Events, Poll, Token, event::Event};
use thiserror::Error;

use crate::{
    plan::{
        Pacing, Plan, nanoseconds,
        protocol::{Answer, Protocol},
        roles::Role,
        target::Target,
    },
    record::{
        Record, Sums,
        fairness::Fairness,
        sample::{Sample, Totals},
    },
    server::usage::{self, Watched},
    swarm::{
        churn::Churn,
        client::{Client, End},
        common::Common,
        dial::{Dial, DialError},
        pace::Pace,
        publisher::Publisher,
        timer::Timer,
    },
};

const TIMER: Token = Token(usize::MAX - 1);

/// Events taken from the system at once: few, so that a socket that became writable does not wait behind thousands
/// that became readable.
const EVENTS_MAX: usize = 256;
/// Bytes of the receive buffer that all clients share.
const RECEIVE_BYTES: usize = 256 << 10;
/// Handshakes under way at once, on all threads: the smallest listen backlog that is common. Beyond it the kernel drops
/// what it cannot queue, and the next attempt comes a second later.
const DIALS_MAX: usize = 128;
/// Newcomers that begin to connect in one turn: all at once would keep the schedule waiting.
const STORM_DIALS_PER_TURN: usize = 4;
/// How long connecting may go without one more client coming in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long duplicates are waited for after the last message was delivered.
const QUIET: Duration = Duration::from_millis(100);
/// How long slow clients read at the end, to learn how the server ended them.
const CATCH_UP: Duration = Duration::from_millis(500);
/// Nothing sleeps longer.
const TICK: Duration = Duration::from_millis(200);
/// How often it is looked whether other threads are done.
const SETTLE_TICK: Duration = Duration::from_millis(10);
/// The time that one sample covers.
pub const SAMPLE: Duration = Duration::from_millis(200);
/// Close codes of RFC 6455, section 7.4.1.
const CLOSE_NORMAL: u16 = 1000;
const CLOSE_PROTOCOL_ERROR: u16 = 1002;
const SECOND_NS: u64 = 1_000_000_000;

/// The clients of one thread, and all that happens to them.
#[derive(Debug)]
pub struct Shard<'run> {
    plan: &'run Plan,
    target: &'run Target,
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
    /// Whether that answer was an error for one of them.
    refused: bool,
    /// Whether slow clients have stopped reading.
    deaf: bool,
    publishers: Vec<Publisher>,
    pace: Pace,
    /// Messages of the schedule that their publishers were told of.
    announced: u64,
    /// When the first that was not announced is due.
    next_due_ns: u64,
    churn: Option<Churn>,
    storm_ns: u64,
    sampling: Sampling,
    /// When the events that are being handled came.
    turn_ns: u64,
    buffer: Box<[u8]>,
    record: Record<'run>,
}

/// When a run does what, in nanoseconds since the origin.
#[derive(Clone, Copy, Debug)]
pub struct Timeline {
    /// The first message.
    pub start_ns: u64,
    /// The first measured one.
    pub begin_ns: u64,
    /// The end of measuring.
    pub end_ns: u64,
}

/// What one thread did in a span of time, such as the measured one.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// When it began.
    pub begin: Mark,
    /// When it ended.
    pub end: Mark,
}

/// Counters of one thread at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    /// The moment, in nanoseconds since the origin.
    pub at_ns: u64,
    /// What was received.
    pub totals: Totals,
    /// CPU seconds of the thread.
    pub own_cpu_seconds: f64,
    /// CPU seconds of the server, if this thread watches it.
    pub server_cpu_seconds: Option<f64>,
}

/// Where samples go, and when the next one ends.
#[derive(Debug, Default)]
struct Sampling {
    samples: Option<Sender<Sample>>,
    start_ns: u64,
    next_ns: u64,
}

impl Window {
    /// How long it was.
    pub fn span_ns(&self) -> u64 {
        self.end.at_ns - self.begin.at_ns
    }

    /// CPU seconds of the thread.
    pub fn own_cpu_seconds(&self) -> f64 {
        self.end.own_cpu_seconds - self.begin.own_cpu_seconds
    }

    /// CPU seconds of the server, if this thread watched it.
    pub fn server_cpu_seconds(&self) -> Option<f64> {
        Some(self.end.server_cpu_seconds? - self.begin.server_cpu_seconds?)
    }
}

impl Timeline {
    /// A planned run that starts then.
    pub fn new(plan: &Plan, start_ns: u64) -> Self {
        let begin_ns = start_ns + nanoseconds(plan.warmup);
        Self {
            start_ns,
            begin_ns,
            end_ns: begin_ns + nanoseconds(plan.duration),
        }
    }
}

impl<'run> Shard<'run> {
    /// One thread's clients, none of them connected.
    ///
    /// # Errors
    /// When the system lacks what every run needs, such as descriptors.
    pub fn new(
        plan: &'run Plan,
        target: &'run Target,
        common: &'run Common,
        thread: usize,
    ) -> Result<Self, ShardError> {
        let poll = Poll::new()?;
        let publishers = plan.publishers_of(thread);
        let numbers = publishers.filter_map(|number| u16::try_from(number).ok());
        Ok(Self {
            plan,
            target,
            common,
            thread,
            timer: Timer::new(poll.registry(), TIMER)?,
            poll,
            events: Events::with_capacity(EVENTS_MAX),
            clients: Vec::with_capacity(plan.clients_of(thread).len()),
            dialing: 0,
            entering: 0,
            refused: false,
            deaf: false,
            publishers: numbers.map(Publisher::new).collect(),
            pace: Pace::Silent,
            announced: 0,
            next_due_ns: u64::MAX,
            churn: None,
            storm_ns: u64::MAX,
            sampling: Sampling::default(),
            turn_ns: 0,
            buffer: vec![0; RECEIVE_BYTES].into(),
            record: Record::new(common, plan, thread),
        })
    }

    /// Connects all clients but the newcomers.
    ///
    /// # Errors
    /// When one of them does not come in and may not fail, or the user gives up.
    pub fn connect(&mut self) -> Result<Window, ShardError> {
        self.seed();
        let wanted = self.plan.first_clients_of(self.thread);
        let begin = self.mark(None);
        let begun_ns = begin.at_ns;
        let mut progress_ns = begun_ns;
        loop {
            let inside = self.clients.len() - self.dialing - self.entering;
            if inside == wanted {
                let end = self.mark(None);
                return Ok(Window { begin, end });
            }
            if self.dialing + self.entering == 0 {
                progress_ns = self.common.clock.now_ns();
            }
            self.dial_more(begun_ns, wanted)?;
            self.turn()?;
            if self.refused {
                return Err(self.dial_error(DialError::Entry));
            }
            let now_ns = self.common.clock.now_ns();
            if self.clients.len() - self.dialing - self.entering > inside {
                progress_ns = now_ns;
            }
            if self.common.interrupts() > 0 {
                return Err(ShardError::Interrupted);
            }
            let waiting = self.dialing + self.entering > 0;
            if now_ns - progress_ns > nanoseconds(CONNECT_TIMEOUT) && waiting {
                return Err(ShardError::Stalled {
                    url: self.target.url().to_owned(),
                    inside: self.common.connected() - self.entering,
                    wanted: self.plan.clients,
                });
            }
        }
    }

    /// Runs warm-up, measurement, and the wait for what is still under way. Samples are sent as they are taken; the
    /// server is watched, if that is this thread's part.
    ///
    /// # Errors
    /// When the system fails us. A server that does is part of the record.
    pub fn exchange(
        &mut self,
        timeline: Timeline,
        watched: Option<&Watched>,
        samples: Sender<Sample>,
    ) -> Result<Window, ShardError> {
        let Timeline {
            start_ns,
            begin_ns,
            end_ns,
        } = timeline;
        self.seed();
        self.begin(timeline, samples);
        self.run_until(start_ns)?;
        self.open_windows(end_ns);
        self.run_until(begin_ns)?;
        if self.common.clock.now_ns() < begin_ns {
            return Err(ShardError::Interrupted);
        }
        self.deaf = true;
        let begin = self.mark(watched);
        self.run_until(end_ns)?;
        let end = self.mark(watched);
        if let Some(churn) = &mut self.churn {
            churn.stop();
        }
        if self.common.interrupts() > 0 {
            self.pace.stop(end.at_ns);
        }
        self.settle()?;
        self.let_slow_catch_up()?;
        self.give_up();
        Ok(Window { begin, end })
    }

    /// Says goodbye for all clients; what is recorded.
    ///
    /// # Errors
    /// When the log could not be written.
    pub fn close(self) -> io::Result<(Sums, Fairness)> {
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
        if let (Pace::Open(_), false) = (self.pace, self.publishers.is_empty()) {
            self.next_due_ns = start_ns;
        }
        self.churn = self.plan.churn.map(|period| {
            let clients = 0..self.clients.len();
            let rovers = clients.filter(|&client| self.record.role(client) == Role::Rover);
            Churn::new(rovers.collect(), begin_ns..end_ns, nanoseconds(period))
        });
        if self.plan.storm > 0 {
            self.storm_ns = begin_ns.midpoint(end_ns);
        }
        self.sampling = Sampling {
            samples: Some(samples),
            start_ns,
            next_ns: start_ns + nanoseconds(SAMPLE),
        };
    }

    /// Begins as many connections as may be under way.
    fn dial_more(&mut self, begun_ns: u64, wanted: usize) -> Result<(), ShardError> {
        let most = DIALS_MAX.div_ceil(self.plan.threads);
        while self.clients.len() < wanted && self.dialing < most {
            let mut turn_ns = self.common.clock.now_ns();
            if let Some(rate) = self.plan.connect_rate {
                let before = self.thread + self.clients.len() * self.plan.threads;
                let intended_ns = begun_ns + before as u64 * SECOND_NS / u64::from(rate);
                if turn_ns < intended_ns {
                    self.timer.arm(&self.common.clock, intended_ns)?;
                    break;
                }
                turn_ns = intended_ns;
            }
            self.dial(turn_ns)
                .map_err(|source| self.dial_error(source))?;
        }
        Ok(())
    }

    /// Begins a connection that should begin at `begun_ns`.
    fn dial(&mut self, begun_ns: u64) -> Result<(), DialError> {
        let index = self.clients.len();
        let number = self.thread + index * self.plan.threads;
        let channel = (self.plan.channels > 1).then(|| self.record.channel(index));
        let query = self.plan.protocol.query(number, channel);
        let client = Client::dial(
            self.target,
            query.as_deref(),
            self.source(number),
            self.poll.registry(),
            Token(index),
            begun_ns,
        )?;
        self.clients.push(client);
        self.dialing += 1;
        Ok(())
    }

    /// The address that a client connects from, if that is ours to choose.
    fn source(&self, number: usize) -> Option<Ipv4Addr> {
        let count = usize::from(self.plan.source_ips?);
        let last = u8::try_from(number % count + 1).expect("there are fewer addresses");
        Some(Ipv4Addr::new(127, 0, 0, last))
    }

    /// Keeps to what is due until a moment, or the user's signal.
    fn run_until(&mut self, until_ns: u64) -> Result<(), ShardError> {
        loop {
            let now_ns = self.common.clock.now_ns();
            let next_ns = self.do_due(now_ns);
            if now_ns >= until_ns || self.common.interrupts() > 0 {
                return Ok(());
            }
            self.timer.arm(&self.common.clock, until_ns.min(next_ns))?;
            self.turn()?;
        }
    }

    /// Waits until everything is delivered or the time for that is over, and then a moment for duplicates.
    fn settle(&mut self) -> Result<(), ShardError> {
        let mut until_ns = self.common.clock.now_ns() + nanoseconds(self.plan.settle);
        let (mut sent, mut settled, mut quiet) = (false, false, false);
        // Clients that have everything, from the first on.
        let mut complete = 0;
        loop {
            let now_ns = self.common.clock.now_ns();
            let next_ns = self.do_due(now_ns);
            if !sent && self.all_sent(now_ns) {
                sent = true;
                self.common.note_all_sent();
            }
            if !settled && self.common.all_sent() {
                while self.is_complete(complete) {
                    complete += 1;
                }
                if complete == self.clients.len() && !self.is_storming() {
                    settled = true;
                    self.common.note_settled();
                }
            }
            if !quiet && self.common.all_settled() {
                quiet = true;
                until_ns = until_ns.min(now_ns + nanoseconds(QUIET));
            }
            if now_ns >= until_ns || self.common.interrupts() > 1 {
                break;
            }
            let tick_ns = now_ns + nanoseconds(SETTLE_TICK);
            let wake_ns = until_ns.min(next_ns).min(tick_ns);
            self.timer.arm(&self.common.clock, wake_ns)?;
            self.turn()?;
        }
        if !sent {
            self.common.note_all_sent();
        }
        if !settled {
            self.common.note_settled();
        }
        Ok(())
    }

    fn all_sent(&self, now_ns: u64) -> bool {
        let mut pairs = self.publishers.iter().zip(&self.clients);
        pairs.all(|(publisher, client)| publisher.is_done(client, &self.pace, now_ns))
    }

    fn is_complete(&self, client: usize) -> bool {
        let Some(state) = self.clients.get(client) else {
            return false;
        };
        let is_gone = !state.is_open() && state.dialing().is_none();
        is_gone || (state.is_open() && self.record.is_complete(client) && !state.awaits())
    }

    /// Whether newcomers are still to begin to connect.
    fn is_storming(&self) -> bool {
        self.storm_ns != u64::MAX && self.common.interrupts() == 0
    }

    /// Has slow clients read what is left for them, to learn whether the server closed them.
    fn let_slow_catch_up(&mut self) -> Result<(), ShardError> {
        self.deaf = false;
        if self.plan.slow == 0 {
            return Ok(());
        }
        for client in 0..self.clients.len() {
            if self.record.role(client) == Role::Slow {
                self.receive(client, true);
            }
        }
        let until_ns = self.common.clock.now_ns() + nanoseconds(CATCH_UP);
        while self.common.clock.now_ns() < until_ns && self.common.interrupts() < 2 {
            self.timer.arm(&self.common.clock, until_ns)?;
            self.turn()?;
        }
        Ok(())
    }

    /// Ends what is not over: sends that were blocked, newcomers that are not in. The last sample leaves.
    fn give_up(&mut self) {
        let now_ns = self.common.clock.now_ns();
        for (publisher, client) in self.publishers.iter_mut().zip(&self.clients) {
            if client.is_open() {
                publisher.give_up(&self.pace, now_ns, &mut self.record);
            }
        }
        let planned = 0..self.plan.clients_of(self.thread).len();
        let interrupted = self.common.interrupts() > 0;
        for index in planned {
            let came = match self.clients.get(index) {
                Some(client) => client.dialing().is_none(),
                // Who was never asked to come has not failed to.
                None => interrupted,
            };
            if !came {
                self.record.failed_to_connect(index);
            }
        }
        self.sampling.next_ns = 0;
        self.sample(now_ns);
        self.sampling.samples = None;
    }

    /// Does what is due; when something is again, in nanoseconds since the origin.
    fn do_due(&mut self, now_ns: u64) -> u64 {
        self.publish_due(now_ns);
        self.sample(now_ns);
        let leave_ns = self.leave_due(now_ns);
        let storm_ns = self.storm(now_ns);
        self.next_due_ns
            .min(self.sampling.next_ns)
            .min(leave_ns)
            .min(storm_ns)
    }

    /// Sleeps until something happens, and handles it.
    fn turn(&mut self) -> Result<(), ShardError> {
        let mut events = mem::replace(&mut self.events, Events::with_capacity(0));
        let polled = self.poll.poll(&mut events, Some(TICK));
        self.turn_ns = self.common.clock.now_ns();
        let handled = match polled {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error.into()),
            _ => events.iter().try_for_each(|event| self.handle(event)),
        };
        self.events = events;
        self.record.turned(self.turn_ns, self.common.clock.now_ns());
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

    /// Goes on with a client's handshake, and with what came behind it.
    fn advance(&mut self, index: usize) -> Result<(), ShardError> {
        let client = &mut self.clients[index];
        let begun_ns = client.dialing().map_or(0, Dial::begun_ns);
        let behind = match client.advance() {
            Ok(Some(behind)) => behind,
            Ok(None) => return Ok(()),
            Err(_) if self.may_fail(index) => {
                self.dialing -= 1;
                self.record.failed_to_connect(index);
                self.clients[index].abandon();
                return Ok(());
            }
            Err(source) => return Err(self.dial_error(source)),
        };
        let now_ns = self.common.clock.now_ns();
        self.dialing -= 1;
        self.common.note_connected();
        self.record.connected(index, now_ns - begun_ns);
        if let Err(end) = self.enter(index) {
            self.lost(index, end);
        }
        self.take_in(index, &behind, now_ns);
        // The edge is spent, and the handshake need not have read all of it.
        self.receive(index, true);
        Ok(())
    }

    /// Whether a run goes on without a client that does not come in.
    fn may_fail(&self, index: usize) -> bool {
        let others_came = self.common.connected() > 0;
        self.record.role(index) == Role::Newcomer || (self.plan.some_may_fail && others_came)
    }

    /// Says what is to be said on entry.
    fn enter(&mut self, index: usize) -> Result<(), End> {
        let newcomer = self.record.role(index) == Role::Newcomer;
        if newcomer && self.plan.protocol == Protocol::Relay {
            self.record.entered(index);
        }
        let Some(entry) = self.plan.protocol.entry(self.record.channel(index)) else {
            return Ok(());
        };
        if !self.plan.protocol.answers() {
            return self.clients[index].say(entry);
        }
        self.entering += usize::from(!newcomer);
        self.clients[index].ask(entry)
    }

    /// Receives what a socket has.
    fn receive(&mut self, index: usize, ending: bool) {
        if self.deaf && self.record.role(index) == Role::Slow {
            return;
        }
        let mut buffer = mem::take(&mut self.buffer);
        while self.clients[index].is_open() {
            let received = self.clients[index].receive(&mut buffer);
            let now_ns = self.common.clock.now_ns();
            match received {
                Ok(None) => break,
                Ok(Some(count)) => {
                    self.record.received_bytes(count);
                    self.take_in(index, &buffer[..count], now_ns);
                    self.publish_due(now_ns);
                    if !ending && count < buffer.len() {
                        break;
                    }
                }
                Err(end) => self.lost(index, end),
            }
        }
        self.buffer = buffer;
    }

    /// Takes in what a client received.
    fn take_in(&mut self, index: usize, bytes: &[u8], now_ns: u64) {
        let client = &mut self.clients[index];
        match client.take_in(bytes, index, now_ns, &mut self.record) {
            Ok(None) => {}
            Ok(Some(answer)) => self.answered(index, answer, now_ns),
            Err(end) => return self.lost(index, end),
        }
        // What came back may make room for more.
        if let (Pace::Closed { .. }, true) = (self.pace, index < self.publishers.len()) {
            self.publish(index);
        }
    }

    /// Goes on with what a client asked the server for.
    fn answered(&mut self, index: usize, answer: Answer, now_ns: u64) {
        let channel = self.record.channel(index);
        let went = match answer {
            Answer::Joined => {
                match self.churn.as_mut().and_then(|churn| churn.back(index)) {
                    Some(left_ns) => {
                        self.record.rejoined(index, now_ns - left_ns);
                        self.record.entered(index);
                    }
                    None if self.record.role(index) == Role::Newcomer => self.record.entered(index),
                    None => self.entering = self.entering.saturating_sub(1),
                }
                Ok(())
            }
            Answer::Left => {
                self.record.left(index);
                let entry = self.plan.protocol.entry(channel);
                entry.map_or(Ok(()), |entry| self.clients[index].ask(entry))
            }
            Answer::Refused => {
                self.refused |= self.entering > 0;
                Err(End::Refused)
            }
        };
        if let Err(end) = went {
            self.lost(index, end);
        }
    }

    /// Has every publisher send what became due, each in one write.
    fn publish_due(&mut self, now_ns: u64) {
        if now_ns < self.next_due_ns {
            return;
        }
        let Pace::Open(schedule) = self.pace else {
            return;
        };
        let first = self.announced;
        self.announced = schedule.due(now_ns);
        let turns = (self.announced - first).min(self.plan.publishers as u64);
        for k in first..first + turns {
            let publisher = schedule.publisher(k);
            if publisher % self.plan.threads == self.thread {
                self.publish(publisher / self.plan.threads);
            }
        }
        let ours = (self.announced..schedule.total())
            .take(self.plan.publishers)
            .find(|&k| schedule.publisher(k) % self.plan.threads == self.thread);
        self.next_due_ns = ours.map_or(u64::MAX, |k| schedule.time(k));
    }

    /// Has every publisher of a closed loop fill its window, and keep it full until a moment.
    fn open_windows(&mut self, until_ns: u64) {
        if let Pacing::Closed { window } = self.plan.pacing {
            self.pace = Pace::Closed { window, until_ns };
            (0..self.publishers.len()).for_each(|index| self.publish(index));
        }
    }

    fn publish(&mut self, index: usize) {
        let published = self.publishers[index].publish(
            &mut self.clients[index],
            &self.pace,
            &self.common.clock,
            &mut self.record,
        );
        if let Err(end) = published {
            self.lost(index, end);
        }
    }

    /// Has those leave whose turn it is; when the next one does.
    fn leave_due(&mut self, now_ns: u64) -> u64 {
        let Some(churn) = &mut self.churn else {
            return u64::MAX;
        };
        let mut ended = Vec::new();
        while let Some(index) = churn.turn(now_ns) {
            let client = &mut self.clients[index];
            if !client.is_open() || client.awaits() {
                continue;
            }
            churn.leaving(index, now_ns);
            let channel = self.record.channel(index);
            if let Err(end) = client.ask(Protocol::exit(channel)) {
                ended.push((index, end));
            }
        }
        let next_ns = churn.next_ns();
        for (index, end) in ended {
            self.lost(index, end);
        }
        next_ns
    }

    /// Has newcomers begin to connect once it is time; when to go on with that.
    fn storm(&mut self, now_ns: u64) -> u64 {
        if now_ns < self.storm_ns {
            return self.storm_ns;
        }
        let planned = self.plan.clients_of(self.thread).len();
        for _ in 0..STORM_DIALS_PER_TURN.min(planned - self.clients.len()) {
            if self.dial(now_ns).is_err() {
                // The others would fare no better; who never began counts as failed in the end.
                self.storm_ns = u64::MAX;
                return u64::MAX;
            }
        }
        if self.clients.len() == planned {
            self.storm_ns = u64::MAX;
            return u64::MAX;
        }
        now_ns
    }

    /// Goes on with what a socket would not take before.
    fn writable(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if !client.is_open() {
            return;
        }
        let written = match self.publishers.get_mut(index) {
            Some(publisher) => {
                let (pace, clock) = (&self.pace, &self.common.clock);
                publisher.writable(client, pace, clock, &mut self.record, self.turn_ns)
            }
            None => client.flush().map(drop),
        };
        if let Err(end) = written {
            self.lost(index, end);
        }
    }

    fn lost(&mut self, index: usize, end: End) {
        let client = &mut self.clients[index];
        if !client.is_open() {
            return;
        }
        self.record.disconnected(index, end);
        let roams = self.churn.as_mut().and_then(|churn| churn.back(index));
        if client.awaits() && roams.is_none() && self.record.role(index) != Role::Newcomer {
            self.entering = self.entering.saturating_sub(1);
        }
        client.close(match end {
            End::Closed(code) => code,
            End::Broken => None,
            End::Protocol | End::Refused => Some(CLOSE_PROTOCOL_ERROR),
        });
    }

    /// Ends the sample once its time is over.
    fn sample(&mut self, now_ns: u64) {
        let Sampling {
            samples: Some(samples),
            start_ns,
            next_ns,
        } = &mut self.sampling
        else {
            self.sampling.next_ns = u64::MAX;
            return;
        };
        if now_ns < *next_ns {
            return;
        }
        let moment = now_ns.saturating_sub(*start_ns) / nanoseconds(SAMPLE);
        *next_ns = *start_ns + (moment + 1) * nanoseconds(SAMPLE);
        // Nobody listens any more only when the run has failed elsewhere.
        let _ = samples.send(self.record.cut(moment));
    }

    fn mark(&self, watched: Option<&Watched>) -> Mark {
        Mark {
            at_ns: self.common.clock.now_ns(),
            totals: self.record.totals(),
            own_cpu_seconds: usage::thread_cpu_seconds(),
            server_cpu_seconds: watched.and_then(Watched::cpu_seconds),
        }
    }

    fn dial_error(&self, source: DialError) -> ShardError {
        ShardError::Dial {
            url: self.target.url().to_owned(),
            inside: self.common.connected() - self.entering,
            source,
        }
    }
}

/// Why a run cannot go on.
#[derive(Debug, Error)]
pub enum ShardError {
    /// A client did not come in. The server's fault, or the URL's.
    #[error("cannot connect to {url}: {source}{}", after(*inside))]
    Dial {
        /// Where to.
        url: String,
        /// Clients that had come in before.
        inside: usize,
        /// What went wrong, and what to look at.
        source: DialError,
    },
    /// The server accepts no more, or answers no more.
    #[error(
        "only {inside} of {wanted} clients could connect to {url}, and none in the last {CONNECT_TIMEOUT:?}: \
         is it a WebSocket server that speaks this --protocol, and below its limit of connections?"
    )]
    Stalled {
        /// Where to.
        url: String,
        /// Clients that came in.
        inside: usize,
        /// Clients that should.
        wanted: usize,
    },
    /// A signal came before there was anything to report.
    #[error("stopped before measuring began: there is nothing to report")]
    Interrupted,
    /// The system denies what a run needs.
    #[error("the system failed the load generator: {0}")]
    System(#[from] io::Error),
}

impl ShardError {
    /// Whether the server let no more clients in, rather than this machine or the user.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Dial { source, .. } => {
                !matches!(source, DialError::NoLocalPort | DialError::Connect(_))
            }
            Self::Stalled { .. } => true,
            Self::Interrupted | Self::System(_) => false,
        }
    }

    /// Clients that had come in before.
    pub fn inside(&self) -> usize {
        match self {
            Self::Dial { inside, .. } | Self::Stalled { inside, .. } => *inside,
            Self::Interrupted | Self::System(_) => 0,
        }
    }
}

fn after(inside: usize) -> String {
    match inside {
        0 => String::new(),
        inside => format!(" ({inside} clients had come in before)"),
    }
}
