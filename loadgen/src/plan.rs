//! What a run will do, checked before anything is started.

use std::time::Duration;

use hubbub::system::descriptors;
use thiserror::Error;

use crate::{
    args::Args,
    scanner::MESSAGE_BYTES_MAX,
    schedule::Schedule,
    stamp::{PUBLISHERS_MAX, STAMP_BYTES, TIME_NS_MAX},
};

/// Publishers, unless there are fewer clients or the user says otherwise.
const PUBLISHERS: u32 = 10;
/// Descriptors that are not clients: standard streams, poll, timer, signals, the server's pipes, the result's file.
const RESERVED_DESCRIPTORS: usize = 32;

/// A checked run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Clients that connect.
    pub clients: usize,
    /// The first so many of them send.
    pub publishers: usize,
    /// Messages a second, by all publishers together.
    pub rate: u32,
    /// Bytes of each message.
    pub size_bytes: usize,
    /// Sending before measuring.
    pub warmup: Duration,
    /// Measuring.
    pub duration: Duration,
    /// Waiting at the end before a message counts as lost.
    pub settle: Duration,
    /// Connections begun a second; `None` is as many as are accepted.
    pub connect_rate: Option<u32>,
    /// Decides all that is random.
    pub seed: u64,
}

impl Plan {
    /// Checks the flags against each other, and that there are descriptors for all clients (raising the soft limit).
    ///
    /// # Errors
    /// The user's to mend: the text names the flag and what to set instead.
    pub fn new(args: &Args) -> Result<Self, PlanError> {
        let plan = Self {
            clients: args.clients as usize,
            publishers: args.publishers.unwrap_or(PUBLISHERS.min(args.clients)) as usize,
            rate: args.rate,
            size_bytes: args.size,
            warmup: args.warmup,
            duration: args.duration,
            settle: args.settle,
            connect_rate: args.connect_rate,
            seed: args.seed.unwrap_or_else(|| fastrand::u64(..)),
        };
        plan.check()?;
        let limit = descriptors::raise_limit().map_err(PlanError::RaiseLimit)?;
        if plan.clients.saturating_add(RESERVED_DESCRIPTORS) > limit {
            return Err(PlanError::Descriptors {
                clients: plan.clients,
                limit,
            });
        }
        Ok(plan)
    }

    /// The schedule of warm-up and measurement, beginning at `start_ns` since the origin.
    pub fn schedule(&self, start_ns: u64) -> Schedule {
        let span = nanoseconds(self.warmup).saturating_add(nanoseconds(self.duration));
        let publishers = u32::try_from(self.publishers).unwrap_or(u32::MAX);
        Schedule::new(start_ns, span, self.rate, publishers)
    }

    fn check(&self) -> Result<(), PlanError> {
        if self.publishers > self.clients || self.publishers > PUBLISHERS_MAX {
            return Err(PlanError::Publishers {
                publishers: self.publishers,
                most: self.clients.min(PUBLISHERS_MAX),
            });
        }
        if !(STAMP_BYTES..=MESSAGE_BYTES_MAX).contains(&self.size_bytes) {
            return Err(PlanError::Size {
                bytes: self.size_bytes,
            });
        }
        if self.duration.is_zero() {
            return Err(PlanError::NoDuration);
        }
        let whole = self
            .warmup
            .saturating_add(self.duration)
            .saturating_add(self.settle);
        // Half of what a stamp can carry: connecting counts from the same origin.
        if nanoseconds(whole) > TIME_NS_MAX / 2 {
            return Err(PlanError::TooLong);
        }
        if self.schedule(0).total_of(0) > u64::from(u32::MAX) {
            return Err(PlanError::TooMany);
        }
        Ok(())
    }
}

/// A duration in nanoseconds, as far as 64 bits go.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Flags that cannot work together. The user's to mend.
#[derive(Debug, Error)]
pub enum PlanError {
    /// Publishers are clients, and stamps number them in 16 bits.
    #[error(
        "--publishers ({publishers}) can be at most {most} here, since publishers are clients too: \
         lower it or raise --clients"
    )]
    Publishers {
        /// What `--publishers` says.
        publishers: usize,
        /// What it could say.
        most: usize,
    },
    /// Less than a stamp, or more than any server takes.
    #[error(
        "--size ({bytes} bytes) must be between {STAMP_BYTES}B, the size of a stamp, and 64MiB"
    )]
    Size {
        /// What `--size` says.
        bytes: usize,
    },
    /// Nothing would be measured.
    #[error("--duration must be greater than zero: give the time to measure, such as 10s")]
    NoDuration,
    /// More than a stamp can carry.
    #[error(
        "--warmup, --duration and --settle together must stay below 39 hours: shorten --duration"
    )]
    TooLong,
    /// More than a sequence number can carry.
    #[error(
        "each publisher would send more than {} messages: lower --rate or --duration, or raise --publishers",
        u32::MAX
    )]
    TooMany,
    /// The operating system forbids so many sockets.
    #[error(
        "--clients {clients} needs {} descriptors, and the hard limit is {limit}: \
         lower --clients to {} or raise the limit (`ulimit -Hn`)",
        clients + RESERVED_DESCRIPTORS,
        limit.saturating_sub(RESERVED_DESCRIPTORS)
    )]
    Descriptors {
        /// What `--clients` says.
        clients: usize,
        /// The hard descriptor limit.
        limit: usize,
    },
    /// The soft descriptor limit could not be raised.
    #[error("cannot raise the descriptor limit ({0}): raise it by hand (`ulimit -n`)")]
    RaiseLimit(std::io::Error),
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn refused(flags: &str) -> String {
        let args = Args::try_parse_from(format!("loadgen {flags}").split(' ')).unwrap();
        Plan::new(&args).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_work_is_refused_by_its_flag() {
        assert!(
            refused("--clients 3 --publishers 4").contains("--publishers (4) can be at most 3")
        );
        assert!(refused("--size 31B").contains("--size (31 bytes)"));
        assert!(refused("--duration 0s").contains("--duration"));
        assert!(refused("--duration 100h").contains("39 hours"));
        assert!(refused("--duration 10h --rate 1000000 --publishers 1").contains("lower --rate"));
        assert!(refused("--clients 4000000000").contains("lower --clients"));
    }
}
