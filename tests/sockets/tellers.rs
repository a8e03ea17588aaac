//! What a program is told by several servers that are one hub: all of it, by one of them at a time.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Endpoint, Person, Reaction, Redis, Server, Told, path_text, wait_until};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOLD: Reaction = Reaction::Status(204);

/// Servers that tell one endpoint.
struct Hub {
    redis: Redis,
    folder: TempDir,
    url: String,
    events: &'static str,
}

impl Hub {
    fn new(endpoint: &Endpoint, events: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), SECRET).unwrap();
        Self {
            redis: Redis::start(),
            folder,
            url: endpoint.url(),
            events,
        }
    }

    fn node(&self, drain_timeout: &str) -> Server {
        let server = self.start(&self.telling(self.events), drain_timeout);
        wait_until("the server is one of the hub", || {
            server.get("/healthz").status == 200
        });
        server
    }

    /// The flags that have it tell of these events.
    fn telling(&self, events: &str) -> Vec<String> {
        let secret = self.folder.path().join("secret");
        let flags = [
            "--webhook",
            &self.url,
            "--webhook-secret",
            path_text(&secret),
            "--webhook-events",
            events,
        ];
        flags.map(str::to_owned).into()
    }

    fn start(&self, flags: &[String], drain_timeout: &str) -> Server {
        let redis = self.redis.url();
        let usual = [
            "--redis",
            &redis,
            "--redis-lease",
            "2s",
            "--drain-timeout",
            drain_timeout,
        ];
        let flags = flags.iter().map(String::as_str);
        let flags: Vec<_> = usual.into_iter().chain(flags).collect();
        Server::start(&flags)
    }
}

/// Who tells it, and what it is beside that.
fn told(told: &Told) -> (Value, Value) {
    let mut body = told.json();
    (body["data"]["node"].take(), body)
}

fn numbers(told: &Told) -> Vec<u64> {
    let events = told.events();
    let numbers = events.iter().map(|event| event["n"].as_u64().unwrap());
    numbers.collect()
}

#[test]
fn who_comes_after_a_server_that_was_killed_tells_what_that_was_telling_and_all_that_follows() {
    let endpoint = Endpoint::start([TOLD, Reaction::Hang]);
    let hub = Hub::new(&endpoint, "joined");
    let one = hub.node("200ms");
    let began = endpoint.hear();
    assert_eq!((told(&began).0, numbers(&began)), (json!(1), vec![1]));
    let other = hub.node("200ms");
    let mut ada = Person::enter(&other, "Ada");
    ada.join("tea");
    let unanswered = endpoint.hear();
    let (node, body) = told(&unanswered);
    assert_eq!((node, numbers(&unanswered)), (json!(1), vec![2]));
    ada.join("cake");
    one.signal(Signal::KILL);
    let again = endpoint.hear();
    assert_eq!(again.header("webhook-id"), unanswered.header("webhook-id"));
    assert_eq!(told(&again), (json!(2), body));
    assert!(again.is_signed_with(SECRET));
    let next = endpoint.hear();
    assert_eq!((told(&next).0, numbers(&next)), (json!(2), vec![3]));
    assert_eq!(next.json()["data"].get("dropped"), None);
    other.signal(Signal::TERM);
    assert_eq!(other.ended().status.code(), Some(0));
    assert!(endpoint.has_heard_all());
}

/// The endpoint, which was told that all began, refuses what it hears next. It is told that once more, and all that happens when
/// the last member of a channel leaves.
fn hears_of_the_end(endpoint: &Endpoint) {
    let refused = endpoint.hear();
    let again = endpoint.hear();
    assert_eq!(again.header("webhook-id"), refused.header("webhook-id"));
    let mut events = again.events();
    if events.len() == 1 {
        events.extend(endpoint.hear().events());
    }
    let names: Vec<_> = events.iter().map(|event| &event["event"]).collect();
    assert_eq!(names, ["left", "vacated"]);
}

#[test]
fn the_last_server_that_ends_tells_what_waits_and_that_everyone_is_gone() {
    let endpoint = Endpoint::start([TOLD, Reaction::Status(503)]);
    let hub = Hub::new(&endpoint, "left,vacated");
    let (one, last) = (hub.node("10s"), hub.node("10s"));
    assert_eq!(endpoint.hear().events()[0]["event"], "started");
    wait_until("the other server knows what the first one told", || {
        last.metrics().count("hubbub_webhook_queue_bytes") == 0
    });
    let mut ada = Person::enter(&last, "Ada");
    ada.join("tea");
    one.signal(Signal::TERM);
    assert_eq!(one.ended().status.code(), Some(0));
    wait_until("the other server knows that it is the last", || {
        last.metrics().count("hubbub_nodes") == 1
    });
    last.signal(Signal::TERM);
    assert_eq!(ada.client.hear_close(), Some(1001));
    ada.client.leave();
    hears_of_the_end(&endpoint);
    assert_eq!(last.ended().status.code(), Some(0));
}

#[test]
fn whose_connection_breaks_while_the_last_server_ends_is_told_of_too() {
    let endpoint = Endpoint::start([TOLD, Reaction::Status(503)]);
    let hub = Hub::new(&endpoint, "left,vacated");
    let last = hub.node("10s");
    assert_eq!(endpoint.hear().events()[0]["event"], "started");
    let mut ada = Person::enter(&last, "Ada");
    ada.join("tea");
    last.signal(Signal::TERM);
    drop(ada);
    hears_of_the_end(&endpoint);
    assert_eq!(last.ended().status.code(), Some(0));
}

#[test]
fn what_the_last_server_could_not_tell_is_told_by_the_next() {
    let endpoint = Endpoint::start([TOLD, TOLD, Reaction::Hang]);
    let hub = Hub::new(&endpoint, "joined,left");
    let last = hub.node("200ms");
    endpoint.hear();
    let mut ada = Person::enter(&last, "Ada");
    ada.join("tea");
    assert_eq!(numbers(&endpoint.hear()), [2]);
    last.signal(Signal::TERM);
    assert_eq!(last.ended().status.code(), Some(0));
    let unanswered = endpoint.hear();
    assert_eq!(unanswered.events()[0]["event"], "left");
    let next = hub.node("200ms");
    let again = endpoint.hear();
    assert_eq!(again.header("webhook-id"), unanswered.header("webhook-id"));
    assert_eq!(told(&again).1, told(&unanswered).1);
    Person::enter(&next, "Bob").join("tea");
    let joined = endpoint.hear();
    assert_eq!(numbers(&joined)[0], 4);
    let start = |told: &Told| told.json()["data"]["start"].clone();
    assert_eq!(start(&joined), start(&unanswered));
}

#[test]
fn who_wanted_to_be_told_nothing_more_is_told_again_once_all_servers_are_started_again() {
    let endpoint = Endpoint::start([Reaction::Status(410)]);
    let hub = Hub::new(&endpoint, "joined");
    let last = hub.node("200ms");
    let began = endpoint.hear();
    let mut ada = Person::enter(&last, "Ada");
    wait_until("the server knows", || {
        last.process().stderr().contains("until the next start")
    });
    ada.join("tea");
    last.signal(Signal::TERM);
    assert_eq!(last.ended().status.code(), Some(0));
    assert!(endpoint.has_heard_all());
    let _next = hub.node("200ms");
    let again = endpoint.hear();
    assert_eq!(numbers(&again), [1]);
    assert_ne!(again.header("webhook-id"), began.header("webhook-id"));
}

#[test]
fn a_server_that_would_tell_something_else_does_not_come_in_and_says_why() {
    let endpoint = Endpoint::start([]);
    let hub = Hub::new(&endpoint, "joined,left");
    let _one = hub.node("200ms");
    let flags = [vec![], hub.telling("occupied")];
    let differs = [
        "--webhook is absent here and given at the other servers",
        "--webhook-events is occupied here and joined,left at the other servers",
    ];
    for (flags, why) in flags.into_iter().zip(differs) {
        let ended = hub.start(&flags, "200ms").ended();
        assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
}
