//! Clients and channels one after the other, for those who look at all of them: so that it need not be in one go.

use std::ops::Bound;

use super::{ChannelId, Client, Hub, Mail, Space};
use crate::state::{batch::OpenBatch, memory::of_list};

impl Hub {
    /// How many places clients and channels have taken, each its own.
    pub fn places(&self) -> usize {
        self.clients.capacity().max(self.channels.places())
    }

    /// The channel in a place, with its space.
    pub fn channel_at(&self, place: usize) -> Option<(Space, ChannelId)> {
        self.channels.at(place)
    }

    /// The channels of a space by name, from one on, those included that nobody is in.
    pub fn channels_from(
        &self,
        space: Space,
        start: Bound<&str>,
    ) -> impl Iterator<Item = (&str, ChannelId)> {
        self.channels.from(space, start)
    }

    /// Bytes of the client and of the channel in a place without its log, and those of the log.
    pub fn heap_bytes_at(&self, place: usize) -> (usize, usize) {
        let client = self.clients.get(place).map_or(0, Client::heap_bytes);
        let (channel, log) = self.channels.heap_bytes_at(place);
        (client + channel, log)
    }

    /// Bytes that it takes beside, without what deflates.
    pub fn heap_bytes_beside(&self) -> usize {
        of_list::<Client>(self.clients.capacity())
            + self.channels.heap_bytes_beside()
            + self.replays.heap_bytes()
            + of_list::<(u32, Mail)>(self.mail.capacity())
            + self.spare.iter().map(OpenBatch::heap_bytes).sum::<usize>()
    }

    /// Bytes that it takes without logs and without what deflates, and those of the logs.
    pub fn heap_bytes(&self) -> (usize, usize) {
        let places = (0..self.places()).map(|place| self.heap_bytes_at(place));
        places.fold((self.heap_bytes_beside(), 0), |sums, more| {
            (sums.0 + more.0, sums.1 + more.1)
        })
    }
}
