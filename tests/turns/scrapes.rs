//! The metrics are told whatever else is due.

use std::time::Duration;

use hubbub::vocabulary::config::Config;

use crate::room::Room;

#[test]
fn a_request_for_the_metrics_is_answered_though_its_time_is_up_in_the_same_turn() {
    let mut room = Room::of_strangers(Config::default(), 1);
    let request = b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n";
    room.speak(0..1, request);
    let first = room.taken();
    assert!(first > 0);
    room.send(0..1, request);
    room.wait(Config::default().keep_alive_timeout + Duration::from_secs(1));
    assert!(room.taken() > first + first / 2, "another page");
    assert_eq!(room.server.connections(), 1);
}
