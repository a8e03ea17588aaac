//! What programs say and do, that are nobody in the chat.

use std::slice;

use serde_json::value::RawValue;

use super::*;
use crate::state::{
    dialect::relay::{self, Relay},
    engine::Once,
    outcome::Outcome,
};
use crate::vocabulary::chat::{Content, Mention};

/// A number above those of people.
const SLOT: u32 = 100;
const NODE: NodeId = NodeId(2);

fn sender() -> Box<RawValue> {
    let (id, name) = ("api:till", "till");
    Mention { id, name }.encode()
}

/// To say a text in a channel.
pub(super) fn publish(channel: &str, message: &str, once: Option<Once>) -> Deed<'static> {
    Deed::Publish {
        channel: channel.to_owned().into(),
        body: publication(channel, Content::Message(message), &sender()).into(),
        once: once.map(Box::new),
    }
}

/// To say a text to one person.
pub(super) fn whisper(target: &str, message: &str, once: Option<Once>) -> Deed<'static> {
    Deed::Whisper {
        target: target.to_owned().into(),
        body: whispering(Content::Message(message), &sender()).into(),
        once: once.map(Box::new),
    }
}

fn expel(target: &str, channel: &str) -> Deed<'static> {
    Deed::Expel {
        target: target.to_owned().into(),
        channel: channel.to_owned().into(),
    }
}

fn dismiss(target: &str) -> Deed<'static> {
    Deed::Dismiss {
        target: target.to_owned().into(),
        code: 4403,
        words: "banned".into(),
    }
}

impl Scene {
    /// What comes at once of what a program asks for.
    pub(super) fn call(&mut self, deed: Deed<'_>) -> Outcome {
        let caller = self.commons.greet_caller(SLOT);
        self.commons.call(caller, deed);
        let mut outcomes = self.commons.take_outcomes();
        self.commons.part_caller(caller);
        assert_eq!((outcomes.len(), outcomes[0].0), (1, SLOT), "{outcomes:?}");
        outcomes.remove(0).1
    }

    /// The codes of what came for a caller.
    fn codes(&mut self, slot: u32) -> Vec<&'static str> {
        let outcomes = self.commons.take_outcomes().into_iter();
        let own = outcomes.filter(|(of, _)| *of == slot);
        own.map(|(_, outcome)| match outcome {
            Outcome::Refused(error) => error.code(),
            Outcome::Relayed => "relayed",
            _ => "said",
        })
        .collect()
    }
}

fn refused(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Refused(error) => error.code(),
        done => panic!("{done:?}"),
    }
}

fn place(outcome: &Outcome) -> (u64, u64) {
    match outcome {
        Outcome::Said { epoch, seq, .. } => (*epoch, *seq),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_program_says_is_said_to_all_members_under_a_number_that_it_is_told() {
    let mut scene = Scene::local();
    let ada = scene.enter("Ada");
    let joined = scene.join(ada, "tea", &json!({}));
    scene.take(ada);
    scene.say(ada, "tea", "one");
    let said = scene.call(publish("tea", "two", None));
    let (epoch, seq) = place(&said);
    assert_eq!((&json!(epoch), seq), (&joined["epoch"], 2));
    scene.turn();
    let heard = scene.take(ada);
    assert_eq!(numbers(&heard), [1, 2]);
    assert_eq!(heard[1]["message"], "two");
    assert_eq!(
        heard[1]["sender"],
        json!({"id": "api:till", "name": "till"})
    );
    assert_eq!(scene.commons.hub.clients(), 1, "the program is gone");
}

#[test]
fn a_message_may_have_any_json_in_place_of_a_text_on_one_line_and_its_number_at_its_end() {
    let mut scene = Scene::local();
    let ada = scene.enter("Ada");
    scene.join(ada, "tea", &json!({}));
    let data = RawValue::from_string("{ \"price\":\n 1.50, \"of\": [\"a\\nb c\"] }".to_owned());
    let data = data.unwrap();
    let body = publication("tea", Content::Data(&data), &sender());
    let deed = Deed::Publish {
        channel: "tea".into(),
        body: body.into(),
        once: None,
    };
    scene.now.unix_ms = 7;
    scene.commons.begin_turn(scene.now);
    scene.call(deed);
    let mut said = String::new();
    scene.commons.hub.seal(|_, slice| {
        said = String::from_utf8(slice.run.body(slice.from).to_vec()).unwrap();
    });
    assert_eq!(
        said,
        concat!(
            r#"{"action":"send-message","data":{"price":1.50,"of":["a\nb c"]},"target":"tea","#,
            r#""sender":{"id":"api:till","name":"till"},"seq":1,"time":7}"#
        )
    );
}

#[test]
fn what_programs_say_in_a_turn_shares_a_batch() {
    let mut scene = Scene::local();
    let ada = scene.enter("Ada");
    scene.join(ada, "tea", &json!({}));
    for message in ["one", "two", "three"] {
        scene.call(publish("tea", message, None));
    }
    let mut batches = Vec::new();
    scene
        .commons
        .hub
        .seal(|_, slice| batches.push(slice.to - slice.from));
    assert_eq!(batches, [3]);
}

#[test]
fn a_channel_that_nobody_is_in_is_made_and_kept_for_as_long_as_if_somebody_had_left_it() {
    for messages in [0, 100] {
        let mut config = Config::default();
        config.history.messages = messages;
        let age = config.history.age;
        let mut scene = Scene::new(&config, Local);
        let first = place(&scene.call(publish("tea", "one", None)));
        assert_eq!(first.1, 1);
        assert_eq!(scene.commons.hub.channels(), 0, "nobody is in it");
        scene.turn();
        scene.now.monotonic += age.mul_f64(0.8);
        scene.turn();
        let second = place(&scene.call(publish("tea", "two", None)));
        assert_eq!(second, (first.0, 2));
        scene.turn();
        scene.now.monotonic += age.mul_f64(0.8);
        let ada = scene.enter("Ada");
        let joined = scene.join(ada, "tea", &json!({"last": 10}));
        assert_eq!(
            (&joined["seq"], &joined["epoch"]),
            (&json!(2), &json!(first.0))
        );
        let kept = numbers(&scene.take(ada));
        assert_eq!(kept, [2].repeat(messages.min(1)), "the first is too old");
        scene.exit(ada);
        scene.now.monotonic += age;
        scene.turn();
        let (epoch, seq) = place(&scene.call(publish("tea", "three", None)));
        assert!(epoch > first.0 && seq == 1);
    }
}

#[test]
fn a_program_makes_no_channel_where_there_are_too_many() {
    let mut config = Config::default();
    config.history.channels = 1;
    let mut scene = Scene::new(&config, Local);
    let ada = scene.enter("Ada");
    scene.join(ada, "tea", &json!({}));
    let outcome = scene.call(publish("milk", "hi", None));
    assert_eq!(refused(&outcome), "too-many-channels");
}

#[test]
fn a_program_says_something_to_all_sessions_of_one_person_by_their_id_only() {
    let mut scene = Scene::local();
    let ada = ["a", "b"].map(|name| scene.enter_as(name, Some("ada")));
    let bob = scene.enter("Bob");
    let told = scene.call(whisper("ada", "psst", None));
    let is_duplicate = false;
    assert_eq!(told, Outcome::Whispered { is_duplicate });
    scene.turn();
    for session in ada {
        let heard = scene.take(session);
        assert_eq!(heard.len(), 1);
        assert_eq!(
            (&heard[0]["message"], &heard[0]["target"]["id"]),
            (&json!("psst"), &json!("ada"))
        );
        assert_eq!(heard[0]["sender"]["id"], "api:till");
        assert!(heard[0]["time"].is_u64());
    }
    assert_eq!(scene.take(bob), Vec::<Value>::new());
    let outcome = scene.call(whisper("Bob", "psst", None));
    assert_eq!(refused(&outcome), "no-such-client");
}

#[test]
fn who_is_removed_from_a_channel_is_told_that_they_left_and_so_are_the_others() {
    let mut scene = Scene::local();
    let bobs = [1, 2].map(|_| scene.enter_as("Bob", Some("bob")));
    let [ada, bob] = [scene.enter("Ada"), bobs[0]];
    for channel in ["tea", "milk"] {
        for person in [ada, bob] {
            scene.join(person, channel, &json!({}));
        }
    }
    for person in [ada, bob] {
        scene.take(person);
    }
    let outcome = scene.call(expel("bob", "tea"));
    assert_eq!(outcome, Outcome::Expelled { sessions: 1 });
    scene.turn();
    assert_eq!(
        scene.take(bob),
        [json!({"action": "left", "channel": "tea"})]
    );
    assert_eq!(scene.take(bobs[1]), Vec::<Value>::new());
    let heard = scene.take(ada);
    assert_eq!((heard.len(), &heard[0]["event"]), (1, &json!("left")));
    assert_eq!(heard[0]["member"]["id"], "bob");
    assert_eq!(scene.code(bob, &said("tea", "still here")), "not-a-member");
    assert_eq!(scene.code(bob, &said("milk", "here")), "none");
    let again = scene.call(expel("bob", "tea"));
    assert_eq!(again, Outcome::Expelled { sessions: 0 });
    // Nobody is in it any more, and it is remembered.
    scene.ask(ada, &json!({"action": "leave-channel", "message": "tea"}));
    assert_eq!(scene.commons.hub.find(Space::Chat, "tea"), None);
    let empty = scene.call(expel("bob", "tea"));
    assert_eq!(empty, Outcome::Expelled { sessions: 0 });
    for (target, channel, code) in [
        ("bob", "water", "no-such-channel"),
        ("Ada", "tea", "no-such-client"),
    ] {
        assert_eq!(refused(&scene.call(expel(target, channel))), code);
    }
}

#[test]
fn the_connections_here_of_one_who_is_dismissed_are_to_be_closed_with_what_the_program_says() {
    let mut scene = Scene::local();
    let bobs = [1, 2].map(|_| scene.enter_as("Bob", Some("bob")));
    scene.enter("Ada");
    let outcome = scene.call(dismiss("bob"));
    assert_eq!(outcome, Outcome::Dismissed { sessions: 2 });
    let dismissed = scene.commons.take_dismissed();
    let slots = dismissed.iter().map(|it| it.slot as usize);
    assert_eq!(slots.collect::<Vec<_>>(), bobs);
    assert_eq!((dismissed[0].code, &*dismissed[0].words), (4403, "banned"));
    assert!(scene.commons.take_dismissed().is_empty());
    assert_eq!(refused(&scene.call(dismiss("Ada"))), "no-such-client");
}

#[test]
fn what_programs_elsewhere_do_is_done_here_too_and_told_to_nobody() {
    let late = Late::default();
    let mut scene = Scene::new(&Config::default(), late.clone());
    let bob = scene.enter_as("Bob", Some("bob"));
    late.free(1);
    scene.turn();
    scene.ask(bob, &json!({"action": "join-channel", "message": "tea"}));
    for deed in [
        publish("tea", "hi", None),
        whisper("bob", "psst", None),
        expel("bob", "tea"),
        dismiss("bob"),
    ] {
        late.overhear(NODE, 7, deed);
    }
    late.free(5);
    scene.turn();
    let heard = scene.take(bob);
    let actions: Vec<_> = heard
        .iter()
        .map(|it| it["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions.iter().filter(|it| **it == "left").count(), 1);
    assert!(actions.contains(&"send-private") && actions.contains(&"send-message"));
    assert_eq!(scene.commons.take_dismissed().len(), 1);
    assert!(scene.commons.take_outcomes().is_empty());
    assert_eq!(scene.commons.hub.clients(), 1);
}

#[test]
fn a_program_says_something_on_a_relay() {
    let mut scene = Scene::local();
    let hub = &mut scene.commons.hub;
    Relay::join(hub, 0, "lobby", Form::Joined, Coding::Plain, 0, true);
    let lines = relay::speech("lobby", Message::Text(" two\nlines ")).unwrap();
    assert_eq!(scene.call(lines), Outcome::Relayed);
    let mut heard = Vec::new();
    scene.commons.hub.seal(|slot, slice| {
        heard.push((
            slot,
            String::from_utf8(slice.run.body(slice.from).to_vec()).unwrap(),
        ));
    });
    assert_eq!(heard, [(0, "two lines".to_owned())]);
    assert_eq!(relay::speech("lobby", Message::Text(" \n ")), None);
}

#[test]
fn what_is_under_way_is_answered_in_its_order_whatever_is_refused_meanwhile() {
    let late = Late::default();
    let mut scene = Scene::new(&Config::default(), late.clone());
    let caller = scene.commons.greet_caller(SLOT);
    scene.commons.call(caller, publish("tea", "one", None));
    late.fill();
    scene.commons.call(caller, publish("tea", "two", None));
    scene.turn();
    assert_eq!(scene.codes(SLOT), [""; 0]);
    late.free(1);
    scene.turn();
    assert_eq!(scene.codes(SLOT), ["said", "unavailable"]);
    scene.commons.call(caller, publish("tea", "three", None));
    assert_eq!(scene.codes(SLOT), ["unavailable"]);
    late.add(Event::Refused {
        client: caller,
        deed: publish("tea", "four", None),
        why: Refusal::Unavailable,
    });
    let bytes = publish("tea", "four", None).bytes();
    scene.commons.hub.send_off(caller, bytes);
    late.free(1);
    scene.turn();
    assert_eq!(scene.codes(SLOT), ["unavailable"]);
}

#[test]
fn nobody_hears_what_came_of_it_for_one_that_is_gone() {
    let late = Late::default();
    let mut scene = Scene::new(&Config::default(), late.clone());
    let gone = scene.commons.greet_caller(SLOT);
    for message in ["one", "two"] {
        scene.commons.call(gone, publish("tea", message, None));
    }
    late.free(1);
    scene.turn();
    scene.commons.part_caller(gone);
    let next = scene.commons.greet_caller(SLOT);
    assert_ne!(gone, next, "while something of the first is under way");
    scene.commons.call(next, relay_line());
    assert_eq!(scene.codes(SLOT), [""; 0]);
    late.free(2);
    scene.turn();
    assert_eq!(scene.codes(SLOT), ["relayed"]);
    assert_eq!(scene.last_number("tea"), 2);
    scene.commons.part_caller(next);
    assert_eq!(scene.commons.hub.clients(), 0);
}

fn relay_line() -> Deed<'static> {
    relay::speech("lobby", Message::Text("hi")).unwrap()
}

#[test]
fn what_is_lost_with_what_servers_shared_is_known_to_nobody_and_the_program_may_go_on() {
    for end in [Event::Lost, Event::Burial] {
        let late = Late::default();
        let mut scene = Scene::new(&Config::default(), late.clone());
        let caller = scene.commons.greet_caller(SLOT);
        late.add(end);
        for deed in [publish("tea", "one", None), relay_line()] {
            scene.commons.call(caller, deed);
        }
        late.fill();
        scene.commons.call(caller, publish("tea", "two", None));
        late.free(1);
        scene.turn();
        assert_eq!(scene.codes(SLOT), ["unknown", "unknown", "unavailable"]);
        assert_eq!(scene.commons.take_turned_out(), [0; 0]);
        assert_eq!(scene.commons.take_relieved(), slice::from_ref(&SLOT));
    }
}
