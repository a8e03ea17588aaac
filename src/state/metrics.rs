//! Metrics: plain counters of one thread, written out in the Prometheus text format on request.

mod webhook;

use std::fmt::{self, Write};
use std::time::Duration;

pub use self::webhook::WebhookGauges;
use super::{
    dialect::{DialectName, chat::Outcome},
    memory::Memory,
    press::{Deflation, WhyPlain},
};
use crate::vocabulary::{id::NodeId, reason::Reason};

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

/// Values of the moment that are not counted but looked up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauges {
    /// Open connections.
    pub connections: usize,
    /// Channels with members.
    pub channels: usize,
    /// Bytes of what is kept of what was said, and how many messages.
    pub history: (usize, usize),
    /// How those recovered who asked for what they missed, by [`Outcome`].
    pub recoveries: [u64; Outcome::ALL.len()],
    /// What deflating came to.
    pub deflation: Deflation,
    /// Bytes waiting in all outboxes.
    pub unsent_bytes: usize,
    /// Bytes held.
    pub memory: Memory,
    /// How it is with what several servers share, if they do.
    pub engine: Option<EngineGauges>,
    /// How it is with the endpoint that is told what happens, if there is one.
    pub webhook: Option<WebhookGauges>,
    /// What the process uses, where the system tells.
    pub process: Option<ProcessUsage>,
}

/// How it is with what several servers share.
#[derive(Clone, Copy, Debug, Default)]
pub struct EngineGauges {
    /// Which of the servers this is, once that is agreed.
    pub node: Option<NodeId>,
    /// Whether this server can agree with the others on an order.
    pub is_up: bool,
    /// Bytes that wait to be sequenced.
    pub queue_bytes: usize,
    /// How long the oldest of them has waited.
    pub oldest: Duration,
    /// Bytes that were sequenced and not done here, about.
    pub lag_bytes: usize,
    /// Entries of the journal that none of the servers wrote.
    pub foreign: u64,
    /// Servers that are there, this one included.
    pub nodes: usize,
    /// Eras of the journal that began: those that went on from the one before, and those that could not.
    pub eras: [u64; 2],
}

/// What the process uses of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessUsage {
    /// CPU time, user and system, in seconds.
    pub cpu_seconds: f64,
    /// Resident memory.
    pub resident_bytes: u64,
    /// Virtual memory.
    pub virtual_bytes: u64,
    /// Open descriptors.
    pub open_descriptors: usize,
    /// The limit of descriptors.
    pub max_descriptors: u64,
    /// When the process began, in seconds since the Unix epoch.
    pub start_seconds: f64,
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

impl Gauges {
    fn write(&self, page: &mut Page) -> fmt::Result {
        page.gauge(
            "hubbub_history_bytes",
            "Bytes of messages and notices that channels keep.",
            self.history.0,
        )?;
        page.gauge(
            "hubbub_history_messages",
            "Messages that channels keep, notices not counted.",
            self.history.1,
        )?;
        page.family(
            "hubbub_recoveries_total",
            "Joins that asked for what was missed, by what came of it.",
            "counter",
            "result",
            Outcome::ALL
                .map(Outcome::name)
                .into_iter()
                .zip(self.recoveries),
        )?;
        self.deflation.write(page)?;
        page.gauge(
            "hubbub_unsent_bytes",
            "Bytes waiting in all outboxes.",
            self.unsent_bytes,
        )?;
        page.family(
            "hubbub_memory_bytes",
            "Bytes held, without what the allocator adds and without the kernel's share.",
            "gauge",
            "part",
            self.memory.parts().into_iter(),
        )?;
        page.gauge("hubbub_channels", "Channels with members.", self.channels)?;
        page.gauge("hubbub_connections", "Open connections.", self.connections)?;
        if let Some(engine) = &self.engine {
            engine.write(page)?;
        }
        if let Some(webhook) = &self.webhook {
            webhook.write(page)?;
        }
        let Some(process) = &self.process else {
            return Ok(());
        };
        page.counter(
            "process_cpu_seconds_total",
            "CPU time, user and system.",
            process.cpu_seconds,
        )?;
        page.gauge(
            "process_resident_memory_bytes",
            "Resident memory.",
            process.resident_bytes,
        )?;
        page.gauge(
            "process_virtual_memory_bytes",
            "Virtual memory.",
            process.virtual_bytes,
        )?;
        page.gauge(
            "process_open_fds",
            "Open descriptors.",
            process.open_descriptors,
        )?;
        page.gauge(
            "process_max_fds",
            "Limit of descriptors.",
            process.max_descriptors,
        )?;
        page.gauge(
            "process_start_time_seconds",
            "When the process began, since the Unix epoch.",
            process.start_seconds,
        )
    }
}

impl Deflation {
    fn write(&self, page: &mut Page) -> fmt::Result {
        page.counter(
            "hubbub_deflated_batches_total",
            "Batches that were deflated, each once for every form and window in which someone reads it.",
            self.batches,
        )?;
        page.family(
            "hubbub_deflated_bytes_total",
            "Bytes of the frames of these batches, before they were deflated and after.",
            "counter",
            "when",
            [("before", self.bytes_before), ("after", self.bytes_after)].into_iter(),
        )?;
        page.family(
            "hubbub_plain_batches_total",
            "Batches that were not deflated although someone reads that, by why.",
            "counter",
            "reason",
            WhyPlain::ALL
                .map(WhyPlain::name)
                .into_iter()
                .zip(self.plain_batches),
        )
    }
}

impl EngineGauges {
    fn write(&self, page: &mut Page) -> fmt::Result {
        page.gauge(
            "hubbub_engine_up",
            "Whether the server can agree with the others of its hub on an order.",
            u8::from(self.is_up),
        )?;
        page.gauge(
            "hubbub_engine_queue_bytes",
            "Bytes that wait to be sequenced.",
            self.queue_bytes,
        )?;
        page.gauge(
            "hubbub_engine_oldest_seconds",
            "How long the oldest of what waits to be sequenced has waited.",
            self.oldest.as_secs_f64(),
        )?;
        page.gauge(
            "hubbub_journal_lag_bytes",
            "Bytes of the journal that were not done here yet, about.",
            self.lag_bytes,
        )?;
        page.counter(
            "hubbub_journal_foreign_total",
            "Entries of the journal that no server of the hub wrote.",
            self.foreign,
        )?;
        page.gauge(
            "hubbub_nodes",
            "Servers of the hub, this one included.",
            self.nodes,
        )?;
        page.family(
            "hubbub_eras_total",
            "Eras of the journal that began, by whether what was before is kept.",
            "counter",
            "kind",
            ["kept", "lost"].into_iter().zip(self.eras),
        )
    }
}

/// A histogram with a bucket for each power of two below `2^N`, and one for the rest.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    buckets: [u64; N],
    count: u64,
    sum: u64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self {
            buckets: [0; N],
            count: 0,
            sum: 0,
        }
    }
}

impl<const N: usize> Histogram<N> {
    /// Counts `value`, `times` over.
    pub fn record(&mut self, value: u64, times: u64) {
        let bucket = value
            .saturating_sub(1)
            .checked_ilog2()
            .map_or(0, |log| log as usize + 1);
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += times;
        }
        self.count += times;
        self.sum += value * times;
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, help: &str, kind: &str) -> fmt::Result {
        writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}")
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl fmt::Display) -> fmt::Result {
        self.head(name, help, "gauge")?;
        writeln!(self.text, "{name} {value}")
    }

    fn counter(&mut self, name: &str, help: &str, value: impl fmt::Display) -> fmt::Result {
        self.head(name, help, "counter")?;
        writeln!(self.text, "{name} {value}")
    }

    fn family<'a>(
        &mut self,
        name: &str,
        help: &str,
        kind: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, impl fmt::Display)>,
    ) -> fmt::Result {
        self.head(name, help, kind)?;
        for (of, value) in values {
            writeln!(self.text, "{name}{{{label}=\"{of}\"}} {value}")?;
        }
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "sums are approximate in this format anyway"
    )]
    fn histogram<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        histogram: &Histogram<N>,
        unit: f64,
    ) -> fmt::Result {
        self.head(name, help, "histogram")?;
        let mut below = 0;
        for (power, count) in histogram.buckets.iter().enumerate() {
            below += count;
            let bound = (1_u64 << power) as f64 * unit;
            writeln!(self.text, "{name}_bucket{{le=\"{bound}\"}} {below}")?;
        }
        writeln!(
            self.text,
            "{name}_bucket{{le=\"+Inf\"}} {}",
            histogram.count
        )?;
        writeln!(self.text, "{name}_sum {}", histogram.sum as f64 * unit)?;
        writeln!(self.text, "{name}_count {}", histogram.count)
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
