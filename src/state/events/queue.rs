//! Events that wait to be told, in batches.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::value::RawValue;

use super::record::{BatchRecord, OpenRecord};
use crate::{
    state::{freezing::FrozenRow, memory::of_list},
    vocabulary::{
        chat::Span,
        config::{WEBHOOK_EVENTS_MAX, WEBHOOK_REQUEST_BYTES},
        time::Moment,
    },
};

/// Events that are told together.
#[derive(Debug)]
pub(super) struct Batch {
    /// Their numbers.
    pub(super) span: Span,
    /// When the last of them happened, in milliseconds since the Unix epoch.
    pub(super) unix_ms: u64,
    /// A JSON array of them.
    events: Box<RawValue>,
}

/// A batch that may get more.
#[derive(Debug)]
struct Open {
    span: Span,
    unix_ms: u64,
    /// When the first of its events happened, by the time of the sequence.
    since: Duration,
    /// The array without its end.
    events: String,
}

/// Batches in their order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Those that are cut. The first is being told, or is to be told next.
    batches: VecDeque<Batch>,
    open: Option<Open>,
    bytes: usize,
    /// The number of the last event that was told, with all before it that were, or that it was told are missing.
    told: u64,
    /// Batches that are being written down, by the numbers of their first events.
    frozen: FrozenRow<BatchRecord>,
}

impl Batch {
    pub(super) fn events(&self) -> &RawValue {
        &self.events
    }

    fn bytes(&self) -> usize {
        self.events.get().len()
    }

    fn record(&self) -> BatchRecord {
        BatchRecord {
            span: self.span,
            unix_ms: self.unix_ms,
            events: self.events.get().into(),
        }
    }
}

impl Queue {
    /// Adds an event, as JSON, and cuts the batch if it is full.
    pub(super) fn push(&mut self, number: u64, event: &str, moment: Moment) {
        let open = self.open.get_or_insert_with(|| Open {
            span: Span {
                from: number,
                to: number,
            },
            unix_ms: moment.unix_ms,
            since: moment.at,
            events: String::new(),
        });
        open.span.to = number;
        open.unix_ms = moment.unix_ms;
        open.events
            .push(if open.events.is_empty() { '[' } else { ',' });
        open.events.push_str(event);
        self.bytes += 1 + event.len();
        if count(open.span) >= WEBHOOK_EVENTS_MAX as u64
            || open.events.len() >= WEBHOOK_REQUEST_BYTES
        {
            self.cut();
        }
    }

    /// Cuts the batch that has waited for `gathering`.
    pub(super) fn expire(&mut self, now: Duration, gathering: Duration) {
        if self.due(gathering).is_some_and(|due| due <= now) {
            self.cut();
        }
    }

    /// When that is.
    pub(super) fn due(&self, gathering: Duration) -> Option<Duration> {
        let open = self.open.as_ref()?;
        Some(open.since.saturating_add(gathering))
    }

    /// Lets nothing more into the batch.
    pub(super) fn cut(&mut self) {
        let Some(Open {
            span,
            unix_ms,
            mut events,
            ..
        }) = self.open.take()
        else {
            return;
        };
        events.push(']');
        self.bytes += 1;
        let events = RawValue::from_string(events).expect("events are JSON");
        self.batches.push_back(Batch {
            span,
            unix_ms,
            events,
        });
    }

    /// Drops the oldest, but for the one that may be under way, until there are no more than so many bytes. Returns how many
    /// events these were.
    pub(super) fn shrink_to(&mut self, bytes: usize) -> u64 {
        let mut dropped = 0;
        while self.bytes > bytes
            && let Some((span, bytes)) = self.pop_oldest()
        {
            self.bytes -= bytes;
            dropped += count(span);
        }
        dropped
    }

    /// Takes away the oldest that is not under way. Returns its numbers and its bytes.
    fn pop_oldest(&mut self) -> Option<(Span, usize)> {
        if let Some(batch) = self.batches.remove(1) {
            return Some(self.gone(&batch));
        }
        if let Some(open) = self.open.take() {
            return Some((open.span, open.events.len()));
        }
        // It has just come, and is alone larger than all that may wait.
        let batch = self.batches.pop_front()?;
        Some(self.gone(&batch))
    }

    fn gone(&mut self, batch: &Batch) -> (Span, usize) {
        self.frozen.keep(batch.span.from, || batch.record());
        (batch.span, batch.bytes())
    }

    /// The first that is cut.
    pub(super) fn front(&self) -> Option<&Batch> {
        self.batches.front()
    }

    /// Numbers before the first, and behind those that were told.
    pub(super) fn dropped(&self) -> Option<Span> {
        let first = self.front()?.span.from;
        (first > self.told + 1).then_some(Span {
            from: self.told + 1,
            to: first - 1,
        })
    }

    /// Takes the first away, if it is the one with these numbers. Returns whether it is.
    pub(super) fn settle(&mut self, span: Span, is_told: bool) -> bool {
        let Some(batch) = self.batches.pop_front_if(|batch| batch.span == span) else {
            return false;
        };
        let (_, bytes) = self.gone(&batch);
        self.bytes -= bytes;
        if is_told {
            self.told = span.to;
        }
        true
    }

    /// Takes all away.
    pub(super) fn clear(&mut self) {
        while let Some(batch) = self.batches.pop_front() {
            self.gone(&batch);
        }
        self.open = None;
        self.bytes = 0;
    }

    /// How many events wait.
    pub(super) fn waiting(&self) -> u64 {
        let spans = self.batches.iter().map(|batch| batch.span);
        let spans = spans.chain(self.open.as_ref().map(|open| open.span));
        spans.map(count).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.open.is_none()
    }

    /// Bytes of all events.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |open| open.events.capacity());
        let batches = self.batches.iter().map(Batch::bytes);
        let kept = self.frozen.kept().iter().map(|batch| batch.events.len());
        of_list::<Batch>(self.batches.capacity()) + open + batches.chain(kept).sum::<usize>()
    }

    /// The number of the last event that was told, or missing before one that was.
    pub(super) fn told(&self) -> u64 {
        self.told
    }

    /// The batch that may get more, as it is now.
    pub(super) fn open_record(&self) -> Option<OpenRecord> {
        let open = self.open.as_ref()?;
        Some(OpenRecord {
            span: open.span,
            unix_ms: open.unix_ms,
            since: open.since,
            events: open.events.as_str().into(),
        })
    }

    /// Has all batches that are cut written down as they are now.
    pub(super) fn freeze(&mut self) {
        let ends = self.batches.front().zip(self.batches.back());
        let numbers = ends.map_or(0..0, |(first, last)| first.span.from..last.span.to + 1);
        self.frozen.freeze(numbers);
    }

    /// The next of them.
    pub(super) fn next_frozen(&mut self) -> Option<BatchRecord> {
        let batches = &self.batches;
        self.frozen.next(|numbers| {
            let place = batches.partition_point(|batch| batch.span.from < numbers.start);
            let batch = batches.get(place)?;
            let number = batch.span.from;
            numbers.contains(&number).then(|| (number, batch.record()))
        })
    }

    /// Goes on where so many events were told, and some are in a batch that may get more. `None` if they cannot be.
    pub(super) fn restore(&mut self, told: u64, open: Option<OpenRecord>) -> Option<()> {
        self.told = told;
        let Some(open) = open else {
            return Some(());
        };
        let OpenRecord {
            span,
            unix_ms,
            since,
            events,
        } = open;
        RawValue::from_string(format!("{events}]")).ok()?;
        self.bytes += events.len();
        self.open = Some(Open {
            span,
            unix_ms,
            since,
            events: events.into(),
        });
        Some(())
    }

    /// Has a batch wait. `None` if it has no place among the others.
    pub(super) fn restore_batch(&mut self, record: BatchRecord) -> Option<()> {
        let BatchRecord {
            span,
            unix_ms,
            events,
        } = record;
        let events = RawValue::from_string(events.into()).ok()?;
        let place = self
            .batches
            .partition_point(|batch| batch.span.from < span.from);
        let before = place.checked_sub(1).map(|before| &self.batches[before]);
        let behind = self.batches.get(place).map(|batch| batch.span);
        let behind = behind.or(self.open.as_ref().map(|open| open.span));
        let has_place = before.is_none_or(|before| before.span.to < span.from)
            && behind.is_none_or(|behind| span.to < behind.from);
        has_place.then(|| {
            let batch = Batch {
                span,
                unix_ms,
                events,
            };
            self.bytes += batch.bytes();
            self.batches.insert(place, batch);
        })
    }
}

/// How many there are.
pub(super) fn count(span: Span) -> u64 {
    span.to - span.from + 1
}
