//! A turn does a bounded amount of work.

use std::time::Duration;

use hubbub::vocabulary::config::{Config, TURN_BYTES_MAX};

use crate::room::{Room, text, upgrade};

#[test]
fn a_turn_is_charged_with_the_answers_to_what_came_along_with_an_upgrade() {
    let clients = 10;
    let mut room = Room::of_strangers(Config::default(), clients);
    let requests = text(r#"{"action":"?"}"#).repeat(1000);
    let bytes = [upgrade("/ws?name=Ada"), requests].concat();
    assert!(
        clients * bytes.len() < TURN_BYTES_MAX,
        "all could be read at once"
    );
    room.send(0..clients, &bytes);
    room.server.turn(room.now, false);
    assert_eq!(
        room.server.patience(room.now.monotonic),
        Some(Duration::ZERO),
        "some of it is left for the next turn"
    );
}
