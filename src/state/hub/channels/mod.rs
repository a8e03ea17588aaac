//! The channels by name, those that nobody is in included for as long as they are remembered.

mod fetching;
mod logs;
mod looking;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::num::NonZeroU64;
use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use sha2::{Digest, Sha256};
use slab::Slab;

use self::record::Restored;
use super::{ChannelId, ChannelRecord, Space};
use crate::state::{
    channel::Channel,
    freezing::{Freeze, Frozen},
    log::Log,
    order::Order,
    press::Press,
    seal::{Origin, Seal, Source},
};
use crate::vocabulary::config::HistoryBounds;

/// Bytes of a name that a channel has in its own place in memory, where it is read sooner than elsewhere.
const NAME_BYTES: usize = 20;

/// All channels.
#[derive(Debug)]
pub(super) struct Channels {
    all: Slab<Named>,
    by_name: [BTreeMap<Rc<str>, ChannelId>; 2],
    /// How many channels there ever were.
    founded: u64,
    /// The epoch of the channel of the chat that was founded last. The first comes after one that is another when the server
    /// has begun again.
    epoch: u64,
    /// How many channels of each space have members.
    populated: [usize; 2],
    /// Those of each space that have none, in the order in which that came about.
    empty: [Order; 2],
    /// Those of each space that keep something, in the order in which something was last said there.
    quiet: [Order; 2],
    /// How many things of each space have been put in such an order.
    moments: [u64; 2],
    /// When to see what of a log is too old.
    ages: BTreeSet<(Duration, ChannelId)>,
    pub(super) bounds: HistoryBounds,
    /// Bytes in all logs.
    bytes: usize,
    /// Messages in all logs.
    messages: usize,
    /// Of all channels of the chat, the tokens, as often as something was said there, and once more.
    sum: u64,
    /// Those of the chat.
    frozen: Frozen<ChannelRecord>,
    /// Those of the chat that are being made again.
    restored: Restored,
}

/// A channel with its name, and its log.
///
/// Of many channels hardly any is in a cache when something is said there. What is needed then comes first, in three lines of it.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Named {
    /// Its name, or nothing if that is a long one.
    name: ArrayString<NAME_BYTES>,
    pub(super) space: Space,
    pub(super) is_loud: bool,
    /// It only keeps its place until what was said in it is handed out: there may be another of its name.
    is_forgotten: bool,
    written: Freeze,
    pub(super) channel: Channel,
    /// Clients that are members, those of other servers included.
    pub(super) members: usize,
    /// What each of its messages adds to the sum of all.
    token: u64,
    /// When something was last said in it: never earlier than before, whatever the clock does.
    pub(super) unix_ms: u64,
    /// When something was last said in it, by the time of the sequence.
    said_at: Option<Duration>,
    /// Where it is among the quiet.
    quiet: Option<NonZeroU64>,
    pub(super) log: Log,
    pub(super) source: Rc<Source>,
    pub(super) serial: u64,
    /// Where it is among the empty, and since when it is one.
    emptied: Option<(u64, Duration)>,
    /// When to see what of its log is too old.
    ages_at: Option<Duration>,
}

impl Named {
    /// Whether this is its name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        match &*self.name {
            "" => *self.source.channel == *name,
            short => short == name,
        }
    }

    /// Encodes what was said this turn for those who get it.
    pub(super) fn seal(&mut self, at: Duration, press: &mut Press) {
        let seal = self.seal_of(self.channel.first(), at);
        self.channel.seal(&seal, press);
    }

    /// The seal of its messages from a place on.
    pub(super) fn seal_of(&self, place: u64, at: Duration) -> Seal {
        let origin = match self.space {
            Space::Chat => Origin::Chat {
                source: Rc::clone(&self.source),
                first: place + 1,
            },
            Space::Relay => Origin::Relay {
                channel: self.serial,
            },
        };
        let origin = Some(origin);
        Seal { at, origin }
    }
}

impl Channels {
    pub(super) fn new(bounds: HistoryBounds, epoch: u64) -> Self {
        Self {
            all: Slab::new(),
            by_name: Default::default(),
            founded: 0,
            epoch,
            populated: [0; 2],
            empty: Default::default(),
            quiet: Default::default(),
            moments: [0; 2],
            ages: BTreeSet::new(),
            bounds,
            bytes: 0,
            messages: 0,
            sum: 0,
            frozen: Frozen::default(),
            restored: Restored::default(),
        }
    }

    pub(super) fn get(&self, id: ChannelId) -> &Named {
        &self.all[id.0 as usize]
    }

    pub(super) fn get_mut(&mut self, id: ChannelId) -> &mut Named {
        &mut self.all[id.0 as usize]
    }

    /// The channel, unless it is forgotten and its place perhaps another's.
    pub(super) fn still(&self, id: ChannelId, serial: u64) -> Option<&Named> {
        let named = self.all.get(id.0 as usize);
        named.filter(|named| named.serial == serial && !named.is_forgotten)
    }

    pub(super) fn serial(&self, id: ChannelId) -> Option<u64> {
        let named = self.all.get(id.0 as usize);
        let named = named.filter(|named| !named.is_forgotten);
        named.map(|named| named.serial)
    }

    pub(super) fn find(&self, space: Space, name: &str) -> Option<ChannelId> {
        self.by_name[space as usize].get(name).copied()
    }

    /// Makes a channel, in the place of the one that was empty longest if there are too many. `None` if none is.
    pub(super) fn found(&mut self, space: Space, name: &str, now: Duration) -> Option<ChannelId> {
        if self.by_name[space as usize].len() >= self.bounds.channels {
            // Those of the relay are no more than its connections, who are in one each.
            match self.longest_empty(space) {
                Some(longest) => self.forget(longest),
                None if space == Space::Relay => {}
                None => return None,
            }
        }
        let epoch = self.next_epoch(space, now);
        let id = self.add(space, name, epoch);
        self.empties(id, now);
        Some(id)
    }

    /// Adds a channel in which nothing was said yet.
    fn add(&mut self, space: Space, name: &str, epoch: u64) -> ChannelId {
        self.founded += 1;
        let name: Rc<str> = name.into();
        let source = Source {
            channel: Rc::clone(&name),
            epoch,
        };
        let token = match space {
            Space::Chat => token(&source),
            Space::Relay => 0,
        };
        self.sum = self.sum.wrapping_add(token);
        let id = ChannelId(super::id(self.all.insert(Named {
            space,
            token,
            name: ArrayString::from(&source.channel).unwrap_or_default(),
            source: Rc::new(source),
            serial: self.founded,
            channel: Channel::default(),
            log: Log::default(),
            members: 0,
            is_loud: false,
            is_forgotten: false,
            unix_ms: 0,
            emptied: None,
            said_at: None,
            quiet: None,
            ages_at: None,
            written: self.frozen.last(),
        })));
        self.by_name[space as usize].insert(name, id);
        id
    }

    /// Where several servers have the same channels, those of the chat have the same epochs: they are counted from the time
    /// of the sequence, so that they are others when all of the servers have begun again. (That of a server which is alone
    /// is far below what chance has them counted from.) Those of the relay have none.
    fn next_epoch(&mut self, space: Space, now: Duration) -> u64 {
        if space == Space::Relay {
            return 0;
        }
        let least = u64::try_from(now.as_micros()).expect("a time of this age");
        self.epoch = least.max(self.epoch + 1);
        self.epoch
    }

    fn longest_empty(&self, space: Space) -> Option<ChannelId> {
        self.empty[space as usize].first().map(ChannelId)
    }

    /// Counts a member more.
    pub(super) fn enter(&mut self, id: ChannelId) {
        self.keep(id);
        let named = &mut self.all[id.0 as usize];
        named.members += 1;
        if named.emptied.take().is_some() {
            self.empty[named.space as usize].remove(id.0);
            self.populated[named.space as usize] += 1;
        }
    }

    /// Counts a member less.
    pub(super) fn leave(&mut self, id: ChannelId, now: Duration) {
        self.keep(id);
        let named = &mut self.all[id.0 as usize];
        named.members -= 1;
        if named.members == 0 {
            self.populated[named.space as usize] -= 1;
            self.empties(id, now);
        }
    }

    /// Notes that a channel is the last that is empty.
    fn empties(&mut self, id: ChannelId, now: Duration) {
        let named = &mut self.all[id.0 as usize];
        let space = named.space as usize;
        self.moments[space] += 1;
        let moment = self.moments[space];
        if named.emptied.replace((moment, now)).is_some() {
            self.empty[space].remove(id.0);
        }
        self.empty[space].push(id.0);
    }

    /// Drops what is too old of all logs, and forgets channels that have been empty for too long.
    pub(super) fn expire(&mut self, now: Duration) {
        while let Some(&(due, id)) = self.ages.first()
            && due <= now
        {
            self.age(id, now);
        }
        for space in [Space::Relay, Space::Chat] {
            while let Some(longest) = self.longest_empty(space)
                && self.lapses_at(longest) <= now
            {
                self.forget(longest);
            }
        }
    }

    /// When something is too old.
    pub(super) fn due(&self) -> Option<Duration> {
        let spaces = [Space::Relay, Space::Chat].into_iter();
        let longest = spaces.filter_map(|space| self.longest_empty(space));
        let lapses = longest.map(|longest| self.lapses_at(longest));
        let ages = self.ages.first().map(|&(due, _)| due);
        lapses.chain(ages).min()
    }

    fn lapses_at(&self, id: ChannelId) -> Duration {
        let emptied = self.get(id).emptied.map(|(_, since)| since);
        emptied.unwrap_or_default() + self.bounds.age
    }

    /// Forgets a channel at once; it keeps its place for as long as something that was said in it is not handed out.
    fn forget(&mut self, id: ChannelId) {
        self.keep(id);
        let named = &mut self.all[id.0 as usize];
        let space = named.space as usize;
        let log = mem::take(&mut named.log);
        named.is_forgotten = true;
        let times = named.channel.said() + 1;
        self.sum = self.sum.wrapping_sub(named.token.wrapping_mul(times));
        self.by_name[space].remove(&*named.source.channel);
        if named.emptied.is_some() {
            self.empty[space].remove(id.0);
        }
        if named.quiet.is_some() {
            self.quiet[space].remove(id.0);
        }
        if let Some(due) = named.ages_at {
            self.ages.remove(&(due, id));
        }
        if !named.is_loud {
            self.all.remove(id.0 as usize);
        }
        self.count((log.bytes(), log.messages()), (0, 0));
    }

    /// Forgets all of the chat, as if there had never been one. Nobody is in any, and all that was said in them is handed out.
    pub(super) fn forget_chat(&mut self) {
        let chat = Space::Chat as usize;
        self.all.retain(|_, named| {
            debug_assert!(named.space == Space::Relay || !named.is_loud);
            named.space == Space::Relay
        });
        let all = &self.all;
        self.ages.retain(|(_, id)| all.contains(id.0 as usize));
        self.by_name[chat] = BTreeMap::new();
        self.populated[chat] = 0;
        self.empty[chat] = Order::default();
        self.quiet[chat] = Order::default();
        self.moments[chat] = 0;
        self.epoch = 0;
        self.sum = 0;
        self.frozen = Frozen::default();
        self.restored = Restored::default();
        let logs = || self.all.iter().map(|(_, named)| &named.log);
        let kept = (
            logs().map(Log::bytes).sum(),
            logs().map(Log::messages).sum(),
        );
        (self.bytes, self.messages) = kept;
    }

    /// Notes that all that was said in a channel is handed out.
    pub(super) fn quieten(&mut self, id: ChannelId) {
        let named = &mut self.all[id.0 as usize];
        named.is_loud = false;
        if named.is_forgotten {
            self.all.remove(id.0 as usize);
        }
    }

    /// Those of a space that have members, by name.
    pub(super) fn of(&self, space: Space) -> impl Iterator<Item = (&str, ChannelId)> {
        let all = self.by_name[space as usize].iter();
        all.map(|(name, &id)| (&**name, id))
            .filter(|&(_, id)| self.get(id).members > 0)
    }

    /// How many of a space there are, those that nobody is in included.
    pub(super) fn remembered(&self, space: Space) -> usize {
        self.by_name[space as usize].len()
    }

    /// Tells channels of the chat that are alike from others.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    pub(super) fn populated(&self, space: Space) -> usize {
        self.populated[space as usize]
    }

    /// Bytes of what all logs keep, and messages.
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.bytes, self.messages)
    }
}

/// A number that hardly any other life of a channel has.
fn token(source: &Source) -> u64 {
    let digest = Sha256::new()
        .chain_update(source.epoch.to_le_bytes())
        .chain_update(source.channel.as_bytes())
        .finalize();
    let (first, _) = digest.split_first_chunk().expect("it has 32 bytes");
    u64::from_le_bytes(*first)
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    #[test]
    fn what_is_needed_when_something_is_said_is_in_three_lines_of_a_cache() {
        assert_eq!(offset_of!(Named, source), 3 * 64);
        assert_eq!(size_of::<Option<Named>>(), 4 * 64);
    }
}
