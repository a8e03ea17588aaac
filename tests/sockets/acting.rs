//! What programs have done to those who are connected, and to the server.

use serde_json::{Value, json};
use tungstenite::Message;

use crate::{
    asking::assert_described,
    harness::{Client, Door, KEY, Person, Response, bearer, post, wait_until},
};

fn act(door: &Door, path: &str, body: &str) -> (u16, Value) {
    answer_of(&door.post(&format!("/api/{path}"), &bearer(KEY), body))
}

fn answer_of(response: &Response) -> (u16, Value) {
    let answer = serde_json::from_slice(&response.body).unwrap();
    assert_described(
        if response.status < 300 {
            "Sessions"
        } else {
            "Error"
        },
        &answer,
    );
    (response.status, answer)
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap())
}

/// The code and the reason with which a client is closed, whatever it hears before.
fn hears_close(client: &mut Client) -> (u16, String) {
    loop {
        if let Message::Close(frame) = client.hear() {
            let frame = frame.unwrap();
            return (frame.code.into(), frame.reason.to_string());
        }
    }
}

fn by_policy() -> (u16, String) {
    (1008, "closed by the operator".to_owned())
}

#[test]
fn a_person_is_closed_with_a_code_and_a_reason() {
    let door = Door::with_key(&[]);
    let mut ada = Person::enter(&door, "Ada");
    let mut bob = Person::enter(&door, "Bob");
    bob.join("tea");
    let close = |id: &str, body: &str| act(&door, &format!("clients/{id}/close"), body);
    assert_eq!(
        code(&close(ada.id(), r#"{"code": 1001}"#)),
        (400, "bad-code")
    );
    assert_eq!(
        code(&close(ada.id(), r#"{"cod": 1000}"#)),
        (400, "bad-json")
    );
    assert_eq!(code(&close("nobody", "")), (404, "no-such-client"));
    let closed = close(ada.id(), r#"{"code": 4003, "reason": "no more"}"#);
    assert_eq!(closed, (200, json!({"sessions": 1})));
    assert_eq!(hears_close(&mut ada.client), (4003, "no more".to_owned()));
    assert_eq!(close(bob.id(), "").0, 200);
    assert_eq!(hears_close(&mut bob.client), by_policy());
    wait_until("the log says who has done it", || {
        let log = door.process().stderr();
        log.contains("key=\"backend\" action=\"close\"")
    });
}

#[test]
fn a_client_without_an_id_is_closed_by_its_connection() {
    let door = Door::with_key(&[]);
    let mut member = door.connect("/relay?channel=tea");
    let mut http = door.knock();
    http.send(format!(
        "GET /api/clients HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        bearer(KEY)
    ));
    let clients: Value = serde_json::from_slice(&http.response().body).unwrap();
    let id = clients["clients"][0]["id"].as_str().unwrap();
    assert!(id.starts_with("connection:"), "{id}");
    let close = |id: &str| act(&door, &format!("clients/{id}/close"), "");
    assert_eq!(close(id), (200, json!({"sessions": 1})));
    assert_eq!(hears_close(&mut member), by_policy());
    assert_eq!(code(&close(id)), (404, "no-such-client"));
    assert_eq!(code(&close("connection:x")), (404, "no-such-client"));
    // What is no client is not closed, such as the one who asks.
    assert_eq!(code(&close("connection:99.99")), (404, "no-such-client"));
}

#[test]
fn a_person_is_removed_from_one_channel_and_may_come_back() {
    let door = Door::with_key(&[]);
    let mut ada = Person::enter(&door, "Ada");
    ada.join("a/b");
    ada.join("tea");
    let remove = |body: &Value| act(&door, "channels/a%2Fb/remove", &body.to_string());
    assert_eq!(
        remove(&json!({"id": ada.id()})),
        (200, json!({"sessions": 1}))
    );
    assert_eq!(ada.hear()["channel"], "a/b");
    // Nobody is in it any more, and it is remembered.
    assert_eq!(
        remove(&json!({"id": ada.id()})),
        (200, json!({"sessions": 0}))
    );
    let nowhere = json!({"id": ada.id()}).to_string();
    let nowhere = act(&door, "channels/water/remove", &nowhere);
    assert_eq!(code(&nowhere), (404, "no-such-channel"));
    assert_eq!(
        code(&remove(&json!({"id": "nobody"}))),
        (404, "no-such-client")
    );
    assert_eq!(code(&remove(&json!({"name": "Ada"}))), (400, "bad-json"));
    ada.join("a/b");
    ada.send("tea", "still here");
    assert_eq!(ada.hear()["message"], "still here");
}

#[test]
fn a_server_that_is_to_drain_says_so_first_and_answers_until_its_end() {
    let door = Door::with_key(&["--drain-timeout", "4s"]);
    let mut ada = Person::enter(&door, "Ada");
    let mut http = door.knock();
    http.send(post("/api/drain", &bearer(KEY), ""));
    let answer = http.response();
    assert_eq!((answer.status, answer.text()), (202, "{}"));
    let mut http = door.knock();
    http.send(format!(
        "GET /api/stats HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        bearer(KEY)
    ));
    let stats: Value = serde_json::from_slice(&http.response().body).unwrap();
    assert_eq!(stats["draining"], true);
    assert_eq!(door.knock().get("/healthz").error_code(), "draining");
    assert_eq!(door.get("/healthz").error_code(), "draining");
    assert_eq!(hears_close(&mut ada.client).0, 1001);
}
