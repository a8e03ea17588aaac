//! What messages inflate to counts as what they are sent as does.

use std::time::Duration;

use flate2::{Compress, Compression as Level, FlushCompress};
use hubbub::{
    state::{dialect::DialectName, memory::Memory},
    vocabulary::config::{ClientRates, Compression, Config, TURN_BYTES_MAX},
};

use crate::room::{Room, text, upgrade_with};

/// Bytes that a bomb inflates to.
const BOMB_BYTES: usize = 60_000;

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// One who has agreed on deflated messages.
fn room(client_rates: ClientRates) -> Room {
    let config = Config {
        client_rates,
        compression: Compression {
            is_on: true,
            ..Compression::default()
        },
        ..Config::default()
    };
    let mut room = Room::of_strangers(config, 1);
    room.speak(0..1, &upgrade_with("/echo", OFFER));
    room
}

/// A binary message of one frame, masked with zeroes, that inflates a thousandfold.
fn bomb() -> Vec<u8> {
    let mut deflated = Vec::with_capacity(1000);
    Compress::new(Level::best(), false)
        .compress_vec(&vec![0; BOMB_BYTES], &mut deflated, FlushCompress::Sync)
        .unwrap();
    deflated.truncate(deflated.len() - 4);
    let length = u8::try_from(deflated.len()).unwrap();
    assert!(length < 126);
    [&[0xc2, 0x80 | length, 0, 0, 0, 0], &deflated[..]].concat()
}

/// What a server holds of people who have said something, deflated if they have agreed on that, and are idle since.
fn idle(offer: &str, said: &[u8]) -> Memory {
    let mut config = Config::default();
    config.compression.is_on = true;
    let mut room = Room::of_strangers(config, 10);
    room.speak(0..10, &upgrade_with("/echo", offer));
    room.speak(0..10, said);
    assert_eq!(heard(&room), 10);
    room.server.memory()
}

#[test]
fn who_has_agreed_on_deflate_takes_no_more_memory_while_idle_than_who_has_not() {
    let plain = idle("", &text("said"));
    let deflated = idle(OFFER, &bomb());
    assert!(deflated.compression > 0, "what all share");
    let shared = Memory {
        compression: plain.compression,
        ..deflated
    };
    assert_eq!(shared, plain);
}

fn heard(room: &Room) -> usize {
    room.server.metrics().messages_received[DialectName::Echo as usize]
        .try_into()
        .unwrap()
}

#[test]
fn a_turn_is_charged_with_what_messages_inflate_to_and_the_next_goes_on() {
    let mut room = room(ClientRates::default());
    let bombs = 500;
    room.send(0..1, &bomb().repeat(bombs));
    room.server.turn(room.now, false);
    let first = heard(&room) * BOMB_BYTES;
    assert!(
        first > 0 && first < TURN_BYTES_MAX + 2 * BOMB_BYTES,
        "{first} B"
    );
    room.speak(0..0, b"");
    assert_eq!(heard(&room), bombs);
}

#[test]
fn a_client_is_measured_by_what_its_messages_inflate_to() {
    let mut room = room(ClientRates {
        bytes: Some(BOMB_BYTES / 2),
        ..ClientRates::default()
    });
    let bomb = bomb();
    assert!(bomb.len() * 4 < BOMB_BYTES / 2, "what is sent is no flood");
    room.speak(0..1, &bomb.repeat(4));
    let before = heard(&room);
    assert!(before < 4, "it is not read on");
    assert!(room.server.metrics().pauses[1] > 0, "for its bytes");
    room.wait(Duration::from_secs(5));
    assert!(heard(&room) > before, "until there is room");
}

#[test]
fn what_came_deflated_is_echoed_deflated() {
    let mut room = room(ClientRates::default());
    let before = room.taken();
    room.speak(0..1, &bomb());
    let deflated = room.taken() - before;
    assert!(deflated < 2 * bomb().len(), "{deflated} B");
    room.speak(0..1, &text(&"x".repeat(1000)));
    assert_eq!(room.taken() - before - deflated, 4 + 1000, "as it came");
}
