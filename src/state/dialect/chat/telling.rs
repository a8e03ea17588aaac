//! What a program is told of the chat, if there is one.

use super::Registry;
use crate::{
    state::events::{BatchRecord, Events, EventsRecord, Settlement, VacancyRecord},
    vocabulary::{time::Moment, webhook::Topics},
};

impl Registry {
    /// What it is told of.
    pub fn events(&self) -> Option<&Events> {
        self.events.as_deref()
    }

    /// The same, to be added to.
    pub(super) fn events_mut(&mut self) -> Option<&mut Events> {
        self.events.as_deref_mut()
    }

    /// Kinds of that.
    pub fn topics(&self) -> Option<Topics> {
        self.events().map(Events::topics)
    }

    /// Whether it is told all of that by now.
    pub fn are_events_told(&self) -> bool {
        self.events().is_none_or(Events::are_told)
    }

    /// Bytes of that.
    pub fn event_bytes(&self) -> usize {
        self.events().map_or(0, Events::heap_bytes)
    }

    /// Notes that what it is told of has begun by a moment of a sequence that others share.
    pub fn begin_events(&mut self, moment: Moment) {
        if let Some(events) = &mut self.events {
            events.begin(moment);
        }
    }

    /// Notes what became of some of that.
    pub fn settle(&mut self, settlement: Settlement, moment: Moment) {
        if let Some(events) = &mut self.events {
            events.settle(settlement, moment);
        }
    }

    /// What waits to be told is lost with all that servers shared.
    pub fn lose_events(&mut self) {
        if let Some(events) = &mut self.events {
            events.lose();
        }
    }

    /// Has it told again, if it wanted to be told nothing more: all servers have ended that knew what there is.
    pub fn tell_again(&mut self) {
        if let Some(events) = &mut self.events {
            events.try_again();
        }
    }

    /// Has all that is to be told written down as it is now: first this.
    pub fn freeze_events(&mut self) -> Option<EventsRecord> {
        Some(self.events.as_mut()?.freeze())
    }

    /// The next of what was frozen that is to be told.
    pub fn next_frozen_batch(&mut self) -> Option<BatchRecord> {
        self.events.as_mut()?.next_frozen_batch()
    }

    /// The next channel of what was frozen that is empty, and not said to be.
    pub fn next_frozen_vacancy(&mut self) -> Option<VacancyRecord> {
        self.events.as_mut()?.next_frozen_vacancy()
    }

    /// Goes on from what another server has recorded. `None` if it could not have.
    pub fn restore_events(&mut self, record: EventsRecord) -> Option<()> {
        self.events.as_mut()?.restore(record)
    }

    /// Takes in some of what it is to tell. `None` if it could not be.
    pub fn restore_batch(&mut self, record: BatchRecord) -> Option<()> {
        self.events.as_mut()?.restore_batch(record)
    }

    /// Takes in a channel that it waits for. `None` if it could not.
    pub fn restore_vacancy(&mut self, record: VacancyRecord) -> Option<()> {
        self.events.as_mut()?.restore_vacancy(record)
    }
}
