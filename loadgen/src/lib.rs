//! The load generator of Hubbub: how fast, how evenly and how safely a WebSocket server delivers each message to
//! everyone.
//!
//! A run flows through these modules:
//!
//! ```text
//! args → plan → modes → trial → swarm → record → collect → report
//!  what is      which   one run  all     what     of all    figures,
//!  wanted       trials           clients came     threads   a verdict
//! ```
//!
//! - [`args`]: the command line. [`plan`]: the same, checked and resolved: which client does what, where the server is,
//!   what it speaks.
//! - [`modes`]: each mode is some trials, and what is made of them. A [`trial`] is one run of all clients against one
//!   server, as often as not a [`server`] that the run starts itself.
//! - [`swarm`]: the clients, divided among threads. A shard is one thread with one loop: it dials, sends on time whatever
//!   the server does, scans frames, and finds the stamps of its messages in them.
//! - [`record`]: what one thread measures: lost, duplicated, reordered; last receivers; each client's share; latencies.
//! - [`collect`]: the samples of all threads, put together moment by moment; [`live`] shows them on a terminal.
//! - [`report`]: the result as JSON, as tables, as text for other tools, and what it comes to; [`page`]: as HTML with
//!   plots. `schema.json` beside this crate's manifest says what the JSON may contain.
//!
//! Latency counts from the moment at which a message *should* have been sent, so that a server that holds up its
//! publishers cannot hide that. Sends come before receives in a thread: while there is much to receive, being late with
//! that shows in the latency, and `turn_us` says how much of it may be the load generator's. What is kept for each
//! message under way is a few words, and only from its first arrival to its last, so that a server that stalls costs no
//! memory here.
//!
//! A run says itself when it is worth nothing: `report::validity` decides whether the load generator was the bottleneck.

pub mod args;
pub mod collect;
pub mod figures;
pub mod live;
pub mod modes;
pub mod page;
pub mod plan;
pub mod record;
pub mod report;
pub mod server;
pub mod swarm;
pub mod trial;
