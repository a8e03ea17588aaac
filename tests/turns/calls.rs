//! What programs ask for, and how long it is waited for.

use std::time::Duration;

use hubbub::vocabulary::{arrival::Role, config::Config};

use crate::room::Room;

const ITEM: &str = r#"{"channel": "tea", "message": "hot"}"#;
const SECOND: Duration = Duration::from_secs(1);

/// A program that has come, and has said nothing yet.
fn silent_room() -> Room {
    let config = Config {
        handshake_timeout: 10 * SECOND,
        request_timeout: 10 * SECOND,
        ..Config::default()
    };
    let mut room = Room::of_strangers(config, 0);
    room.admit(Role::Admin);
    room
}

/// What it says first when it asks for something.
fn head() -> String {
    let length = ITEM.len();
    format!("POST /api/publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n")
}

/// A program that has begun to ask for something, and sent so many bytes of the body.
fn room(bytes: usize) -> Room {
    let mut room = silent_room();
    room.speak(0..1, (head() + &ITEM[..bytes]).as_bytes());
    room
}

/// What was published, and what was told to those who were refused.
fn came_of(room: &Room) -> [&[(&'static str, u64)]; 2] {
    let metrics = room.server.metrics();
    [&metrics.published_items, &metrics.handshake_failures]
}

#[test]
fn a_body_that_trickles_has_no_more_time_than_one_that_stands_still() {
    let mut room = room(0);
    for bytes in 0..9 {
        room.wait(SECOND);
        room.speak(0..1, &ITEM.as_bytes()[bytes..=bytes]);
    }
    assert_eq!(came_of(&room), [&[], &[]]);
    room.wait(SECOND);
    assert_eq!(came_of(&room), [&[][..], &[("timeout", 1)]]);
}

#[test]
fn a_request_has_its_time_from_its_first_byte_on_also_the_first() {
    let in_time = [&[("done", 1)][..], &[]];
    let late = [&[][..], &[("timeout", 1)]];
    for (rest, came) in [(SECOND * 9, in_time), (SECOND * 19 / 2, late)] {
        let mut room = silent_room();
        room.wait(9 * SECOND);
        room.speak(0..1, &head().as_bytes()[..1]);
        room.wait(SECOND / 2);
        room.speak(0..1, &head().as_bytes()[1..]);
        room.wait(rest);
        room.speak(0..1, ITEM.as_bytes());
        assert_eq!(came_of(&room), came, "{rest:?} later");
    }
}

#[test]
fn the_head_of_the_first_has_no_more_time_than_its_sender_has_to_come_in() {
    let mut room = silent_room();
    room.wait(9 * SECOND);
    room.speak(0..1, &head().as_bytes()[..1]);
    room.wait(SECOND * 99 / 100);
    assert_eq!(came_of(&room), [&[], &[]]);
    room.wait(SECOND / 100);
    assert_eq!(came_of(&room), [&[][..], &[("timeout", 1)]]);
}

#[test]
fn what_is_asked_for_when_the_server_ends_is_done_and_answered() {
    let mut room = room(9);
    room.server.drain(room.now, 1);
    room.wait(Config::default().drain_timeout * 3 / 4);
    assert_eq!(room.taken(), 0, "others are closed by then");
    room.speak(0..1, &ITEM.as_bytes()[9..]);
    assert!(room.taken() > 0);
    assert_eq!(came_of(&room), [&[("done", 1)][..], &[]]);
}

#[test]
fn nothing_is_left_of_one_that_is_gone() {
    let mut room = room(ITEM.len());
    assert_eq!(room.server.leftovers()[1], 1, "a client of the hub");
    room.wait(Config::default().keep_alive_timeout);
    room.wait(Config::default().linger_timeout);
    assert_eq!(
        (room.server.connections(), room.server.leftovers()[1]),
        (0, 0)
    );
}
