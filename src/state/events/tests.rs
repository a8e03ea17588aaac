use std::rc::Rc;

use allocation_counter::measure;
use arrayvec::ArrayString;
use serde_json::{Value, json};

use super::*;
use crate::vocabulary::{
    config::{WEBHOOK_EVENTS_MAX, WEBHOOK_GATHERING, WEBHOOK_VACANCY},
    webhook::WebhookPace,
};

const ALONE: NodeId = NodeId(0);

fn settings(topics: &[Topic]) -> WebhookSettings {
    WebhookSettings {
        url: "http://localhost/".parse().unwrap(),
        secret: "secret".into(),
        topics: topics.iter().copied().collect(),
        pace: WebhookPace::default(),
    }
}

fn record(topics: &[Topic]) -> Events {
    let mut events = Events::new(&settings(topics), Some(7));
    events.reach(at(0));
    events
}

/// One of a sequence that others share.
fn shared(topics: &[Topic]) -> Events {
    Events::new(&settings(topics), None)
}

fn at(ms: u64) -> Moment {
    Moment {
        at: Duration::from_millis(ms),
        unix_ms: 1_000_000 + ms,
    }
}

fn ada() -> Identity {
    Identity {
        id: Rc::from("1"),
        name: Rc::from("Ada"),
        avatar: ArrayString::new(),
    }
}

fn body(offer: &Offer) -> Value {
    serde_json::from_slice(&offer.body).unwrap()
}

/// What is told next, which it is then.
fn told(events: &mut Events) -> Option<Value> {
    let offer = events.offer(ALONE)?;
    events.settle(Settlement::Told(offer.id.span), at(0));
    Some(body(&offer)["data"].take())
}

/// Names of all events that are told by now, and of which channel.
fn names(events: &mut Events) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(data) = told(events) {
        for event in data["events"].as_array().unwrap() {
            let channel = event["channel"].as_str().unwrap_or_default();
            names.push(format!("{} {channel}", event["event"].as_str().unwrap()));
        }
    }
    names
}

#[test]
fn the_beginning_comes_first_and_what_follows_is_numbered_without_holes() {
    let mut events = record(&[Topic::Occupied, Topic::Joined]);
    events.join(at(1), "tea", &ada(), 1);
    events.publish(at(2), "tea", 5, b"{}");
    events.reach(at(50));
    let offer = events.offer(ALONE).unwrap();
    let body = body(&offer);
    let start = body["data"]["start"].as_str().unwrap();
    let id = offer.id.to_string();
    assert_eq!(id, format!("{start}_1-3"));
    assert!(!id.contains('.'), "a signature ends an id there");
    let member = json!({"id": "1", "name": "Ada"});
    assert_eq!(
        body,
        json!({
            "type": "hubbub.events",
            "timestamp": "1970-01-01T00:16:40.001Z",
            "data": {
                "node": 0,
                "start": start,
                "events": [
                    {"n": 1, "event": "started", "time": 1_000_000},
                    {"n": 2, "event": "occupied", "channel": "tea", "time": 1_000_001},
                    {"n": 3, "event": "joined", "channel": "tea", "member": member, "count": 1, "time": 1_000_001},
                ],
            },
        })
    );
}

#[test]
fn the_beginning_is_recorded_soon_and_in_any_case_before_all_else() {
    let mut events = Events::new(&settings(&[Topic::Joined]), Some(7));
    assert_eq!(events.due(), Some(Duration::ZERO));
    events.join(at(2), "tea", &ada(), 2);
    events.reach(at(3));
    assert_eq!(events.due(), Some(at(2).at + WEBHOOK_GATHERING));
    events.reach(at(52));
    assert_eq!(events.due(), None);
    assert_eq!(names(&mut events), ["started ", "joined tea"]);
}

#[test]
fn a_channel_is_vacated_once_nobody_has_come_back_for_a_while() {
    let mut events = record(&[Topic::Occupied, Topic::Vacated]);
    events.join(at(1), "tea", &ada(), 1);
    events.join(at(1), "cake", &ada(), 1);
    events.join(at(2), "tea", &ada(), 2);
    events.leave(at(3), "tea", &ada(), 1);
    events.leave(at(3), "tea", &ada(), 0);
    events.leave(at(4), "cake", &ada(), 0);
    events.join(at(5000), "tea", &ada(), 1);
    events.reach(at(5003));
    assert_eq!(
        names(&mut events),
        ["started ", "occupied tea", "occupied cake"]
    );
    let due = events.due().unwrap();
    assert_eq!(due, at(4).at + WEBHOOK_VACANCY);
    events.reach(at(5004));
    events.join(at(5005), "cake", &ada(), 1);
    events.leave(at(6000), "tea", &ada(), 0);
    events.settle(Settlement::Ended, at(6001));
    assert_eq!(
        names(&mut events),
        ["vacated cake", "occupied cake", "vacated tea"]
    );
    assert!(events.are_told() && events.due().is_none());
}

#[test]
fn a_batch_waits_for_more_until_it_is_full_or_has_waited_for_long_enough() {
    let mut events = record(&[Topic::Left]);
    events.reach(at(49));
    assert_eq!(events.offer(ALONE), None);
    events.reach(at(50));
    assert!(told(&mut events).is_some());
    for n in 0..=WEBHOOK_EVENTS_MAX {
        events.leave(at(60), "tea", &ada(), n + 1);
    }
    let full = told(&mut events).unwrap();
    assert_eq!(full["events"].as_array().unwrap().len(), WEBHOOK_EVENTS_MAX);
    assert_eq!(events.offer(ALONE), None);
    let long = json!("x".repeat(300 << 10)).to_string();
    let mut events = record(&[Topic::Published]);
    events.publish(at(1), "tea", 1, long.as_bytes());
    assert!(told(&mut events).is_some());
}

#[test]
fn who_has_the_same_sequence_tells_the_same_under_the_same_ids() {
    let [one, other] = [(); 2].map(|()| {
        let mut events = record(&Topic::ALL);
        let mut chance = fastrand::Rng::with_seed(3);
        let mut ms = 0;
        let mut offers = Vec::new();
        for _ in 0..500 {
            ms += chance.u64(..30);
            events.reach(at(ms));
            let channel = ["tea", "cake"][chance.usize(..2)];
            match chance.u8(..3) {
                0 => events.join(at(ms), channel, &ada(), chance.usize(1..3)),
                1 => events.leave(at(ms), channel, &ada(), chance.usize(..2)),
                _ => events.publish(at(ms), channel, 1, br#"{"message":"hot"}"#),
            }
        }
        while let Some(offer) = events.offer(ALONE) {
            events.settle(Settlement::Told(offer.id.span), at(0));
            offers.push(offer);
        }
        offers
    });
    assert!(one.len() > 50);
    assert_eq!(one, other);
}

#[test]
fn beyond_the_bound_the_oldest_go_that_nobody_is_being_told_and_the_next_says_which() {
    let mut events = record(&[Topic::Published]);
    events.reach(at(50));
    let first = events.offer(ALONE).unwrap();
    let message = json!("x".repeat(WEBHOOK_QUEUE_BYTES_MAX / 4)).to_string();
    for _ in 0..5 {
        events.publish(at(51), "tea", 1, message.as_bytes());
    }
    assert!(events.counts().queue_bytes <= WEBHOOK_QUEUE_BYTES_MAX);
    assert_eq!(events.counts().dropped, 2);
    assert_eq!(events.offer(ALONE).unwrap(), first);
    assert_eq!(told(&mut events).unwrap().get("dropped"), None);
    let next = told(&mut events).unwrap();
    assert_eq!(next["dropped"], json!({"from": 2, "to": 3}));
    assert_eq!(next["events"][0]["n"], 4);
    assert_eq!(told(&mut events).unwrap().get("dropped"), None);
}

#[test]
fn an_event_that_is_larger_than_all_that_may_wait_is_dropped_itself() {
    let mut events = record(&[Topic::Published]);
    events.reach(at(50));
    told(&mut events);
    let message = json!("x".repeat(WEBHOOK_QUEUE_BYTES_MAX)).to_string();
    events.publish(at(51), "tea", 1, message.as_bytes());
    assert!(events.are_told());
    assert_eq!(events.counts().queue_bytes, 0);
    events.publish(at(52), "tea", 1, b"{}");
    events.reach(at(102));
    let next = told(&mut events).unwrap();
    assert_eq!(next["dropped"], json!({"from": 2, "to": 2}));
}

#[test]
fn what_was_given_up_is_told_as_dropped_and_what_is_told_late_changes_nothing() {
    let mut events = record(&[Topic::Left]);
    events.reach(at(50));
    let first = events.offer(ALONE).unwrap();
    events.settle(Settlement::GivenUp(first.id.span), at(50));
    events.leave(at(60), "tea", &ada(), 1);
    events.reach(at(110));
    events.settle(Settlement::Told(first.id.span), at(110));
    let next = told(&mut events).unwrap();
    assert_eq!(next["dropped"], json!({"from": 1, "to": 1}));
    assert_eq!(events.counts().dropped, 1);
}

#[test]
fn what_waits_where_all_is_lost_is_counted_as_dropped() {
    let mut events = record(&[Topic::Joined]);
    events.join(at(1), "tea", &ada(), 1);
    events.reach(at(100));
    events.join(at(101), "tea", &ada(), 2);
    events.lose();
    events.begin_anew();
    assert_eq!(events.counts().dropped, 3);
}

#[test]
fn nothing_is_recorded_any_more_for_one_who_is_gone() {
    let mut events = record(&Topic::ALL);
    events.reach(at(50));
    let first = events.offer(ALONE).unwrap();
    events.settle(Settlement::Gone(first.id.span), at(50));
    events.join(at(60), "tea", &ada(), 1);
    events.leave(at(61), "tea", &ada(), 0);
    events.publish(at(62), "tea", 1, b"{}");
    events.reach(at(9000));
    assert!(events.are_told() && events.due().is_none());
    assert!(!events.hear());
    assert_eq!(events.counts().recorded, [0; Topic::ALL.len()]);
}

#[test]
fn what_servers_share_begins_with_what_they_read_and_is_called_alike_by_all() {
    let mut told = Vec::new();
    for ms in [7, 7, 8] {
        let mut events = shared(&[Topic::Joined]);
        events.reach(at(5));
        assert_eq!((events.front(), events.due()), (None, None));
        events.begin(at(ms));
        events.join(at(9), "tea", &ada(), 2);
        events.reach(at(100));
        let offer = events.offer(NodeId(3)).unwrap();
        assert_eq!(body(&offer)["data"]["node"], 3);
        told.push(offer);
    }
    assert_eq!(told[0], told[1]);
    assert_ne!(told[0].id.start, told[2].id.start);
    let mut events = shared(&[]);
    events.begin(Moment {
        at: at(7).at + Duration::from_micros(1),
        ..at(7)
    });
    events.reach(at(100));
    assert_ne!(events.front().unwrap().start, told[0].id.start);
}

#[test]
fn what_became_of_another_batch_than_the_first_changes_nothing() {
    let mut events = record(&Topic::ALL);
    events.reach(at(50));
    events.publish(at(60), "tea", 1, b"{}");
    events.reach(at(120));
    let front = events.front();
    let other = Span { from: 2, to: 2 };
    for settlement in [
        Settlement::Told(other),
        Settlement::GivenUp(other),
        Settlement::Gone(other),
        Settlement::Told(Span { from: 1, to: 2 }),
    ] {
        events.settle(settlement, at(130));
        assert_eq!(events.front(), front);
    }
    assert!(events.hear() && events.counts().dropped == 0);
}

#[test]
fn who_wanted_to_be_told_nothing_more_is_told_again_from_another_beginning() {
    let mut events = shared(&Topic::ALL);
    events.begin(at(1));
    events.reach(at(100));
    let front = events.front().unwrap();
    events.try_again();
    assert_eq!(events.front().as_ref(), Some(&front));
    events.settle(Settlement::Gone(front.span), at(101));
    assert!(!events.hear());
    events.try_again();
    assert_eq!((events.hear(), events.front()), (true, None));
    events.begin(at(200));
    assert_eq!(told(&mut events), None);
    events.reach(at(300));
    let again = told(&mut events).unwrap();
    assert_eq!(again["events"][0]["n"], 1);
    assert_ne!(again["start"], *front.start);
}

/// All that is written down.
#[derive(Debug, PartialEq)]
struct Written {
    head: EventsRecord,
    batches: Vec<BatchRecord>,
    vacancies: Vec<VacancyRecord>,
}

/// Writes it down, while something happens.
fn write(events: &mut Events, mut happen: impl FnMut(&mut Events)) -> Written {
    let mut written = Written {
        head: events.freeze(),
        batches: Vec::new(),
        vacancies: Vec::new(),
    };
    loop {
        happen(events);
        if let Some(batch) = events.next_frozen_batch() {
            written.batches.push(batch);
        } else if let Some(vacancy) = events.next_frozen_vacancy() {
            written.vacancies.push(vacancy);
        } else {
            break;
        }
    }
    written.batches.sort_by_key(|batch| batch.span.from);
    written.vacancies.sort_by_key(|vacancy| vacancy.place);
    written
}

/// Something, by chance, of which some fills a part of what may wait, which takes its time.
fn happen(events: &mut Events, ms: &mut u64, are_large: bool, chance: &mut fastrand::Rng) {
    *ms += chance.u64(..300);
    events.reach(at(*ms));
    let channel = format!("channel {}", chance.u8(..8));
    match chance.u8(..8) {
        0..2 => events.join(at(*ms), &channel, &ada(), 1),
        2..4 => {
            events.join(at(*ms), &channel, &ada(), 1);
            events.leave(at(*ms), &channel, &ada(), 0);
        }
        4 if are_large => {
            let message = json!("x".repeat(WEBHOOK_QUEUE_BYTES_MAX / 3)).to_string();
            events.publish(at(*ms), &channel, 1, message.as_bytes());
        }
        5 if !are_large => {
            told(events);
        }
        6 if chance.u8(..8) == 0 => events.settle(Settlement::Ended, at(*ms)),
        7 if chance.u8(..32) == 0 => {
            if let Some(front) = events.front() {
                events.settle(Settlement::Gone(front.span), at(*ms));
            }
        }
        _ => events.publish(at(*ms), &channel, 1, b"{}"),
    }
}

#[test]
fn who_is_told_what_was_recorded_goes_on_alike_whatever_happened_while_it_was_written_down() {
    for seed in 0..40 {
        let (mut chance, mut ms) = (fastrand::Rng::with_seed(seed), 0);
        let are_large = seed == 0;
        let mut events = shared(&Topic::ALL);
        events.begin(at(0));
        for _ in 0..if are_large { 20 } else { 60 } {
            happen(&mut events, &mut ms, are_large, &mut chance);
        }
        let at_once = write(&mut events, |_| ());
        let then = ms;
        let script = chance.u64(..);
        let mut meanwhile = fastrand::Rng::with_seed(script);
        let mut steps = 0;
        let written = write(&mut events, |events| {
            steps += 1;
            happen(events, &mut ms, are_large, &mut meanwhile);
        });
        assert_eq!(written, at_once, "seed {seed}");
        assert_eq!(events.counts().dropped > 0, are_large, "seed {seed}");
        let mut other = shared(&Topic::ALL);
        other.restore(written.head).unwrap();
        let mut batches = written.batches;
        chance.shuffle(&mut batches);
        for batch in batches {
            other.restore_batch(batch).unwrap();
        }
        for vacancy in written.vacancies {
            other.restore_vacancy(vacancy).unwrap();
        }
        assert_eq!(write(&mut other, |_| ()), at_once, "seed {seed}");
        let (mut again, mut ms) = (fastrand::Rng::with_seed(script), then);
        for _ in 0..steps {
            happen(&mut other, &mut ms, are_large, &mut again);
        }
        let [one, other] = [&mut events, &mut other].map(|events| write(events, |_| ()));
        assert_eq!(one, other, "seed {seed}");
    }
}

#[test]
fn what_nobody_can_have_recorded_is_refused() {
    let mut events = record(&Topic::ALL);
    for _ in 0..2 {
        events.publish(at(1), "tea", 1, b"{}");
        events.reach(at(100));
    }
    events.leave(at(101), "tea", &ada(), 0);
    let fresh = || {
        let mut other = shared(&Topic::ALL);
        let mut from = record(&Topic::ALL);
        from.publish(at(1), "tea", 1, b"{}");
        from.reach(at(100));
        other.restore(from.freeze()).unwrap();
        (other, from.next_frozen_batch().unwrap())
    };
    let (mut other, batch) = fresh();
    other.restore_batch(batch).unwrap();
    let (_, again) = fresh();
    assert_eq!(other.restore_batch(again), None, "it is there");
    for damage in [
        |batch: &mut BatchRecord| batch.span.to = 9,
        |batch: &mut BatchRecord| batch.span.from = 0,
        |batch: &mut BatchRecord| batch.span = Span { from: 2, to: 1 },
        |batch: &mut BatchRecord| batch.events = "[".into(),
    ] {
        let (mut other, mut batch) = fresh();
        damage(&mut batch);
        assert_eq!(other.restore_batch(batch), None);
    }
    let (mut other, _) = fresh();
    let mut vacancy = || {
        events.freeze();
        events.next_frozen_vacancy().unwrap()
    };
    assert_eq!(other.restore_vacancy(vacancy()), None, "none ever waited");
}

#[test]
fn nonsense_of_another_server_is_told_to_nobody() {
    let mut events = record(&[Topic::Published]);
    events.publish(at(1), "tea", 1, br#"{"message":"hot"#);
    events.publish(at(1), "tea", 1, b"{}],\"x\":[");
    events.publish(at(1), "tea", 1, b"\"\xff\"");
    events.reach(at(50));
    assert_eq!(names(&mut events), ["started "]);
}

#[test]
fn whatever_is_dropped_or_given_up_no_number_is_missing_untold() {
    let messages = [10, 1000, 100 << 10, 1 << 20].map(|bytes| json!("x".repeat(bytes)).to_string());
    for seed in 0..5 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut events = record(&[Topic::Published]);
        let (mut heard, mut ms) = (0, 0);
        for _ in 0..60 {
            ms += chance.u64(..40);
            events.reach(at(ms));
            let message = &messages[chance.usize(..messages.len())];
            events.publish(at(ms), "tea", 1, message.as_bytes());
            if let Some(offer) = events.offer(ALONE).filter(|_| chance.u8(..4) == 0) {
                let is_told = chance.bool();
                let data = &body(&offer)["data"];
                let dropped = &data["dropped"];
                if is_told {
                    let first = dropped["from"].as_u64().unwrap_or(offer.id.span.from);
                    assert_eq!(first, heard + 1, "seed {seed}");
                    let before = dropped["to"].as_u64().unwrap_or(heard);
                    assert_eq!(offer.id.span.from, before + 1, "seed {seed}");
                    heard = offer.id.span.to;
                }
                let settlement = if is_told {
                    Settlement::Told
                } else {
                    Settlement::GivenUp
                };
                events.settle(settlement(offer.id.span), at(ms));
            }
            let EventCounts { queue_bytes, .. } = events.counts();
            assert!(queue_bytes <= WEBHOOK_QUEUE_BYTES_MAX);
        }
    }
}

#[test]
fn the_ledger_says_what_the_allocator_says() {
    let mut events = record(&Topic::ALL);
    for number in 0..2000 {
        let channel = format!("channel {number}");
        events.join(at(1), &channel, &ada(), 1);
        events.leave(at(1), &channel, &ada(), 0);
    }
    let told = events.heap_bytes();
    let freed = -measure(|| drop(events)).bytes_current;
    let freed = usize::try_from(freed).unwrap();
    assert!(
        told.abs_diff(freed) < freed / 8,
        "{told} B are told, {freed} B are held"
    );
}
