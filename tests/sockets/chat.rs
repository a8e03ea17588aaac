//! The chat over real sockets: who is told what, and what goes wrong by name.

use serde_json::{Value, json};

use crate::harness::{Person, Server, wait_until};

/// The names of those listed.
fn names(answer: &Value) -> Vec<&str> {
    let members = answer["members"].as_array().unwrap();
    members
        .iter()
        .map(|member| member["name"].as_str().unwrap())
        .collect()
}

#[test]
fn one_who_enters_is_told_who_they_are_and_what_the_bounds_are() {
    let server = Server::start(&["--max-message", "1KiB", "--notice-limit", "7"]);
    let mut ada = server.connect("/ws?name=Ada%20L&email=%20MyEmailAddress@example.com%20");
    let welcome: Value = serde_json::from_str(&ada.hear_text()).unwrap();
    assert_eq!(welcome["client"]["name"], "Ada L");
    assert_eq!(welcome["client"]["id"].as_str().unwrap().len(), 36);
    assert_eq!(
        welcome["client"]["avatar"],
        "84059b07d4be67b806386c0aad8070a23f18836bbaae342275dc0a83414c32ee"
    );
    assert_eq!(welcome["server"]["name"], "hubbub");
    let limits = json!({
        "message_bytes": 1024, "name_chars": 64, "ref_bytes": 64, "channels": 64, "listed": 1000, "notice_members": 7
    });
    assert_eq!(welcome["limits"], limits);
}

#[test]
fn a_message_reaches_every_member_of_its_channel_the_sender_included() {
    let server = Server::start(&[]);
    let [mut ada, mut bob, mut eve] =
        ["Ada", "Bob", "Eve"].map(|name| Person::enter(&server, name));
    ada.join("general");
    bob.join("general");
    eve.join("elsewhere");
    assert_eq!(ada.hear()["event"], "joined");
    ada.say(&json!({"action": "send-message", "target": "general", "message": "hi \"all\"\n", "ref": "r1", "x": 1}));
    let heard = ada.hear();
    assert_eq!(heard, bob.hear());
    assert_eq!(heard["action"], "send-message");
    assert_eq!(heard["message"], "hi \"all\"\n");
    assert_eq!(heard["target"], "general");
    assert_eq!(heard["sender"], json!({"id": ada.id(), "name": "Ada"}));
    assert_eq!(heard["seq"], 2);
    assert_eq!(heard["ref"], "r1");
    assert!(heard["time"].as_u64().unwrap() > 1_700_000_000_000);
    let channels = eve.ask(&json!({"action": "list-channels"}));
    assert_eq!(channels["action"], "channels");
}

#[test]
fn comings_and_goings_are_told_to_the_others() {
    let server = Server::start(&[]);
    let [mut ada, mut bob] = ["Ada", "Bob"].map(|name| Person::enter(&server, name));
    let joined = ada.join("tea");
    assert_eq!((names(&joined), &joined["count"]), (vec!["Ada"], &json!(1)));
    assert_eq!(joined["seq"], 0);
    let joined = bob.join("tea");
    let mut together = names(&joined);
    together.sort_unstable();
    assert_eq!(together, ["Ada", "Bob"]);
    assert_eq!(joined["seq"], 1);
    let notice = ada.hear();
    assert_eq!(notice["event"], "joined");
    assert_eq!(notice["message"], "Bob joined the channel");
    assert_eq!(notice["member"], bob.welcome["client"]);
    assert_eq!(notice["target"], "tea");
    assert_eq!(notice["seq"], 1);
    assert_eq!(notice.get("sender"), None);
    assert_eq!(
        bob.leave("tea"),
        json!({"action": "left", "channel": "tea"})
    );
    let notice = ada.hear();
    assert_eq!(
        (&notice["event"], &notice["seq"]),
        (&json!("left"), &json!(2))
    );
    bob.join("tea");
    ada.hear();
    drop(bob);
    let notice = ada.hear();
    assert_eq!(notice["event"], "left");
    assert_eq!(notice["message"], "Bob left the channel");
    assert_eq!(notice["seq"], 4);
}

#[test]
fn joining_again_is_answered_and_told_to_nobody() {
    let server = Server::start(&[]);
    let [mut ada, mut bob] = ["Ada", "Bob"].map(|name| Person::enter(&server, name));
    bob.join("tea");
    ada.join("tea");
    assert_eq!(bob.hear()["event"], "joined");
    let again = ada.join("tea");
    assert_eq!((&again["seq"], &again["count"]), (&json!(1), &json!(2)));
    ada.send("tea", "hot");
    assert_eq!(bob.hear()["message"], "hot");
}

#[test]
fn a_channel_that_nobody_is_in_is_remembered_for_a_while() {
    let server = Server::start(&[]);
    let mut ada = Person::enter(&server, "Ada");
    let first = ada.join("tea");
    ada.send("tea", "one");
    assert_eq!(ada.hear()["seq"], 1);
    ada.leave("tea");
    let second = ada.join("tea");
    assert_eq!((&second["seq"], &second["oldest"]), (&json!(1), &json!(1)));
    assert_eq!(first["epoch"], second["epoch"]);
}

#[test]
fn a_forgotten_channel_begins_again_at_1_in_another_epoch() {
    let server = Server::start(&["--history-age", "50ms"]);
    let mut ada = Person::enter(&server, "Ada");
    let first = ada.join("tea");
    ada.send("tea", "one");
    assert_eq!(ada.hear()["seq"], 1);
    ada.leave("tea");
    wait_until("the channel is forgotten", || {
        server.metrics().count("hubbub_history_bytes") == 0
    });
    let second = ada.join("tea");
    assert_eq!(second["seq"], 0);
    assert_ne!(first["epoch"], second["epoch"]);
}

#[test]
fn a_private_message_reaches_one_client_and_its_sender() {
    let server = Server::start(&[]);
    let [mut ada, mut bob, mut eve] =
        ["Ada", "Bob", "Eve"].map(|name| Person::enter(&server, name));
    for target in [bob.id().to_owned(), "Bob".to_owned()] {
        ada.say(
            &json!({"action": "send-private", "target": target, "message": "psst", "ref": "p"}),
        );
        let heard = ada.hear();
        assert_eq!(heard, bob.hear());
        assert_eq!(heard["action"], "send-private");
        assert_eq!(heard["message"], "psst");
        assert_eq!(heard["sender"], json!({"id": ada.id(), "name": "Ada"}));
        assert_eq!(heard["target"], json!({"id": bob.id(), "name": "Bob"}));
        assert_eq!(heard["ref"], "p");
        assert_eq!(heard.get("seq"), None);
    }
    let own = eve.ask(&json!({"action": "send-private", "target": "Eve", "message": "note"}));
    assert_eq!(own["message"], "note");
    assert_eq!(
        eve.ask(&json!({"action": "list-channels"}))["action"],
        "channels"
    );
}

#[test]
fn members_and_channels_are_listed_with_their_number() {
    let server = Server::start(&[]);
    let [mut ada, mut bob] = ["Ada", "Bob"].map(|name| Person::enter(&server, name));
    ada.join("tea");
    ada.join("coffee");
    bob.join("tea");
    let members = bob.ask(&json!({"action": "list-members", "target": "coffee", "ref": "m"}));
    assert_eq!(members["action"], "members");
    assert_eq!(members["channel"], "coffee");
    assert_eq!(members["members"], json!([ada.welcome["client"]]));
    assert_eq!(
        (&members["count"], &members["ref"]),
        (&json!(1), &json!("m"))
    );
    let channels = bob.ask(&json!({"action": "list-channels", "ref": "c"}));
    let expected = json!({
        "action": "channels", "count": 2, "ref": "c",
        "channels": [{"channel": "coffee", "count": 1}, {"channel": "tea", "count": 2}]
    });
    assert_eq!(channels, expected);
}

#[test]
fn a_request_that_is_not_granted_has_a_code_and_a_sentence_and_its_ref() {
    let server = Server::start(&[]);
    let [mut ada, _bob, _other_bob] =
        ["Ada", "Bob", "Bob"].map(|name| Person::enter(&server, name));
    let mut host = Person::enter(&server, "Host");
    host.join("private");
    let long = "c".repeat(65);
    for (request, code) in [
        (json!({"action": "join-channel", "message": 7}), "bad-json"),
        (json!({"action": "dance"}), "unknown-action"),
        (json!({"message": "tea"}), "missing-field"),
        (json!({"action": "join-channel"}), "missing-field"),
        (json!({"action": "join-channel", "message": ""}), "bad-name"),
        (
            json!({"action": "join-channel", "message": long}),
            "bad-name",
        ),
        (
            json!({"action": "send-message", "target": "private", "message": "x"}),
            "not-a-member",
        ),
        (
            json!({"action": "leave-channel", "message": "private"}),
            "not-a-member",
        ),
        (
            json!({"action": "send-message", "target": "nowhere", "message": "x"}),
            "no-such-channel",
        ),
        (
            json!({"action": "leave-channel", "message": "nowhere"}),
            "no-such-channel",
        ),
        (
            json!({"action": "list-members", "target": "nowhere"}),
            "no-such-channel",
        ),
        (
            json!({"action": "send-private", "target": "Nobody", "message": "x"}),
            "no-such-client",
        ),
        (
            json!({"action": "send-private", "target": "Bob", "message": "x"}),
            "ambiguous-name",
        ),
    ] {
        let mut request = request;
        request["ref"] = json!("why");
        let answer = ada.ask(&request);
        assert_eq!(answer["action"], "error", "{request}");
        assert_eq!(answer["code"], code, "{request}");
        assert!(answer["message"].as_str().unwrap().len() > 10, "{answer}");
        assert_eq!(answer["ref"], "why", "{request}");
    }
    for (text, code) in [("hello", "bad-json"), ("[]", "bad-json"), ("", "bad-json")] {
        ada.client.say(text);
        assert_eq!(ada.hear()["code"], code, "{text}");
    }
    ada.client.send(tungstenite::Message::binary(&b"{}"[..]));
    assert_eq!(ada.hear()["code"], "bad-json");
    let long = json!({"action": "list-channels", "ref": "r".repeat(65)});
    assert_eq!(ada.ask(&long)["code"], "bad-ref");
    ada.join("still here");
}

#[test]
fn one_client_is_in_at_most_64_channels() {
    let server = Server::start(&[]);
    let mut ada = Person::enter(&server, "Ada");
    for number in 0..64 {
        ada.join(&format!("channel {number}"));
    }
    let refused = ada.ask(&json!({"action": "join-channel", "message": "one more"}));
    assert_eq!(refused["code"], "too-many-channels");
    ada.join("channel 7");
    ada.leave("channel 7");
    ada.join("one more");
}

#[test]
fn comings_and_goings_in_a_large_channel_are_summarised() {
    let server = Server::start(&["--notice-limit", "2"]);
    let mut ada = Person::enter(&server, "Ada");
    ada.join("tea");
    let mut others = ["Bob", "Cleo", "Dan"].map(|name| Person::enter(&server, name));
    for other in &mut others {
        other.join("tea");
    }
    assert_eq!(ada.hear()["event"], "joined");
    let [_, cleo, _] = &mut others;
    assert_eq!(cleo.hear()["event"], "summary");
    let mut come = 0;
    let mut seq = 1;
    while come < 2 {
        let summary = ada.hear();
        assert_eq!(summary["event"], "summary");
        assert_eq!(summary["action"], "send-message");
        assert_eq!(summary["target"], "tea");
        assert_eq!(summary["left"], 0);
        let joined = summary["joined"].as_u64().unwrap();
        assert_eq!(summary["message"], format!("{joined} joined"));
        come += joined;
        seq += 1;
        assert_eq!(summary["count"], 2 + come);
        assert_eq!(summary["seq"], seq);
    }
    assert_eq!(come, 2);
    drop(others);
    let mut events = Vec::new();
    let mut gone = 0;
    while gone < 3 {
        let notice = ada.hear();
        gone += notice["left"].as_u64().unwrap_or(1);
        events.push(notice["event"].clone());
    }
    assert!(events.contains(&json!("summary")), "{events:?}");
}

#[test]
fn many_requests_at_once_cannot_make_the_server_list_everyone_for_each() {
    let server = Server::start(&[]);
    let mut people: Vec<_> = (0..60)
        .map(|number| Person::enter(&server, &format!("p{number}")))
        .collect();
    for person in &mut people {
        person.join("tea");
    }
    let mut ada = Person::enter(&server, "Ada");
    let request = json!({"action": "list-members", "target": "tea", "limit": 60}).to_string();
    ada.client.say_at_once(&request, 400);
    let answers: Vec<Value> = (0..400).map(|_| ada.hear()).collect();
    let refused = answers
        .iter()
        .filter(|answer| answer["code"] == "too-many-requests");
    assert!(refused.count() > 100);
    assert_eq!(answers[0]["members"].as_array().unwrap().len(), 60);
}

/// What the clients of the Go tutorials do.
mod tutorials {
    use super::*;

    #[test]
    fn one_splits_frames_at_newlines_and_looks_channels_up_by_target() {
        let server = Server::start(&[]);
        let mut page = server.connect("/ws?name=page");
        page.say(r#"{"action":"join-channel","message":"general"}"#);
        page.say(r#"{"action":"send-message","message":"hi","target":"general"}"#);
        page.say(r#"{"action":"send-message","message":"hi","target":{"name":"general"}}"#);
        let mut messages = Vec::new();
        while messages.is_empty() {
            for line in page.hear_text().split('\n') {
                let object: Value = serde_json::from_str(line).unwrap();
                if object.get("target") == Some(&json!("general")) {
                    messages.push(object["message"].as_str().unwrap().to_owned());
                }
            }
        }
        assert_eq!(messages, ["hi"]);
    }

    #[test]
    fn one_joins_a_communication_channel() {
        let server = Server::start(&[]);
        let mut ada = Person::enter(&server, "Ada");
        let joined = ada.ask(&json!({"action": "join-communication-channel", "message": "tea"}));
        assert_eq!(
            (&joined["action"], &joined["channel"]),
            (&json!("joined"), &json!("tea"))
        );
        let left = ada.ask(&json!({"action": "leave-communication-channel", "message": "tea"}));
        assert_eq!(
            (&left["action"], &left["channel"]),
            (&json!("left"), &json!("tea"))
        );
    }

    #[test]
    fn one_sends_objects_of_its_own_and_gets_each_in_a_frame_of_its_own() {
        let server = Server::start(&[]);
        let mut clients = [(); 2].map(|()| server.connect("/relay?frames=single"));
        let said: Vec<_> = (0..20)
            .map(|number| json!({"email": "ada@example.com", "username": "Ada", "message": format!("{number} :smile:")}))
            .collect();
        for object in &said {
            clients[0].say(&object.to_string());
        }
        for client in &mut clients {
            for object in &said {
                let heard: Value = serde_json::from_str(&client.hear_text()).unwrap();
                assert_eq!(&heard, object);
            }
        }
    }
}
