//! Whole runs of the load generator: against its own server, servers that are wrong in one place, and what is no server
//! at all.

mod access;
mod beside;
mod common;
mod compression;
mod crowd;
mod ears;
mod ends;
mod faults;
mod figures;
mod input;
mod modes;
mod moves;
mod nodes;
mod pages;
#[path = "../../../tests/picky/mod.rs"]
mod picky;
mod pings;
mod protocols;
mod recovery;
mod schema;
mod scripts;
mod searches;
mod senders;
mod signals;
mod sockets;
mod stages;
mod tls;
