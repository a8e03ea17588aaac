//! Servers that lose track of the chat, and their people, who stay.

use std::borrow::Cow;

use super::*;
use crate::state::{agreement::Voucher, dialect::relay::Relay, snapshot::Writing};
use crate::vocabulary::config::{TURN_LEARNT_BYTES_MAX, TURN_RETURNING_MAX};

const OURS: NodeId = NodeId(2);
const THERE: NodeId = NodeId(3);

/// A chat with two who are in a channel, over an engine that is shared.
fn scene() -> (Scene, Late, [usize; 2]) {
    let late = Late::default();
    late.free(usize::MAX / 2);
    let mut scene = Scene::new(&Config::default(), late.clone());
    let people = ["Ada", "Bob"].map(|name| scene.enter(name));
    for person in people {
        scene.join(person, "tea", &json!({}));
    }
    for person in people {
        scene.take(person);
    }
    (scene, late, people)
}

/// What the server knows, as another one would tell it that knows the same.
fn snapshot(scene: &mut Scene) -> Vec<u8> {
    let Commons { hub, registry, .. } = &mut scene.commons;
    let mut writing = Writing::begin(hub, registry, OURS);
    while !writing.go_on(hub, registry, usize::MAX) {}
    writing.into_bytes()
}

/// The server is taken for gone, and learns what the others know by then.
fn bury(scene: &mut Scene, late: &Late, meanwhile: impl FnOnce(&mut Scene)) {
    late.is_ready(false);
    late.add(Event::Burial);
    scene.turn();
    meanwhile(scene);
    late.add(Event::Death(OURS));
    scene.turn();
    late.is_ready(true);
    scene.turn();
    scene.turn();
}

fn list(scene: &mut Scene, person: usize) -> usize {
    let list = json!({"action": "list-members", "target": "tea"});
    let members = scene.answer(person, &list);
    members["members"].as_array().map_or(0, Vec::len)
}

#[test]
fn where_all_is_lost_members_stay_and_are_told_of_another_life_that_begins_at_one() {
    let (mut scene, late, people) = scene();
    let before = scene.commons.hub.find(Space::Chat, "tea").unwrap();
    let before = scene.commons.hub.epoch(before);
    late.add(Event::Lost);
    scene.turn();
    scene.turn();
    scene.say(people[0], "tea", "still here");
    scene.turn();
    for person in people {
        let heard = scene.take(person);
        let [epoch, said] = &heard[..] else {
            panic!("{heard:?}")
        };
        assert_eq!(
            (&epoch["action"], &epoch["channel"], &epoch["reason"]),
            (&json!("epoch"), &json!("tea"), &json!("lost"))
        );
        assert!(epoch["epoch"].as_u64().unwrap() > before, "{epoch}");
        assert_eq!(
            (&said["message"], &said["seq"]),
            (&json!("still here"), &json!(1))
        );
    }
    assert_eq!(list(&mut scene, people[0]), 2);
    assert_eq!(scene.commons.hub.clients(), 2);
}

#[test]
fn whoever_comes_back_later_is_told_what_was_said_before_in_the_new_life() {
    let (mut scene, late, people) = scene();
    late.is_ready(false);
    late.add(Event::Lost);
    scene.turn();
    let eve = Rc::new(scene.commons.registry.identity("Eve", None, None));
    let back = Deed::Return {
        identity: eve,
        channels: vec!["tea".into()],
        is_told: false,
    };
    late.overhear(THERE, 7, back);
    late.overhear(
        THERE,
        7,
        Deed::Say {
            channel: "tea".into(),
            body: Cow::Borrowed(br#"{"action":"send-message","message":"first"}"#),
        },
    );
    scene.turn();
    assert_eq!(scene.take(people[0]), Vec::<Value>::new());
    late.is_ready(true);
    scene.turn();
    scene.turn();
    let heard = scene.take(people[0]);
    assert_eq!((heard.len(), &heard[0]["action"]), (2, &json!("epoch")));
    assert_eq!(numbers(&heard), [1]);
    assert_eq!(list(&mut scene, people[0]), 3);
}

#[test]
fn what_had_no_answer_is_answered_unknown_in_its_order_and_lists_are_of_the_chat_as_it_is_then() {
    let (mut scene, late, [ada, _]) = scene();
    late.0.borrow_mut().free = 0;
    let says = |reference| json!({"action": "send-message", "target": "tea", "message": "hot", "ref": reference});
    scene.ask(ada, &says("1"));
    scene.ask(
        ada,
        &json!({"action": "list-members", "target": "tea", "ref": "2"}),
    );
    scene.ask(
        ada,
        &json!({"action": "join-channel", "message": "milk", "ref": "3"}),
    );
    scene.turn();
    late.0.borrow_mut().queue.push_front(Event::Lost);
    late.free(1);
    scene.turn();
    assert_eq!(scene.take(ada), Vec::<Value>::new());
    late.free(usize::MAX / 2);
    scene.turn();
    scene.turn();
    let heard = scene.take(ada);
    let heard: Vec<_> = heard
        .iter()
        .map(|heard| (&heard["action"], &heard["ref"], &heard["code"]))
        .map(|(action, reference, code)| format!("{action} {reference} {code}"))
        .collect();
    let expected = [
        r#""epoch" null null"#,
        r#""error" "1" "unknown""#,
        r#""members" "2" null"#,
        r#""error" "3" "unknown""#,
    ];
    assert_eq!(heard, expected);
    assert_eq!(late.under_way(), []);
    assert_eq!(scene.commons.hub.channels(), 1);
}

#[test]
fn what_is_asked_before_one_is_back_is_done_after_that() {
    let (mut scene, late, [ada, bob]) = scene();
    late.is_ready(false);
    late.add(Event::Lost);
    scene.turn();
    scene.say(bob, "tea", "here I am");
    scene.exit(ada);
    assert!(matches!(
        late.under_way()[..],
        [Deed::Return { .. }, Deed::Say { .. }]
    ));
    scene.turn();
    let heard = scene.take(bob);
    assert_eq!((heard.len(), numbers(&heard)), (2, vec![1]));
    late.is_ready(true);
    scene.turn();
    assert_eq!(list(&mut scene, bob), 1);
    assert_eq!(scene.commons.hub.clients(), 1);
}

#[test]
fn all_may_be_lost_again_before_anyone_is_back() {
    let (mut scene, late, people) = scene();
    late.is_ready(false);
    late.add(Event::Lost);
    scene.turn();
    // One of them is on its way.
    late.0.borrow_mut().free = 0;
    scene.say(people[0], "tea", "half-way");
    late.0.borrow_mut().queue.push_front(Event::Lost);
    late.free(1);
    scene.turn();
    late.free(usize::MAX / 2);
    late.is_ready(true);
    scene.turn();
    scene.turn();
    let heard = scene.take(people[0]);
    let told: Vec<_> = heard.iter().map(|heard| &heard["action"]).collect();
    assert_eq!(told, ["epoch", "error"]);
    assert_eq!(scene.take(people[1]).len(), 1);
    assert_eq!(list(&mut scene, people[1]), 2);
}

#[test]
fn after_a_burial_members_go_on_where_they_were_and_hear_that_they_left_and_came() {
    let (mut scene, late, people) = scene();
    let eve = Rc::new(scene.commons.registry.identity("Eve", None, None));
    late.overhear(THERE, 7, Deed::Enter(eve));
    late.overhear(THERE, 7, Deed::Join("tea".into()));
    scene.turn();
    for person in people {
        scene.take(person);
    }
    let known = snapshot(&mut scene);
    bury(&mut scene, &late, |scene| {
        assert_eq!(scene.commons.learn(&known), Ok(true));
    });
    scene.say(people[0], "tea", "back again");
    scene.turn();
    for person in people {
        let heard = scene.take(person);
        let events = heard.iter().map(|heard| heard["event"].as_str());
        let events: Vec<_> = events.map(Option::unwrap_or_default).collect();
        assert_eq!(events, ["left", "left", "joined", "joined", ""]);
        assert_eq!(numbers(&heard), [3, 4, 5, 6, 7]);
    }
    assert_eq!(list(&mut scene, people[1]), 3);
}

#[test]
fn what_a_server_is_told_it_learns_in_shares_of_a_turn_or_not_at_all() {
    const OTHERS: u32 = 1000;
    let (mut scene, late, _) = scene();
    for other in 0..OTHERS {
        let identity = scene.commons.registry.identity("Eve", None, None);
        late.overhear(THERE, other, Deed::Enter(Rc::new(identity)));
        late.overhear(THERE, other, Deed::Join("tea".into()));
    }
    scene.turn();
    let known = snapshot(&mut scene);
    bury(&mut scene, &late, |scene| {
        let commons = &mut scene.commons;
        assert_eq!(commons.learn(&known), Ok(false));
        assert_eq!(commons.due(), Some(Duration::ZERO));
        commons.unlearn();
        assert!(!commons.is_learning());
        let mut turns = 1;
        while !commons.learn(&known).unwrap() {
            turns += 1;
        }
        assert_eq!(turns, known.len().div_ceil(TURN_LEARNT_BYTES_MAX));
    });
    let tea = scene.commons.hub.find(Space::Chat, "tea").unwrap();
    assert_eq!(scene.commons.hub.count(tea), OTHERS as usize + 2);
}

#[test]
fn what_is_no_longer_kept_after_a_burial_is_a_gap() {
    let (mut scene, late, people) = scene();
    let tea = scene.commons.hub.find(Space::Chat, "tea").unwrap();
    let epoch = scene.commons.hub.epoch(tea);
    let known = {
        let mut other = Scene::new(&Config::default(), Local);
        assert_eq!(other.commons.learn(&snapshot(&mut scene)), Ok(true));
        let history = *other.commons.hub.history();
        let tea = other.commons.hub.find(Space::Chat, "tea").unwrap();
        for _ in 0..=history.messages {
            other
                .commons
                .hub
                .say(tea, Kind::Text, false, |bytes, seq, time| {
                    bytes.extend_from_slice(br#"{"action":"send-message"}"#);
                    crate::vocabulary::chat::number(bytes, seq, time);
                });
        }
        other.commons.hub.seal(|_, _| {});
        snapshot(&mut other)
    };
    bury(&mut scene, &late, |scene| {
        assert_eq!(scene.commons.learn(&known), Ok(true));
    });
    let heard = scene.take(people[0]);
    assert_eq!(
        (&heard[0]["action"], &heard[0]["reason"]),
        (&json!("gap"), &json!("trimmed"))
    );
    assert_eq!(
        (&heard[0]["from"], &heard[0]["epoch"]),
        (&json!(2), &json!(epoch))
    );
    let next = heard[0]["to"].as_u64().unwrap() + 1;
    assert_eq!(numbers(&heard)[0], next);
}

#[test]
fn many_come_back_over_several_turns() {
    let late = Late::default();
    late.free(usize::MAX / 2);
    let mut scene = Scene::new(&Config::default(), late.clone());
    for _ in 0..TURN_RETURNING_MAX {
        let person = scene.enter("Ada");
        scene.ask(person, &json!({"action": "join-channel", "message": "tea"}));
    }
    scene.turn();
    late.add(Event::Lost);
    scene.turn();
    late.0.borrow_mut().free = 0;
    for _ in 0..2 {
        assert_eq!(scene.commons.due(), Some(Duration::ZERO));
        let before = late.under_way().len();
        scene.turn();
        assert_eq!(late.under_way().len() - before, TURN_RETURNING_MAX / 2);
    }
    assert_eq!(scene.commons.due(), None);
}

#[test]
fn all_go_who_listen_to_a_relay_while_others_go_on() {
    let (mut scene, late, _) = scene();
    let hub = &mut scene.commons.hub;
    let _listener = Relay::join(hub, 5, "lobby", Form::Joined, Coding::Plain, 0, true);
    late.0.borrow_mut().queue.push_front(Event::Burial);
    late.free(1);
    scene.turn();
    assert_eq!(scene.commons.take_turned_out(), [5]);
}

#[test]
fn of_the_relay_only_those_go_whose_words_were_under_way_where_all_is_lost() {
    let (mut scene, late, _) = scene();
    let hub = &mut scene.commons.hub;
    let [stays, goes, gone] =
        [5, 6, 7].map(|slot| Relay::join(hub, slot, "lobby", Form::Joined, Coding::Plain, 0, true));
    late.0.borrow_mut().free = 0;
    for relay in [&goes, &gone] {
        let said = relay.hear(Message::Text("farewell"), &mut scene.commons, scene.now);
        said.unwrap();
    }
    gone.end(Departure::Vanishes, &mut scene.commons.hub, scene.now);
    late.0.borrow_mut().queue.push_front(Event::Lost);
    late.free(1);
    scene.turn();
    assert_eq!(scene.commons.take_turned_out(), [6]);
    assert!(!scene.commons.take_relieved().contains(&6));
    late.free(usize::MAX / 2);
    let said = stays.hear(Message::Text("hello"), &mut scene.commons, scene.now);
    said.unwrap();
    scene.commons.advance(scene.now);
    let mut slots = Vec::new();
    scene.commons.hub.seal(|slot, slice| {
        if slice.run.body(slice.from) == b"hello" {
            slots.push(slot);
        }
    });
    assert_eq!(slots, [5, 6]);
}

#[test]
fn a_server_that_has_made_something_else_of_it_takes_the_word_of_one_that_came_before() {
    let (mut scene, late, _) = scene();
    let alive = |node, number, said| Event::Alive {
        node,
        number,
        said,
        ours: OURS,
    };
    let right = scene.commons.hub.sum();
    let said = |number, sum| Some(Voucher { number, sum });
    for (node, sum, is_stray) in [
        (NodeId(1), right, false),
        (THERE, right + 1, false),
        (NodeId(1), right + 1, true),
    ] {
        late.add(alive(node, 1, None));
        late.add(alive(node, 2, said(1, sum)));
        scene.turn();
        let strayed = late.0.borrow_mut().strayed_from.take();
        assert_eq!(strayed, is_stray.then_some(node));
    }
}
