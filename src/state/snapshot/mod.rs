//! The chat as of a place in the sequence, as bytes: who comes later loads it, and goes on alike from there.

mod rules;

use std::mem;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::rules::Rules;
use super::{
    dialect::chat::{PersonRecord, ReceiptRecord, Registry, SummaryRecord},
    events::{BatchRecord, EventsRecord, VacancyRecord},
    hub::{ChannelRecord, Hub, HubRecord},
};
use crate::vocabulary::{config::PEOPLE_EXPECTED_MAX, id::NodeId, time::Moment};

/// A part of it. Who has the same sequence writes the same of them, but for the order of channels and people. A server of an
/// earlier release may have left one: new parts go to the end.
#[derive(Debug, Deserialize, Serialize)]
pub enum Record {
    /// The moment, and what is common to all channels.
    Head {
        /// By what rules all else came about.
        rules: Rules,
        /// The moment by the time of the sequence.
        at: Duration,
        /// The same as it is told.
        unix_ms: u64,
        /// What is common to all channels.
        hub: HubRecord,
        /// How many ever entered.
        entered: u64,
        /// How many of them are there.
        people: u32,
    },
    /// A channel.
    Channel(ChannelRecord),
    /// Someone, in channels that were written down before.
    Person(PersonRecord),
    /// What is to be said in a channel.
    Summary(SummaryRecord),
    /// That it is whole.
    End,
    /// Something that is not to be said again.
    Receipt(ReceiptRecord),
    /// That a program is told what happens, and what is common to all of that; it comes before the rest of it.
    Events(EventsRecord),
    /// Some of what it is to be told.
    Batch(BatchRecord),
    /// A channel that is empty, of which it may have to be told.
    Vacancy(VacancyRecord),
}

/// A snapshot that is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// Its bytes are no records, or it ends too soon.
    #[error("the snapshot of the other server is damaged")]
    Damaged,
    /// Its records do not fit each other.
    #[error("the snapshot of the other server makes no sense")]
    Senseless,
    /// The other server makes something else of what is said and done. The operator's to mend.
    #[error(
        "{flag} is {ours} here and {theirs} at the other servers of the hub; start all of them with the same"
    )]
    Rules {
        /// The flag that says so.
        flag: &'static str,
        /// What it says here.
        ours: String,
        /// What it says there.
        theirs: String,
    },
}

/// A snapshot that is being written, a share of it in each turn, while the chat goes on.
#[derive(Debug)]
pub struct Writing {
    bytes: Vec<u8>,
    summaries: Vec<SummaryRecord>,
}

impl Writing {
    /// Begins to write what a server knows of the chat by now; its own clients have their numbers at `ours`. What was begun
    /// before and is not whole never will be.
    pub fn begin(hub: &mut Hub, registry: &mut Registry, ours: NodeId) -> Self {
        hub.freeze();
        let moment = hub.moment();
        let head = Record::Head {
            rules: rules(hub, registry),
            at: moment.at,
            unix_ms: moment.unix_ms,
            hub: hub.record(),
            entered: registry.freeze(hub, ours),
            people: registry.people(),
        };
        let mut writing = Self {
            bytes: Vec::new(),
            summaries: registry.summaries(hub),
        };
        writing.add(&head);
        if let Some(events) = registry.freeze_events() {
            writing.add(&Record::Events(events));
        }
        writing
    }

    /// Writes about so many bytes more. Returns whether that was all.
    pub fn go_on(&mut self, hub: &mut Hub, registry: &mut Registry, bytes: usize) -> bool {
        let end = self.bytes.len().saturating_add(bytes);
        while self.bytes.len() < end {
            let channel = hub.next_frozen().map(Record::Channel);
            // Whoever is in a channel comes after it.
            let next = channel
                .or_else(|| registry.next_frozen(hub).map(Record::Person))
                .or_else(|| registry.next_frozen_receipt().map(Record::Receipt))
                .or_else(|| registry.next_frozen_batch().map(Record::Batch))
                .or_else(|| registry.next_frozen_vacancy().map(Record::Vacancy));
            let Some(record) = next else {
                for summary in mem::take(&mut self.summaries) {
                    self.add(&Record::Summary(summary));
                }
                self.add(&Record::End);
                return true;
            };
            self.add(&record);
        }
        false
    }

    /// The snapshot.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn add(&mut self, record: &Record) {
        let bytes = mem::take(&mut self.bytes);
        self.bytes = postcard::to_extend(record, bytes).expect("memory grows");
    }
}

/// The records of a snapshot in an order of their own: who knows the same has the same of them.
pub fn records(mut snapshot: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let Ok((_, rest)) = Record::take(snapshot) {
        let (record, _) = snapshot.split_at(snapshot.len() - rest.len());
        records.push(record.to_vec());
        snapshot = rest;
    }
    records.sort_unstable();
    records
}

fn rules(hub: &Hub, registry: &Registry) -> Rules {
    Rules::new(registry.notice_limit(), hub.history())
}

impl Record {
    /// The first record, and what is behind it.
    ///
    /// # Errors
    /// There is none.
    pub fn take(snapshot: &[u8]) -> Result<(Self, &[u8]), SnapshotError> {
        postcard::take_from_bytes(snapshot).map_err(|_| SnapshotError::Damaged)
    }

    /// Makes known what it says.
    fn restore(self, hub: &mut Hub, registry: &mut Registry) -> Result<(), SnapshotError> {
        let restored = match self {
            Self::Head {
                rules: theirs,
                at,
                unix_ms,
                hub: head,
                entered,
                people,
            } => {
                rules(hub, registry).agree(&theirs)?;
                hub.begin_at(Moment { at, unix_ms });
                let people = people.min(PEOPLE_EXPECTED_MAX) as usize;
                hub.resume_from(&head, people);
                registry.resume_from(entered, people);
                Some(())
            }
            Self::Channel(record) => hub.restore(&record).map(|_| ()),
            Self::Person(record) => registry.restore(hub, &record),
            Self::Summary(record) => registry.restore_summary(hub, &record),
            Self::Receipt(record) => registry.restore_receipt(record),
            Self::Events(record) => {
                rules::agree_on_events(registry.topics(), Some(record.topics))?;
                registry.restore_events(record)
            }
            Self::Batch(record) => registry.restore_batch(record),
            Self::Vacancy(record) => registry.restore_vacancy(record),
            Self::End => Some(()),
        };
        restored.ok_or(SnapshotError::Senseless)
    }
}

/// How far a server that knew nothing of the chat has come with a snapshot, a share of it in each turn.
#[derive(Debug, Default)]
pub struct Reading {
    /// Bytes of the snapshot that are known by now.
    read: usize,
    /// Whether a program is told what happens.
    has_events: bool,
}

impl Reading {
    /// Whether some of it is known, and some is not.
    pub fn is_begun(&self) -> bool {
        self.read > 0
    }

    /// Makes about so many bytes more of a snapshot known. Returns whether that was all.
    ///
    /// # Errors
    /// It is no snapshot; what was made of it by then is of no use.
    pub fn go_on(
        &mut self,
        hub: &mut Hub,
        registry: &mut Registry,
        snapshot: &[u8],
        bytes: usize,
    ) -> Result<bool, SnapshotError> {
        let end = self.read.saturating_add(bytes);
        while self.read < end {
            let (record, rest) = Record::take(snapshot.get(self.read..).unwrap_or_default())?;
            self.read = snapshot.len() - rest.len();
            self.has_events |= matches!(record, Record::Events(_));
            if let Record::End = record {
                if !self.has_events {
                    rules::agree_on_events(registry.topics(), None)?;
                }
                hub.put_in_order();
                *self = Self::default();
                return Ok(true);
            }
            record.restore(hub, registry)?;
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
