//! Ring 1: pure state. No socket, no clock, no thread: time and chance come in as arguments, bytes go out as values.

pub mod addresses;
pub mod agreement;
pub mod backoff;
pub mod batch;
pub mod bucket;
pub mod channel;
pub mod commons;
pub mod dialect;
pub mod engine;
pub mod events;
pub mod freezing;
pub mod hub;
pub mod inflation;
pub mod journal;
pub mod lately;
pub mod log;
pub mod memory;
pub mod metrics;
pub mod order;
pub mod outbox;
pub mod outcome;
pub mod press;
pub mod seal;
pub mod snapshot;
pub mod throttle;
pub mod timers;
