//! The load generator of Hubbub: how fast, how evenly and how safely a WebSocket server delivers each message to
//! everyone.
//!
//! A run flows through these modules:
//!
//! ```text
//! args → plan → swarm → client → record → report
//!   what is      one loop for    what came,   figures,
//!   wanted       all sockets     and when     a verdict
//! ```
//!
//! - [`args`], [`expect`]: the command line. [`plan`], [`target`]: the same, checked and resolved.
//! - [`server`]: the server that a run starts when it was given none. [`usage`]: what a server's process costs.
//! - [`swarm`]: all clients in one loop. [`dial`]: a handshake. [`client`], [`outgoing`], [`scanner`]: one connection.
//! - [`schedule`], [`publisher`], [`timer`]: sending on time, whatever the server does. [`stamp`]: what is sent.
//! - [`record`]: what is measured, with [`integrity`] (lost, duplicated, reordered), [`flights`] (last receivers),
//!   [`fairness`] (each client's share) and [`distribution`] (percentiles).
//! - [`report`], [`table`], [`figures`]: the result. [`progress`]: the way there.
//!
//! Latency counts from the moment at which a message *should* have been sent, so that a server that holds up its
//! publishers cannot hide that. Everything is one thread, and sends come before receives: while there is much to
//! receive, being late with that shows in the latency, and `turn_us` says how much of it may be the load generator's.

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
