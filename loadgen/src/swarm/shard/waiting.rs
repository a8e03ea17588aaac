//! Waiting for something to happen, and what the thread's time goes into otherwise.

use std::{io, time::Duration};

use mio::Events;

use crate::{
    plan::nanoseconds,
    server::usage::{self, Watched},
    swarm::{
        shard::{Mark, Shard},
        standstill::Look,
    },
};

/// Nothing sleeps longer, so that it is soon known of what does that it stood still.
const TICK: Duration = Duration::from_millis(50);

impl Shard<'_> {
    /// Sleeps until something happens, unless there is more to do; then a turn begins.
    pub(super) fn wait(&mut self, events: &mut Events, has_more: bool) -> io::Result<()> {
        if has_more {
            let polled = self.poll.poll(events, Some(Duration::ZERO));
            self.turn_ns = self.common.clock.now_ns();
            return polled;
        }
        let from_ns = self.common.clock.now_ns();
        let polled = self.poll.poll(events, Some(TICK));
        self.turn_ns = self.common.clock.now_ns();
        let latest_ns = from_ns + nanoseconds(TICK);
        let due_ns = self.timer.due_ns().unwrap_or(latest_ns).min(latest_ns);
        self.standstill.slept(from_ns, due_ns, self.turn_ns);
        polled
    }

    /// Looks at what the thread's time went into.
    pub(super) fn look(&mut self) {
        let from_ns = self.common.clock.now_ns();
        let cpu_seconds = usage::thread_cpu_seconds();
        let waiting_seconds = usage::thread_waiting_seconds();
        self.standstill.look(Look {
            from_ns,
            to_ns: self.common.clock.now_ns(),
            cpu_seconds,
            waiting_seconds,
        });
    }

    /// What the thread has done so far, and the server, if it is watched.
    pub(super) fn mark(&self, watched: Option<&Watched>) -> Mark {
        Mark {
            at_ns: self.common.clock.now_ns(),
            totals: self.record.totals(),
            own_cpu_seconds: usage::thread_cpu_seconds(),
            waiting_seconds: usage::thread_waiting_seconds(),
            stood_seconds: self.standstill.seconds(),
            server_cpu_seconds: watched.and_then(Watched::cpu_seconds),
        }
    }
}
