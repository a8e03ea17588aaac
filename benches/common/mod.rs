//! What the benches of all rings share: what is said in them, and how long they take.

use std::time::Duration;

use criterion::Criterion;

/// What is said: 64 bytes.
pub const MESSAGE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Messages of a busy turn.
pub const TURN: usize = 60;

/// Few enough seconds for each bench that all of them together take three minutes.
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
}
