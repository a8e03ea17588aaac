//! What one who joins is told and handed of what was said before.

use super::*;
use crate::vocabulary::config::HistoryBounds;

/// A chat with so much history in which someone has said `messages` times something in a channel.
fn scene(history: usize, messages: usize) -> (Scene, usize) {
    let config = Config {
        history: HistoryBounds {
            messages: history,
            ..HistoryBounds::default()
        },
        ..Config::default()
    };
    let mut scene = Scene::new(&config, Local);
    let ada = scene.enter("Ada");
    scene.join(ada, "tea", &json!({}));
    for _ in 0..messages {
        scene.say(ada, "tea", "hot");
        scene.turn();
    }
    (scene, ada)
}

/// What of an answer is about what was said before.
fn recovery(joined: &Value) -> Value {
    let mut recovery = joined.clone();
    let fields = recovery.as_object_mut().unwrap();
    fields.retain(|field, _| {
        ["oldest", "seq", "replay", "recovered", "gap", "reason"].contains(&field.as_str())
    });
    recovery
}

fn epoch(scene: &mut Scene) -> u64 {
    let channel = scene.commons.hub.find(Space::Chat, "tea").unwrap();
    scene.commons.hub.epoch(channel)
}

/// How Bob recovers who comes with this; what he is handed is what he is told.
fn recovers(history: usize, messages: usize, past: impl Fn(u64) -> Value) -> (Value, [u64; 4]) {
    let (mut scene, _) = scene(history, messages);
    let bob = scene.enter("Bob");
    let epoch = epoch(&mut scene);
    let joined = scene.join(bob, "tea", &past(epoch));
    let heard = scene.take(bob);
    assert_eq!(heard[0], joined, "it comes first");
    let of = |end: &str| joined["replay"][end].as_u64();
    let replayed: Vec<_> = match (of("from"), of("to")) {
        (Some(from), Some(to)) => (from..=to).collect(),
        _ => Vec::new(),
    };
    assert_eq!(numbers(&heard), replayed);
    scene.say(bob, "tea", "here");
    scene.turn();
    let seq = joined["seq"].as_u64().unwrap();
    assert_eq!(numbers(&scene.take(bob)), [seq + 1]);
    (recovery(&joined), scene.commons.registry.recoveries())
}

#[test]
fn one_who_lacks_what_is_kept_has_recovered_with_its_own_notice() {
    let (told, counted) = recovers(100, 5, |epoch| json!({"since": {"epoch": epoch, "seq": 3}}));
    let expected =
        json!({"oldest": 1, "seq": 6, "replay": {"from": 4, "to": 6}, "recovered": true});
    assert_eq!((told, counted), (expected, [1, 0, 0, 0]));
}

#[test]
fn one_who_lacks_only_its_own_notice_is_handed_that_and_where_nothing_is_kept_a_gap() {
    let past = |epoch: u64| json!({"since": {"epoch": epoch, "seq": 5}});
    let (told, _) = recovers(100, 5, past);
    let expected =
        json!({"oldest": 1, "seq": 6, "replay": {"from": 6, "to": 6}, "recovered": true});
    assert_eq!(told, expected);
    let (told, counted) = recovers(0, 5, past);
    let expected = json!({
        "oldest": 7, "seq": 6, "replay": {"from": 7, "to": 6},
        "recovered": false, "gap": {"from": 6, "to": 6},
    });
    assert_eq!((told, counted), (expected, [0, 1, 0, 0]));
}

#[test]
fn one_who_lacks_more_than_is_kept_is_told_the_gap_and_handed_the_rest() {
    let (told, counted) = recovers(3, 10, |epoch| json!({"since": {"epoch": epoch, "seq": 2}}));
    let expected = json!({
        "oldest": 8, "seq": 11, "replay": {"from": 8, "to": 11},
        "recovered": false, "gap": {"from": 3, "to": 7},
    });
    assert_eq!((told, counted), (expected, [0, 1, 0, 0]));
}

#[test]
fn one_of_another_life_is_handed_what_is_kept() {
    let (told, counted) = recovers(
        3,
        10,
        |epoch| json!({"since": {"epoch": epoch + 1, "seq": 9}}),
    );
    let expected = json!({
        "oldest": 8, "seq": 11, "replay": {"from": 8, "to": 11},
        "recovered": false, "reason": "epoch",
    });
    assert_eq!((told, counted), (expected, [0, 0, 1, 0]));
}

#[test]
fn one_who_knows_what_was_not_said_yet_is_handed_nothing() {
    let (told, counted) = recovers(3, 10, |epoch| json!({"since": {"epoch": epoch, "seq": 12}}));
    let expected = json!({
        "oldest": 8, "seq": 11, "replay": {"from": 12, "to": 11},
        "recovered": false, "reason": "future",
    });
    assert_eq!((told, counted), (expected, [0, 0, 0, 1]));
}

#[test]
fn one_who_is_new_is_handed_the_latest_that_it_asks_for() {
    for (last, from) in [(0, 12), (1, 10), (2, 9), (1000, 8)] {
        let (told, counted) = recovers(3, 10, |_| json!({"last": last, "since": null}));
        let expected = json!({"oldest": 8, "seq": 11, "replay": {"from": from, "to": 11}});
        assert_eq!((told, counted), (expected, [0; 4]), "{last}");
    }
}

#[test]
fn one_who_asks_for_nothing_is_handed_nothing() {
    let (told, _) = recovers(3, 10, |_| json!({"last": null}));
    assert_eq!(told, json!({"oldest": 8, "seq": 11}));
}

#[test]
fn one_who_missed_nothing_recovers_in_an_empty_channel_even_where_nothing_is_kept() {
    for history in [0, 100] {
        let (mut scene, ada) = scene(history, 5);
        let epoch = epoch(&mut scene);
        scene.exit(ada);
        scene.turn();
        let bob = scene.enter("Bob");
        let joined = scene.join(bob, "tea", &json!({"since": {"epoch": epoch, "seq": 5}}));
        let told = recovery(&joined);
        assert_eq!(
            (&told["recovered"], &told["seq"]),
            (&json!(true), &json!(5)),
            "{history}"
        );
        assert_eq!(told["replay"], json!({"from": 6, "to": 5}));
    }
}

#[test]
fn what_is_said_earlier_in_the_turn_of_a_join_is_in_its_replay() {
    let (mut scene, ada) = scene(100, 2);
    let bob = scene.enter("Bob");
    scene.say(ada, "tea", "earlier");
    scene.ask(
        bob,
        &json!({"action": "join-channel", "message": "tea", "last": 2}),
    );
    scene.say(ada, "tea", "later");
    scene.turn();
    let heard = scene.take(bob);
    assert_eq!(heard[0]["replay"], json!({"from": 2, "to": 4}));
    assert_eq!(numbers(&heard), [2, 3, 4, 5]);
}

#[test]
fn the_old_connection_of_one_who_recovers_may_be_open_still() {
    let (mut scene, _) = scene(100, 2);
    let epoch = epoch(&mut scene);
    let old = scene.enter_as("Bob", Some("bob"));
    scene.join(old, "tea", &json!({}));
    let new = scene.enter_as("Bob", Some("bob"));
    let since = json!({"since": {"epoch": epoch, "seq": 2}});
    let joined = scene.join(new, "tea", &since);
    assert_eq!(joined["count"], 3);
    assert_eq!(numbers(&scene.take(new)), [3, 4]);
}

#[test]
fn what_a_member_asks_for_is_checked_and_ignored() {
    let (mut scene, ada) = scene(3, 10);
    let join = |past: Value| {
        let mut join = json!({"action": "join-channel", "message": "tea"});
        join.as_object_mut()
            .unwrap()
            .extend(past.as_object().unwrap().clone());
        join
    };
    for past in [json!({"since": {"epoch": 1, "seq": 1}}), json!({"last": 5})] {
        let joined = scene.answer(ada, &join(past));
        assert_eq!(recovery(&joined), json!({"oldest": 8, "seq": 10}));
    }
    assert_eq!(scene.commons.registry.recoveries(), [0; 4]);
    assert_eq!(scene.code(ada, &join(json!({"last": -1}))), "bad-limit");
    assert_eq!(scene.code(ada, &join(json!({"since": 1}))), "bad-since");
}
