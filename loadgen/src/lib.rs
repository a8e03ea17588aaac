//! The load generator of Hubbub: how fast, how evenly and how safely a WebSocket server delivers each message to
//! everyone.
//!
//! A run flows from left to right:
//!
//! ```text
//! args → plan → swarm → record → outcome → report, page
//!  what is      all     what     what it    how it
//!  wanted       clients came     comes to   is said
//! ```
//!
//! and the rings are these, from the inside out. Each may know itself and those before it, which `tests/layers.rs` checks:
//! clients tell their record what they see, so that it is the swarm that knows the record.
//!
//! | ring | what is in it |
//! |---|---|
//! | [`figures`] | counts as figures, and figures as people read them |
//! | [`args`] | the command line |
//! | [`plan`] | the same, checked and resolved: which client does what and when (in `stage`s, if the load changes; in a `crowd`, if clients come and go with them), what a message looks like, where the server is, what it speaks (of other people's servers a `script`, whose words are `args::languages` where they are known by name) |
//! | [`server`] | the server under test as a process: one of the run's own, or any other |
//! | [`record`] | what one thread measures: lost, duplicated, reordered, disordered (of what must come, and what may, as `optional` has it, to who comes or goes), of what is `arriving` together at once; last receivers; each client's share; latencies; and all threads' samples, put together moment by moment |
//! | [`swarm`] | the clients, divided among threads. A shard is one thread with one loop: it dials, sends on time whatever the server does, scans frames, and finds the stamps of its messages in them. A trial is one run of all clients against one server |
//! | [`outcome`] | what a run found, as plain values: the JSON result, which `schema.json` beside this crate's manifest describes, and the curves behind its figures |
//! | [`page`] | a page with plots, whatever they are of |
//! | [`report`] | how an outcome is said: as text, in a sentence, as a page, for other tools, on a terminal while it comes about |
//! | [`modes`] | each mode is some trials, and what is made of them |
//!
//! **Where a figure is computed** is the file of [`outcome`] that has the name under which the figure stands in the JSON:
//! `messages`, `throughput`, `fairness`, `server`, `loadgen` and so on; `latencies` has the latencies themselves, `comparison`
//! and `ratio` what two servers come to, `validity` what the figures are worth (by the `conduct` of both sides, in words `doubt`, after the `noise` that may be to blame), `departures` how those left who were not asked to, `fault` what went wrong, in words, `crowd` who came and went with a stage. They are computed from what [`record`]
//! gathered (`distribution`, `integrity`, `order`, `recovery`, `flights`, `fairness`, `pings`, `sums`, `collection`, and in its own words what the server said: `heard`) and `swarm::trial` measured beside.
//!
//! **Where it is said** is a file of [`report`]: `facts` one by one, `expected` what was asked for, `tables` in rows (of a comparison, in the words of `figure`), `sentence` for the verdict, `text` and
//! `pages` where these go to, `live` while it comes about, in the lines of `view`.
//!
//! Latency counts from the moment at which a message *should* have been sent, so that a server that holds up its
//! publishers cannot hide that. Sends come before receives in a thread: while there is much to receive, being late with
//! that shows in the latency, and `turn_us` says how much of it may be the load generator's. In a turn a publisher writes
//! once and a client reads once, however much there is: whoever only sent would stop a server that waits to be heard, and
//! blame it. What is kept for each message under way is a few words, and only from its first arrival to its last, so that a
//! server that stalls costs no memory here.
//!
//! A run says itself when it is worth nothing: `outcome::validity` decides whether anything was measured, and whether it
//! was the load generator, by whether it was there (`swarm::standstill`), by what its lateness did to the figures, and by
//! whether it was ever done. What the server did is never held against it: a message says whether it was its socket that
//! kept it waiting.

pub mod args;
pub mod figures;
pub mod modes;
pub mod outcome;
pub mod page;
pub mod plan;
pub mod record;
pub mod report;
pub mod server;
pub mod swarm;
