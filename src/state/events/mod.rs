//! The record of events that a program is told of: what happens in the chat, numbered without holes, in batches that are cut
//! by rule alone. Whoever has the same sequence has the same record, and the same batches under the same ids.

mod queue;
mod vacancies;

use std::time::Duration;

use serde_json::value::RawValue;
use uuid::Builder;

use self::{queue::Queue, vacancies::Vacancies};
use super::memory::of_list;
use crate::vocabulary::{
    chat::{Identity, Span},
    config::WEBHOOK_QUEUE_BYTES_MAX,
    id::NodeId,
    time::Moment,
    webhook::{Happening, Payload, Topic, Topics, WebhookSettings, encode},
};

/// What has happened, as far as it is to be told and was not told yet.
#[derive(Debug)]
pub struct Events {
    topics: Topics,
    gathering: Duration,
    /// What is told from the first moment of the sequence on: the beginning since which events are numbered.
    start: Option<Box<str>>,
    chance: fastrand::Rng,
    /// The number of the last event.
    last: u64,
    /// How many there were of each topic.
    counts: [u64; Topic::ALL.len()],
    queue: Queue,
    vacancies: Vacancies,
}

/// A batch that is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it is known by, whoever tells it and however often.
    pub id: String,
    /// The numbers of its events.
    pub span: Span,
    /// Numbers before them that are told to be missing.
    pub dropped: Option<Span>,
    /// What is told, as JSON.
    pub body: Vec<u8>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It was told.
    Told,
    /// It could not be told for too long: with the next one it is told that this is missing.
    GivenUp,
    /// Nobody wants to be told anything any more.
    Gone,
}

/// How it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Events of each topic.
    pub recorded: [u64; Topic::ALL.len()],
    /// Events that were dropped.
    pub dropped: u64,
    /// Bytes of those that wait.
    pub queue_bytes: usize,
}

impl Events {
    /// Nothing has happened yet. The seed decides how the beginning is called.
    pub fn new(settings: &WebhookSettings, seed: u64) -> Self {
        Self {
            topics: settings.topics,
            gathering: settings.pace.gathering,
            start: None,
            chance: fastrand::Rng::with_seed(seed),
            last: 0,
            counts: Default::default(),
            queue: Queue::default(),
            vacancies: Vacancies::new(settings.pace.vacancy),
        }
    }

    /// Goes on in the time of the sequence: cuts the batch whose time is up, and records which channels are vacated by then.
    pub fn reach(&mut self, moment: Moment) {
        self.begin(moment);
        self.queue.expire(moment.at, self.gathering);
        while let Some(channel) = self.vacancies.pop_due(moment.at) {
            self.record(Happening::Vacated { channel: &channel }, moment);
        }
    }

    /// When something is to be done that nobody brings about, by the time of the sequence.
    pub fn due(&self) -> Option<Duration> {
        if self.start.is_none() {
            return Some(Duration::ZERO);
        }
        let due = [self.queue.due(self.gathering), self.vacancies.due()];
        due.into_iter().flatten().min()
    }

    /// Someone became a member of a channel, which has so many now.
    pub fn join(&mut self, moment: Moment, channel: &str, who: &Identity, count: usize) {
        if count == 1 && !self.vacancies.call_off(channel) {
            self.record(Happening::Occupied { channel }, moment);
        }
        let member = who.mention();
        let joined = Happening::Joined {
            channel,
            member,
            count,
        };
        self.record(joined, moment);
    }

    /// Someone is a member of a channel no more, which has so many now.
    pub fn leave(&mut self, moment: Moment, channel: &str, who: &Identity, count: usize) {
        let member = who.mention();
        let left = Happening::Left {
            channel,
            member,
            count,
        };
        self.record(left, moment);
        let is_awaited = self.topics.have(Topic::Occupied) || self.topics.have(Topic::Vacated);
        if count == 0
            && is_awaited
            && let Some(channel) = self.vacancies.begin(channel, moment.at)
        {
            self.record(Happening::Vacated { channel: &channel }, moment);
        }
    }

    /// Whether anybody wants to know what is said.
    #[inline]
    pub fn hear(&self) -> bool {
        self.topics.have(Topic::Published)
    }

    /// A message was said in a channel; it is given with its number and time.
    pub fn publish(&mut self, moment: Moment, channel: &str, epoch: u64, message: &[u8]) {
        // What another server put into the sequence was not looked at until now.
        let Ok(message) = serde_json::from_slice::<&RawValue>(message) else {
            return;
        };
        let published = Happening::Published {
            channel,
            epoch,
            message,
        };
        self.record(published, moment);
    }

    /// The server ends, and with it all that is alone there: nobody is waited for any more.
    pub fn end(&mut self, moment: Moment) {
        while let Some(channel) = self.vacancies.pop() {
            self.record(Happening::Vacated { channel: &channel }, moment);
        }
        self.queue.cut();
    }

    /// The batch that is to be told now, by a node. Until it is [settled](Self::settle) it is the same.
    pub fn offer(&self, node: NodeId) -> Option<Offer> {
        let batch = self.queue.front()?;
        let start = self.start.as_deref()?;
        let Span { from, to } = batch.span;
        let dropped = self.queue.dropped();
        let payload = Payload {
            node,
            start,
            unix_ms: batch.unix_ms,
            dropped,
            events: batch.events(),
        };
        Some(Offer {
            id: format!("{start}_{from}-{to}"),
            span: batch.span,
            dropped,
            body: payload.encode(),
        })
    }

    /// Says what became of the batch with these numbers. Nothing is, if that is not the one that is to be told now.
    pub fn settle(&mut self, span: Span, settlement: Settlement) {
        if settlement == Settlement::Gone {
            self.topics = Topics::default();
            self.queue = Queue::default();
            self.vacancies.clear();
            return;
        }
        self.queue.settle(span, settlement == Settlement::Told);
    }

    /// Whether nothing waits to be told.
    pub fn are_told(&self) -> bool {
        self.queue.is_empty()
    }

    /// How it stands.
    pub fn counts(&self) -> EventCounts {
        EventCounts {
            recorded: self.counts,
            dropped: self.queue.dropped_ever(),
            queue_bytes: self.queue.bytes(),
        }
    }

    /// Bytes that they take.
    pub fn heap_bytes(&self) -> usize {
        self.queue.heap_bytes()
            + self.vacancies.heap_bytes()
            + of_list::<u8>(self.start.as_deref().map_or(0, str::len))
    }

    /// Records that all begins, unless it has.
    fn begin(&mut self, moment: Moment) {
        if self.start.is_some() {
            return;
        }
        let chance = self.chance.u128(..).to_le_bytes();
        let (chance, _) = chance.split_first_chunk().expect("16 are more than 10");
        let start = Builder::from_unix_timestamp_millis(moment.unix_ms, chance);
        self.start = Some(start.into_uuid().to_string().into());
        self.record(Happening::Started, moment);
    }

    /// Gives something the next number, if it is to be told.
    fn record(&mut self, happening: Happening<'_>, moment: Moment) {
        let topic = happening.topic();
        let is_wanted = topic.is_none_or(|topic| self.topics.have(topic));
        if !is_wanted {
            return;
        }
        self.begin(moment);
        self.last += 1;
        if let Some(topic) = topic {
            self.counts[topic as usize] += 1;
        }
        let event = encode(self.last, happening, moment.unix_ms);
        self.queue.push(self.last, &event, moment);
        self.queue.shrink_to(WEBHOOK_QUEUE_BYTES_MAX);
    }
}

#[cfg(test)]
mod tests;
