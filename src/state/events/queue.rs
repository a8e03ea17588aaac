//! Events that wait to be told, in batches.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::{
    state::memory::of_list,
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
    dropped: u64,
}

impl Batch {
    pub(super) fn events(&self) -> &RawValue {
        &self.events
    }

    fn bytes(&self) -> usize {
        self.events.get().len()
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
        self.open.as_ref().map(|open| open.since + gathering)
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

    /// Drops the oldest, but for the one that may be under way, until there are no more than so many bytes.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        while self.bytes > bytes
            && let Some((span, dropped)) = self.pop_oldest()
        {
            self.bytes -= dropped;
            self.dropped += count(span);
        }
    }

    /// Takes away the oldest that is not under way. Returns its numbers and its bytes.
    fn pop_oldest(&mut self) -> Option<(Span, usize)> {
        if let Some(batch) = self.batches.remove(1) {
            return Some((batch.span, batch.bytes()));
        }
        if let Some(open) = self.open.take() {
            return Some((open.span, open.events.len()));
        }
        // It has just come, and is alone larger than all that may wait.
        let batch = self.batches.pop_front()?;
        Some((batch.span, batch.bytes()))
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

    /// Takes the first away, if it is the one with these numbers.
    pub(super) fn settle(&mut self, span: Span, is_told: bool) {
        let Some(batch) = self.batches.pop_front_if(|batch| batch.span == span) else {
            return;
        };
        self.bytes -= batch.bytes();
        if is_told {
            self.told = span.to;
        } else {
            self.dropped += count(span);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.open.is_none()
    }

    /// Bytes of all events.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many were dropped.
    pub(super) fn dropped_ever(&self) -> u64 {
        self.dropped
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |open| open.events.capacity());
        let batches = self.batches.iter().map(Batch::bytes);
        of_list::<Batch>(self.batches.capacity()) + open + batches.sum::<usize>()
    }
}

fn count(span: Span) -> u64 {
    span.to - span.from + 1
}
