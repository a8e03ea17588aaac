//! The channels of the chat written down, one by one, as they are at one moment; and made again elsewhere.

use std::mem;
use std::time::Duration;

use super::{
    super::{ChannelId, ChannelRecord, HubRecord, Space, id},
    Channels,
};
use crate::state::channel::Channel;

/// Where channels were in orders, of which not all are made again yet.
#[derive(Debug, Default)]
pub(super) struct Restored {
    empty: Vec<(u64, ChannelId)>,
    quiet: Vec<(u64, ChannelId)>,
}

impl Channels {
    /// What is common to all channels of the chat.
    pub(in crate::state::hub) fn record(&self) -> HubRecord {
        HubRecord {
            epoch: self.epoch,
            moments: self.moments[Space::Chat as usize],
            channels: id(self.remembered(Space::Chat)),
        }
    }

    /// Goes on from there, with room for all, so that no turn has to move those that are there already.
    pub(in crate::state::hub) fn resume_from(&mut self, record: &HubRecord) {
        self.epoch = record.epoch;
        self.moments[Space::Chat as usize] = record.moments;
        let channels = record.channels as usize;
        self.all.reserve(channels.min(self.bounds.channels));
    }

    /// Has those of the chat written down as they are now, whatever happens in them until they are.
    pub(in crate::state::hub) fn freeze(&mut self) {
        self.frozen.freeze(id(self.all.capacity()));
    }

    /// Writes one down that is about to change.
    #[inline]
    pub(in crate::state::hub) fn keep(&mut self, id: ChannelId) {
        if self.frozen.is_going_on() && self.is_unwritten(id) {
            let record = self.write_down(id);
            self.frozen.keep(record);
        }
    }

    /// The next that was frozen. `None` if all are written down.
    pub(in crate::state::hub) fn next_frozen(&mut self) -> Option<ChannelRecord> {
        if let Some(kept) = self.frozen.take_kept() {
            return Some(kept);
        }
        while let Some(place) = self.frozen.next_place() {
            let id = ChannelId(place);
            if self.is_unwritten(id) {
                return Some(self.write_down(id));
            }
        }
        None
    }

    fn is_unwritten(&self, id: ChannelId) -> bool {
        let named = self.all.get(id.0 as usize);
        let last = self.frozen.last();
        named.is_some_and(|named| {
            named.space == Space::Chat && !named.is_forgotten && named.written != last
        })
    }

    fn write_down(&mut self, id: ChannelId) -> ChannelRecord {
        let named = &mut self.all[id.0 as usize];
        named.written = self.frozen.last();
        ChannelRecord {
            name: named.source.channel.as_ref().into(),
            epoch: named.source.epoch,
            said: named.channel.said(),
            unix_ms: named.unix_ms,
            emptied: named.emptied,
            said_at: named.said_at,
            quiet: named.quiet,
            log: named.log.record(),
        }
    }

    /// Makes a channel of the chat as it was, but for its members. `None` if it could not have been so.
    pub(in crate::state::hub) fn restore(
        &mut self,
        record: &ChannelRecord,
        now: Duration,
    ) -> Option<ChannelId> {
        let log = record.log.log()?;
        let is_known = self.find(Space::Chat, &record.name).is_some();
        if is_known || log.said() != record.said {
            return None;
        }
        let id = self.add(Space::Chat, &record.name, record.epoch);
        let named = &mut self.all[id.0 as usize];
        named.channel = Channel::after(record.said);
        let said = named.token.wrapping_mul(record.said);
        self.sum = self.sum.wrapping_add(said);
        named.unix_ms = record.unix_ms;
        named.said_at = record.said_at;
        named.emptied = record.emptied;
        if let Some((moment, _)) = named.emptied {
            self.restored.empty.push((moment, id));
        } else {
            self.populated[Space::Chat as usize] += 1;
        }
        named.quiet = record.quiet;
        if let Some(moment) = named.quiet {
            self.restored.quiet.push((moment.get(), id));
        }
        named.log = log;
        let has = (named.log.bytes(), named.log.messages());
        self.count((0, 0), has);
        self.look_at(id, now);
        Some(id)
    }

    /// Puts those that were restored in order, once all of them are there.
    pub(in crate::state::hub) fn put_in_order(&mut self) {
        let Restored { empty, quiet } = mem::take(&mut self.restored);
        let chat = Space::Chat as usize;
        for (order, mut places) in [
            (&mut self.empty[chat], empty),
            (&mut self.quiet[chat], quiet),
        ] {
            places.sort_unstable();
            for (_, id) in places {
                order.push(id.0);
            }
        }
    }

    /// Counts a member more of a channel that was restored.
    pub(in crate::state::hub) fn reenter(&mut self, id: ChannelId) {
        self.all[id.0 as usize].members += 1;
    }
}
