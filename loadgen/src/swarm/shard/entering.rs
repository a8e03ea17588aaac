//! How a client that is connected gets into its channel, and out of it.

use std::time::Duration;

use crate::{
    plan::{
        protocol::{Answer, Protocol},
        roles::Role,
    },
    record::end::End,
    swarm::shard::Shard,
};

/// A server that says nothing when a client is in gets this time to take it in.
pub const ENTRY_GRACE: Duration = Duration::from_millis(500);

impl Shard<'_> {
    /// Says what is to be said on entry.
    pub(super) fn enter(&mut self, index: usize, now_ns: u64) -> Result<(), End> {
        let is_late = self.is_late(index);
        let client = &mut self.clients[index];
        let is_over = match &self.plan.protocol {
            Protocol::Relay => true,
            Protocol::Chat => {
                client.ask(Protocol::entry(self.record.channel(index)))?;
                false
            }
            Protocol::Script(script) => client.begin(script, self.record.own(index))?,
        };
        self.entering += usize::from(!is_late && !is_over);
        if is_late && is_over {
            self.inside(index, now_ns);
        }
        Ok(())
    }

    /// Whether a client comes while messages are exchanged.
    pub(super) fn is_late(&self, index: usize) -> bool {
        self.record.role(index) == Role::Newcomer || self.crowd.coming(index).is_some()
    }

    /// Goes on with what a client asked the server for.
    pub(super) fn answered(&mut self, index: usize, answer: Answer, now_ns: u64) {
        let channel = self.record.channel(index);
        let went = match answer {
            Answer::Joined => {
                match self.churn.as_mut().and_then(|churn| churn.back(index)) {
                    Some(left_ns) => {
                        self.record.rejoined(index, now_ns - left_ns);
                        self.record.entered(index);
                    }
                    None if self.record.role(index) == Role::Newcomer => {
                        let begun_ns = self.clients[index].begun_ns();
                        self.record.joined(now_ns.saturating_sub(begun_ns));
                        self.inside(index, now_ns);
                    }
                    None if self.crowd.coming(index).is_some() => self.inside(index, now_ns),
                    None => self.entering = self.entering.saturating_sub(1),
                }
                Ok(())
            }
            Answer::Left => {
                self.record.left(index);
                self.clients[index].ask(Protocol::entry(channel))
            }
            Answer::Later if self.record.is_returning(index) => {
                self.ask_later(index, now_ns);
                Ok(())
            }
            Answer::Refused | Answer::Later => {
                if self.entering > 0 {
                    self.refused = Some(index);
                }
                Err(End::Refused)
            }
        };
        if let Err(end) = went {
            self.lost(index, end);
        }
    }
}
