//! The record of events that a program is told of: what happens in the chat, numbered without holes, in batches that are cut
//! by rule alone. Whoever has the same sequence has the same record, and the same batches under the same ids. One of them tells
//! them, and what became of that is in the sequence, too.

mod queue;
mod record;
mod settlement;
mod vacancies;

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde_json::value::RawValue;
use uuid::Builder;

use self::{
    queue::{Queue, count},
    vacancies::Vacancies,
};
pub use self::{
    record::{BatchRecord, EventsRecord, VacancyRecord},
    settlement::{NoSettlement, Settlement},
};
use super::memory::of_shared_text;
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
    start: Option<Rc<str>>,
    /// How that is called, where nobody shares the sequence.
    chance: Option<fastrand::Rng>,
    /// Whether nobody wants to be told anything since then any more.
    is_gone: bool,
    /// The number of the last event.
    last: u64,
    /// How many there were of each topic.
    counts: [u64; Topic::ALL.len()],
    /// How many were dropped.
    dropped: u64,
    queue: Queue,
    vacancies: Vacancies,
}

/// What a batch is known by, whoever tells it and however often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchId {
    /// The beginning since which its events are numbered.
    pub start: Rc<str>,
    /// Their numbers.
    pub span: Span,
}

/// A batch that is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it is known by.
    pub id: BatchId,
    /// Numbers before its events that are told to be missing.
    pub dropped: Option<Span>,
    /// What is told, as JSON.
    pub body: Vec<u8>,
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
    /// Nothing has happened yet. The seed decides how the beginning is called in a sequence that nobody shares. Of one that others
    /// share, a moment decides it that is the same for all of them.
    pub fn new(settings: &WebhookSettings, seed: Option<u64>) -> Self {
        Self {
            topics: settings.topics,
            gathering: settings.pace.gathering,
            start: None,
            chance: seed.map(fastrand::Rng::with_seed),
            is_gone: false,
            last: 0,
            counts: Default::default(),
            dropped: 0,
            queue: Queue::default(),
            vacancies: Vacancies::new(settings.pace.vacancy),
        }
    }

    /// Counts what waits as dropped, as nobody knows any more that it was to be told. It is to [begin anew](Self::begin_anew).
    pub fn lose(&mut self) {
        self.dropped += self.queue.waiting();
    }

    /// Forgets all that has happened: what comes is another beginning.
    pub fn begin_anew(&mut self) {
        self.start = None;
        self.is_gone = false;
        self.last = 0;
        self.queue = Queue::default();
        self.vacancies = Vacancies::new(self.vacancies.wait());
    }

    /// Has it tell again, from another beginning, if nobody wanted to be told anything any more.
    pub fn try_again(&mut self) {
        if self.is_gone {
            self.begin_anew();
        }
    }

    /// What is told.
    pub fn topics(&self) -> Topics {
        self.topics
    }

    /// Goes on in the time of the sequence: cuts the batch whose time is up, and records which channels are vacated by then. A
    /// sequence that nobody shares begins with it.
    pub fn reach(&mut self, moment: Moment) {
        if self.chance.is_some() {
            self.begin(moment);
        }
        self.queue.expire(moment.at, self.gathering);
        while let Some(channel) = self.vacancies.pop_due(moment.at) {
            self.record(Happening::Vacated { channel: &channel }, moment);
        }
    }

    /// When something is to be done that nobody brings about, by the time of the sequence.
    pub fn due(&self) -> Option<Duration> {
        if self.start.is_none() {
            return self.chance.is_some().then_some(Duration::ZERO);
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
        let is_awaited = self.want(Topic::Occupied) || self.want(Topic::Vacated);
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
        self.want(Topic::Published)
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

    /// The batch that is to be told now, by its name.
    pub fn front(&self) -> Option<BatchId> {
        let start = Rc::clone(self.start.as_ref()?);
        let span = self.queue.front()?.span;
        Some(BatchId { start, span })
    }

    /// The same, to be told by a node. Until it is [settled](Self::settle) it is the same.
    pub fn offer(&self, node: NodeId) -> Option<Offer> {
        let (id, batch) = (self.front()?, self.queue.front()?);
        let dropped = self.queue.dropped();
        let payload = Payload {
            node,
            start: &id.start,
            unix_ms: batch.unix_ms,
            dropped,
            events: batch.events(),
        };
        let body = payload.encode();
        Some(Offer { id, dropped, body })
    }

    /// Says what became of a batch: of nothing, if that is not the one that is to be told now. Or nothing happens any more.
    pub fn settle(&mut self, settlement: Settlement, moment: Moment) {
        match settlement {
            Settlement::Told(span) => {
                self.queue.settle(span, true);
            }
            Settlement::GivenUp(span) => {
                if self.queue.settle(span, false) {
                    self.dropped += count(span);
                }
            }
            Settlement::Gone(span) => {
                if self.queue.settle(span, false) {
                    self.is_gone = true;
                    self.queue.clear();
                    self.vacancies.clear();
                }
            }
            Settlement::Ended => self.end(moment),
        }
    }

    /// The beginning since which events are numbered, and the number of the last.
    pub fn recorded(&self) -> Option<(&str, u64)> {
        Some((self.start.as_deref()?, self.last))
    }

    /// Whether nothing waits to be told, nor to be recorded.
    pub fn are_told(&self) -> bool {
        self.queue.is_empty() && self.vacancies.are_none()
    }

    /// How it stands.
    pub fn counts(&self) -> EventCounts {
        EventCounts {
            recorded: self.counts,
            dropped: self.dropped,
            queue_bytes: self.queue.bytes(),
        }
    }

    /// Bytes that they take.
    pub fn heap_bytes(&self) -> usize {
        self.queue.heap_bytes()
            + self.vacancies.heap_bytes()
            + self.start.as_deref().map_or(0, of_shared_text)
    }

    /// Records that all begins, unless it has.
    pub fn begin(&mut self, moment: Moment) {
        if self.start.is_some() {
            return;
        }
        let bytes = if let Some(chance) = &mut self.chance {
            let chance = chance.u128(..).to_le_bytes();
            *chance.first_chunk().expect("16 are more than 10")
        } else {
            // No moment of what several share ever comes again: its microseconds say which it is.
            let [.., high, low] = (moment.at.subsec_micros() % 1000).to_be_bytes();
            [high, low, 0, 0, 0, 0, 0, 0, 0, 0]
        };
        let start = Builder::from_unix_timestamp_millis(moment.unix_ms, &bytes);
        self.start = Some(start.into_uuid().to_string().into());
        self.record(Happening::Started, moment);
    }

    /// Nothing happens any more: no channel is waited for.
    fn end(&mut self, moment: Moment) {
        while let Some(channel) = self.vacancies.pop() {
            self.record(Happening::Vacated { channel: &channel }, moment);
        }
        self.queue.cut();
    }

    /// Whether events of a kind are to be told.
    fn want(&self, topic: Topic) -> bool {
        !self.is_gone && self.topics.have(topic)
    }

    /// Gives something the next number, if it is to be told.
    fn record(&mut self, happening: Happening<'_>, moment: Moment) {
        let topic = happening.topic();
        let is_wanted = topic.is_none_or(|topic| self.want(topic));
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
        self.dropped += self.queue.shrink_to(WEBHOOK_QUEUE_BYTES_MAX);
    }
}

impl fmt::Display for BatchId {
    /// The value of `webhook-id`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            start,
            span: Span { from, to },
        } = self;
        write!(f, "{start}_{from}-{to}")
    }
}

#[cfg(test)]
mod tests;
