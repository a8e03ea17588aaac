//! Metrics: plain counters of one thread, written out in the Prometheus text format on request.

mod gauges;
mod histogram;
mod page;
mod webhook;

use std::fmt;
use std::time::Duration;

use self::page::Page;
pub use self::{
    gauges::{EngineGauges, Gauges, ProcessUsage},
    histogram::Histogram,
    webhook::WebhookGauges,
};
use super::dialect::DialectName;
use crate::vocabulary::reason::Reason;

/// What a client may send too much of, in the order of the counters.
pub const PAUSE_BOUNDS: [&str; 3] = ["messages", "bytes", "pings"];

/// Why messages were left out of what a peer gets, in the order of the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omission {
    /// The peer did not keep up.
    Slow,
    /// They were kept no longer.
    Trimmed,
    /// The peer did not keep up, and newer ones took their place.
    Latest,
}

impl Omission {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Slow, Self::Trimmed, Self::Latest];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Trimmed => "trimmed",
            Self::Latest => "latest",
        }
    }
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Connections accepted, ever.
    pub accepted_connections_total: u64,
    /// Connections that were closed unanswered, because even the reserve was used up.
    pub turned_away_total: u64,
    /// Failed handshakes and requests by error code, in order of appearance.
    pub handshake_failures: Vec<(&'static str, u64)>,
    /// What came of things that programs published, in a word, in order of appearance.
    pub published_items: Vec<(&'static str, u64)>,
    /// Ended connections, by reason.
    pub disconnects: [u64; Reason::ALL.len()],
    /// Times that a client was not read for a while, by what it sent too much of ([`PAUSE_BOUNDS`]).
    pub pauses: [u64; PAUSE_BOUNDS.len()],
    /// Messages received, by dialect.
    pub messages_received: [u64; DialectName::ALL.len()],
    /// Messages delivered, one for each receiver, by dialect.
    pub messages_delivered: [u64; DialectName::ALL.len()],
    /// Messages left out of what a peer gets, by [`Omission`].
    pub skipped_messages: [u64; Omission::ALL.len()],
    /// Messages that were handed out of a log to those who missed them.
    pub replayed_messages: u64,
    /// Data frames sent.
    pub frames_sent: u64,
    /// Bytes sent, all protocols.
    pub bytes_sent: u64,
    /// Bytes received, all protocols.
    pub bytes_received: u64,
    /// Messages that left with one flush to one peer.
    pub batch_messages: Histogram<16>,
    /// Length of a turn, in microseconds.
    pub turn_micros: Histogram<24>,
    /// From the start of the turn that read a message to the end of the first flush of its fan-out, in microseconds. Of
    /// several servers each counts what was said to itself, and the way through Redis is in it.
    pub fanout_micros: Histogram<24>,
}

impl Metrics {
    /// Counts an ending.
    pub fn count_disconnect(&mut self, reason: Reason) {
        self.disconnects[reason as usize] += 1;
    }

    /// Counts a handshake or request that failed with an error code.
    pub fn count_handshake_failure(&mut self, code: &'static str) {
        count(&mut self.handshake_failures, code);
    }

    /// Counts what came of something that a program published, in a word.
    pub fn count_published_item(&mut self, result: &'static str) {
        count(&mut self.published_items, result);
    }

    /// Counts the length of a turn.
    pub fn count_turn(&mut self, length: Duration) {
        self.turn_micros.record(micros(length), 1);
    }

    /// Counts `messages` whose fan-out took `length`.
    pub fn count_fanout(&mut self, length: Duration, messages: u64) {
        self.fanout_micros.record(micros(length), messages);
    }

    /// Writes everything in the Prometheus text format, version 0.0.4.
    pub fn render(&self, gauges: &Gauges) -> String {
        let mut page = Page::default();
        self.write(gauges, &mut page)
            .expect("writing to a string cannot fail");
        page.text
    }

    /// Writes what came of requests, and why connections ended.
    fn write_endings(&self, page: &mut Page) -> fmt::Result {
        page.family(
            "hubbub_handshake_failures_total",
            "Requests and handshakes that failed, by error code.",
            "counter",
            "reason",
            self.handshake_failures.iter().copied(),
        )?;
        page.family(
            "hubbub_published_items_total",
            "What came of things that programs published.",
            "counter",
            "result",
            self.published_items.iter().copied(),
        )?;
        page.family(
            "hubbub_disconnects_total",
            "Ended connections, by reason.",
            "counter",
            "reason",
            Reason::ALL
                .map(Reason::name)
                .into_iter()
                .zip(self.disconnects),
        )
    }

    fn write(&self, gauges: &Gauges, page: &mut Page) -> fmt::Result {
        page.counter(
            "hubbub_accepted_connections_total",
            "Connections accepted.",
            self.accepted_connections_total,
        )?;
        page.counter(
            "hubbub_connections_turned_away_total",
            "Connections closed unanswered because even the reserve was used up.",
            self.turned_away_total,
        )?;
        self.write_endings(page)?;
        page.family(
            "hubbub_paused_reads_total",
            "Times that a client was not read for a while because it sent too much, by what.",
            "counter",
            "bound",
            PAUSE_BOUNDS.into_iter().zip(self.pauses),
        )?;
        let dialects = DialectName::ALL.map(DialectName::name);
        page.family(
            "hubbub_messages_received_total",
            "Messages received, by dialect.",
            "counter",
            "dialect",
            dialects.into_iter().zip(self.messages_received),
        )?;
        page.family(
            "hubbub_messages_delivered_total",
            "Messages delivered, one for each receiver, by dialect.",
            "counter",
            "dialect",
            dialects.into_iter().zip(self.messages_delivered),
        )?;
        page.family(
            "hubbub_skipped_messages_total",
            "Messages left out of what a peer gets, by why.",
            "counter",
            "reason",
            Omission::ALL
                .map(Omission::name)
                .into_iter()
                .zip(self.skipped_messages),
        )?;
        page.counter(
            "hubbub_replayed_messages_total",
            "Messages handed out of the log to those who missed them or have just come.",
            self.replayed_messages,
        )?;
        page.counter(
            "hubbub_frames_sent_total",
            "Data frames sent.",
            self.frames_sent,
        )?;
        page.counter("hubbub_bytes_sent_total", "Bytes sent.", self.bytes_sent)?;
        page.counter(
            "hubbub_bytes_received_total",
            "Bytes received.",
            self.bytes_received,
        )?;
        page.histogram(
            "hubbub_batch_messages",
            "Messages that left with one flush to one peer.",
            &self.batch_messages,
            1.0,
        )?;
        page.histogram(
            "hubbub_turn_seconds",
            "Length of a turn.",
            &self.turn_micros,
            1e-6,
        )?;
        page.histogram(
            "hubbub_fanout_seconds",
            "From the start of the turn that read a message, or of the batch window that it came in, to the end of the first flush of its fan-out; through Redis, where this server has one.",
            &self.fanout_micros,
            1e-6,
        )?;
        gauges.write(page)
    }
}

fn count(counts: &mut Vec<(&'static str, u64)>, name: &'static str) {
    match counts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, count)) => *count += 1,
        None => counts.push((name, 1)),
    }
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::press::{Deflation, WhyPlain};

    #[test]
    fn a_histogram_counts_a_value_in_every_bucket_that_bounds_it() {
        let mut metrics = Metrics::default();
        for value in [1, 2, 3, 4, 5, 1 << 40] {
            metrics.batch_messages.record(value, 1);
        }
        let text = metrics.render(&Gauges::default());
        for line in [
            "hubbub_batch_messages_bucket{le=\"1\"} 1",
            "hubbub_batch_messages_bucket{le=\"2\"} 2",
            "hubbub_batch_messages_bucket{le=\"4\"} 4",
            "hubbub_batch_messages_bucket{le=\"8\"} 5",
            "hubbub_batch_messages_bucket{le=\"32768\"} 5",
            "hubbub_batch_messages_bucket{le=\"+Inf\"} 6",
            "hubbub_batch_messages_count 6",
        ] {
            assert!(text.contains(line), "no {line} in\n{text}");
        }
    }

    #[test]
    fn counters_name_their_reason() {
        let mut metrics = Metrics::default();
        metrics.count_disconnect(Reason::SlowUnsent);
        metrics.count_handshake_failure("bad-request");
        metrics.count_handshake_failure("bad-request");
        let text = metrics.render(&Gauges::default());
        assert!(text.contains("hubbub_disconnects_total{reason=\"slow-unsent\"} 1"));
        assert!(text.contains("hubbub_disconnects_total{reason=\"reset\"} 0"));
        assert!(text.contains("hubbub_handshake_failures_total{reason=\"bad-request\"} 2"));
    }

    #[test]
    fn what_was_deflated_is_told_with_what_was_not_and_why() {
        let mut deflation = Deflation {
            batches: 3,
            bytes_before: 1000,
            bytes_after: 400,
            ..Deflation::default()
        };
        deflation.plain_batches[WhyPlain::NotSmaller as usize] = 2;
        let text = Metrics::default().render(&Gauges {
            deflation,
            ..Gauges::default()
        });
        for line in [
            "hubbub_deflated_batches_total 3",
            "hubbub_deflated_bytes_total{when=\"before\"} 1000",
            "hubbub_deflated_bytes_total{when=\"after\"} 400",
            "hubbub_plain_batches_total{reason=\"not-smaller\"} 2",
            "hubbub_plain_batches_total{reason=\"threshold\"} 0",
        ] {
            assert!(text.contains(line), "no {line} in\n{text}");
        }
    }
}
