//! A look at everyone takes a share of each turn, and one serves all who ask in the same second.

use std::time::Duration;

use hubbub::vocabulary::{
    arrival::Role,
    config::{
        CLIENT_CHANNELS_MAX, Config, LISTED_MAX, NAME_CHARS_MAX, SURVEY_INTERVAL, TURN_LISTED_MAX,
        TURN_SURVEYED_MAX,
    },
};

use crate::room::{Room, text};

const MEMBERS: usize = 4 * TURN_SURVEYED_MAX;
const STATS: &[u8] = b"GET /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Members of a relay, and so many operators.
fn room(operators: usize) -> Room {
    let mut room = Room::of(Config::default(), MEMBERS, "/relay", b"");
    for _ in 0..operators {
        room.admit(Role::Admin);
    }
    room
}

/// Turns the server until it has nothing left to do, and returns how many turns that took.
fn turns_until_rest(room: &mut Room) -> usize {
    let mut turns = 0;
    loop {
        room.server.turn(room.now, false);
        turns += 1;
        if room.server.patience(room.now.monotonic) != Some(Duration::ZERO) {
            return turns;
        }
    }
}

fn ask(room: &mut Room, operator: usize) -> usize {
    let operator = MEMBERS + operator;
    room.send(operator..=operator, STATS);
    turns_until_rest(room)
}

#[test]
fn no_turn_looks_at_everyone() {
    let mut room = room(1);
    let turns = ask(&mut room, 0);
    assert!(turns > MEMBERS / TURN_SURVEYED_MAX, "{turns}");
    assert!(room.clients[MEMBERS].1.taken() > 1000, "it is answered");
}

#[test]
fn nobody_is_looked_at_again_within_a_second_however_many_ask() {
    let mut room = room(20);
    ask(&mut room, 0);
    for operator in 1..20 {
        let turns = ask(&mut room, operator);
        assert!(turns <= 3, "{turns}");
        let taken = |operator: usize| room.clients[MEMBERS + operator].1.taken();
        assert_eq!(taken(operator), taken(0));
    }
    room.now.monotonic += SURVEY_INTERVAL;
    let turns = ask(&mut room, 0);
    assert!(turns > MEMBERS / TURN_SURVEYED_MAX, "{turns}");
}

#[test]
fn nothing_is_looked_at_where_nobody_asks_and_one_who_goes_is_waited_for_by_nobody() {
    let mut room = room(1);
    assert_eq!(turns_until_rest(&mut room), 1);
    room.send(MEMBERS..=MEMBERS, STATS);
    room.server.turn(room.now, false);
    room.now.monotonic += Duration::from_hours(1);
    assert!(turns_until_rest(&mut room) < 20);
    assert_eq!(turns_until_rest(&mut room), 1);
}

#[test]
fn so_many_channels_are_named_of_those_of_one_name_and_of_the_others_how_many_they_are() {
    let namesakes = 2 * TURN_LISTED_MAX / CLIENT_CHANNELS_MAX;
    let mut room = Room::of(Config::default(), namesakes, "/ws?name=ada", b"");
    let mut named = 0;
    for number in 0..CLIENT_CHANNELS_MAX {
        let channel = format!("{number:0>NAME_CHARS_MAX$}");
        let join = format!(r#"{{"action":"join-channel","message":"{channel}"}}"#);
        room.speak(0..namesakes, &text(&join));
        named += channel.len() + r#""","#.len();
    }
    room.admit(Role::Admin);
    let path = format!("/api/clients?named=ada&limit={LISTED_MAX}");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    room.speak(namesakes..=namesakes, request.as_bytes());
    let taken = room.clients[namesakes].1.taken();
    let most = TURN_LISTED_MAX / CLIENT_CHANNELS_MAX * named;
    assert!(
        (most..most + namesakes * 300).contains(&taken),
        "{taken} of {most}"
    );
}
