//! The operator's listener and the public one keep each other waiting for nothing.

use hubbub::vocabulary::{
    arrival::Role,
    config::{Config, ITEMS_MAX, LISTED_MAX, REQUEST_HEAD_BYTES_MAX, TURN_BYTES_MAX},
};

use crate::room::{Room, text};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
/// So many send so much that they take more than a turn.
const MANY: usize = 12;
const BYTES: usize = 50_000;
const HALF: usize = TURN_BYTES_MAX / 2;

/// One where a request may be as large as what many send.
fn config() -> Config {
    Config {
        max_request_head_bytes: REQUEST_HEAD_BYTES_MAX,
        ..Config::default()
    }
}

/// Clients of the echo, as many strangers at the operator's listener, and then one more of each.
fn room() -> Room {
    const { assert!(MANY * BYTES > 2 * TURN_BYTES_MAX) };
    let mut room = Room::of(config(), MANY + 1, "/echo", b"");
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
    assert!((HALF - BYTES..=HALF + BYTES).contains(&share), "{share}");
}

#[test]
fn what_programs_are_shown_is_of_the_operators_half() {
    let mut room = Room::of(config(), LISTED_MAX, "/echo", b"");
    let flooding = LISTED_MAX..LISTED_MAX + MANY;
    let asking = flooding.end..flooding.end + 2;
    for _ in flooding.start..asking.end {
        room.admit(Role::Admin);
    }
    // What everyone was looked at for is fresh, so that the next who ask are shown at once.
    let clients =
        format!("GET /api/clients?limit={LISTED_MAX} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    room.speak(asking.clone(), clients.as_bytes());
    let before = room.clients[asking.start].1.taken();
    assert!(before > HALF / 2, "{before}");
    room.send(asking.clone(), clients.as_bytes());
    room.server.turn(room.now, false);
    room.send(0..MANY, &text(&"x".repeat(BYTES)));
    let flood = format!("GET /healthz HTTP/1.1\r\nX: {}", "x".repeat(BYTES));
    room.send(flooding, flood.as_bytes());
    room.server.turn(room.now, false);
    assert!(
        room.clients[asking.start].1.taken() > before,
        "it is shown in this turn"
    );
    let echoed = (0..MANY).filter(|&client| room.clients[client].1.taken() > BYTES);
    let share = echoed.count() * BYTES;
    assert!(share >= HALF, "{share}");
}

#[test]
fn what_is_known_by_a_key_is_published_within_the_operators_share_too() {
    let mut room = Room::of_strangers(Config::default(), 0);
    for _ in 0..MANY {
        room.admit(Role::Admin);
    }
    let item = format!(
        r#"{{"channel":"tea","message":"{}"}}"#,
        "x".repeat(BYTES / ITEMS_MAX)
    );
    let body = format!("[{}]", vec![item; ITEMS_MAX].join(","));
    let length = body.len();
    for publisher in 0..MANY {
        let head = format!(
            "POST /api/publish HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {publisher}\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        let unfinished = head + &body[..length - 1];
        room.speak(publisher..=publisher, unfinished.as_bytes());
    }
    room.send(0..MANY, b"]");
    room.server.turn(room.now, false);
    let published = |room: &Room| room.server.metrics().messages_received.iter().sum::<u64>();
    let most = (TURN_BYTES_MAX + 2 * length) / length * ITEMS_MAX;
    let in_a_turn = published(&room);
    assert!((1..=most as u64).contains(&in_a_turn), "{in_a_turn}");
    room.speak(0..0, b"");
    assert_eq!(published(&room), (MANY * ITEMS_MAX) as u64);
}
