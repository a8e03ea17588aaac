//! What one thread received in a moment: the unit in which results travel to where they are put together.

use std::{
    ops::{AddAssign, Sub},
    time::Duration,
};

use crate::record::{distribution::Distribution, flights::Landing, stages::At};

/// The time that one sample covers.
pub const SAMPLE: Duration = Duration::from_millis(200);

/// One thread's moment.
#[derive(Debug)]
pub struct Sample {
    /// Which thread.
    pub thread: usize,
    /// Which of the run's moments, counted from 0; a thread that was busy may leave some out.
    pub moment: u64,
    /// What was received.
    pub totals: Totals,
    /// Messages that were skipped up to now, all moments together.
    pub skipped: u64,
    /// Messages that came again up to now, likewise.
    pub duplicated: u64,
    /// From the intended sending to each client.
    pub latency: Distribution,
    /// From the actual sending to each client.
    pub sent_latency: Distribution,
    /// What the latency would be if everything had been sent as soon as its socket took it.
    pub prompt_latency: Distribution,
    /// From the intended sending to each client, where the load was changing.
    pub ramp_latency: Distribution,
    /// The first of these once more, where a hub has several nodes.
    pub by_node: Option<ByNode>,
    /// Messages in a frame.
    pub batch: Distribution,
    /// Messages that reached the last client of this thread.
    pub landed: Vec<Landed>,
}

/// Latencies by whether the receiver was at the node of the sender.
#[derive(Debug, Default)]
pub struct ByNode {
    /// It was.
    pub own: Distribution,
    /// It was at another one.
    pub other: Distribution,
}

/// A message that reached all the clients of a thread that it should.
#[derive(Clone, Copy, Debug)]
pub struct Landed {
    /// Who sent it.
    pub publisher: u16,
    /// Which one it is.
    pub sequence: u32,
    /// When it should have been sent, in nanoseconds since the origin; `None` outside of the measured window.
    pub measured_ns: Option<u64>,
    /// In which stage that is, if there are any.
    pub stage: Option<At>,
    /// Between which moments it was received.
    pub landing: Landing,
}

/// What was received, duplicates included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Messages of this run.
    pub messages: u64,
    /// Frames that carried them.
    pub frames: u64,
    /// Bytes received on all sockets.
    pub bytes: u64,
    /// Frames without a message of this run that nobody waited for.
    pub foreign_frames: u64,
    /// Bytes of what was in them.
    pub foreign_bytes: u64,
    /// What of it was deflated.
    pub deflated: Deflated,
}

/// What was deflated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deflated {
    /// Messages of the WebSocket, each with any number of the run's.
    pub messages: u64,
    /// Bytes of their payloads as they came.
    pub bytes: u64,
    /// Bytes of them inflated.
    pub inflated_bytes: u64,
    /// How many of them were inflated, and not known from an equal one.
    pub inflations: u64,
    /// CPU time that it took to inflate them, and to find equal ones, in nanoseconds.
    pub cpu_ns: u64,
}

impl Sample {
    /// An empty one.
    pub fn new(thread: usize, moment: u64) -> Self {
        Self {
            thread,
            moment,
            totals: Totals::default(),
            skipped: 0,
            duplicated: 0,
            latency: Distribution::default(),
            sent_latency: Distribution::default(),
            prompt_latency: Distribution::default(),
            ramp_latency: Distribution::default(),
            by_node: None,
            batch: Distribution::default(),
            landed: Vec::new(),
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.foreign_frames += other.foreign_frames;
        self.foreign_bytes += other.foreign_bytes;
        self.deflated += other.deflated;
    }
}

impl Sub for Totals {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            messages: self.messages - before.messages,
            frames: self.frames - before.frames,
            bytes: self.bytes - before.bytes,
            foreign_frames: self.foreign_frames - before.foreign_frames,
            foreign_bytes: self.foreign_bytes - before.foreign_bytes,
            deflated: self.deflated - before.deflated,
        }
    }
}

impl Sub for Deflated {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            messages: self.messages - before.messages,
            bytes: self.bytes - before.bytes,
            inflated_bytes: self.inflated_bytes - before.inflated_bytes,
            inflations: self.inflations - before.inflations,
            cpu_ns: self.cpu_ns - before.cpu_ns,
        }
    }
}

impl AddAssign for Deflated {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.inflated_bytes += other.inflated_bytes;
        self.inflations += other.inflations;
        self.cpu_ns += other.cpu_ns;
    }
}
