//! Ring 3: the operating system. The only ring that knows sockets, signals, clocks and `mio`.

pub mod agent;
pub mod asking;
pub mod cli;
pub mod client;
pub mod clock;
pub mod credentials;
pub mod descriptors;
pub mod listener;
pub mod listeners;
pub mod log;
pub mod mint;
pub mod opening;
pub mod process;
pub mod reactor;
pub mod redis;
pub mod service;
pub mod signals;
pub mod socket;
pub mod supervisor;
pub mod tls;
pub mod webhooks;
