//! All clients: divided among threads, each with one loop for its sockets.

pub mod attention;
mod away;
mod backlog;
mod beats;
pub mod churn;
pub mod client;
pub mod common;
pub mod crowd;
pub mod cuts;
pub mod dial;
mod equal;
pub mod inflating;
pub mod interrupts;
pub mod outgoing;
pub mod pace;
pub mod progress;
pub mod publisher;
pub mod receiving;
pub mod scanner;
pub mod shard;
pub mod socket;
mod standstill;
pub mod threads;
pub mod timer;
pub mod trial;
pub mod unended;
