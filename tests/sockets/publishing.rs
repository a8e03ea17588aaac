//! What programs say in channels and to people, and what they are told came of it.

use std::{fs, io::Read, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Door, HttpConnection, KEY, Person, Process, answers, bearer, post};

/// A request that is known by a key of its own.
fn keyed(key: &str, body: &str) -> String {
    let headers = format!("{}Idempotency-Key: {key}\r\n", bearer(KEY));
    post("/api/publish", &headers, body)
}

fn message(channel: &str, message: &str) -> Value {
    json!({"channel": channel, "message": message})
}

/// What came of a request, by its status, and what it says.
fn ask(http: &mut HttpConnection, request: impl AsRef<[u8]>) -> (u16, Value) {
    http.send(request);
    let response = http.response();
    (
        response.status,
        serde_json::from_slice(&response.body).unwrap(),
    )
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn everyone_in_a_channel_hears_what_a_program_says_there() {
    let door = Door::with_key(&[]);
    let mut ada = Person::enter(&door, "Ada");
    let joined = ada.join("tea");
    let said = door.publish("", &message("tea", "<b>hot</b>"));
    let heard = ada.hear();
    assert_eq!(
        heard["sender"],
        json!({"id": "api:backend", "name": "backend"})
    );
    assert_eq!(
        (&heard["message"], &heard["target"]),
        (&json!("<b>hot</b>"), &json!("tea"))
    );
    assert_eq!(
        said,
        [json!({"seq": heard["seq"], "epoch": joined["epoch"]})]
    );
    let item = json!({
        "channel": "tea", "data": {"order": 7, "lines": [1, null]}, "sender": {"id": "shop", "name": "Shop"},
    });
    door.publish("", &item);
    let heard = ada.hear();
    assert_eq!(
        (&heard["data"], &heard["sender"]),
        (&item["data"], &item["sender"])
    );
    assert!(heard.get("message").is_none() && heard["seq"].is_u64());
}

#[test]
fn a_channel_in_which_nobody_is_is_made_and_remembers() {
    let door = Door::with_key(&[]);
    let said = door.publish("", &json!([message("tea", "one"), message("tea", "two")]));
    let mut ada = Person::enter(&door, "Ada");
    ada.say(&json!({"action": "join-channel", "message": "tea", "last": 10}));
    assert_eq!(ada.hear()["seq"], said[1]["seq"]);
    assert_eq!(
        [ada.hear()["message"].clone(), ada.hear()["message"].clone()],
        ["one", "two"]
    );
}

#[test]
fn items_are_answered_in_their_order_and_one_that_is_bad_fails_alone() {
    let door = Door::with_key(&["--max-message", "16B"]);
    let items = json!([
        message("tea", "one"),
        7,
        {"channel": "tea", "mesage": "typo"},
        message("a\n", "bad name"),
        message("tea", "more than 16 bytes"),
        message("cake", "two"),
        {"channel": "tea", "data": [3]},
        {"to": "nobody", "message": "psst"},
    ]);
    let said = door.publish("", &items);
    let codes: Vec<_> = said.iter().map(code).collect();
    let bad = ["bad-item", "bad-item", "bad-name", "message-too-large"];
    assert_eq!(
        codes,
        [&[""][..], &bad, &["", "", "no-such-client"]].concat()
    );
    let numbers = [0, 5, 6].map(|place: usize| said[place]["seq"].as_u64().unwrap());
    assert_eq!(numbers, [1, 1, 2]);
    assert!(
        said[2]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("`mesage`")
    );
}

#[test]
fn a_request_that_cannot_be_read_says_nothing() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    let json = "Content-Type: application/json; charset=utf-8\r\n";
    let lines = "Content-Type: application/x-ndjson\r\n";
    let item = message("tea", "hot").to_string();
    let many = format!("[{}]", vec![&item[..]; 1001].join(","));
    for (headers, body, status, expected) in [
        (json, "", 400, "bad-json"),
        (json, "\"tea\"", 400, "bad-json"),
        (json, &format!("[{item},{item}"), 400, "bad-json"),
        (json, &format!("{item}{item}"), 400, "bad-json"),
        (lines, &format!("{item}\n{{"), 400, "bad-json"),
        (json, &many, 400, "too-many-items"),
        ("Content-Type: text/plain\r\n", &item, 415, "media-type"),
        ("Content-Encoding: gzip\r\n", &item, 415, "media-type"),
        (
            "Idempotency-Key: a b\r\n",
            &item,
            400,
            "bad-idempotency-key",
        ),
        (
            "Idempotency-Key: a\r\nIdempotency-Key: b\r\n",
            &item,
            400,
            "bad-idempotency-key",
        ),
    ] {
        let headers = format!("{}{headers}", bearer(KEY));
        http.send(post("/api/publish", &headers, body));
        let response = http.response();
        assert_eq!(
            (response.status, &response.error_code()[..]),
            (status, expected)
        );
        // With a body unread the connection ends.
        if response.header("connection") == Some("close") {
            http = door.knock();
        }
    }
    assert_eq!(door.publish("", &message("tea", "first"))[0]["seq"], 1);
}

#[test]
fn lines_are_items_too() {
    let door = Door::with_key(&[]);
    let body = format!(
        "{}\r\n\n{}\n7\n",
        message("tea", "one"),
        message("tea", "two")
    );
    let headers = format!("{}Content-Type: application/x-ndjson\r\n", bearer(KEY));
    let said = answers(&door.post("/api/publish", &headers, &body));
    assert_eq!((&said[0]["seq"], &said[1]["seq"]), (&json!(1), &json!(2)));
    assert_eq!((said.len(), code(&said[2])), (3, "bad-item"));
}

#[test]
fn requests_that_arrive_together_are_said_and_answered_in_their_order() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    let request = |number: usize| {
        post(
            "/api/publish",
            &bearer(KEY),
            &message("tea", &number.to_string()).to_string(),
        )
    };
    http.send((1..=200).map(request).collect::<String>());
    for number in 1..=200 {
        assert_eq!(answers(&http.response())[0]["seq"], number);
    }
}

#[test]
fn who_does_not_wait_is_answered_at_once_and_never_with_what_came_of_another_request() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    let unwaited = post(
        "/api/publish?wait=none",
        &bearer(KEY),
        "[{}, {\"channel\": \"tea\", \"message\": \"a\"}]",
    );
    for round in 1..=3 {
        let (status, answer) = ask(&mut http, &unwaited);
        assert_eq!(
            (status, code(&answer[0]), &answer[1]),
            (202, "missing-field", &json!({}))
        );
        let waited = post(
            "/api/publish",
            &bearer(KEY),
            &message("tea", "b").to_string(),
        );
        let (status, answer) = ask(&mut http, waited);
        assert_eq!((status, &answer[0]["seq"]), (200, &json!(2 * round)));
    }
}

#[test]
fn one_person_is_told_in_private() {
    let door = Door::with_key(&[]);
    let mut ada = Person::enter(&door, "Ada");
    let item = json!({"to": ada.id(), "message": "psst"});
    assert_eq!(door.publish("", &item), [json!({})]);
    let heard = ada.hear();
    assert_eq!(
        (&heard["action"], &heard["message"]),
        (&json!("send-private"), &json!("psst"))
    );
    assert_eq!(heard["sender"]["id"], "api:backend");
    assert_eq!(heard["target"]["id"], ada.id());
}

#[test]
fn a_relay_is_said_text_on_one_line_and_bytes_as_they_are() {
    let door = Door::with_key(&[]);
    let mut listener = door.connect("/relay?channel=tea");
    let mut http = door.knock();
    let mut relay = |headers: &str, body: &str| {
        let headers = format!("{}{headers}", bearer(KEY));
        ask(&mut http, post("/api/relay?channel=tea", &headers, body))
    };
    let text = "Content-Type: text/plain; charset=utf-8\r\n";
    assert_eq!(relay(text, " hot\ntea "), (200, json!({})));
    assert_eq!(listener.hear_text(), "hot tea");
    assert_eq!(
        relay("Content-Type: application/octet-stream\r\n", "\0\n").0,
        200
    );
    assert_eq!(listener.hear(), tungstenite::Message::binary(&b"\0\n"[..]));
    for (headers, body, status, expected) in [
        (text, " ", 400, "bad-request"),
        (text, &"x".repeat(65 << 10)[..], 413, "message-too-large"),
    ] {
        let (told, answer) = relay(headers, body);
        assert_eq!((told, code(&answer)), (status, expected));
    }
    assert_eq!(relay("Content-Type: text/html\r\n", "").0, 415);
}

#[test]
fn what_is_asked_for_again_is_done_once() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    let item = message("tea", "hot").to_string();
    let (_, first) = ask(&mut http, keyed("k", &item));
    let (_, second) = ask(&mut http, keyed("k", &item));
    assert_eq!(
        second,
        json!([{"seq": 1, "epoch": first[0]["epoch"], "duplicate": true}])
    );
    let (_, other) = ask(&mut http, keyed("l", &item));
    assert_eq!(other[0]["seq"], 2);
    let named = |text: &str| json!([{"channel": "tea", "message": text, "id": "k"}]);
    assert_eq!(door.publish("", &named("hot"))[0]["seq"], 3);
    assert_eq!(door.publish("", &named("hot"))[0]["duplicate"], true);
    assert_eq!(code(&door.publish("", &named("cold"))[0]), "conflict");
    assert_eq!(door.publish("", &message("tea", "last"))[0]["seq"], 4);
}

#[test]
fn a_key_that_was_used_for_another_request_has_nothing_done() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    let one = json!([message("tea", "one")]).to_string();
    let two = json!([message("tea", "one"), message("tea", "two")]).to_string();
    assert_eq!(ask(&mut http, keyed("k", &one)).0, 200);
    let (status, answer) = ask(&mut http, keyed("k", &two));
    assert_eq!((status, code(&answer)), (409, "conflict"));
    let (status, answer) = ask(&mut http, keyed("l", &two));
    assert_eq!((status, &answer[1]["seq"]), (200, &json!(3)));
    let nobody = json!([{"to": "nobody", "message": "psst"}, message("tea", "three")]).to_string();
    assert_eq!(ask(&mut http, keyed("n", &nobody)).1[1]["seq"], 4);
    assert_eq!(ask(&mut http, keyed("n", &two)).0, 409);
    let again = ask(&mut http, keyed("n", &nobody)).1;
    assert_eq!(
        (code(&again[0]), &again[1]["duplicate"]),
        ("no-such-client", &json!(true))
    );
    let unwaited = keyed("n", &one).replace("/api/publish", "/api/publish?wait=none");
    assert_eq!(ask(&mut http, unwaited).0, 409);
    let both = json!([{"channel": "tea", "message": "a", "id": "x"}]).to_string();
    assert_eq!(code(&ask(&mut http, keyed("m", &both)).1[0]), "bad-item");
}

#[test]
fn a_request_that_is_cut_off_at_any_byte_and_made_again_is_said_once() {
    let door = Door::with_key(&["--history", "1000"]);
    let items = json!([message("tea", "one"), message("tea", "two")]).to_string();
    let length = keyed("k000", &items).len();
    for cut in 0..=length {
        let request = keyed(&format!("k{cut:03}"), &items);
        let mut first = door.knock();
        first.send(&request[..cut]);
        drop(first);
        let mut again = door.knock();
        let (status, answer) = ask(&mut again, &request);
        let number = 2 * cut + 1;
        assert_eq!(status, 200);
        assert_eq!(answer[0]["seq"], number, "after {cut} bytes");
        assert_eq!(answer[1]["seq"], number + 1, "after {cut} bytes");
    }
}

#[test]
fn a_request_whose_answer_is_cut_off_at_any_byte_and_that_is_made_again_is_said_once() {
    let door = Door::with_key(&["--history", "1000"]);
    let items = json!([message("tea", "one"), message("tea", "two")]).to_string();
    for cut in 0.. {
        let request = keyed(&format!("k{cut:03}"), &items);
        let mut first = door.knock();
        first.send(&request);
        let (mut stream, _) = first.into_parts();
        let mut read = vec![0; cut];
        stream.read_exact(&mut read).unwrap();
        drop(stream);
        let (status, answer) = ask(&mut door.knock(), &request);
        let number = 2 * cut + 1;
        assert_eq!(status, 200);
        assert_eq!(answer[0]["seq"], number, "after {cut} bytes");
        assert_eq!(answer[1]["seq"], number + 1, "after {cut} bytes");
        assert!(cut == 0 || answer[1]["duplicate"] == true, "{answer}");
        if read.ends_with(b"}]") {
            return;
        }
    }
}

/// Whoever makes tokens, and a door for those who have one.
struct Issuer {
    secret: PathBuf,
    door: Door,
    _folder: TempDir,
}

impl Issuer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, "a secret of thirty-two bytes or so").unwrap();
        let door = Door::with_key(&["--token-key", secret.to_str().unwrap()]);
        Self {
            secret,
            door,
            _folder: folder,
        }
    }

    fn mint(&self, flags: &[&str]) -> String {
        let secret = ["token", "--token-key", self.secret.to_str().unwrap()];
        let ended = Process::start(&[&secret, flags].concat()).ended();
        assert!(ended.status.success(), "{}", ended.stderr);
        ended.stdout.trim_end().to_owned()
    }

    /// What items are answered that are published with these headers.
    fn publish(&self, headers: &str, items: &Value) -> (u16, Value) {
        let response = self.door.post("/api/publish", headers, &items.to_string());
        let body = serde_json::from_slice(&response.body).unwrap();
        (response.status, body)
    }
}

#[test]
fn each_item_is_said_once_though_more_of_them_are_allowed_when_they_are_asked_for_again() {
    let issuer = Issuer::new();
    let items = json!([message("tea", "one"), message("cake", "two")]);
    let ask = |rights: &str| {
        let token = issuer.mint(&["--sub", "till", "--api-rights", rights]);
        let headers = format!("{}Idempotency-Key: K\r\n", bearer(&token));
        issuer.publish(&headers, &items).1
    };
    let first = ask("publish:cake");
    assert_eq!(
        (code(&first[0]), &first[1]["seq"]),
        ("not-allowed", &json!(1))
    );
    let second = ask("publish:*");
    assert_eq!(
        (&second[0]["seq"], &second[0]["duplicate"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(
        (&second[1]["seq"], &second[1]["duplicate"]),
        (&json!(1), &json!(true))
    );
    let third = ask("publish:*");
    let duplicates = [0, 1].map(|item| &third[item]["duplicate"]);
    assert_eq!(duplicates, [true, true]);
}

#[test]
fn tokens_that_name_nobody_have_ids_of_their_own() {
    let issuer = Issuer::new();
    let item = json!({"channel": "tea", "message": "hot", "id": "1"});
    for (lifetime, seq) in [("1h", 1), ("2h", 2)] {
        let token = issuer.mint(&["--lifetime", lifetime, "--api-rights", "publish:*"]);
        for duplicate in [Value::Null, json!(true)] {
            let (_, said) = issuer.publish(&bearer(&token), &item);
            assert_eq!(
                (&said[0]["seq"], &said[0]["duplicate"]),
                (&json!(seq), &duplicate)
            );
        }
    }
}

#[test]
fn a_token_says_where_and_as_whom() {
    let issuer = Issuer::new();
    let ada = ["--sub", "ada-1", "--name", "Ada"];
    let mint = |flags: &[&str]| issuer.mint(&[&ada, flags].concat());
    let publish = |token: &str, items: &Value| issuer.publish(&bearer(token), items);
    let own = json!({"id": "ada-1", "name": "Ada"});
    let items = json!([
        message("tea", "one"),
        message("cake", "two"),
        {"channel": "tea", "message": "three", "sender": own},
        {"channel": "tea", "message": "four", "sender": {"id": "ada-1", "name": "Eve"}},
        {"to": "ada-1", "message": "five"},
    ]);
    let (status, answer) = publish(&mint(&["--api-rights", "publish:t*,read"]), &items);
    let codes: Vec<_> = answer.as_array().unwrap().iter().map(code).collect();
    let no = "not-allowed";
    assert_eq!((status, &codes[..]), (200, &["", no, "", no, no][..]));
    let (status, answer) = publish(&mint(&["--api-rights", "read"]), &items);
    assert_eq!((status, code(&answer)), (403, "not-allowed"));
    assert_eq!(publish(&mint(&[]), &items).0, 403);
    let (status, answer) = publish(
        &format!("{}x", mint(&["--api-rights", "publish:*"])),
        &items,
    );
    assert_eq!((status, code(&answer)), (401, "token-signature"));
}
