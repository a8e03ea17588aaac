//! What a turn allocates, counted: nothing for each delivery, and nothing for each heartbeat.

use std::time::Duration;

use hubbub::vocabulary::config::{Config, HistoryBounds};

use crate::room::{Room, text};

const PONG: &[u8] = &[0x8a, 0x80, 0, 0, 0, 0];
const PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];

/// Allocations of a turn in which one of the clients says something to all of them, once everything has its size.
fn allocations_of_a_message(clients: usize, path: &str, first_words: &str, words: &str) -> u64 {
    let first_words = match first_words {
        "" => Vec::new(),
        words => text(words),
    };
    let config = Config {
        history: HistoryBounds {
            messages: 5,
            ..HistoryBounds::default()
        },
        ..Config::default()
    };
    let mut room = Room::of(config, clients, path, &first_words);
    let words = text(words);
    for _ in 0..10 {
        room.speak(0..1, &words);
    }
    let before = room.taken();
    let allocations = room.speak(0..1, &words).count_total;
    let taken = room.taken() - before;
    assert!(taken >= clients * 16, "everyone heard it: {taken} bytes");
    allocations
}

#[test]
fn a_delivery_on_a_relay_allocates_nothing() {
    let of = |clients| allocations_of_a_message(clients, "/relay", "", "hello to everybody");
    assert_eq!(of(10), of(1000));
    assert!(of(10) <= 3, "a run, its bytes and its bodies: {}", of(10));
}

#[test]
fn a_delivery_in_the_chat_allocates_nothing() {
    let of = |clients| {
        allocations_of_a_message(
            clients,
            "/ws?name=Ada",
            r#"{"action":"join-channel","message":"tea"}"#,
            r#"{"action":"send-message","target":"tea","message":"hello"}"#,
        )
    };
    assert_eq!(of(10), of(300));
}

#[test]
fn a_heartbeat_of_ours_allocates_nothing() {
    let mut room = Room::of(Config::default(), 1000, "/relay", b"");
    let interval = Config::default().ping_interval;
    let beat = |room: &mut Room| {
        let before = room.taken();
        let asked = room.wait(interval + Duration::from_millis(50));
        assert_eq!(room.taken() - before, 1000 * 2, "everyone got a ping");
        let answered = room.speak(0..1000, PONG);
        asked.count_total + answered.count_total
    };
    beat(&mut room);
    assert_eq!(beat(&mut room), 0);
}

#[test]
fn a_heartbeat_of_a_peer_allocates_nothing() {
    let mut room = Room::of(Config::default(), 1000, "/relay", b"");
    let mut beat = || {
        let before = room.taken();
        let allocations = room.speak(0..1000, PING).count_total;
        assert_eq!(room.taken() - before, 1000 * 2, "everyone got a pong");
        allocations
    };
    beat();
    assert_eq!(beat(), 0);
}
