//! All clients on one thread: one poll, one receive buffer, and a schedule that is looked at after every receive, so
//! that sending stays on time however much there is to receive.

use std::{io, mem, time::Duration};

use mio::{Events, Interest, Poll, Token, event::Event};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;
use thiserror::Error;

use crate::{
    client::{Client, End},
    dial::{Dial, DialError},
    figures,
    plan::{Plan, nanoseconds},
    progress::Progress,
    publisher::Publisher,
    record::{Record, Totals},
    schedule::Schedule,
    target::Target,
    timer::{Clock, Timer},
    usage::{self, Watched},
};

const TIMER: Token = Token(usize::MAX - 1);
const SIGNALS: Token = Token(usize::MAX - 2);

/// Events taken from the system at once: few, so that a socket that became writable does not wait behind thousands
/// that became readable.
const EVENTS_MAX: usize = 256;
/// Bytes of the receive buffer that all clients share.
const RECEIVE_BYTES: usize = 256 << 10;
/// Handshakes under way at once: the smallest listen backlog that is common. Beyond it the kernel drops what it cannot
/// queue, and the next attempt comes a second later.
const DIALS_MAX: usize = 128;
/// How long connecting may go without one more client coming in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long duplicates are waited for after the last message was delivered.
const QUIET: Duration = Duration::from_millis(100);
/// Nothing sleeps longer; progress is shown as often.
const TICK: Duration = Duration::from_millis(200);
/// Close codes of RFC 6455, section 7.4.1.
const CLOSE_NORMAL: u16 = 1000;
const CLOSE_PROTOCOL_ERROR: u16 = 1002;
const SECOND_NS: u64 = 1_000_000_000;

/// The clients of a run.
pub struct Swarm<'run> {
    plan: &'run Plan,
    target: &'run Target,
    clock: Clock,
    poll: Poll,
    events: Events,
    timer: Timer,
    signals: Signals,
    /// Signals that came so far.
    interrupts: usize,
    clients: Vec<Client>,
    dialing: usize,
    publishers: Vec<Publisher>,
    schedule: Schedule,
    /// Messages of the schedule that their publishers were told of.
    announced: u64,
    /// When the first that was not announced is due.
    next_due_ns: u64,
    buffer: Box<[u8]>,
    record: Record,
    progress: Progress,
}

/// What a phase of messages came to.
#[derive(Debug)]
pub struct Traffic {
    /// When measuring began.
    pub begin: Mark,
    /// When it ended.
    pub end: Mark,
    /// Messages that should have been sent.
    pub scheduled: u64,
    /// Whether a signal ended it early.
    pub interrupted: bool,
}

/// Counters at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The moment, in nanoseconds since the origin.
    pub at_ns: u64,
    /// First deliveries.
    pub delivered: u64,
    /// What was received.
    pub totals: Totals,
    /// CPU seconds of the server, if it is watched.
    pub server_cpu_seconds: Option<f64>,
    /// CPU seconds of this process.
    pub own_cpu_seconds: f64,
}

impl<'run> Swarm<'run> {
    /// A swarm without clients.
    ///
    /// # Errors
    /// When the system lacks what every run needs, such as descriptors.
    pub fn new(plan: &'run Plan, target: &'run Target) -> Result<Self, SwarmError> {
        let poll = Poll::new()?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        poll.registry()
            .register(&mut signals, SIGNALS, Interest::READABLE)?;
        let publishers = (0..=u16::MAX).take(plan.publishers);
        Ok(Self {
            plan,
            target,
            clock: Clock::start(),
            timer: Timer::new(poll.registry(), TIMER)?,
            poll,
            events: Events::with_capacity(EVENTS_MAX),
            signals,
            interrupts: 0,
            clients: Vec::with_capacity(plan.clients),
            dialing: 0,
            publishers: publishers.map(Publisher::new).collect(),
            schedule: Schedule::empty(),
            announced: 0,
            next_due_ns: u64::MAX,
            buffer: vec![0; RECEIVE_BYTES].into(),
            record: Record::new(plan),
            progress: Progress::new(),
        })
    }

    /// Connects all clients; returns how many came in per second.
    ///
    /// # Errors
    /// When one of them does not come in, or the user gives up.
    pub fn connect(&mut self) -> Result<f64, SwarmError> {
        let begun_ns = self.clock.now_ns();
        let mut progress_ns = begun_ns;
        loop {
            let open = self.clients.len() - self.dialing;
            if open == self.plan.clients {
                let took_ns = (self.clock.now_ns() - begun_ns).max(1);
                return Ok(figures::per_second(open as u64, took_ns));
            }
            self.progress
                .show("connecting", open as u64, self.plan.clients as u64, || {
                    format!("{open} clients")
                });
            self.dial_more(begun_ns)?;
            self.turn()?;
            let now_ns = self.clock.now_ns();
            if self.clients.len() - self.dialing > open {
                progress_ns = now_ns;
            }
            if self.interrupts > 0 {
                return Err(SwarmError::Interrupted);
            }
            if now_ns - progress_ns > nanoseconds(CONNECT_TIMEOUT) && self.dialing > 0 {
                return Err(SwarmError::Stalled {
                    url: self.target.url().to_owned(),
                    open,
                    wanted: self.plan.clients,
                });
            }
        }
    }

    /// Runs the schedule: warm-up, measurement, and the wait for what is still under way.
    ///
    /// # Errors
    /// When the system fails us. A server that does is part of the record.
    pub fn exchange(&mut self, server: Option<&Watched>) -> Result<Traffic, SwarmError> {
        let start_ns = self.clock.now_ns();
        let begin_ns = start_ns + nanoseconds(self.plan.warmup);
        let end_ns = begin_ns + nanoseconds(self.plan.duration);
        self.record.measure(begin_ns..end_ns);
        self.schedule = self.plan.schedule(start_ns);
        self.next_due_ns = start_ns;

        self.send_until("warming up", begin_ns)?;
        let begin = self.mark(server);
        self.send_until("measuring", end_ns)?;
        let end = self.mark(server);
        let interrupted = self.interrupts > 0;
        if interrupted {
            self.schedule.stop(end.at_ns);
        }
        self.settle()?;
        let now_ns = self.clock.now_ns();
        for publisher in &self.publishers {
            publisher.give_up(&self.schedule, now_ns, &mut self.record);
        }
        Ok(Traffic {
            begin,
            end,
            scheduled: self.schedule.total(),
            interrupted,
        })
    }

    /// Says goodbye for all clients.
    pub fn close(&mut self) {
        for client in self.clients.iter_mut().filter(|client| client.is_open()) {
            client.close(Some(CLOSE_NORMAL));
        }
    }

    /// What was recorded.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Begins as many connections as may be under way.
    fn dial_more(&mut self, begun_ns: u64) -> Result<(), SwarmError> {
        while self.clients.len() < self.plan.clients && self.dialing < DIALS_MAX {
            let now_ns = self.clock.now_ns();
            if let Some(rate) = self.plan.connect_rate {
                let turn_ns = begun_ns + self.clients.len() as u64 * SECOND_NS / u64::from(rate);
                if now_ns < turn_ns {
                    self.timer.arm(&self.clock, turn_ns)?;
                    break;
                }
            }
            let token = Token(self.clients.len());
            let client = Client::dial(self.target, self.poll.registry(), token, now_ns)
                .map_err(|source| self.dial_error(source))?;
            self.clients.push(client);
            self.dialing += 1;
        }
        Ok(())
    }

    /// Keeps to the schedule until a moment, or the user's signal.
    fn send_until(&mut self, phase: &'static str, until_ns: u64) -> Result<(), SwarmError> {
        let begun_ns = self.clock.now_ns();
        loop {
            let now_ns = self.clock.now_ns();
            self.publish_due(now_ns);
            if now_ns >= until_ns || self.interrupts > 0 {
                return Ok(());
            }
            self.show(phase, now_ns - begun_ns, until_ns - begun_ns);
            self.timer
                .arm(&self.clock, until_ns.min(self.next_due_ns))?;
            self.turn()?;
        }
    }

    /// Waits until everything is delivered or the time for that is over, and then a moment for duplicates.
    fn settle(&mut self) -> Result<(), SwarmError> {
        let begun_ns = self.clock.now_ns();
        let wait_ns = nanoseconds(self.plan.settle);
        let mut until_ns = begun_ns + wait_ns;
        let mut complete = false;
        loop {
            let now_ns = self.clock.now_ns();
            self.publish_due(now_ns);
            if !complete && self.record.counts().delivered >= self.expected() {
                complete = true;
                until_ns = until_ns.min(now_ns + nanoseconds(QUIET));
            }
            if now_ns >= until_ns || self.interrupts > 1 || self.record.receivers() == 0 {
                return Ok(());
            }
            self.show("settling", now_ns - begun_ns, wait_ns);
            self.timer
                .arm(&self.clock, until_ns.min(self.next_due_ns))?;
            self.turn()?;
        }
    }

    fn expected(&self) -> u64 {
        self.schedule.total() * self.plan.clients as u64
    }

    /// Sleeps until something happens, and handles it.
    fn turn(&mut self) -> Result<(), SwarmError> {
        let mut events = mem::replace(&mut self.events, Events::with_capacity(0));
        let polled = self.poll.poll(&mut events, Some(TICK));
        let begun_ns = self.clock.now_ns();
        let handled = match polled {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error.into()),
            _ => events.iter().try_for_each(|event| self.handle(event)),
        };
        self.events = events;
        self.record.turned(begun_ns, self.clock.now_ns());
        handled
    }

    fn handle(&mut self, event: &Event) -> Result<(), SwarmError> {
        match event.token() {
            TIMER => {}
            SIGNALS => self.interrupts += self.signals.pending().count(),
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
    fn advance(&mut self, index: usize) -> Result<(), SwarmError> {
        let client = &mut self.clients[index];
        let begun_ns = client.dialing().map_or(0, Dial::begun_ns);
        let behind = match client.advance() {
            Ok(Some(behind)) => behind,
            Ok(None) => return Ok(()),
            Err(source) => return Err(self.dial_error(source)),
        };
        let now_ns = self.clock.now_ns();
        self.dialing -= 1;
        self.record.connected(now_ns - begun_ns);
        if let Err(end) = client.take_in(&behind, index, now_ns, &mut self.record) {
            self.lost(index, end);
        }
        // The edge is spent, and the handshake need not have read all of it.
        self.receive(index, true);
        Ok(())
    }

    /// Receives what a socket has.
    fn receive(&mut self, index: usize, ending: bool) {
        loop {
            let client = &mut self.clients[index];
            if !client.is_open() {
                return;
            }
            let received = client.receive(&mut self.buffer);
            let now_ns = self.clock.now_ns();
            let (taken, more) = match received {
                Ok(None) => return,
                Ok(Some(count)) => {
                    self.record.received_bytes(count);
                    let bytes = &self.buffer[..count];
                    let taken = client.take_in(bytes, index, now_ns, &mut self.record);
                    (taken, ending || count == self.buffer.len())
                }
                Err(end) => (Err(end), false),
            };
            if let Err(end) = taken {
                self.lost(index, end);
            }
            self.publish_due(now_ns);
            if !more {
                return;
            }
        }
    }

    /// Has every publisher send what became due, each in one write.
    fn publish_due(&mut self, now_ns: u64) {
        if now_ns < self.next_due_ns {
            return;
        }
        let first = self.announced;
        self.announced = self.schedule.due(now_ns);
        self.next_due_ns = if self.announced < self.schedule.total() {
            self.schedule.time(self.announced)
        } else {
            u64::MAX
        };
        let turns = (self.announced - first).min(self.publishers.len() as u64);
        for k in first..first + turns {
            let index = self.schedule.publisher(k);
            let published = self.publishers[index].publish(
                &mut self.clients[index],
                &self.schedule,
                &self.clock,
                &mut self.record,
            );
            if let Err(end) = published {
                self.lost(index, end);
            }
        }
    }

    /// Goes on with what a socket would not take before.
    fn writable(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if !client.is_open() {
            return;
        }
        let written = match self.publishers.get_mut(index) {
            Some(publisher) => {
                publisher.writable(client, &self.schedule, &self.clock, &mut self.record)
            }
            None => client.flush().map(drop),
        };
        if let Err(end) = written {
            self.lost(index, end);
        }
    }

    fn lost(&mut self, index: usize, end: End) {
        self.record.disconnected(end);
        self.clients[index].close(match end {
            End::Closed(code) => code,
            End::Broken => None,
            End::Protocol => Some(CLOSE_PROTOCOL_ERROR),
        });
    }

    fn mark(&self, server: Option<&Watched>) -> Mark {
        Mark {
            at_ns: self.clock.now_ns(),
            delivered: self.record.counts().delivered,
            totals: self.record.totals(),
            server_cpu_seconds: server.and_then(Watched::cpu_seconds),
            own_cpu_seconds: usage::own_cpu_seconds(),
        }
    }

    fn show(&mut self, phase: &'static str, done_ns: u64, whole_ns: u64) {
        let counts = self.record.counts();
        self.progress.show(phase, done_ns, whole_ns, || {
            format!("{} delivered", counts.delivered)
        });
    }

    fn dial_error(&self, source: DialError) -> SwarmError {
        SwarmError::Dial {
            url: self.target.url().to_owned(),
            source,
        }
    }
}

/// Why a run cannot go on.
#[derive(Debug, Error)]
pub enum SwarmError {
    /// A client did not come in. The server's fault, or the URL's.
    #[error("cannot connect to {url}: {source}")]
    Dial {
        /// Where to.
        url: String,
        /// What went wrong, and what to look at.
        source: DialError,
    },
    /// The server accepts no more, or answers no more.
    #[error(
        "only {open} of {wanted} clients could connect to {url}, and none in the last {CONNECT_TIMEOUT:?}: \
         is it a WebSocket server, and below its limit of connections?"
    )]
    Stalled {
        /// Where to.
        url: String,
        /// Clients that came in.
        open: usize,
        /// Clients that should.
        wanted: usize,
    },
    /// A signal came before there was anything to report.
    #[error("stopped before all clients were connected: nothing was measured")]
    Interrupted,
    /// The system denies what a run needs.
    #[error("the system failed the load generator: {0}")]
    System(#[from] io::Error),
}
