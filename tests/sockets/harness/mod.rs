//! A server process, and the peers that talk to it: as a WebSocket library does, frame by frame, or in plain HTTP.

mod backlog;
mod bridge;
mod client;
mod door;
mod endpoint;
mod http;
mod person;
mod process;
mod redis;
mod server;
mod tls;
mod wire;

use std::thread;
use std::time::{Duration, Instant};

pub(crate) use self::{
    backlog::{leave_unsent, long_line, say_long_line},
    bridge::Bridge,
    client::Client,
    door::{Door, KEY, answers, bearer, post},
    endpoint::{Endpoint, Reaction, Told},
    http::{HttpConnection, Response, upgrade_request},
    person::Person,
    process::{Ended, Process},
    redis::Redis,
    server::{Metrics, Server},
    tls::{Authority, TlsStream, secured, text as path_text},
    wire::{Wire, close, masked, text},
};

/// How long anything is waited for before a test gives up; it only guards against hanging.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Waits until something is so, and fails by the name of it if it never is.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(POLL_INTERVAL);
    }
}
