//! What is looked up in the moment in which someone asks.

use std::fmt;
use std::time::Duration;

use super::{WebhookGauges, page::Page};
use crate::{
    state::{
        dialect::chat::Outcome,
        memory::Memory,
        press::{Deflation, WhyPlain},
    },
    vocabulary::id::NodeId,
};

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

impl Gauges {
    pub(super) fn write(&self, page: &mut Page) -> fmt::Result {
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
