//! The rings of the design, checked: imports point downward only, and what belongs to one ring stays in it.

#[path = "layers/sources.rs"]
mod sources;

use std::fs;

use sources::{root, strays, upward_imports};

/// The rings, from the inside out: each may know itself and those before it.
const RINGS: [&str; 4] = ["vocabulary", "state", "server", "system"];

/// Names that only some files may know, because that is where their business is.
const CONFINED: [(&str, &[&str]); 11] = [
    ("mio::", &["system/"]),
    ("signal_hook", &["system/"]),
    ("listenfd::", &["system/listener/"]),
    ("proxy_header::", &["server/proxy_protocol.rs"]),
    ("redis_protocol::", &["server/redis/resp/"]),
    (
        "ureq::",
        &["system/agent.rs", "system/asking/", "system/webhooks/"],
    ),
    ("sd_notify::", &["system/supervisor.rs"]),
    (
        "socket2::",
        &[
            "system/listener/",
            "system/asking/wire.rs",
            "system/client/dial.rs",
            "system/redis/dial.rs",
        ],
    ),
    (
        "tungstenite::",
        &["server/websocket/", "system/client/", "system/opening/"],
    ),
    ("Instant::now", &["system/clock.rs"]),
    ("SystemTime::now", &["system/clock.rs"]),
];

#[test]
fn imports_point_downward_only() {
    let upward = upward_imports(&RINGS);
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn what_belongs_to_one_room_stays_in_it() {
    let strays = strays(&CONFINED);
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn the_binary_only_parses_runs_and_exits() {
    let main = fs::read_to_string(root().join("main.rs")).unwrap();
    assert!(main.lines().count() < 60);
}
