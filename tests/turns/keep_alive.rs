//! How long one is waited for who has been answered.

use std::time::Duration;

use hubbub::vocabulary::{config::Config, reason::Reason};

use crate::room::Room;

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
const SECOND: Duration = Duration::from_secs(1);

/// Clients who have ten seconds to ask, and 75 to ask again.
fn room(clients: usize) -> Room {
    let config = Config {
        handshake_timeout: 10 * SECOND,
        keep_alive_timeout: 75 * SECOND,
        linger_timeout: SECOND,
        ..Config::default()
    };
    Room::of_strangers(config, clients)
}

fn ended(room: &Room, reason: Reason) -> u64 {
    room.server.metrics().disconnects[reason as usize]
}

#[test]
fn one_who_asks_for_nothing_more_is_kept_for_a_time_of_its_own() {
    let mut room = room(2);
    room.speak(0..1, REQUEST);
    room.wait(10 * SECOND);
    assert_eq!(ended(&room, Reason::HandshakeTimeout), 1, "of the silent");
    room.wait(64 * SECOND);
    let before = room.taken();
    room.speak(0..1, REQUEST);
    assert!(room.taken() > before, "it is answered again");
    room.wait(74 * SECOND);
    assert_eq!(room.server.connections(), 1);
    room.wait(SECOND);
    assert_eq!(ended(&room, Reason::HttpDone), 1);
}

#[test]
fn one_who_has_begun_to_ask_again_has_no_longer_than_the_first_time() {
    let mut room = room(1);
    room.speak(0..1, REQUEST);
    room.wait(74 * SECOND);
    let before = room.taken();
    room.speak(0..1, &REQUEST[..10]);
    room.wait(9 * SECOND);
    room.speak(0..1, &REQUEST[10..11]);
    assert_eq!(room.taken(), before, "it has a little time left");
    room.wait(SECOND);
    assert!(room.taken() > before, "it is told that its time is up");
    room.wait(SECOND);
    assert_eq!(ended(&room, Reason::HttpError), 1);
}
