//! The chat as of a place in the sequence, as bytes: who comes later loads it, and goes on alike from there.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    commons::Commons,
    dialect::chat::{PersonRecord, SessionsRecord, SummaryRecord},
    hub::{ChannelRecord, HubRecord},
};
use crate::vocabulary::{id::NodeId, time::Moment};

/// A part of it, in the order in which they come.
#[derive(Debug, Deserialize, Serialize)]
enum Record {
    /// The moment, and what is common to all channels.
    Head {
        at: Duration,
        unix_ms: u64,
        hub: HubRecord,
    },
    Channel(ChannelRecord),
    Person(PersonRecord),
    Sessions(SessionsRecord),
    Summary(SummaryRecord),
    /// That it is whole.
    End,
}

/// A snapshot that is none.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// Its bytes are no records, or it ends too soon.
    #[error("the snapshot of the other server is damaged")]
    Damaged,
    /// Its records do not fit each other.
    #[error("the snapshot of the other server makes no sense")]
    Senseless,
}

/// What a server knows of the chat; its own clients have their numbers at `ours`.
pub fn freeze(commons: &Commons, ours: NodeId) -> Vec<u8> {
    let Commons { hub, registry, .. } = commons;
    let mut bytes = Vec::new();
    let moment = hub.moment();
    let head = Record::Head {
        at: moment.at,
        unix_ms: moment.unix_ms,
        hub: hub.record(),
    };
    let (people, sessions) = registry.records(hub, ours);
    let records = [head].into_iter();
    let records = records
        .chain(hub.records().map(Record::Channel))
        .chain(people.into_iter().map(Record::Person))
        .chain(sessions.into_iter().map(Record::Sessions))
        .chain(registry.summaries(hub).into_iter().map(Record::Summary))
        .chain([Record::End]);
    for record in records {
        bytes = postcard::to_extend(&record, bytes).expect("memory grows");
    }
    bytes
}

/// Makes it known to a server that knows nothing of the chat yet.
///
/// # Errors
/// It is no snapshot; what was made of it by then is of no use.
pub fn thaw(commons: &mut Commons, mut bytes: &[u8]) -> Result<(), SnapshotError> {
    let Commons { hub, registry, .. } = commons;
    loop {
        let taken = postcard::take_from_bytes(bytes);
        let (record, rest) = taken.map_err(|_| SnapshotError::Damaged)?;
        bytes = rest;
        let restored = match record {
            Record::Head {
                at,
                unix_ms,
                hub: head,
            } => {
                hub.reach(Moment { at, unix_ms });
                hub.resume_from(&head);
                Some(())
            }
            Record::Channel(record) => hub.restore(&record).map(|_| ()),
            Record::Person(record) => registry.restore(hub, &record),
            Record::Sessions(record) => registry.restore_order(hub, &record),
            Record::Summary(record) => registry.restore_summary(hub, &record),
            Record::End => return Ok(()),
        };
        restored.ok_or(SnapshotError::Senseless)?;
    }
}

#[cfg(test)]
mod tests;
