//! The run's clock, and waking up in time: `epoll` waits in whole milliseconds, which is the size of what is measured.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
};

use mio::{Interest, Registry, Token, unix::SourceFd};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::plan::nanoseconds;

/// Time since a run's origin, in the unit of its figures.
#[derive(Clone, Copy, Debug)]
pub struct Clock(hubbub::system::clock::Clock);

impl Clock {
    /// A clock whose origin is now.
    pub fn start() -> Self {
        Self(hubbub::system::clock::Clock::start())
    }

    /// Nanoseconds since the origin.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        nanoseconds(self.0.monotonic())
    }
}

/// When to wake the loop for the next thing that is due.
#[derive(Debug)]
pub struct Timer {
    timer: OwnedFd,
    armed_for_ns: Option<u64>,
}

impl Timer {
    /// A timer that is not armed yet.
    ///
    /// # Errors
    /// What the system said, such as too few descriptors.
    pub fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        // Edge-triggered, and each expiry is an edge: it never has to be read.
        registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Self {
            timer,
            armed_for_ns: None,
        })
    }

    /// When it wakes the loop next, in nanoseconds since the clock's origin, if it was ever armed.
    pub fn due_ns(&self) -> Option<u64> {
        self.armed_for_ns
    }

    /// Wakes the loop at `at_ns` since the clock's origin, instead of when it was armed for before.
    ///
    /// # Errors
    /// What the system said.
    pub fn arm(&mut self, clock: &Clock, at_ns: u64) -> io::Result<()> {
        let now_ns = clock.now_ns();
        // What is past has woken the loop already.
        if self.armed_for_ns == Some(at_ns) && at_ns > now_ns {
            return Ok(());
        }
        self.armed_for_ns = Some(at_ns);
        // A delay of zero would disarm it.
        let delay_ns = at_ns.saturating_sub(now_ns).max(1);
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let value = Timespec {
            tv_sec: (delay_ns / 1_000_000_000).cast_signed(),
            tv_nsec: (delay_ns % 1_000_000_000).cast_signed(),
        };
        let spec = Itimerspec {
            it_interval: zero,
            it_value: value,
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec)?;
        Ok(())
    }
}
