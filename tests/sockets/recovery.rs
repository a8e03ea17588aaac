//! What those who come back, or are new, get of what was said before.

use serde_json::{Value, json};
use tungstenite::Message;

use crate::harness::{Person, Server};

/// Joins `tea` as `past` says.
fn join(person: &mut Person, past: &Value) -> Value {
    let mut request = json!({"action": "join-channel", "message": "tea"});
    let fields = request.as_object_mut().unwrap();
    fields.extend(past.as_object().unwrap().clone());
    person.ask(&request)
}

/// What one has who has just heard `last`.
fn since(joined: &Value, last: &Value) -> Value {
    json!({"since": {"epoch": joined["epoch"], "seq": last["seq"]}})
}

/// Says a number of messages, each in a turn of its own.
fn speak(person: &mut Person, count: usize) -> Vec<Value> {
    let say = |number| {
        person.send("tea", &format!("message {number}"));
        person.hear()
    };
    (0..count).map(say).collect()
}

/// Ada and Bob in a channel, who leaves without a word when he has heard one message: the server, Ada, and what he has.
fn bereaved(flags: &[&str]) -> (Server, Person, Value) {
    let server = Server::start(flags);
    let [mut ada, mut bob] = ["Ada", "Bob"].map(|name| Person::enter(&server, name));
    let joined = ada.join("tea");
    bob.join("tea");
    assert_eq!(ada.hear()["event"], "joined");
    ada.send("tea", "before");
    assert_eq!(ada.hear(), bob.hear());
    drop(bob);
    let left = ada.hear();
    assert_eq!((&left["event"], &left["seq"]), (&json!("left"), &json!(3)));
    let had = since(&joined, &json!({"seq": 2}));
    (server, ada, had)
}

#[test]
fn who_comes_back_gets_what_was_said_meanwhile_just_as_it_was_said() {
    let (server, mut ada, had) = bereaved(&[]);
    let said = speak(&mut ada, 3);
    let mut bob = Person::enter(&server, "Bob");
    let joined = join(&mut bob, &had);
    assert_eq!(joined["recovered"], true);
    assert_eq!((&joined["seq"], &joined["oldest"]), (&json!(7), &json!(1)));
    assert_eq!(joined["replay"], json!({"from": 3, "to": 7}));
    assert_eq!(bob.hear()["event"], "left");
    for message in &said {
        assert_eq!(bob.hear(), *message);
    }
    let own = bob.hear();
    assert_eq!(own["event"], "joined");
    assert_eq!(own, ada.hear());
    ada.send("tea", "live");
    assert_eq!(bob.hear()["message"], "live");
    let metrics = server.metrics();
    let recovered = metrics.count("hubbub_recoveries_total{result=\"recovered\"}");
    assert_eq!(recovered, 1);
    assert_eq!(metrics.count("hubbub_replayed_messages_total"), 5);
}

#[test]
fn what_is_no_longer_kept_is_told_and_the_rest_comes_all_the_same() {
    let (server, mut ada, had) = bereaved(&["--history", "2"]);
    speak(&mut ada, 5);
    let mut bob = Person::enter(&server, "Bob");
    let joined = join(&mut bob, &had);
    assert_eq!(joined["recovered"], false);
    assert_eq!(joined["gap"], json!({"from": 3, "to": 6}));
    assert_eq!(joined["replay"], json!({"from": 7, "to": 9}));
    let heard: Vec<_> = (0..3).map(|_| bob.hear()["seq"].clone()).collect();
    assert_eq!(heard, [7, 8, 9]);
    let metrics = server.metrics();
    assert_eq!(metrics.count("hubbub_recoveries_total{result=\"gap\"}"), 1);
    assert_eq!(metrics.count("hubbub_history_messages"), 2);
}

#[test]
fn another_life_of_a_channel_and_numbers_that_were_never_said_are_told() {
    let (server, mut ada, had) = bereaved(&[]);
    let mut other = had.clone();
    other["since"]["epoch"] = json!(1);
    let mut future = had;
    future["since"]["seq"] = json!(1000);
    for (past, reason, replayed) in [(other, "epoch", 4), (future, "future", 0)] {
        let mut bob = Person::enter(&server, "Bob");
        let joined = join(&mut bob, &past);
        assert_eq!(joined["recovered"], false);
        assert_eq!(joined["reason"], reason);
        let replay = |end: &str| joined["replay"][end].as_u64().unwrap();
        assert_eq!(replay("to") + 1 - replay("from"), replayed);
        assert_eq!(ada.hear()["event"], "joined");
        drop(bob);
        assert_eq!(ada.hear()["event"], "left");
    }
}

#[test]
fn who_is_new_gets_the_latest_and_pages_back_from_there() {
    let (server, mut ada, _) = bereaved(&[]);
    let said = speak(&mut ada, 5);
    let mut bob = Person::enter(&server, "Bob");
    let joined = join(&mut bob, &json!({"last": 2}));
    assert_eq!(joined["replay"], json!({"from": 7, "to": 9}));
    assert_eq!([bob.hear(), bob.hear()], said[3..]);
    assert_eq!(bob.hear()["event"], "joined");
    let page = bob.ask(&json!({"action": "history", "target": "tea", "before": 7, "limit": 3}));
    assert_eq!(page["messages"], json!(said[..3]));
    assert_eq!(page["oldest"], 1);
    let mut stranger = Person::enter(&server, "Eve");
    let refused = stranger.ask(&json!({"action": "history", "target": "tea"}));
    assert_eq!(refused["code"], "not-a-member");
}

#[test]
fn a_relay_begins_with_its_latest_messages_as_they_were_said() {
    let server = Server::start(&[]);
    let mut ada = server.connect("/relay?channel=tea");
    for frames in ["joined", "single"] {
        let latest = [
            Message::text("one"),
            Message::binary(&b"\x00\n"[..]),
            Message::text("two"),
        ];
        for message in [&[Message::text("zero")], &latest[..]].concat() {
            ada.send(message.clone());
            assert_eq!(ada.hear(), message);
        }
        let mut bob = server.connect(&format!("/relay?channel=tea&frames={frames}&last=3"));
        for message in latest {
            assert_eq!(bob.hear(), message, "{frames}");
        }
        ada.say("live");
        assert_eq!([ada.hear_text(), bob.hear_text()], ["live", "live"]);
    }
    for last in ["1001", "-1", "many", ""] {
        let refused = server.get(&format!("/relay?last={last}"));
        let status = refused.status;
        assert_eq!(status, 400, "{last}: {}", refused.text());
        assert!(refused.text().contains("bad-limit"), "{}", refused.text());
    }
}

#[test]
fn a_channel_that_keeps_nothing_recovers_who_missed_nothing() {
    let (server, mut ada, had) = bereaved(&["--history", "0"]);
    let mut bob = Person::enter(&server, "Bob");
    let joined = join(&mut bob, &had);
    assert_eq!(
        (&joined["recovered"], &joined["oldest"]),
        (&json!(false), &json!(5))
    );
    assert_eq!(joined["gap"], json!({"from": 3, "to": 4}));
    ada.hear();
    bob.leave("tea");
    let left = ada.hear();
    ada.leave("tea");
    let joined = join(&mut bob, &since(&joined, &left));
    assert_eq!(joined["recovered"], true);
}
