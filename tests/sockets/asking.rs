//! What programs are shown: figures, channels, and clients. Each answer is what the description says of it.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::harness::{Door, KEY, Person, Process, Redis, Server, bearer, wait_until};

/// What comes of asking for something below `/api/`, by its status.
fn try_ask(door: &Server, path: &str) -> (u16, Value) {
    let mut http = door.http_at(1);
    http.send(format!(
        "GET /api/{path} HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        bearer(KEY)
    ));
    let response = http.response();
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert!(
        response
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
    (
        response.status,
        serde_json::from_slice(&response.body).unwrap(),
    )
}

/// The same, which is to be what the description calls so.
fn ask(door: &Server, schema: &str, path: &str) -> Value {
    let (status, answer) = try_ask(door, path);
    assert_eq!(status, 200, "{path}: {answer}");
    assert_described(schema, &answer);
    answer
}

pub(crate) fn assert_described(schema: &str, answer: &Value) {
    let description = include_str!("../../src/server/api/openapi.json");
    let mut description: Value = serde_json::from_str(description).unwrap();
    description["$ref"] = json!(format!("#/components/schemas/{schema}"));
    let validator: Validator = jsonschema::draft202012::new(&description).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(answer)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{schema}: {errors:#?} in {answer:#}");
}

fn refusal(door: &Server, path: &str) -> (u16, String) {
    let (status, answer) = try_ask(door, path);
    assert_described("Error", &answer);
    (status, answer["error"]["code"].as_str().unwrap().to_owned())
}

#[test]
fn how_it_goes_is_told_in_one_answer() {
    let door = Door::with_key(&[]);
    let mut ada = Person::enter(&door, "Ada");
    ada.join("tea");
    let _member = door.connect("/relay?channel=cake");
    let stats = ask(&door, "Stats", "stats");
    let of = |pointer: &str| stats.pointer(pointer).unwrap().clone();
    assert_eq!(of("/connections/open"), 3);
    assert_eq!(
        (of("/people"), of("/channels/chat"), of("/channels/relay")),
        (json!(1), json!(1), json!(1))
    );
    assert_eq!(of("/messages/received/chat"), 1);
    assert!(of("/turns/count").as_u64() > Some(0) && of("/memory/connections").as_u64() > Some(0));
    assert_eq!(
        (of("/redis"), of("/node"), of("/draining")),
        (Value::Null, Value::Null, json!(false))
    );
    assert_eq!(
        of("/messages/received_per_second"),
        Value::Null,
        "there is nothing to compare it with"
    );
    wait_until("there is", || {
        ada.send("tea", "hot");
        ada.hear();
        let stats = ask(&door, "Stats", "stats");
        stats["messages"]["received_per_second"].as_f64() > Some(0.0)
            && stats["channels"]["busiest"][0]["channel"] == "tea"
    });
}

#[test]
fn channels_are_listed_by_name_and_page_by_page() {
    let door = Door::with_key(&[]);
    let mut ada = Person::enter(&door, "Ada");
    for channel in ["room-1", "room-2", "room-3", "tea", "a/b"] {
        ada.join(channel);
    }
    ada.leave("room-2");
    let names = |query: &str| {
        let page = ask(&door, "Channels", &format!("channels?{query}"));
        let channels = page["channels"].as_array().unwrap();
        let names: Vec<_> = channels
            .iter()
            .map(|row| row["channel"].as_str().unwrap().to_owned())
            .collect();
        (names, page["next"].as_str().map(str::to_owned))
    };
    assert_eq!(names("prefix=room-").0, ["room-1", "room-2", "room-3"]);
    let (page, next) = names("prefix=room-&limit=2");
    assert_eq!(
        (page, next.as_deref()),
        (
            vec!["room-1".to_owned(), "room-2".to_owned()],
            Some("room-2")
        )
    );
    assert_eq!(
        names("prefix=room-&limit=2&after=room-2"),
        (vec!["room-3".to_owned()], None)
    );
    assert_eq!(names("").0.len(), 5);
    assert_eq!(names("dialect=relay").0.len(), 0);
    let one = ask(&door, "Channel", "channels/a%2Fb");
    assert_eq!(
        (&one["channel"], &one["count"], &one["seq"]),
        (&json!("a/b"), &json!(1), &json!(0))
    );
    assert_eq!(ask(&door, "Channel", "channels/room-2")["count"], 0);
    for missing in ["coffee", "..", ".", "a/b", "a%2Fb/"] {
        assert_eq!(
            refusal(&door, &format!("channels/{missing}")).0,
            404,
            "{missing}"
        );
    }
}

#[test]
fn who_is_in_a_channel_and_what_was_said_there_is_told_to_one_who_is_not_in_it() {
    let door = Door::with_key(&[]);
    let mut people = ["Ada", "Bob", "Cy"].map(|name| Person::enter(&door, name));
    for person in &mut people {
        person.join("tea");
    }
    people[0].send("tea", "<b>hot</b>");
    for person in &mut people {
        while person.hear()["message"] != "<b>hot</b>" {}
    }
    let first = ask(&door, "Members", "channels/tea/members?limit=2");
    assert_eq!(
        (&first["count"], first["members"].as_array().unwrap().len()),
        (&json!(3), 2)
    );
    let next = first["next"].as_str().unwrap();
    let rest = ask(
        &door,
        "Members",
        &format!("channels/tea/members?after={next}"),
    );
    assert_eq!(
        (rest["members"].as_array().unwrap().len(), &rest["next"]),
        (1, &Value::Null)
    );
    let history = ask(&door, "History", "channels/tea/history?limit=1");
    let said = &history["messages"][0];
    assert_eq!(
        (&said["message"], &said["seq"]),
        (&json!("<b>hot</b>"), &json!(3))
    );
    let before = ask(&door, "History", "channels/tea/history?before=3");
    assert_eq!(before["messages"].as_array().unwrap().len(), 2);
}

#[test]
fn of_a_relay_it_is_told_what_was_said_and_how_many_hear_it() {
    let door = Door::with_key(&[]);
    let mut member = door.connect("/relay?channel=tea");
    member.say("hot");
    assert_eq!(member.hear_text(), "hot");
    let one = ask(&door, "Channel", "channels/tea?dialect=relay");
    assert_eq!((&one["count"], one.get("seq")), (&json!(1), None));
    let history = ask(&door, "RelayHistory", "channels/tea/history?dialect=relay");
    assert_eq!(history["messages"], json!([{"text": "hot"}]));
    assert_eq!(
        refusal(&door, "channels/tea/members?dialect=relay"),
        (404, "not-found".to_owned())
    );
    assert_eq!(
        refusal(&door, "channels/tea"),
        (404, "no-such-channel".to_owned())
    );
}

#[test]
fn clients_are_told_by_what_waits_for_them_or_by_name_and_no_secret_is_told() {
    let door = Door::with_key(&[]);
    let mut ada = Person::enter(&door, "Ada");
    ada.join("tea");
    let _bob = Person::enter(&door, "Bob");
    let _member = door.connect("/relay?channel=cake&secret=hunter2");
    for sort in ["unsent", "lag", "age"] {
        let clients = ask(&door, "Clients", &format!("clients?sort={sort}"));
        assert_eq!(clients["clients"].as_array().unwrap().len(), 3);
        assert!(!clients.to_string().contains("hunter2"));
    }
    assert_eq!(
        ask(&door, "Clients", "clients?limit=1")["clients"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for text in ["Ada", ada.id()] {
        let found = ask(&door, "Clients", &format!("clients?named={text}"));
        let [client] = &found["clients"].as_array().unwrap()[..] else {
            panic!("{found}");
        };
        assert_eq!(
            (&client["name"], &client["id"]),
            (&json!("Ada"), &json!(ada.id()))
        );
        assert_eq!(client["channels"], json!(["tea"]));
    }
    let nobody = ask(&door, "Clients", "clients?named=ada");
    assert_eq!(nobody["clients"], json!([]));
}

#[test]
fn whoever_looks_needs_the_right_to_and_has_nothing_to_send() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    let ask = |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
    http.send(ask("GET /api/stats", ""));
    assert_eq!(
        (http.response().status, http.get("/healthz").status),
        (401, 200)
    );
    let key = bearer(KEY);
    http.send(ask("HEAD /api/stats", &key));
    let head = http.response_to_head();
    assert_eq!(head.status, 200);
    assert_ne!(head.header("content-length"), Some("0"));
    http.send(ask("HEAD /api/channels/nothing", &key));
    assert_eq!(http.response_to_head().status, 404);
    http.send(ask("GET /api/openapi.json", &key));
    let description: Value = serde_json::from_slice(&http.response().body).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    http.send(ask("GET /api/stats", &format!("{key}Content-Length: 1\r\n")) + "x");
    assert_eq!(http.response().error_code(), "body-not-accepted");
}

#[test]
fn one_of_several_servers_speaks_for_all_of_them_or_says_for_which() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let mut ada = Person::enter(&one, "Ada");
    ada.join("tea");
    let mut bob = Person::enter(&other, "Bob");
    bob.join("tea");
    ada.hear();
    let channel = ask(&one, "Channel", "channels/tea");
    assert_eq!((&channel["count"], channel.get("node")), (&json!(2), None));
    assert_eq!(ask(&one, "Members", "channels/tea/members")["count"], 2);
    let stats = ask(&one, "Stats", "stats");
    assert_eq!(
        (&stats["people"], &stats["redis"]["nodes"]),
        (&json!(2), &json!(2))
    );
    let here = ask(&one, "Clients", "clients");
    assert_eq!(
        (&here["node"], &here["clients"][0]["name"]),
        (&stats["node"], &json!("Ada"))
    );
    assert_eq!(here["clients"].as_array().unwrap().len(), 1);
    let found = ask(&one, "Clients", "clients?named=Bob");
    let bob = &found["clients"][0];
    assert_eq!(
        (&bob["name"], &bob["channels"]),
        (&json!("Bob"), &json!(["tea"]))
    );
    assert_ne!(bob["node"], stats["node"]);
    let relays = ask(&one, "Channels", "channels?dialect=relay");
    assert_eq!(relays["node"], stats["node"]);
}

/// One of several servers, which lets this machine ask.
fn node(redis: &Redis) -> Server {
    let url = redis.url();
    let addresses = ["--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"];
    let flags = [
        "--redis",
        &url,
        "--redis-lease",
        "2s",
        "--drain-timeout",
        "200ms",
    ];
    let server = Server::listening_at(2, Process::start(&[&addresses[..], &flags].concat()));
    wait_until("the server is one of the hub", || {
        server.get("/healthz").status == 200
    });
    server
}
