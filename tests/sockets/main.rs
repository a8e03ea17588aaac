//! The server as a process, over real sockets: what clients, operators and hostile peers see of it.
//!
//! Each test starts a server of its own on an address that the system picks, so all run side by side.

mod harness;
#[path = "../inflate/mod.rs"]
mod inflate;
#[path = "../picky/mod.rs"]
mod picky;

mod acting;
mod asking;
mod batching;
mod bodies;
mod chat;
mod closing;
mod connect;
mod connect_http;
mod connect_reconnect;
mod connect_tls;
mod deflate;
mod door;
mod drain;
mod floods;
mod fragments;
mod half_open;
mod handshake;
mod hangup;
mod heartbeat;
mod limits;
mod listening;
mod logging;
mod nodes;
mod origin;
mod proxy_protocol;
mod publishing;
mod recovery;
mod relay;
mod requests;
mod slow;
mod startup;
mod supervised;
mod tellers;
mod terminal;
mod tls;
mod tokens;
mod unix;
mod webhooks;
