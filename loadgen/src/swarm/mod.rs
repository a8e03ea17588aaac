//! All clients: divided among threads, each with one loop for its sockets.

pub mod churn;
pub mod client;
pub mod common;
pub mod dial;
pub mod interrupts;
pub mod outgoing;
pub mod pace;
pub mod publisher;
pub mod scanner;
pub mod schedule;
pub mod shard;
pub mod socket;
pub mod stamp;
pub mod threads;
pub mod timer;
