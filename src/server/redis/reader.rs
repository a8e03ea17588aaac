//! The connection that reads the journal, entry by entry, as fast as they are taken.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use super::{
    LinkError,
    connection::Connection,
    entry::{Entry, EntryError, EntryId},
    keys,
    outage::Outage,
    resp::Reply,
};
use crate::{
    server::stream::Stream,
    vocabulary::{
        config::{REDIS_BLOCK, REDIS_READ_BYTES, REDIS_READ_ENTRIES_MAX},
        redis::RedisUrl,
    },
};

/// Reads ahead of those who take, by what one answer holds.
#[derive(Debug)]
pub(super) struct Reader<S> {
    pub(super) connection: Connection<S>,
    journal: String,
    /// The last entry that was received; nothing is read as long as nobody knows where to begin.
    after: Option<EntryId>,
    received: VecDeque<Entry>,
    received_bytes: usize,
    /// Entries that are asked for at once, as many as fit into an answer of a moderate size.
    count: usize,
    /// Whether there was nothing more in the journal, when it was last asked.
    is_at_end: bool,
}

impl<S: Stream> Reader<S> {
    pub(super) fn new(url: Rc<RedisUrl>, prefix: &str, seed: u64) -> Self {
        Self {
            journal: keys::journal(prefix),
            connection: Connection::new(url, seed),
            after: None,
            received: VecDeque::new(),
            received_bytes: 0,
            count: 1,
            is_at_end: false,
        }
    }

    /// Begins anew behind an entry, or stops.
    pub(super) fn seek(&mut self, after: Option<EntryId>, now: Duration) {
        self.after = after;
        self.received.clear();
        self.received_bytes = 0;
        self.is_at_end = false;
        self.connection.renew(now);
    }

    /// Takes what has come, and asks for more while there is room for it.
    ///
    /// # Errors
    /// The journal holds what we cannot read.
    pub(super) fn advance(&mut self, now: Duration) -> Result<(), LinkError> {
        if let Some(reply) = self.connection.answer(now) {
            match reply {
                Reply::Nil => self.is_at_end = true,
                Reply::Error(error) => {
                    // There is no hurry: it is asked again by another connection.
                    let outage = Outage::told(&error);
                    self.connection.complain(outage.clone(), now);
                    self.connection.fail(outage, now);
                }
                reply => self.receive(reply, now)?,
            }
        }
        if self.connection.facts().is_none() {
            // What an answer would hold may have been what the last connection ended of.
            self.count = 1;
        }
        if let Some(after) = self.after
            && self.connection.is_free()
            && self.received_bytes < REDIS_READ_BYTES
        {
            let words = [
                "XREAD",
                "COUNT",
                &self.count.to_string(),
                "BLOCK",
                &REDIS_BLOCK.as_millis().to_string(),
                "STREAMS",
                &self.journal,
                &after.to_string(),
            ];
            let words = words.map(str::as_bytes);
            self.connection.ask(&words, REDIS_BLOCK, now);
        }
        Ok(())
    }

    /// The next entry.
    pub(super) fn next(&mut self) -> Option<Entry> {
        let entry = self.received.pop_front()?;
        self.received_bytes -= entry.bytes;
        Some(entry)
    }

    /// Whether there are entries to be taken.
    pub(super) fn has_next(&self) -> bool {
        !self.received.is_empty()
    }

    /// Whether all is taken that was there when the journal was last asked.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end && self.received.is_empty()
    }

    /// What is in the journal now may not have been there before.
    pub(super) fn look_again(&mut self) {
        self.is_at_end = false;
    }

    fn receive(&mut self, reply: Reply, now: Duration) -> Result<(), LinkError> {
        let entries = match reply {
            Reply::Map(streams) => streams.into_iter().next().map(|(_, entries)| entries),
            _ => None,
        };
        let Some(Reply::List(entries)) = entries else {
            self.connection
                .fail(Outage::unexpected("where entries were asked for"), now);
            return Ok(());
        };
        let is_full = entries.len() >= self.count;
        let mut bytes = 0;
        for entry in entries {
            let entry = match Entry::read(entry) {
                Ok(entry) => entry,
                Err(EntryError::Version(version)) => return Err(version.into()),
                Err(EntryError::None) => {
                    let outage = Outage::unexpected("in place of an entry");
                    self.connection.fail(outage, now);
                    return Ok(());
                }
            };
            bytes += entry.bytes;
            self.after = Some(entry.id);
            self.received.push_back(entry);
        }
        self.received_bytes += bytes;
        if bytes > REDIS_READ_BYTES {
            self.count = (self.count / 2).max(1);
        } else if is_full && bytes < REDIS_READ_BYTES / 2 {
            self.count = (self.count * 2).min(REDIS_READ_ENTRIES_MAX);
        }
        Ok(())
    }
}
