//! What is said waits for more, for as long as it is told to.

use std::time::Duration;

use hubbub::vocabulary::config::{Config, TURN_BYTES_MAX};

use crate::room::{Room, text};

const WINDOW: Duration = Duration::from_millis(10);
/// Bytes of a frame of one and of two messages of four letters.
const FRAMES: [usize; 2] = [2 + 4, 2 + 4 + 1 + 4];

fn room() -> Room {
    let config = Config {
        batch_window: WINDOW,
        ..Config::default()
    };
    Room::of(config, 10, "/relay", b"")
}

#[test]
fn messages_of_several_turns_leave_in_one_frame_when_the_window_closes() {
    let mut room = room();
    let before = room.taken();
    room.speak(0..1, &text("this"));
    room.wait(WINDOW / 2);
    room.speak(1..2, &text("that"));
    assert_eq!(room.taken(), before);
    assert_eq!(room.server.patience(room.now.monotonic), Some(WINDOW / 2));
    room.wait(WINDOW / 2);
    assert_eq!(room.taken() - before, 10 * FRAMES[1]);
    assert!(room.server.patience(room.now.monotonic) > Some(WINDOW));
}

#[test]
fn the_window_opens_with_the_first_message() {
    let mut room = room();
    room.wait(WINDOW * 10);
    let before = room.taken();
    room.speak(0..1, &text("this"));
    room.wait(WINDOW.mul_f64(0.9));
    assert_eq!(room.taken(), before);
    room.wait(WINDOW.mul_f64(0.1));
    assert_eq!(room.taken() - before, 10 * FRAMES[0]);
}

#[test]
fn who_leaves_is_not_made_to_wait() {
    let mut room = room();
    let before = room.taken();
    room.speak(0..1, &text("this"));
    let close = [0x88, 0x80, 0, 0, 0, 0];
    room.speak(1..2, &close);
    assert_eq!(room.taken() - before, 10 * FRAMES[0] + 2);
}

#[test]
fn as_much_as_a_turn_takes_in_does_not_wait() {
    let mut room = room();
    let line = text(&"x".repeat(120));
    let burst = line.repeat(TURN_BYTES_MAX / line.len() / 2);
    let before = room.taken();
    room.speak(0..1, &burst);
    assert_eq!(room.taken(), before);
    room.speak(0..2, &burst);
    assert!(room.taken() - before > 10 * TURN_BYTES_MAX);
}
