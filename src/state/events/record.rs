//! The record of events as it is, to be known elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Events;
use crate::vocabulary::{chat::Span, webhook::Topics};

/// More numbers than are ever given, so that one more can always be.
const NUMBERS_MAX: u64 = 1 << 53;

/// What is common to all events.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct EventsRecord {
    /// What is told.
    pub(in crate::state) topics: Topics,
    is_gone: bool,
    start: Option<Box<str>>,
    last: u64,
    told: u64,
    open: Option<OpenRecord>,
    /// How many channels have ever waited to be vacated.
    vacancies: u64,
}

/// Events to which others may still be added.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct OpenRecord {
    pub(super) span: Span,
    pub(super) unix_ms: u64,
    pub(super) since: Duration,
    /// An array without its end.
    pub(super) events: Box<str>,
}

/// Events that are told together.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct BatchRecord {
    pub(super) span: Span,
    pub(super) unix_ms: u64,
    /// An array.
    pub(super) events: Box<str>,
}

/// A channel that has lost its last member.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct VacancyRecord {
    /// How many had waited when it began to.
    pub(super) place: u64,
    pub(super) due: Duration,
    pub(super) channel: Box<str>,
}

impl Events {
    /// Has all written down as it is now: first this.
    pub fn freeze(&mut self) -> EventsRecord {
        self.queue.freeze();
        self.vacancies.freeze();
        EventsRecord {
            topics: self.topics,
            is_gone: self.is_gone,
            start: self.start.as_deref().map(Into::into),
            last: self.last,
            told: self.queue.told(),
            open: self.queue.open_record(),
            vacancies: self.vacancies.begun(),
        }
    }

    /// The next that is to be told of what was frozen.
    pub fn next_frozen_batch(&mut self) -> Option<BatchRecord> {
        self.queue.next_frozen()
    }

    /// The next channel of what was frozen.
    pub fn next_frozen_vacancy(&mut self) -> Option<VacancyRecord> {
        self.vacancies.next_frozen()
    }

    /// Goes on, where nothing has happened yet, from what another server has recorded. `None` if it could not have.
    pub fn restore(&mut self, record: EventsRecord) -> Option<()> {
        let EventsRecord {
            is_gone,
            start,
            last,
            told,
            open,
            vacancies,
            ..
        } = record;
        self.is_gone = is_gone;
        self.start = start.map(|start| (&*start).into());
        self.last = last;
        self.vacancies.restore(vacancies);
        let are_numbers = told <= last && last < NUMBERS_MAX && vacancies < NUMBERS_MAX;
        let is_open_good = open
            .as_ref()
            .is_none_or(|open| self.has_recorded(open.span));
        if !are_numbers || !is_open_good {
            return None;
        }
        self.queue.restore(told, open)
    }

    /// Takes in a batch of it. `None` if there is none like it.
    pub fn restore_batch(&mut self, record: BatchRecord) -> Option<()> {
        if !self.has_recorded(record.span) {
            return None;
        }
        self.queue.restore_batch(record)
    }

    /// Takes in a channel of it. `None` if it could not wait.
    pub fn restore_vacancy(&mut self, record: VacancyRecord) -> Option<()> {
        self.vacancies.restore_one(record)
    }

    fn has_recorded(&self, span: Span) -> bool {
        (1..=self.last).contains(&span.from) && (span.from..=self.last).contains(&span.to)
    }
}
