//! What is asked of Redis next. It is decided from what is known now, so that nothing has to be remembered to be asked again.

use std::time::Duration;

use super::{Link, Standing, coming::Former, greeting::Facts, script::Operation};
use crate::{
    server::stream::Stream,
    state::journal::{EntryKind, Journal, hello},
    vocabulary::{config::TURN_BYTES_MAX, id::NodeId},
};

impl<S: Stream> Link<S> {
    /// Calls Redis, if it can be called and there is anything to be said.
    pub(super) fn call(&mut self, now: Duration, journal: &mut Journal) {
        match self.standing {
            Standing::Living(_) => self.vital.speak(now, journal),
            Standing::Leaving(_) => return self.bequeath(now),
            _ if self.vital.is_leaving => self.go(),
            _ => {}
        }
        if self.standing == Standing::Gone {
            return;
        }
        let Some(facts) = self.appender.free(now) else {
            return;
        };
        self.course.ask();
        let era = self.era();
        if let Some(over) = self.over {
            let open = Operation::Era {
                read: self.course.last().unwrap_or_default(),
                read_us: self.course.time.as_micros(),
                is_kept: facts.keeps_all(),
            };
            return self.appender.call(&open, over, &facts, now);
        }
        let Some(node) = self.node() else {
            if let Some(Former { node, era, number }) = self.former {
                let farewell = Operation::Farewell { node, number };
                return self.appender.call(&farewell, era, &facts, now);
            }
            if journal.is_nobody() {
                let hello = Operation::Hello {
                    body: &hello(&self.silent),
                    useless: self.useless,
                };
                self.appender.call(&hello, era, &facts, now);
            } else {
                // As long as anything of its former id is handed on, it has no other.
                self.appender.rest(now);
            }
            return;
        };
        if self.is_buried {
            return;
        }
        if let Some((target, at)) = self.nodes.dies(node)
            && at <= now
        {
            let death = Operation::Death { node, target };
            return self.appender.call(&death, era, &facts, now);
        }
        if matches!(self.standing, Standing::Living(_)) {
            self.append(node, &facts, now, journal);
        } else if self.vital.is_due(now) {
            self.vital.wait(now);
            let wait = Operation::Wait { node };
            self.appender.call(&wait, era, &facts, now);
        } else if let Some(taking) = &self.taking
            && let Some(key) = taking.wants(&self.prefix)
        {
            self.appender.read(&key, now);
        }
    }

    /// Writes what newcomers are told still, and what this node leaves behind.
    fn bequeath(&mut self, now: Duration) {
        if self.appender.free(now).is_none() {
            return;
        }
        if let Some(part) = self.giving.next() {
            self.appender.write(part, now);
        } else if self.giving.is_left {
            self.go();
        }
    }

    /// Appends what is to be said by one of the nodes, or writes what a newcomer is told: each gets its turn.
    fn append(&mut self, node: NodeId, facts: &Facts, now: Duration, journal: &mut Journal) {
        let part = self.giving.next();
        if let Some(part) = part.filter(|_| !self.has_given) {
            self.has_given = true;
            return self.appender.write(part, now);
        }
        self.has_given = false;
        let (time, trim, era) = (self.time(now), self.course.trim.due(), self.era());
        let batch = if self.comes_back_soon(journal) && journal.may_gather() {
            None
        } else {
            journal.batch()
        };
        let Some(batch) = batch else {
            if let Some(part) = part {
                self.appender.write(part, now);
            }
            return;
        };
        match time {
            Some(time) if self.is_confirmed && batch.kind == EntryKind::Actions => {
                self.appender.add(node, batch, trim, era, time, now);
            }
            _ => {
                let append = Operation::Append { node, batch, trim };
                self.appender.call(&append, era, facts, now);
            }
        }
    }

    /// Whether what is in the journal is passed on within a turn or two.
    fn comes_back_soon(&self, journal: &Journal) -> bool {
        let ahead_bytes = self.lag_bytes() + journal.unread_bytes();
        self.reader.connection.facts().is_some() && ahead_bytes < TURN_BYTES_MAX
    }

    /// The era on behalf of which is appended: that of the fold, or whichever if there is none.
    pub(super) fn era(&self) -> u64 {
        match (self.course.last(), self.standing) {
            (Some(last), _) => last.era,
            (None, Standing::Loading(newcomer)) => newcomer.hello.era,
            (None, _) => 0,
        }
    }

    /// The time of Redis, since the Unix epoch.
    fn time(&self, now: Duration) -> Option<Duration> {
        let (time, at) = self.clock?;
        Some(time + now.saturating_sub(at))
    }
}
