//! A server that ends.

use std::time::Duration;

use hubbub::vocabulary::config::Config;

use crate::room::Room;

const TIMEOUT: Duration = Duration::from_secs(1);

#[test]
fn one_whose_time_is_over_cuts_who_is_left_and_sleeps_whatever_it_still_waits_for() {
    let config = Config {
        drain_timeout: TIMEOUT,
        ..Config::default()
    };
    let mut room = Room::of(config, 2, "/relay", b"");
    room.server.drain(room.now, 0);
    room.wait(TIMEOUT / 2);
    let patience = |room: &Room| room.server.patience(room.now.monotonic);
    assert!(patience(&room).is_some_and(|patience| patience <= TIMEOUT / 2));
    room.now.monotonic += TIMEOUT;
    for _ in 0..2 {
        room.server.turn(room.now, false);
    }
    assert!(room.server.is_drained());
    assert_eq!(room.server.cut_connections(), 2);
    assert!(patience(&room) > Some(TIMEOUT));
}
