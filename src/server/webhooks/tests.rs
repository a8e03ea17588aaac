use std::collections::HashMap;
use std::rc::Rc;

use arrayvec::ArrayString;
use serde_json::Value;

use super::*;
use crate::vocabulary::{
    chat::Identity,
    config::{WEBHOOK_PATIENCE, WEBHOOK_RETRY_WAITS},
    time::Moment,
    webhook::{Topic, WebhookSettings},
};

const SECRETS: [&[u8]; 2] = [
    b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
];
const GATHERING_MS: u64 = 50;

/// A courier, and what there is to tell.
struct Post {
    courier: Courier,
    events: Events,
    ms: u64,
}

fn secret(number: usize) -> WebhookSecret {
    WebhookSecret::read(SECRETS[number]).unwrap()
}

fn ada() -> Identity {
    Identity {
        id: Rc::from("1"),
        name: Rc::from("Ada"),
        avatar: ArrayString::new(),
    }
}

fn status(status: u16) -> Answer {
    Answer::Status(status)
}

impl Post {
    fn new(seed: u64) -> Self {
        let settings = WebhookSettings {
            url: "http://localhost/".parse().unwrap(),
            secret: "secret".into(),
            topics: Topic::ALL.into_iter().collect(),
            pace: WebhookPace::default(),
        };
        let mut post = Self {
            courier: Courier::new(secret(0), &settings.pace, seed),
            events: Events::new(&settings, Some(seed)),
            ms: 0,
        };
        post.go_on(0);
        post
    }

    fn now(&self) -> Now {
        Now {
            monotonic: Duration::from_millis(self.ms),
            unix_ms: 1_000_000 + self.ms,
        }
    }

    fn go_on(&mut self, ms: u64) {
        self.ms += ms;
        self.events.reach(self.now().into());
    }

    /// Someone joins a channel, which is to be told now.
    fn happen(&mut self) {
        let moment: Moment = self.now().into();
        self.events.join(moment, "tea", &ada(), 2);
        self.go_on(GATHERING_MS);
    }

    fn speak(&mut self) -> Option<Attempt> {
        let teller = Some(NodeId::default());
        self.courier.speak(self.now(), &self.events, teller)
    }

    fn hear(&mut self, answer: &Answer) {
        if let Some(settlement) = self.courier.hear(answer, self.now(), &self.events) {
            let moment: Moment = self.now().into();
            self.events.settle(settlement, moment);
        }
    }

    /// What is said once it is time to, and how long that took.
    fn wait(&mut self) -> (Attempt, Duration) {
        let (since, due) = (self.now().monotonic, self.courier.due().unwrap());
        let wait = due.saturating_sub(since);
        self.go_on(u64::try_from(wait.as_millis()).unwrap());
        (self.speak().unwrap(), wait)
    }
}

fn numbers(attempt: &Attempt) -> (Option<(u64, u64)>, Vec<u64>) {
    let body: Value = serde_json::from_slice(&attempt.body).unwrap();
    let data = &body["data"];
    let span = data.get("dropped");
    let dropped = span.map(|span| {
        let number = |field: &str| span[field].as_u64().unwrap();
        (number("from"), number("to"))
    });
    let events = data["events"].as_array().unwrap().iter();
    (
        dropped,
        events.map(|event| event["n"].as_u64().unwrap()).collect(),
    )
}

#[test]
fn one_batch_is_told_after_the_other() {
    let mut post = Post::new(0);
    assert_eq!(post.speak(), None);
    post.go_on(GATHERING_MS);
    let first = post.speak().unwrap();
    assert_eq!(numbers(&first), (None, vec![1]));
    post.happen();
    assert_eq!((post.speak(), post.courier.due()), (None, None));
    post.hear(&status(204));
    let second = post.speak().unwrap();
    assert_eq!(numbers(&second), (None, vec![2]));
    post.hear(&status(200));
    assert!(post.speak().is_none() && post.events.are_told());
    assert_eq!(post.courier.attempts[Verdict::Delivered as usize], 2);
}

#[test]
fn each_attempt_has_its_own_time_and_signature_under_one_id() {
    let mut post = Post::new(0);
    post.go_on(GATHERING_MS);
    let first = post.speak().unwrap();
    let signed = |attempt: &Attempt, secret: &WebhookSecret| {
        secret.sign(&attempt.id, attempt.timestamp, &attempt.body)
    };
    assert_eq!(first.timestamp, post.now().unix().as_secs());
    assert_eq!(first.signature, signed(&first, &secret(0)));
    post.go_on(15_000);
    post.hear(&Answer::Silence);
    post.courier.sign_with(secret(1));
    let (again, _) = post.wait();
    assert_eq!((&again.id, &again.body), (&first.id, &first.body));
    assert!(again.timestamp >= first.timestamp + 15);
    assert_eq!(again.timestamp, post.now().unix().as_secs());
    assert_eq!(again.signature, signed(&again, &secret(1)));
}

#[test]
fn waits_grow_and_begin_anew_after_a_success() {
    let [first, longest] = WEBHOOK_RETRY_WAITS;
    let mut post = Post::new(1);
    post.go_on(GATHERING_MS);
    post.speak().unwrap();
    let mut waits = Vec::new();
    for _ in 0..12 {
        post.hear(&status(503));
        waits.push(post.wait().1);
    }
    assert!(waits[0] <= first);
    assert!(waits.iter().all(|wait| *wait <= longest), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > first), "{waits:?}");
    post.hear(&status(200));
    post.happen();
    post.speak().unwrap();
    post.hear(&status(503));
    assert!(post.wait().1 <= first);
}

#[test]
fn what_is_told_to_nobody_for_too_long_is_dropped_and_that_is_told() {
    let mut post = Post::new(2);
    post.go_on(GATHERING_MS);
    let began = post.now().monotonic;
    let first = post.speak().unwrap();
    post.happen();
    let next = loop {
        post.hear(&Answer::Failure("nobody listens".to_owned()));
        if post.now().monotonic == began + WEBHOOK_PATIENCE {
            break post.speak().unwrap();
        }
        let (attempt, _) = post.wait();
        assert_eq!(attempt.id, first.id);
    };
    assert_eq!(numbers(&next), (Some((1, 1)), vec![2]));
    assert_eq!(post.events.counts().dropped, 1);
}

#[test]
fn one_who_is_gone_is_told_nothing_more() {
    let mut post = Post::new(3);
    post.go_on(GATHERING_MS);
    post.speak().unwrap();
    post.happen();
    post.hear(&status(410));
    post.happen();
    assert_eq!((post.speak(), post.courier.due()), (None, None));
    assert!(post.events.are_told());
}

#[test]
fn a_server_that_ends_waits_no_more_before_it_tries_again() {
    let mut post = Post::new(4);
    post.go_on(GATHERING_MS);
    post.speak().unwrap();
    for _ in 0..10 {
        post.hear(&status(500));
        post.wait();
    }
    // While an answer is waited for there is nothing to hurry.
    post.courier.hurry(post.now());
    assert_eq!(post.speak(), None);
    post.hear(&status(500));
    post.courier.hurry(post.now());
    assert!(post.speak().is_some());
    post.hear(&status(500));
    assert!(post.wait().1 <= WEBHOOK_RETRY_WAITS[0]);
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut post = Post::new(5);
    post.hear(&status(200));
    post.go_on(GATHERING_MS);
    post.speak().unwrap();
    post.hear(&status(500));
    let due = post.courier.due();
    post.hear(&status(200));
    assert_eq!(post.courier.due(), due);
    assert!(!post.events.are_told());
}

/// What several servers know, and what one of them has others know of it.
struct Several {
    posts: [Courier; 2],
    events: Events,
    now: Now,
}

impl Several {
    const NODES: [NodeId; 2] = [NodeId(4), NodeId(9)];

    fn new() -> Self {
        let mut post = Post::new(6);
        post.happen();
        let settings = WebhookPace::default();
        Self {
            posts: [1, 2].map(|seed| Courier::new(secret(0), &settings, seed)),
            now: post.now(),
            events: post.events,
        }
    }

    /// What one says that tells, or does not.
    fn speak(&mut self, which: usize, does_tell: bool) -> Option<Attempt> {
        let teller = does_tell.then_some(Self::NODES[which]);
        self.posts[which].speak(self.now, &self.events, teller)
    }

    /// What one has others know that is answered so.
    fn hear(&mut self, which: usize, code: u16) -> Option<Settlement> {
        self.posts[which].hear(&status(code), self.now, &self.events)
    }
}

#[test]
fn one_server_tells_and_waits_until_all_know_what_it_has_told() {
    let mut several = Several::new();
    assert_eq!(several.speak(1, false), None);
    let first = several.speak(0, true).unwrap();
    let node: Value = serde_json::from_slice(&first.body).unwrap();
    assert_eq!(node["data"]["node"], 4);
    let settlement = several.hear(0, 200).unwrap();
    several.posts[0].hurry(several.now);
    assert_eq!(several.speak(0, true), None);
    assert_eq!(several.posts[0].due(), None);
    several.events.settle(settlement, several.now.into());
    several.events.leave(several.now.into(), "tea", &ada(), 1);
    several.now.monotonic += Duration::from_millis(GATHERING_MS);
    several.events.reach(several.now.into());
    let second = several.speak(0, true).unwrap();
    assert_ne!(second.id, first.id);
}

#[test]
fn who_comes_after_it_goes_on_with_what_is_not_known_to_be_told_under_the_same_id() {
    let mut several = Several::new();
    let first = several.speak(0, true).unwrap();
    let settlement = several.hear(0, 200).unwrap();
    // Nobody gets to know that.
    let again = several.speak(1, true).unwrap();
    assert_eq!(again.id, first.id);
    let [one, other] = [first, again].map(|attempt| {
        let mut body: Value = serde_json::from_slice(&attempt.body).unwrap();
        body["data"]["node"].take();
        body
    });
    assert_eq!(one, other);
    assert_eq!(several.hear(1, 200), Some(settlement));
}

#[test]
fn who_tells_no_more_does_not_try_again_but_what_it_had_begun_counts() {
    let mut several = Several::new();
    several.speak(0, true).unwrap();
    assert_eq!(several.hear(0, 500), None);
    assert!(several.posts[0].due().is_some());
    assert_eq!(several.speak(0, false), None);
    assert_eq!(several.posts[0].due(), None);
    several.speak(0, true).unwrap();
    assert_eq!(several.speak(0, false), None);
    let settlement = several.hear(0, 200).unwrap();
    several.events.settle(settlement, several.now.into());
    // What another one has told meanwhile does not.
    for code in [200, 410, 500] {
        let mut several = Several::new();
        several.speak(0, true).unwrap();
        several.speak(1, true).unwrap();
        let settlement = several.hear(1, 200).unwrap();
        several.events.settle(settlement, several.now.into());
        assert_eq!(several.hear(0, code), None);
    }
}

/// An endpoint that takes some of what it is told, of which it forgets to say so now and then.
#[derive(Default)]
struct Endpoint {
    bodies: HashMap<String, Bytes>,
    /// The last number that it has heard, or heard to be missing.
    heard: u64,
}

impl Endpoint {
    fn take(&mut self, attempt: &Attempt) {
        let body = self.bodies.entry(attempt.id.clone());
        let body = body.or_insert_with(|| {
            let (dropped, numbers) = numbers(attempt);
            if let Some((from, to)) = dropped {
                // It may have heard of it, and that it did was not heard.
                assert!(
                    from <= self.heard + 1,
                    "what is missing is told from its beginning"
                );
                self.heard = self.heard.max(to);
            }
            for number in numbers {
                assert_eq!(number, self.heard + 1, "events come in their order");
                self.heard = number;
            }
            attempt.body.clone()
        });
        assert_eq!(*body, attempt.body, "the same id is the same body");
    }
}

#[test]
fn whatever_the_endpoint_does_it_hears_everything_in_order_or_that_it_is_missing() {
    for seed in 0..50 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut post = Post::new(seed);
        let mut endpoint = Endpoint::default();
        let mut under_way = None;
        for _ in 0..300 {
            if chance.bool() {
                post.happen();
            }
            // Now and then the endpoint is away for long.
            post.go_on([10, 700, 40_000][chance.usize(..3)]);
            if let Some(attempt) = under_way.take() {
                let answer = match chance.u8(..6) {
                    0 => Answer::Silence,
                    1 => Answer::Failure("reset".to_owned()),
                    2 => status(302),
                    3 => status(500),
                    _ => status(200),
                };
                if answer.verdict() == Verdict::Delivered || chance.u8(..8) == 0 {
                    endpoint.take(&attempt);
                }
                post.hear(&answer);
            }
            under_way = post.speak();
        }
        post.happen();
        while !post.events.are_told() {
            if let Some(attempt) = under_way.take() {
                endpoint.take(&attempt);
                post.hear(&status(200));
            }
            post.go_on(100);
            under_way = post.speak();
        }
        let recorded: u64 = post.events.counts().recorded.iter().sum();
        assert_eq!(endpoint.heard, recorded + 1, "seed {seed}");
    }
}
