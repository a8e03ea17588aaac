//! Who lags is known in time, and nobody is waited upon for it.

use std::time::Duration;

use hubbub::{
    state::metrics::Omission,
    vocabulary::{
        config::{Config, Slow},
        reason::Reason,
    },
};

use crate::room::{Room, text};

const LAG: Duration = Duration::from_secs(1);

fn config(slow: Slow) -> Config {
    Config {
        slow,
        max_lag: Some(LAG),
        write_timeout: LAG * 5,
        ..Config::default()
    }
}

/// Two who take nothing, to whom something is said.
fn deaf(slow: Slow, path: &str) -> Room {
    let mut room = Room::of(config(slow), 2, path, b"");
    room.set_deaf(true);
    for word in ["one", "two"] {
        room.speak(0..1, &text(word));
    }
    room
}

fn closed(room: &Room, reason: Reason) -> u64 {
    room.server.metrics().disconnects[reason as usize]
}

fn skipped(room: &Room, omission: Omission) -> u64 {
    room.server.metrics().skipped_messages[omission as usize]
}

/// Lets time pass until those who were given up are gone.
fn linger(room: &mut Room) {
    room.wait(Config::default().linger_timeout);
}

#[test]
fn one_that_takes_nothing_is_closed_when_the_oldest_has_waited_for_too_long() {
    let mut room = deaf(Slow::Close, "/relay");
    room.wait(LAG / 2);
    room.set_deaf(false);
    linger(&mut room);
    assert_eq!(closed(&room, Reason::SlowLag), 0);
    let mut room = deaf(Slow::Close, "/relay");
    room.wait(LAG + Duration::from_millis(10));
    linger(&mut room);
    assert_eq!(closed(&room, Reason::SlowLag), 2);
}

#[test]
fn one_that_may_go_without_is_kept_until_it_has_made_no_progress_for_too_long() {
    for (slow, omission, messages) in [
        (Slow::Gap, Omission::Slow, 4),
        (Slow::Latest, Omission::Latest, 2),
    ] {
        let mut room = deaf(slow, "/relay");
        room.wait(LAG + Duration::from_millis(10));
        assert_eq!(skipped(&room, omission), messages, "{slow:?}");
        room.speak(0..1, &text("three"));
        assert_eq!(room.server.connections(), 2);
        room.wait(LAG * 4);
        linger(&mut room);
        assert_eq!(closed(&room, Reason::SlowStalled), 2, "{slow:?}");
    }
}

#[test]
fn one_that_takes_again_hears_what_is_said_then() {
    let mut room = deaf(Slow::Gap, "/relay");
    room.wait(LAG + Duration::from_millis(10));
    assert_eq!(room.server.memory().outboxes, 0);
    room.set_deaf(false);
    let before = room.taken();
    room.speak(0..1, &text("three"));
    assert_eq!(room.taken() - before, 2 * (2 + "three".len()));
    room.wait(LAG * 10);
    assert_eq!(room.server.connections(), 2);
}

#[test]
fn what_has_no_numbers_and_no_channel_is_never_skipped() {
    for slow in [Slow::Gap, Slow::Latest] {
        let mut room = deaf(slow, "/echo");
        room.wait(LAG + Duration::from_millis(10));
        linger(&mut room);
        assert_eq!(closed(&room, Reason::SlowLag), 1, "{slow:?}");
    }
}

#[test]
fn one_of_the_chat_is_closed_or_told_what_it_goes_without() {
    for (slow, are_closed, are_skipped) in
        [(Slow::Close, 2, 0), (Slow::Gap, 0, 2), (Slow::Latest, 0, 2)]
    {
        let join = text(r#"{"action":"join-channel","message":"tea"}"#);
        let mut room = Room::of(config(slow), 2, "/ws?name=Ada", &join);
        room.set_deaf(true);
        let say = r#"{"action":"send-message","target":"tea","message":"hot"}"#;
        room.speak(0..1, &text(say));
        room.wait(LAG + Duration::from_millis(10));
        assert_eq!(skipped(&room, Omission::Slow), are_skipped, "{slow:?}");
        linger(&mut room);
        assert_eq!(closed(&room, Reason::SlowLag), are_closed, "{slow:?}");
    }
}

#[test]
fn one_that_asks_on_and_takes_nothing_of_a_channel_that_it_has_left_is_closed() {
    for slow in [Slow::Close, Slow::Gap] {
        let config = Config {
            slow,
            max_unsent_bytes: 16 << 10,
            ..Config::default()
        };
        let join = r#"{"action":"join-channel","message":"tea"}"#;
        let leave = r#"{"action":"leave-channel","message":"tea"}"#;
        let mut room = Room::of(config, 1, "/ws?name=Ada", &text(join));
        let words = "x".repeat(400);
        let say = format!(r#"{{"action":"send-message","target":"tea","message":"{words}"}}"#);
        for _ in 0..40 {
            room.speak(0..1, &text(&say));
        }
        room.speak(0..1, &text(leave));
        room.set_deaf(true);
        let again = r#"{"action":"join-channel","message":"tea","last":40}"#;
        room.speak(0..1, &text(again));
        room.speak(0..1, &text(leave));
        for _ in 0..30 {
            room.speak(0..1, &text(leave));
        }
        assert_eq!(closed(&room, Reason::SlowUnsent), 0, "{slow:?}");
        for _ in 0..100 {
            room.speak(0..1, &text(leave));
        }
        linger(&mut room);
        assert_eq!(closed(&room, Reason::SlowUnsent), 1, "{slow:?}");
    }
}

#[test]
fn one_that_asks_for_too_much_at_once_behind_a_channel_that_it_has_left_is_closed_though_it_takes_all()
 {
    let config = Config {
        max_unsent_bytes: 16 << 10,
        ..Config::default()
    };
    let join = r#"{"action":"join-channel","message":"tea"}"#;
    let leave = r#"{"action":"leave-channel","message":"tea"}"#;
    let mut room = Room::of(config, 1, "/ws?name=Ada", &text(join));
    let words = "x".repeat(2000);
    let say = format!(r#"{{"action":"send-message","target":"tea","message":"{words}"}}"#);
    for _ in 0..20 {
        room.speak(0..1, &text(&say));
    }
    room.speak(0..1, &text(leave));
    let again = text(r#"{"action":"join-channel","message":"tea","last":20}"#);
    let refused = text(leave).repeat(300);
    room.speak(0..1, &[again, refused].concat());
    linger(&mut room);
    assert_eq!(closed(&room, Reason::SlowUnsent), 1);
}
