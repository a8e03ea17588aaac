//! What all channels keep of what was said, and the bounds of that.

use std::mem;
use std::num::NonZeroU64;
use std::time::Duration;

use super::{super::ChannelId, Channels};
use crate::{state::order::Order, vocabulary::frame::Kind};

impl Channels {
    /// Adds to the log of a channel the last that was said there, which is in its batch unless nobody here hears it, and
    /// drops what all keep too much.
    pub(in crate::state::hub) fn log(
        &mut self,
        id: ChannelId,
        is_notice: bool,
        now: Duration,
        unheard: Option<(Kind, &[u8])>,
    ) {
        let bounds = self.bounds;
        let named = &mut self.all[id.0 as usize];
        let is_first = named.said_at.replace(now) != Some(now);
        // A program speaks; or in a relay, whose members are known to their own servers only, one of another.
        let is_empty = named.members == 0;
        let had = (named.log.bytes(), named.log.messages());
        let was_empty = named.log.is_empty();
        self.sum = self.sum.wrapping_add(named.token);
        let (kind, body) = unheard.unwrap_or_else(|| named.channel.newest());
        named.log.push(kind, is_notice, body, now, &bounds);
        let has_place = named.quiet.is_some();
        if is_first && is_empty {
            self.empties(id, now);
        }
        if bounds.messages == 0 {
            return;
        }
        self.recount(id, had);
        if was_empty {
            self.look_at(id, now);
        }
        if is_first || !has_place {
            self.place_last(id);
        }
        self.trim();
    }

    /// Notes that a log keeps something else than it had. One that keeps nothing has nothing that could go first.
    fn recount(&mut self, id: ChannelId, had: (usize, usize)) {
        let named = &mut self.all[id.0 as usize];
        let has = (named.log.bytes(), named.log.messages());
        if has.0 == 0 && named.quiet.take().is_some() {
            self.quiet[named.space as usize].remove(id.0);
        }
        self.count(had, has);
    }

    pub(super) fn count(&mut self, had: (usize, usize), has: (usize, usize)) {
        self.bytes = self.bytes + has.0 - had.0;
        self.messages = self.messages + has.1 - had.1;
    }

    /// Sees to it that a log is looked at when its oldest message is too old.
    pub(super) fn look_at(&mut self, id: ChannelId, now: Duration) {
        let named = &mut self.all[id.0 as usize];
        let due = named.log.ages_at(now, self.bounds.age);
        if let Some(before) = mem::replace(&mut named.ages_at, due) {
            self.ages.remove(&(before, id));
        }
        if let Some(due) = due {
            self.ages.insert((due, id));
        }
    }

    /// Notes that a channel is the last in which something was said.
    fn place_last(&mut self, id: ChannelId) {
        let named = &mut self.all[id.0 as usize];
        let space = named.space as usize;
        if named.quiet.take().is_some() {
            self.quiet[space].remove(id.0);
        }
        if named.log.bytes() > 0 {
            self.moments[space] += 1;
            named.quiet = NonZeroU64::new(self.moments[space]);
            self.quiet[space].push(id.0);
        }
    }

    /// Drops the oldest of those that were quiet longest while all keep too much. Those of relays go before those of the
    /// chat, of which all servers that have the same keep the same.
    fn trim(&mut self) {
        while self.bytes > self.bounds.total_bytes
            && let Some(quietest) = self.quiet.iter().find_map(Order::first)
        {
            let quietest = ChannelId(quietest);
            self.keep(quietest);
            let log = &mut self.all[quietest.0 as usize].log;
            let had = (log.bytes(), log.messages());
            log.drop_first();
            log.shrink();
            self.recount(quietest, had);
        }
    }

    /// Drops what of a log is too old.
    pub(super) fn age(&mut self, id: ChannelId, now: Duration) {
        self.keep(id);
        let named = &mut self.all[id.0 as usize];
        let had = (named.log.bytes(), named.log.messages());
        named.log.age(now, self.bounds.age);
        self.recount(id, had);
        self.look_at(id, now);
    }
}
