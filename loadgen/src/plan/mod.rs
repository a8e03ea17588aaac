//! What a run will do, checked before anything is started.

mod check;
pub mod crowd;
pub mod error;
pub mod finder;
pub mod lines;
pub mod particulars;
pub mod payload;
pub mod piece;
pub mod protocol;
pub mod roles;
pub mod schedule;
pub mod script;
pub mod stage;
pub mod stamp;
pub mod target;
pub mod volley;

use std::{ops::RangeInclusive, time::Duration};

use hubbub::system::descriptors;

use crate::args::{
    Args,
    languages::ProtocolName,
    mode::Mode,
    rate::Rate,
    script::Sender,
    values::{Cut, OrderOf, PayloadName, Share},
};
use error::PlanError;
use particulars::Particulars;
use protocol::Protocol;
use schedule::Schedule;
use script::PERIOD;
use stage::Stage;

/// Publishers, unless there are fewer clients or the user says otherwise.
const PUBLISHERS: usize = 10;
/// Numbers that every reader of JSON takes as they are.
const SEEDS: u64 = 1 << 53;
/// Descriptors that are not clients: those that a server of our own keeps back too, standard streams, timers, the server's pipes, the files of the result, and for
/// each thread its poll, waker and timer.
const RESERVED_DESCRIPTORS: usize = 72;
const DESCRIPTORS_PER_THREAD: usize = 4;

/// A checked run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Clients that connect at first.
    pub clients: usize,
    /// The first so many of them send.
    pub publishers: usize,
    /// When they send.
    pub pacing: Pacing,
    /// What it is made of one after another, if the load is not the same all the time.
    pub stages: Vec<Stage>,
    /// Channels that clients and publishers are spread over.
    pub channels: usize,
    /// Nodes of the hub that they are spread over.
    pub nodes: usize,
    /// Threads that the clients are divided among.
    pub threads: usize,
    /// How messages are said, and how one gets in.
    pub protocol: Protocol,
    /// What is particular to each client of what all say.
    pub particulars: Particulars,
    /// What a client gets of what it said itself.
    pub sender: Sender,
    /// Bytes of each message.
    pub size_bytes: usize,
    /// What they are beside the stamp, if not dots.
    pub payload: Option<PayloadName>,
    /// Sending before measuring.
    pub warmup: Duration,
    /// Measuring.
    pub duration: Duration,
    /// Waiting at the end before a message counts as lost.
    pub settle: Duration,
    /// Connections begun a second; `None` is as many as are accepted.
    pub connect_rate: Option<Rate>,
    /// How long none more may come in.
    pub entry_timeout: Duration,
    /// Addresses to connect from, 127.0.0.1 and up; `None` leaves it to the system.
    pub source_ips: Option<u8>,
    /// The last so many of the clients stop reading when measuring begins.
    pub slow: usize,
    /// Clients that come beside these, all at once, halfway.
    pub storm: usize,
    /// So many of the clients, spread among them, offer that what they receive be deflated.
    pub inflating: usize,
    /// How often each client pings the server, if it does.
    pub ping: Option<Duration>,
    /// The time in which each client that does not send leaves once and rejoins.
    pub churn: Option<Duration>,
    /// How many clients are cut off how often.
    pub cut: Option<Cut>,
    /// How long they stay away.
    pub away: RangeInclusive<Duration>,
    /// Whose messages are to come to everyone in one order.
    pub order: OrderOf,
    /// Whether the server may skip messages for clients that lag.
    pub skips: bool,
    /// Whether the run goes on when a client does not come in, as long as others do.
    pub some_may_fail: bool,
    /// Decides all that is random, but for the name.
    pub seed: u64,
    /// Tells its messages from those of other runs, also with the same seed: a server may remember them.
    pub name: u32,
}

/// When publishers send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// On a fixed schedule, so many messages a second in all, whatever the server does.
    Open {
        /// Messages a second.
        rate: Rate,
    },
    /// As soon as fewer than so many of a publisher's own messages are under way.
    Closed {
        /// Messages under way.
        window: u32,
    },
    /// Never.
    Silent,
}

impl Plan {
    /// Checks the flags against each other, and that there are descriptors for all clients (raising the soft limit).
    ///
    /// # Errors
    /// The user's to mend: the text names the flag and what to set instead.
    pub fn new(args: &Args) -> Result<Self, PlanError> {
        let clients = args.clients_up_to.unwrap_or(args.clients_at_first()) as usize;
        let stages = Stage::all(&args.stage, args.rate, clients)?;
        let (least, most) = crowd::extent(clients, &stages).into_inner();
        let publishers = args
            .publishers
            .map_or(PUBLISHERS.min(least), |publishers| publishers as usize);
        let sockets = most.saturating_add(args.storm.unwrap_or(0) as usize);
        let sender = args.script.sender.unwrap_or_default();
        // Where clients come and go, a thread always has somebody who hears all that the others say.
        let threads_most = if least < most && sender != Sender::Gets {
            least / 2
        } else {
            least
        };
        let pacing = match args.traffic() {
            Mode::Saturate => Pacing::Closed {
                window: args.window,
            },
            Mode::Idle | Mode::Connect => Pacing::Silent,
            _ => Pacing::Open { rate: args.rate },
        };
        let plan = Self {
            clients,
            publishers: if pacing == Pacing::Silent {
                0
            } else {
                publishers
            },
            pacing,
            stages,
            channels: args.channels as usize,
            nodes: args.url.len().max(1),
            threads: (args.threads as usize).clamp(1, threads_most.max(1)),
            protocol: Protocol::new(args.protocol, args)?,
            particulars: Particulars::new(args, sockets)?,
            sender,
            size_bytes: args.size,
            payload: args.payload,
            warmup: args.warmup(),
            duration: args.duration(),
            settle: args.settle,
            connect_rate: args.connect_rate,
            entry_timeout: args.entry_timeout,
            source_ips: args.source_ips,
            slow: args.slow.map_or(0, |share| share.of(clients)),
            storm: args.storm.unwrap_or(0) as usize,
            inflating: args.compress.map_or(0, |share| share.of(most).min(most)),
            ping: args.ping.then(|| args.script.period.unwrap_or(PERIOD)),
            churn: args.churn,
            cut: args.cut,
            away: args.away.clone(),
            order: args.order,
            skips: args.skips,
            some_may_fail: args.mode == Mode::Connect,
            seed: args.seed.unwrap_or_else(|| fastrand::u64(..SEEDS)),
            name: fastrand::u32(..),
        };
        plan.check(args)?;
        let limit = descriptors::raise_limit().map_err(PlanError::RaiseLimit)?;
        let reserved = RESERVED_DESCRIPTORS + DESCRIPTORS_PER_THREAD * plan.threads;
        if plan.sockets().saturating_add(reserved) > limit {
            return Err(PlanError::Descriptors {
                sockets: plan.sockets(),
                reserved,
                limit,
            });
        }
        Ok(plan)
    }

    /// The same for a server that speaks something else.
    ///
    /// # Errors
    /// The user's: flags that do not go with that.
    pub fn speaking(&self, protocol: ProtocolName, args: &Args) -> Result<Self, PlanError> {
        let plan = Self {
            protocol: Protocol::new(protocol, args)?,
            ..self.clone()
        };
        plan.check(args)?;
        Ok(plan)
    }

    /// Whether clients follow the numbers of their channel, and so know of gaps.
    pub fn has_numbers(&self) -> bool {
        self.protocol == Protocol::Chat && (self.cut.is_some() || self.skips || self.moves())
    }

    /// Whether the client of that number offers that what it receives be deflated.
    pub fn inflates(&self, number: usize) -> bool {
        let clients = self.clients_most();
        let before = |number: usize| number * self.inflating / clients;
        before(number + 1) > before(number)
    }

    /// Whether a client whose node is gone goes to the next one: there it can ask for what it missed, unless it leaves its
    /// channel now and then.
    pub fn moves(&self) -> bool {
        let can_recover = self.protocol == Protocol::Chat && self.churn.is_none();
        self.nodes > 1 && can_recover && self.pacing != Pacing::Silent
    }

    /// Whether a message that does not come cannot be told from one that the server was allowed to skip.
    pub fn is_blind_to_loss(&self) -> bool {
        self.skips && self.protocol != Protocol::Chat
    }

    /// Clients of one thread that are cut off in a period.
    pub fn cut_of(&self, thread: usize) -> usize {
        let cut = self.cut.map_or(0, |cut| cut.share.of(self.clients));
        cut.saturating_sub(thread).div_ceil(self.threads)
    }

    /// Sockets at the same time.
    pub fn sockets(&self) -> usize {
        self.clients_most().saturating_add(self.storm)
    }

    /// The schedule of warm-up and measurement, beginning at `start_ns` since the origin; `None` if there is none.
    pub fn schedule(&self, start_ns: u64) -> Option<Schedule> {
        let Pacing::Open { rate } = self.pacing else {
            return None;
        };
        let publishers = u32::try_from(self.publishers).unwrap_or(u32::MAX);
        if !self.stages.is_empty() {
            return Some(Schedule::of_pieces(start_ns, self.pieces(), publishers));
        }
        let span = nanoseconds(self.warmup).saturating_add(nanoseconds(self.duration));
        Some(Schedule::new(start_ns, span, rate, publishers))
    }
}

impl Share {
    /// So many of all.
    fn of(self, clients: usize) -> usize {
        match self {
            Self::Count(count) => count as usize,
            // Rounded up: whoever asks for slow clients gets one.
            Self::Percent(percent) => (clients * usize::from(percent)).div_ceil(100),
        }
    }
}

/// A duration in nanoseconds, as far as 64 bits go.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_clients_is_rounded_up() {
        assert_eq!(Share::Percent(1).of(1000), 10);
        assert_eq!(Share::Percent(1).of(101), 2);
        assert_eq!(Share::Count(7).of(1000), 7);
    }

    #[test]
    fn those_who_inflate_are_spread_among_the_others() {
        for (flag, inflating) in [
            ("", &[][..]),
            ("--compress=30%", &[3, 6, 9]),
            ("--compress=5", &[1, 3, 5, 7, 9]),
            ("--compress", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ] {
            let args = Args::read(format!("loadgen --clients 10 {flag}").split_whitespace());
            let plan = Plan::new(&args.unwrap()).unwrap();
            let found = (0..10).filter(|&number| plan.inflates(number));
            assert_eq!(found.collect::<Vec<_>>(), inflating, "{flag}");
        }
    }
}
