//! Who is in which channel, in the order of ids, and what is told of them: encoded once for all who ask for the same.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::rc::Rc;

use serde_json::value::RawValue;

use super::{clients::Clients, people::People};
use crate::{
    state::{
        hub::{ChannelId, ClientId},
        memory::{of_table, of_tree},
    },
    vocabulary::chat::Identity,
};

/// The members of all channels.
#[derive(Debug, Default)]
pub(super) struct Rosters {
    by_channel: HashMap<ChannelId, Roster>,
    /// Channels of which all is kept until the turn is over. The first page of a larger one is kept for as long as it is
    /// true: it is small beside those who are in the channel.
    listed: Vec<ChannelId>,
}

/// The members of a channel.
#[derive(Debug, Default)]
struct Roster {
    /// The sessions of each.
    by_id: BTreeMap<Rc<str>, Clients>,
    /// The first page, as it was asked for last.
    first: Option<(usize, Page)>,
}

/// Some members of a channel.
#[derive(Clone, Debug)]
pub struct Page {
    /// The members, as an array.
    pub members: Rc<RawValue>,
    /// How many.
    pub listed: usize,
    /// The id of the last of them, if there are more.
    pub next: Option<Rc<str>>,
}

impl Rosters {
    /// Makes room for so many channels.
    pub(super) fn reserve(&mut self, channels: usize) {
        self.by_channel.reserve(channels);
    }

    /// Adds a member.
    pub(super) fn join(&mut self, channel: ChannelId, client: ClientId, id: &Rc<str>) {
        let roster = self.by_channel.entry(channel).or_default();
        roster.forget_first(id);
        if let Some(sessions) = roster.by_id.get_mut(id) {
            sessions.insert(client);
        } else {
            roster.by_id.insert(Rc::clone(id), Clients::One(client));
        }
    }

    /// Takes a member away.
    pub(super) fn leave(&mut self, channel: ChannelId, client: ClientId, id: &str) {
        let Some(roster) = self.by_channel.get_mut(&channel) else {
            return;
        };
        roster.forget_first(id);
        let sessions = roster.by_id.get_mut(id);
        if sessions.is_some_and(|sessions| sessions.remove(client)) {
            roster.by_id.remove(id);
        }
        if roster.by_id.is_empty() {
            self.by_channel.remove(&channel);
        }
    }

    /// Up to `limit` members whose ids come after another, if one is named; those of one id together, even where they
    /// alone are more.
    pub(super) fn page(
        &mut self,
        channel: ChannelId,
        after: Option<&str>,
        limit: usize,
        people: &People,
    ) -> Page {
        let Some(roster) = self.by_channel.get_mut(&channel) else {
            return Page::of(&[], None);
        };
        if let (None, Some((of, first))) = (after, &roster.first)
            && *of == limit
        {
            return first.clone();
        }
        let page = roster.page(after, limit, people);
        if after.is_none() {
            roster.first = Some((limit, page.clone()));
            if page.next.is_none() {
                self.listed.push(channel);
            }
        }
        page
    }

    /// Forgets what was encoded for this turn.
    pub(super) fn end_turn(&mut self) {
        for channel in self.listed.drain(..) {
            if let Some(roster) = self.by_channel.get_mut(&channel) {
                roster.first.take_if(|(_, page)| page.next.is_none());
            }
        }
    }

    /// Bytes that the members of a channel take.
    pub(super) fn heap_bytes_of(&self, channel: ChannelId) -> usize {
        self.by_channel.get(&channel).map_or(0, Roster::heap_bytes)
    }

    /// Bytes that all take beside.
    pub(super) fn heap_bytes_beside(&self) -> usize {
        of_table::<(ChannelId, Roster)>(self.by_channel.capacity())
    }
}

impl Roster {
    fn heap_bytes(&self) -> usize {
        let first = self.first.as_ref();
        let several = self.by_id.values().map(Clients::heap_bytes);
        of_tree::<(Rc<str>, Clients)>(self.by_id.len())
            + several.sum::<usize>()
            + first.map_or(0, |(_, page)| page.members.get().len())
    }

    /// Forgets the first page if whoever comes or goes is on it.
    fn forget_first(&mut self, id: &str) {
        let is_on_it = |page: &Page| page.next.as_deref().is_none_or(|last| id <= last);
        if self.first.as_ref().is_some_and(|(_, page)| is_on_it(page)) {
            self.first = None;
        }
    }

    fn page(&self, after: Option<&str>, limit: usize, people: &People) -> Page {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = self.by_id.range::<str, _>((start, Bound::Unbounded));
        let mut identities: Vec<&Identity> = Vec::new();
        let mut clients = Vec::new();
        let mut last = None;
        let mut is_all = true;
        for (id, sessions) in rest.by_ref() {
            if limit == 0 || !identities.is_empty() && identities.len() + sessions.len() > limit {
                is_all = false;
                break;
            }
            // All servers list them in the order in which they entered.
            clients.clear();
            clients.extend(sessions.iter());
            if clients.len() > 1 {
                clients.sort_unstable_by_key(|&client| people.entered(client));
            }
            identities.extend(clients.iter().map(|&client| &**people.identity(client)));
            last = Some(Rc::clone(id));
        }
        Page::of(&identities, last.filter(|_| !is_all))
    }
}

impl Page {
    fn of(identities: &[&Identity], next: Option<Rc<str>>) -> Self {
        let members = serde_json::value::to_raw_value(identities);
        Self {
            members: members.expect("texts are always JSON").into(),
            listed: identities.len(),
            next,
        }
    }
}
