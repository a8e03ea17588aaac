//! What follows from an answer.

use std::time::Duration;

use tracing::warn;

use super::{Link, Standing, appender::Call, script::Answer};
use crate::{
    server::stream::Stream,
    state::journal::{EntryKind, Journal},
};

impl<S: Stream> Link<S> {
    /// Takes note that an entry of this node is in the journal, of which an answer tells, or the entry itself, once it is read.
    pub(super) fn note_said(&mut self, kind: EntryKind) {
        self.vital.appended(kind);
        if let (EntryKind::Bye, Standing::Living(node)) = (kind, self.standing) {
            self.standing = Standing::Leaving(node);
        }
    }

    /// Takes what was answered to a call.
    pub(super) fn judge(
        &mut self,
        call: Call,
        answer: Answer,
        now: Duration,
        journal: &mut Journal,
    ) {
        if let Answer::Done { id, time, .. } = &answer {
            if !self.course.is_ahead(*id) {
                // Redis has forgotten what we have read.
                self.over = Some(self.era());
            }
            self.clock = time.map(|time| (time, now)).or(self.clock);
        }
        match (call, answer) {
            (Call::Append { number, .. } | Call::Add { number }, Answer::Undone) => {
                journal.undone(number);
            }
            (_, Answer::Undone) | (Call::Wait, Answer::Again) => {}
            // It is gone, or was, or is with its era.
            (Call::Farewell, _) => self.former = None,
            (Call::Hello, Answer::Done { id, rest, .. }) => self.enter(id, &rest, now, journal),
            (Call::Append { number, kind }, Answer::Done { .. } | Answer::Again) => {
                self.is_confirmed = true;
                self.course.trim.done();
                journal.appended(number);
                self.note_said(kind);
            }
            (Call::Add { number }, Answer::Done { .. }) => {
                self.course.trim.done();
                journal.appended(number);
            }
            (Call::Death { target }, Answer::Done { .. } | Answer::Refused { is_done: true }) => {
                self.nodes.bury(target);
            }
            (Call::Death { target }, Answer::Refused { .. }) => {
                self.nodes.spare(target, self.vital.interval, now);
            }
            (
                Call::Append {
                    kind: EntryKind::Bye,
                    ..
                },
                Answer::Buried,
            ) => self.go(),
            (_, Answer::Buried) if self.course.last().is_none() => self.fall(now, journal),
            (_, Answer::Buried) => {
                self.is_buried = true;
                self.reader.look_again();
            }
            (Call::Write, Answer::Written) => self.giving.given(),
            (Call::Read, Answer::Part(Some(part))) => {
                if let Some(taking) = &mut self.taking {
                    taking.take(&part, now);
                }
            }
            (Call::Read, Answer::Part(None)) => self.appender.rest(now),
            // A new one has begun, to which the fold will come; or there is no reason for one, and it will be asked again.
            (Call::Era, _) => {
                self.over = None;
                self.appender.rest(now);
                if matches!(self.standing, Standing::Loading(_)) {
                    self.fall(now, journal);
                }
            }
            (_, Answer::Era(era)) => {
                self.is_confirmed = false;
                self.over = Some(era.max(self.era()));
            }
            (call, answer) => warn!(?call, ?answer, "the script answers what was not asked"),
        }
    }
}
