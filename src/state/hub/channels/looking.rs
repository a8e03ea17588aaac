//! Channels one after the other, for those who look at all of them.

use std::ops::Bound;
use std::rc::Rc;
use std::time::Duration;

use super::{super::ChannelId, Channels, Named};
use crate::state::{
    hub::Space,
    memory::{of_list, of_shared, of_shared_text},
    order::Order,
    seal::Source,
};

impl Channels {
    /// How many places there are.
    pub(in crate::state::hub) fn places(&self) -> usize {
        self.all.capacity()
    }

    /// The channel in a place, with its space.
    pub(in crate::state::hub) fn at(&self, place: usize) -> Option<(Space, ChannelId)> {
        let named = self.all.get(place).filter(|named| !named.is_forgotten)?;
        Some((named.space, ChannelId(crate::state::hub::id(place))))
    }

    /// Bytes that the channel in a place takes without its log, and those of the log.
    pub(in crate::state::hub) fn heap_bytes_at(&self, place: usize) -> (usize, usize) {
        self.all.get(place).map_or((0, 0), |named| {
            let name = of_shared_text(&named.source.channel);
            let channel = of_shared::<Source>() + name + named.channel.heap_bytes();
            (channel, named.log.heap_bytes())
        })
    }

    /// Bytes that they take beside.
    pub(in crate::state::hub) fn heap_bytes_beside(&self) -> usize {
        let entries = self.all.len() * size_of::<(Rc<str>, ChannelId)>();
        let orders = self.empty.iter().chain(&self.quiet);
        let orders = orders.map(Order::heap_bytes).sum::<usize>();
        of_list::<Named>(self.all.capacity())
            + entries
            + orders
            + of_list::<(Duration, ChannelId)>(self.ages.len())
    }

    /// Those of a space by name, from one on, whether they have members or not.
    pub(in crate::state::hub) fn from(
        &self,
        space: Space,
        start: Bound<&str>,
    ) -> impl Iterator<Item = (&str, ChannelId)> {
        let all = self.by_name[space as usize].range::<str, _>((start, Bound::Unbounded));
        all.map(|(name, &id)| (&**name, id))
    }
}
