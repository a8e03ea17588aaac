//! The operator's listener and the public one keep each other waiting for nothing.

use hubbub::vocabulary::{
    arrival::Role,
    config::{Config, REQUEST_HEAD_BYTES_MAX, TURN_BYTES_MAX},
};

use crate::room::{Room, text};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
/// So many send so much that they take more than a turn.
const MANY: usize = 12;
const BYTES: usize = 50_000;

/// Clients of the echo, as many strangers at the operator's listener, and then one more of each.
fn room() -> Room {
    const { assert!(MANY * BYTES > 2 * TURN_BYTES_MAX) };
    let config = Config {
        max_request_head_bytes: REQUEST_HEAD_BYTES_MAX,
        ..Config::default()
    };
    let mut room = Room::of(config, MANY + 1, "/echo", b"");
    for _ in 0..=MANY {
        room.admit(Role::Admin);
    }
    room
}

/// Bytes that one was sent in a turn.
fn told_in_a_turn(room: &mut Room, client: usize) -> usize {
    let before = room.clients[client].1.taken();
    room.server.turn(room.now, false);
    room.clients[client].1.taken() - before
}

#[test]
fn a_flood_at_the_public_port_does_not_keep_the_operator_waiting() {
    let mut room = room();
    room.send(0..MANY, &text(&"x".repeat(BYTES)));
    let operator = 2 * MANY + 1;
    room.send(operator..=operator, REQUEST);
    assert!(told_in_a_turn(&mut room, operator) > 0);
}

#[test]
fn a_flood_at_the_operators_listener_does_not_keep_clients_waiting() {
    let mut room = room();
    let flood = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(BYTES));
    room.send(MANY + 1..=2 * MANY, flood.as_bytes());
    let client = MANY;
    room.send(client..=client, &text("hello"));
    assert!(told_in_a_turn(&mut room, client) > 0);
}

#[test]
fn each_has_about_half_of_a_turn_where_both_want_more() {
    let mut room = room();
    room.send(0..MANY, &text(&"x".repeat(BYTES)));
    let flood = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(BYTES));
    room.send(MANY + 1..=2 * MANY, flood.as_bytes());
    room.server.turn(room.now, false);
    let echoed = (0..MANY).filter(|&client| room.clients[client].1.taken() > BYTES);
    let share = echoed.count() * BYTES;
    let half = TURN_BYTES_MAX / 2;
    assert!((half - BYTES..=half + BYTES).contains(&share), "{share}");
}
