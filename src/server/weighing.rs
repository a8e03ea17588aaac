//! Where memory goes: all at once, or one place after the other.

use std::time::Duration;

use super::{Server, Tenant, stream::Stream};
use crate::{
    state::{
        commons::Commons,
        memory::{Memory, of_list},
    },
    vocabulary::config::LEDGER_INTERVAL,
};

/// Bytes held, and when that was.
pub(super) type Ledger = Option<(Duration, Memory)>;

impl<S: Stream> Server<S> {
    /// Bytes held, by what they are for.
    pub fn memory(&self) -> Memory {
        let mut memory = Memory::default();
        for place in 0..self.places() {
            self.weigh(place, &mut memory);
        }
        self.weigh_beside(&mut memory);
        memory
    }

    /// The same as of not long ago, since it takes a look at everyone.
    pub(super) fn ledger(&mut self) -> Memory {
        let now = self.world.now.monotonic;
        let recent = self.ledger.filter(|(at, _)| now < *at + LEDGER_INTERVAL);
        let (at, memory) = recent.unwrap_or_else(|| (now, self.memory()));
        self.ledger = Some((at, memory));
        memory
    }

    /// How many places have been taken by connections, by clients, by people and by channels, each of which counts its own.
    pub(super) fn places(&self) -> usize {
        let Commons { hub, registry, .. } = &self.world.commons;
        let places = self.tenants.capacity().max(hub.places());
        places.max(registry.places())
    }

    /// Adds what those in a place take.
    pub(super) fn weigh(&self, place: usize, memory: &mut Memory) {
        if let Some(tenant) = self.tenants.get(place) {
            tenant.connection.weigh(memory);
        }
        let Commons { hub, registry, .. } = &self.world.commons;
        let (channels, logs) = hub.heap_bytes_at(place);
        let channel = hub.channel_at(place).map(|(_, channel)| channel);
        memory.channels += channels;
        memory.logs += logs;
        memory.people += registry.heap_bytes_at(place, channel);
    }

    /// Adds what all take beside.
    pub(super) fn weigh_beside(&self, memory: &mut Memory) {
        let Commons { hub, registry, .. } = &self.world.commons;
        let world = &self.world;
        let lists = self.writers.capacity() + self.ended.capacity() + self.due.capacity();
        memory.connections += of_list::<Tenant<S>>(self.tenants.capacity())
            + self.timers.heap_bytes()
            + world.addresses.heap_bytes()
            + world.door.heap_bytes()
            + self.readers.heap_bytes()
            + self.survey.heap_bytes()
            + world.turns.heap_bytes()
            + world.fanouts.heap_bytes()
            + of_list::<u32>(lists + world.errands.capacity());
        memory.channels += hub.heap_bytes_beside();
        memory.people += registry.heap_bytes_beside();
        memory.receipts += registry.receipts_bytes();
        memory.events += registry.event_bytes() + world.webhook_bytes();
        memory.compression += hub.press().heap_bytes() + world.protocol.heap_bytes();
        memory.input += self.receive_buffer.len();
    }
}
