//! Several servers that are one hub by way of a Redis.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Door, KEY, Person, Redis, Server, answers, bearer, post, wait_until};

/// A lease short enough to be waited for.
const LEASE: &str = "2s";

fn node(redis: &Redis) -> Server {
    node_with(redis, &[])
}

fn node_with(redis: &Redis, more: &[&str]) -> Server {
    let url = redis.url();
    let server = Server::start(&[&flags(&url), more].concat());
    comes_in(&server);
    server
}

/// One with a door for programs.
fn node_with_door(redis: &Redis) -> Door {
    let url = redis.url();
    let door = Door::with_key(&flags(&url));
    comes_in(&door);
    door
}

fn flags(url: &str) -> [&str; 6] {
    [
        "--redis",
        url,
        "--redis-lease",
        LEASE,
        "--drain-timeout",
        "200ms",
    ]
}

fn comes_in(server: &Server) {
    wait_until("the server is one of the hub", || {
        server.get("/healthz").status == 200
    });
}

/// Ada at one server and Bob at another, who have met in a channel.
fn acquainted(one: &Server, other: &Server) -> [Person; 2] {
    let mut ada = Person::enter(one, "Ada");
    ada.join("tea");
    let mut bob = Person::enter(other, "Bob");
    bob.join("tea");
    assert_eq!(hears(&mut ada)["event"], "joined");
    [ada, bob]
}

/// What someone hears next, without what tells it from the same of someone else.
fn hears(person: &mut Person) -> Value {
    let mut heard = person.hear();
    for field in ["time", "ref"] {
        heard.as_object_mut().unwrap().remove(field);
    }
    heard
}

#[test]
fn people_of_different_servers_talk_in_the_same_channel() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let mut ada = Person::enter(&one, "Ada");
    let mut bob = Person::enter(&other, "Bob");
    ada.join("tea");
    let joined = bob.join("tea");
    assert_eq!((&joined["count"], &joined["seq"]), (&json!(2), &json!(1)));
    let notice = hears(&mut ada);
    assert_eq!(
        (&notice["event"], &notice["member"]["name"], &notice["seq"]),
        (&json!("joined"), &json!("Bob"), &json!(1))
    );
    for (number, word) in (2..).zip(["one", "two", "three", "four"]) {
        let speaker = if number % 2 == 0 { &mut ada } else { &mut bob };
        speaker.send("tea", word);
        let (at_ada, at_bob) = (ada.hear(), bob.hear());
        assert_eq!(at_ada, at_bob);
        assert_eq!(
            (&at_ada["message"], &at_ada["seq"]),
            (&json!(word), &json!(number))
        );
    }
    let left = bob.leave("tea");
    assert_eq!(left["action"], "left");
    assert_eq!(hears(&mut ada)["event"], "left");
}

#[test]
fn a_server_that_would_make_something_else_of_it_does_not_come_in_and_says_why() {
    let redis = Redis::start();
    let _one = node(&redis);
    let url = redis.url();
    let other = Server::start(&["--redis", &url, "--history-age", "1m"]);
    let ended = other.ended();
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("--history-age is 1m here and 5m at the other servers"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_a_program_asks_for_again_at_another_server_is_said_once() {
    let redis = Redis::start();
    let (one, other) = (node_with_door(&redis), node_with_door(&redis));
    let mut bob = Person::enter(&other, "Bob");
    bob.join("tea");
    let items = json!([
        {"channel": "tea", "message": "one"},
        {"channel": "tea", "message": "two"},
    ]);
    let headers = format!("{}Idempotency-Key: k\r\n", bearer(KEY));
    let request = post("/api/publish", &headers, &items.to_string());
    // It goes without having heard what came of it.
    one.knock().send(&request);
    let mut again = other.knock();
    again.send(&request);
    let numbers = answers(&again.response()).into_iter();
    let numbers: Vec<_> = numbers.map(|answer| answer["seq"].clone()).collect();
    assert_eq!(numbers, [1, 2]);
    let last = one.publish("", &json!({"channel": "tea", "message": "three"}));
    assert_eq!(last[0]["seq"], 3);
    for (seq, message) in (1..).zip(["one", "two", "three"]) {
        let heard = bob.hear();
        assert_eq!(
            (&heard["seq"], &heard["message"]),
            (&json!(seq), &json!(message))
        );
    }
}

#[test]
fn a_private_message_finds_its_receiver_on_another_server() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let mut ada = Person::enter(&one, "Ada");
    let mut bob = Person::enter(&other, "Bob");
    // Only when Ada's server has heard of Bob does it know whom she means.
    bob.join("tea");
    ada.join("tea");
    let whisper =
        |target: &str| json!({"action": "send-private", "target": target, "message": "psst"});
    ada.say(&whisper("Bob"));
    assert_eq!(hears(&mut ada), {
        bob.hear();
        hears(&mut bob)
    });
    let nobody = ada.ask(&whisper("Eve"));
    assert_eq!(nobody["code"], "no-such-client");
}

#[test]
fn a_relay_reaches_the_listeners_of_other_servers() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let mut ada = one.connect("/relay?channel=x");
    let mut bob = other.connect("/relay?channel=x");
    ada.say("hello");
    assert_eq!(
        (ada.hear_text(), bob.hear_text()),
        ("hello".into(), "hello".into())
    );
    bob.say("and you");
    assert_eq!(
        (ada.hear_text(), bob.hear_text()),
        ("and you".into(), "and you".into())
    );
}

#[test]
fn the_people_of_a_server_that_dies_vanish() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let [mut ada, _bob] = acquainted(&one, &other);
    other.signal(Signal::KILL);
    let notice = hears(&mut ada);
    assert_eq!(
        (&notice["event"], &notice["reason"]),
        (&json!("left"), &json!("node-lost"))
    );
    let listed = ada.ask(&json!({"action": "list-members", "target": "tea"}));
    assert_eq!(listed["members"].as_array().unwrap().len(), 1, "{listed}");
}

#[test]
fn a_server_that_is_told_to_end_is_gone_at_once_for_the_others() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let [mut ada, _bob] = acquainted(&one, &other);
    let nodes = || one.metrics().count("hubbub_nodes");
    wait_until("there are two", || nodes() == 2);
    other.signal(Signal::TERM);
    assert_eq!(other.ended().status.code(), Some(0));
    let notice = hears(&mut ada);
    assert_eq!(
        (&notice["event"], &notice["reason"]),
        (&json!("left"), &Value::Null)
    );
    wait_until("there is one", || nodes() == 1);
}

#[test]
fn the_last_server_says_so_if_it_can_leave_nothing_behind() {
    const LOST: &str = "all channels begin anew with the next";
    for is_gone in [true, false] {
        let redis = Redis::start();
        let server = node(&redis);
        Person::enter(&server, "Ada").join("tea");
        if is_gone {
            redis.signal(Signal::KILL);
        }
        server.signal(Signal::TERM);
        let ended = server.ended();
        assert_eq!(ended.status.code(), Some(0));
        let mut lines = ended.stderr.lines();
        let told = lines.find(|line| line.contains(LOST));
        assert_eq!(told.is_some(), is_gone, "{}", ended.stderr);
        assert!(told.is_none_or(|line| line.contains("WARN")));
    }
}

#[test]
fn a_server_that_waits_for_another_says_for_which_and_how_long() {
    let redis = Redis::start();
    let node = |more: &[&str]| Server::start(&[&["--redis", &redis.url()], more].concat());
    let silent = node(&[]);
    comes_in(&silent);
    silent.signal(Signal::STOP);
    let newcomer = node(&[]);
    wait_until("it has waited in vain", || {
        let log = newcomer.process().stderr();
        log.contains("server 1 has not told this one what there is within 3s")
            && log.contains("or its lease of 10s is over")
    });
}

#[test]
fn while_redis_stands_still_people_wait_and_then_go_on() {
    let redis = Redis::start();
    let server = node(&redis);
    let mut ada = Person::enter(&server, "Ada");
    ada.join("tea");
    redis.signal(Signal::STOP);
    ada.send("tea", "hot");
    wait_until("the server notices", || {
        server.get("/healthz").status == 503
    });
    assert_eq!(server.get("/healthz").error_code(), "redis");
    redis.signal(Signal::CONT);
    assert_eq!(hears(&mut ada)["message"], "hot");
    comes_in(&server);
}

#[test]
fn without_redis_a_server_waits_for_it_and_lets_nobody_in() {
    let redis = Redis::start();
    redis.signal(Signal::STOP);
    let url = redis.url();
    let server = Server::start(&["--redis", &url]);
    let refused = server.get("/healthz");
    assert_eq!(
        (refused.status, refused.error_code()),
        (503, "redis".to_owned())
    );
    redis.signal(Signal::CONT);
    comes_in(&server);
    Person::enter(&server, "Ada").join("tea");
}

#[test]
fn what_would_be_more_than_may_wait_for_redis_is_refused_at_once() {
    let redis = Redis::start();
    let bounds = ["--max-message", "1KiB", "--redis-queue", "4KiB"];
    let server = node_with(&redis, &bounds);
    let mut ada = Person::enter(&server, "Ada");
    ada.join("tea");
    // Who has said something is read no more before it is full.
    let mut crowd = ["one", "two", "three", "four", "five", "six"].map(|name| {
        let mut person = Person::enter(&server, name);
        person.join(name);
        (person, name)
    });
    let mut relay = server.connect("/relay");
    redis.signal(Signal::STOP);
    let received = || {
        let metrics = server.metrics();
        metrics.count("hubbub_messages_received_total{dialect=\"chat\"}")
    };
    let before = received();
    ada.send("tea", "first");
    // From now on there is something under way, and the rest waits for it.
    wait_until("it is under way", || received() > before);
    let words = "x".repeat(800);
    for (person, channel) in &mut crowd {
        person.send(channel, &words);
    }
    wait_until("it is full", || {
        server.metrics().count("hubbub_engine_queue_bytes") > 3000
    });
    relay.say(&words);
    assert_eq!(relay.hear_close(), Some(1013));
    redis.signal(Signal::CONT);
    assert_eq!(hears(&mut ada)["message"], "first");
    let heard = crowd.each_mut().map(|(person, _)| hears(person));
    let refused = heard.iter().filter(|heard| heard["code"] == "unavailable");
    let said = heard.iter().filter(|heard| heard["message"] == *words);
    let (refused, said) = (refused.count(), said.count());
    assert!(refused > 0 && said > 0 && refused + said == 6, "{heard:?}");
}

#[test]
fn when_redis_has_forgotten_everything_all_stay_and_are_told_that_channels_begin_anew() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let mut ada = Person::enter(&one, "Ada");
    let before = ada.join("tea");
    let mut bob = Person::enter(&other, "Bob");
    bob.join("tea");
    assert_eq!(hears(&mut ada)["event"], "joined");
    let mut relay = one.connect("/relay");
    let mut echo = one.connect("/echo");
    redis.forget();
    // It is noticed when something is to be appended, of which nobody can tell then whether it was.
    ada.say(&json!({"action": "send-message", "target": "tea", "message": "hot", "ref": "r"}));
    let epoch = ada.hear();
    assert_eq!(
        (&epoch["action"], &epoch["channel"], &epoch["reason"]),
        (&json!("epoch"), &json!("tea"), &json!("lost"))
    );
    assert!(epoch["epoch"].as_u64() > before["epoch"].as_u64());
    let unknown = ada.hear();
    assert_eq!(
        (&unknown["code"], &unknown["ref"]),
        (&json!("unknown"), &json!("r"))
    );
    assert_eq!(bob.hear(), epoch);
    bob.send("tea", "cold");
    for person in [&mut ada, &mut bob] {
        let said = hears(person);
        assert_eq!(
            (&said["message"], &said["seq"]),
            (&json!("cold"), &json!(1))
        );
    }
    let listed = ada.ask(&json!({"action": "list-members", "target": "tea"}));
    assert_eq!(listed["count"], 2, "{listed}");
    relay.say("still here");
    assert_eq!(relay.hear_text(), "still here");
    echo.say("me too");
    assert_eq!(echo.hear_text(), "me too");
    let closed = one
        .metrics()
        .count("hubbub_disconnects_total{reason=\"unavailable\"}");
    assert_eq!(closed, 0);
}

#[test]
fn whoever_is_at_a_server_that_was_taken_for_dead_stays_and_is_told_what_was_said_meanwhile() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let [mut ada, mut bob] = acquainted(&one, &other);
    other.signal(Signal::STOP);
    let left = hears(&mut ada);
    assert_eq!(
        (&left["event"], &left["reason"]),
        (&json!("left"), &json!("node-lost"))
    );
    ada.send("tea", "where are you?");
    hears(&mut ada);
    other.signal(Signal::CONT);
    let [left, said, joined] = std::array::from_fn(|_| bob.hear());
    assert_eq!(
        (&left["reason"], &left["seq"]),
        (&json!("node-lost"), &json!(2))
    );
    assert_eq!(said["message"], "where are you?");
    assert_eq!(
        (&joined["event"], &joined["seq"]),
        (&json!("joined"), &json!(4))
    );
    assert_eq!(ada.hear(), joined);
    bob.send("tea", "here");
    assert_eq!(ada.hear(), bob.hear());
}
