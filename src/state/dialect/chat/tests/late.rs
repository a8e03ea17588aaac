//! An engine that takes its time.

use std::borrow::Cow;

use super::*;
use crate::state::dialect::relay::Relay;
use crate::vocabulary::config::UNANSWERED_BYTES_MAX;

const NODE: NodeId = NodeId(2);

/// A chat over an engine that is late, and two who have entered it.
fn scene() -> (Scene, Late, [usize; 2]) {
    let late = Late::default();
    let mut scene = Scene::new(&Config::default(), late.clone());
    let people = ["Ada", "Bob"].map(|name| scene.enter(name));
    late.free(2);
    scene.turn();
    (scene, late, people)
}

/// What was heard, in short.
fn actions(heard: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    heard
        .iter()
        .map(|heard| format!("{}{}", text(&heard["action"]), text(&heard["ref"])))
        .collect()
}

#[test]
fn what_was_not_given_back_has_not_happened_and_answers_wait_for_what_is_before_them() {
    let (mut scene, late, [ada, _]) = scene();
    let asks = [
        json!({"action": "join-channel", "message": "tea", "ref": "1"}),
        json!({"action": "list-members", "target": "tea", "ref": "2"}),
        json!({"action": "send-message", "target": "tea", "message": "hot", "ref": "3"}),
        json!({"action": "dance", "ref": "4"}),
        json!({"action": "leave-channel", "message": "tea", "ref": "5"}),
        json!({"action": "history", "target": "tea", "ref": "6"}),
    ];
    for ask in &asks {
        scene.ask(ada, ask);
    }
    scene.people[ada].hear(Message::Binary(b"7"), &mut scene.commons, scene.now);
    scene.turn();
    assert_eq!(scene.take(ada), Vec::<Value>::new());
    assert_eq!(scene.commons.hub.channels(), 0);
    late.free(1);
    scene.turn();
    assert_eq!(actions(&scene.take(ada)), ["joined1", "members2"]);
    late.free(2);
    scene.turn();
    let heard = scene.take(ada);
    let expected = ["error4", "send-message3", "left5", "error6", "error"];
    let mut heard_actions = actions(&heard);
    heard_actions.sort_unstable();
    let mut sorted = expected.map(str::to_owned);
    sorted.sort_unstable();
    assert_eq!(heard_actions, sorted);
    let place = |action: &str| actions(&heard).iter().position(|heard| heard == action);
    assert!(place("send-message3") < place("left5") && place("left5") < place("error6"));
    let last = &heard[heard.len() - 1];
    assert_eq!(last["code"], "bad-json");
    assert!(
        last["message"].as_str().unwrap().contains("binary"),
        "{last}"
    );
}

#[test]
fn what_is_refused_at_once_is_answered_after_what_was_asked_before() {
    let (mut scene, late, [ada, bob]) = scene();
    scene.ask(
        ada,
        &json!({"action": "join-channel", "message": "tea", "ref": "1"}),
    );
    late.fill();
    for (person, reference) in [(ada, "2"), (bob, "3")] {
        let says =
            json!({"action": "send-message", "target": "tea", "message": "hot", "ref": reference});
        scene.ask(person, &says);
    }
    scene.ask(ada, &json!({"action": "list-channels", "ref": "4"}));
    scene.turn();
    assert_eq!(actions(&scene.take(bob)), ["error3"]);
    assert_eq!(actions(&scene.take(ada)), [""; 0]);
    late.free(1);
    scene.turn();
    let heard = scene.take(ada);
    assert_eq!(actions(&heard), ["joined1", "error2", "channels4"]);
    assert_eq!(heard[1]["code"], "unavailable");
}

#[test]
fn those_elsewhere_are_in_the_same_sequence() {
    let (mut scene, late, [ada, bob]) = scene();
    let eve = Rc::new(
        scene
            .commons
            .registry
            .identity("Eve", None, Some("eve".into())),
    );
    late.overhear(NODE, 7, Deed::Enter(eve));
    late.overhear(NODE, 7, Deed::Join("tea".into()));
    scene.ask(ada, &json!({"action": "join-channel", "message": "tea"}));
    let body = br#"{"action":"send-message","message":"hi"}"#;
    late.overhear(
        NODE,
        7,
        Deed::Say {
            channel: "tea".into(),
            body: Cow::Borrowed(body),
        },
    );
    late.free(4);
    scene.turn();
    let heard = scene.take(ada);
    assert_eq!(
        (&heard[0]["count"], &heard[0]["seq"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(numbers(&heard), [2]);
    let private = json!({"action": "send-private", "target": "eve", "message": "psst"});
    scene.ask(bob, &private);
    late.free(1);
    scene.turn();
    assert_eq!(actions(&scene.take(bob)), ["send-private"]);
    late.overhear(NODE, 7, Deed::Exit);
    late.overhear(NODE, 7, Deed::Leave("tea".into()));
    late.free(2);
    scene.turn();
    let heard = scene.take(ada);
    assert_eq!((heard.len(), &heard[0]["event"]), (1, &json!("left")));
    assert_eq!(scene.commons.hub.clients(), 2);
}

#[test]
fn one_who_is_gone_is_a_member_until_that_is_in_the_sequence() {
    let (mut scene, late, [ada, bob]) = scene();
    for person in [ada, bob] {
        scene.ask(person, &json!({"action": "join-channel", "message": "tea"}));
    }
    late.free(2);
    scene.turn();
    scene.take(bob);
    scene.say(ada, "tea", "farewell");
    scene.ask(ada, &json!({"action": "list-channels"}));
    scene.exit(ada);
    scene.turn();
    let tea = scene.commons.hub.find(Space::Chat, "tea").unwrap();
    assert_eq!(scene.commons.hub.count(tea), 2);
    late.free(2);
    scene.turn();
    assert_eq!(
        numbers(&scene.take(bob)),
        [2, 3],
        "what it said, and that it left"
    );
    assert_eq!(scene.commons.hub.clients(), 1);
    scene.exit(bob);
    late.free(1);
    scene.turn();
    assert_eq!(
        (scene.commons.hub.clients(), scene.commons.hub.channels()),
        (0, 0)
    );
    assert!(scene.commons.take_relieved().is_empty());
}

#[test]
fn one_with_too_much_unanswered_is_held_until_it_is_answered() {
    let (mut scene, late, [ada, bob]) = scene();
    let client = scene.people[ada].client();
    let is_held = |scene: &Scene| scene.commons.hub.is_held(client);
    let ask = json!({"action": "join-channel", "message": "t"});
    let mut asked = 0;
    while !is_held(&scene) {
        scene.ask(ada, &ask);
        scene.people[ada].hear(Message::Binary(b""), &mut scene.commons, scene.now);
        asked += 1;
        assert!(
            asked <= UNANSWERED_BYTES_MAX / 64,
            "what has few bytes counts too"
        );
    }
    assert!(!scene.commons.hub.is_held(scene.people[bob].client()));
    assert!(scene.commons.take_relieved().is_empty());
    late.free(1);
    scene.turn();
    assert!(!is_held(&scene));
    assert_eq!(scene.commons.take_relieved(), [0]);
    late.free(asked - 1);
    scene.turn();
    assert_eq!(scene.take(ada).len(), 2 * asked);
    assert!(scene.commons.take_relieved().is_empty());
}

#[test]
fn under_pressure_those_who_have_something_under_way_are_held_until_it_is_low() {
    let (mut scene, late, [ada, bob]) = scene();
    let holds = |scene: &mut Scene, person: usize| {
        let client = scene.people[person].client();
        scene.commons.holds(client)
    };
    scene.ask(ada, &json!({"action": "join-channel", "message": "t"}));
    for pressure in [Pressure::Low, Pressure::Middle] {
        late.press(pressure);
        assert!(!holds(&mut scene, ada) && !scene.commons.take_eased());
    }
    late.press(Pressure::High);
    assert!(holds(&mut scene, ada));
    assert!(!holds(&mut scene, bob), "who only listens and asks");
    for pressure in [Pressure::High, Pressure::Middle] {
        late.press(pressure);
        assert!(!scene.commons.take_eased(), "{pressure:?}");
    }
    late.press(Pressure::Low);
    assert!(scene.commons.take_eased() && !scene.commons.take_eased());
    assert!(!holds(&mut scene, ada));
}

#[test]
fn what_a_client_of_the_relay_said_is_heard_though_it_is_gone() {
    let (mut scene, late, _) = scene();
    let hub = &mut scene.commons.hub;
    let [stays, goes] =
        [5, 6].map(|slot| Relay::join(hub, slot, "lobby", Form::Joined, Coding::Plain, 0, true));
    goes.hear(Message::Text("farewell"), &mut scene.commons, scene.now)
        .unwrap();
    goes.end(Departure::Vanishes, &mut scene.commons.hub, scene.now);
    late.free(1);
    assert_eq!(scene.commons.advance(scene.now), "farewell".len());
    let mut slots = Vec::new();
    scene.commons.hub.seal(|slot, _| slots.push(slot));
    assert_eq!(slots, [5]);
    stays.end(Departure::Vanishes, &mut scene.commons.hub, scene.now);
    assert_eq!(scene.commons.hub.clients(), 2, "those of the chat");
}

#[test]
fn one_who_is_elsewhere_takes_little_memory() {
    const PEOPLE: u32 = 20_000;
    let late = Late::default();
    // Nobody is told of each.
    let config = Config {
        notice_limit: 0,
        ..Config::default()
    };
    let mut scene = Scene::new(&config, late.clone());
    late.free(2 * PEOPLE as usize);
    let taken = allocation_counter::measure(|| {
        for client in 0..PEOPLE {
            let name = format!("someone {client}");
            let identity = scene.commons.registry.identity(&name, None, None);
            late.overhear(NODE, client, Deed::Enter(Rc::new(identity)));
            let channel = format!("{}", client % 64);
            late.overhear(NODE, client, Deed::Join(channel.into()));
            scene.commons.advance(scene.now);
        }
        scene.turn();
    });
    let each = taken.bytes_current / i64::from(PEOPLE);
    assert!(each <= 500, "{each} B");
}
