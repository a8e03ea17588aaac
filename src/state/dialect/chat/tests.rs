mod history;
mod late;
mod publishing;
mod receipts;
mod recovery;
mod returning;
mod rosters;
mod telling;
mod vanishing;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem;

use serde_json::{Value, json};

use super::*;
use crate::state::{
    commons::Commons,
    engine::{self, Actor, Deed, Engine, Event, Local, Pressure, Sequenced},
    hub::{Space, Start},
};
use crate::vocabulary::{
    config::CHANNELS_MAX,
    id::NodeId,
    message::Message,
    pass::Pass,
    time::{Moment, Now},
};

/// An engine that gives back only what it is let give back, in the order in which it was given or overheard.
#[derive(Clone, Debug, Default)]
struct Late(Rc<RefCell<Lateness>>);

#[derive(Debug, Default)]
struct Lateness {
    queue: VecDeque<Event<'static>>,
    free: usize,
    is_full: bool,
    pressure: Option<Pressure>,
    is_unready: bool,
    strayed_from: Option<NodeId>,
}

impl Late {
    /// Lets it give back so many more.
    fn free(&self, events: usize) {
        self.0.borrow_mut().free += events;
    }

    /// Lets it say so of how much is under way.
    fn press(&self, pressure: Pressure) {
        self.0.borrow_mut().pressure = Some(pressure);
    }

    /// Lets it take nothing any more.
    fn fill(&self) {
        self.0.borrow_mut().is_full = true;
    }

    /// Says whether those who come back may.
    fn is_ready(&self, is_ready: bool) {
        self.0.borrow_mut().is_unready = !is_ready;
    }

    /// What is done here and did not come back.
    fn under_way(&self) -> Vec<Deed<'static>> {
        let lateness = self.0.borrow();
        let deeds = lateness.queue.iter().filter_map(|event| match event {
            Event::Action(engine::Action {
                actor: Actor::Ours(_),
                deed,
            }) => Some(deed.clone()),
            _ => None,
        });
        deeds.collect()
    }

    /// Adds what someone elsewhere does.
    fn overhear(&self, node: NodeId, client: u32, deed: Deed<'static>) {
        let actor = Actor::Theirs { node, client };
        self.add(Event::Action(engine::Action { actor, deed }));
    }

    /// Adds something that happens.
    fn add(&self, event: Event<'static>) {
        self.0.borrow_mut().queue.push_back(event);
    }
}

impl Engine for Late {
    fn is_shared(&self) -> bool {
        true
    }

    fn submit<'a>(&mut self, action: engine::Action<'a>, _: Now) -> Option<Sequenced<'a>> {
        let engine::Action { actor, deed } = action;
        if let Actor::Ours(client) = actor
            && self.0.borrow().is_full
        {
            let why = Refusal::Unavailable;
            let refused = Event::Refused { client, deed, why };
            return Some(refused.at(Moment::default()));
        }
        let deed = deed.into_owned();
        self.add(Event::Action(engine::Action { actor, deed }));
        None
    }

    fn next(&mut self, now: Now, _: Option<Duration>) -> Option<Sequenced<'static>> {
        let mut lateness = self.0.borrow_mut();
        lateness.free = lateness.free.checked_sub(1)?;
        let event = lateness.queue.pop_front()?;
        Some(event.at(now.into()))
    }

    fn is_ready(&self) -> bool {
        !self.0.borrow().is_unready
    }

    fn stray(&mut self, from: NodeId) {
        self.0.borrow_mut().strayed_from = Some(from);
    }

    fn forget(&mut self) {
        let is_ours = |event: &Event<'_>| {
            matches!(
                event,
                Event::Action(engine::Action {
                    actor: Actor::Ours(_),
                    ..
                })
            )
        };
        self.0.borrow_mut().queue.retain(|event| !is_ours(event));
    }

    fn due(&self, _: Option<Duration>) -> Option<Duration> {
        None
    }

    fn pressure(&self) -> Pressure {
        self.0.borrow().pressure.unwrap_or(Pressure::Low)
    }
}

/// The chat, and who is in it, by the order in which they came.
struct Scene {
    commons: Commons,
    people: Vec<Chat>,
    heard: Vec<Vec<Value>>,
    now: Now,
}

impl Scene {
    fn new(config: &Config, engine: impl Engine + 'static) -> Self {
        Self {
            commons: Commons::with_engine(config, 1, Box::new(engine)),
            people: Vec::new(),
            heard: Vec::new(),
            now: Now {
                monotonic: Duration::from_secs(1),
                unix_ms: 1_700_000_000_000,
            },
        }
    }

    fn local() -> Self {
        Self::new(&Config::default(), Local)
    }

    fn enter(&mut self, name: &str) -> usize {
        self.enter_as(name, None)
    }

    /// Someone whose token says who they are.
    fn enter_as(&mut self, name: &str, id: Option<&str>) -> usize {
        let slot = u32::try_from(self.people.len()).unwrap();
        let pass = Pass {
            id: id.map(Into::into),
            ..Pass::default()
        };
        let chat = Chat::enter(
            &mut self.commons,
            slot,
            Coding::Plain,
            name,
            None,
            pass,
            self.now,
        );
        self.people.push(chat);
        self.heard.push(Vec::new());
        self.turn();
        self.take(slot as usize);
        slot as usize
    }

    fn ask(&mut self, person: usize, request: &Value) {
        self.ask_text(person, &request.to_string());
    }

    fn ask_text(&mut self, person: usize, request: &str) {
        let message = Message::Text(request);
        self.people[person].hear(message, &mut self.commons, self.now);
    }

    fn join(&mut self, person: usize, channel: &str, more: &Value) -> Value {
        let mut request = json!({"action": "join-channel", "message": channel});
        let more = more.as_object().unwrap().clone();
        request.as_object_mut().unwrap().extend(more);
        self.ask(person, &request);
        self.turn();
        let heard = self.heard[person].iter();
        let joined = heard.rev().find(|heard| heard["action"] == "joined");
        joined.expect("it has joined").clone()
    }

    fn say(&mut self, person: usize, channel: &str, message: &str) {
        self.ask(person, &said(channel, message));
    }

    /// Ends a turn.
    fn turn(&mut self) {
        let Self {
            commons,
            heard,
            now,
            ..
        } = self;
        commons.begin_turn(*now);
        commons.advance(*now);
        let mut hear = |slot: u32, slice: crate::state::batch::Slice| {
            for message in slice.from..slice.to {
                let body = serde_json::from_slice(slice.run.body(message)).unwrap();
                heard[slot as usize].push(body);
            }
        };
        commons.hub.seal(&mut hear);
        commons.hub.replay(|_| 1 << 20, &mut hear);
        commons.registry.end_turn();
        commons.begin_anew();
        now.monotonic += Duration::from_millis(1);
        now.unix_ms += 1;
    }

    fn take(&mut self, person: usize) -> Vec<Value> {
        mem::take(&mut self.heard[person])
    }

    /// What is heard at the end of a turn in which one asks something.
    fn answer(&mut self, person: usize, request: &Value) -> Value {
        self.turn();
        self.take(person);
        self.ask(person, request);
        self.turn();
        let mut answers = self.take(person);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers.remove(0)
    }

    fn code(&mut self, person: usize, request: &Value) -> String {
        let answer = self.answer(person, request);
        answer["code"].as_str().unwrap_or("none").to_owned()
    }

    /// The number of what was said last in a channel.
    fn last_number(&self, channel: &str) -> u64 {
        let hub = &self.commons.hub;
        hub.said(hub.find_remembered(Space::Chat, channel).unwrap())
    }

    fn exit(&mut self, person: usize) {
        self.people[person].end(Departure::Vanishes, &mut self.commons, self.now);
    }
}

fn said(channel: &str, message: &str) -> Value {
    json!({"action": "send-message", "target": channel, "message": message})
}

/// The numbers of the messages among what was heard.
fn numbers(heard: &[Value]) -> Vec<u64> {
    let numbers = heard
        .iter()
        .filter(|heard| heard["action"] == "send-message");
    numbers
        .map(|heard| heard["seq"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_message_has_its_number_and_its_time_last_and_time_never_goes_back_in_a_channel() {
    let mut scene = Scene::local();
    let ada = scene.enter("Ada");
    scene.join(ada, "tea", &json!({}));
    let mut texts = Vec::new();
    for unix_ms in [2000, 1000, 3000] {
        scene.now.unix_ms = unix_ms;
        scene.say(ada, "tea", "hot");
        scene.commons.hub.seal(|_, slice| {
            let body = slice.run.body(slice.from).to_vec();
            texts.push(String::from_utf8(body).unwrap());
        });
    }
    let ends: Vec<_> = texts
        .iter()
        .map(|text| &text[text.find(",\"seq\"").unwrap()..])
        .collect();
    let expected = [
        r#","seq":1,"time":2000}"#,
        r#","seq":2,"time":2000}"#,
        r#","seq":3,"time":3000}"#,
    ];
    assert_eq!(ends, expected);
}

#[test]
fn a_join_is_told_with_the_number_of_its_notice_which_the_joiner_does_not_get() {
    let mut scene = Scene::local();
    let [ada, bob] = ["Ada", "Bob"].map(|name| scene.enter(name));
    let joined = scene.join(ada, "tea", &json!({"ref": "r"}));
    assert_eq!(joined["seq"], 0, "nobody else was there");
    assert_eq!(
        (&joined["ref"], &joined["oldest"]),
        (&json!("r"), &json!(1))
    );
    scene.take(ada);
    scene.say(ada, "tea", "before");
    scene.ask(bob, &json!({"action": "join-channel", "message": "tea"}));
    scene.say(ada, "tea", "after");
    scene.turn();
    let heard = scene.take(bob);
    assert_eq!(heard[0]["seq"], 2);
    assert_eq!(heard[0].get("replay"), None);
    assert_eq!(numbers(&heard), [3]);
    let heard = scene.take(ada);
    assert_eq!(numbers(&heard), [1, 2, 3]);
    assert_eq!(heard[1]["event"], "joined");
}

#[test]
fn what_is_private_is_in_no_log() {
    let mut scene = Scene::local();
    let [ada, bob] = ["Ada", "Bob"].map(|name| scene.enter(name));
    scene.join(ada, "tea", &json!({}));
    let private = json!({"action": "send-private", "target": "Bob", "message": "psst"});
    scene.ask(ada, &private);
    scene.turn();
    scene.take(bob);
    assert_eq!(scene.commons.hub.kept(), (0, 0));
    scene.join(bob, "tea", &json!({"last": 100}));
    let heard = scene.take(bob);
    assert!(heard.iter().all(|heard| heard["action"] != "send-private"));
}

#[test]
fn one_who_makes_a_channel_too_many_is_told_so() {
    let mut scene = Scene::local();
    let ada = scene.enter("Ada");
    let hub = &mut scene.commons.hub;
    let mut number = 0;
    while hub.populated(Space::Chat) < CHANNELS_MAX {
        let client = hub.enter(None, Form::Joined, Coding::Plain);
        for _ in 0..50 {
            let name = number.to_string();
            hub.join(client, Space::Chat, &name, Start::Now);
            number += 1;
        }
    }
    let join =
        json!({"action": "join-channel", "message": "one more", "since": {"epoch": 1, "seq": 1}});
    assert_eq!(scene.code(ada, &join), "too-many-channels");
    let leave = json!({"action": "leave-channel", "message": "one more"});
    assert_eq!(scene.code(ada, &leave), "no-such-channel");
}

#[test]
fn one_who_joins_a_large_channel_is_told_in_little_who_is_there() {
    let mut commons = Commons::new(&Config::default(), 1);
    let join = Message::Text(r#"{"action":"join-channel","message":"tea"}"#);
    for slot in 0..10_000 {
        let mut chat = Chat::enter(
            &mut commons,
            slot,
            Coding::Plain,
            "Ada",
            None,
            Pass::default(),
            Now::default(),
        );
        chat.hear(join, &mut commons, Now::default());
        commons.hub.seal(|_, _| {});
    }
    let mut last = Chat::enter(
        &mut commons,
        10_000,
        Coding::Plain,
        "Bob",
        None,
        Pass::default(),
        Now::default(),
    );
    let said = last.hear(join, &mut commons, Now::default());
    let mut told = 0;
    commons.hub.seal(|slot, slice| {
        if slot == 10_000 {
            told += slice.run.bytes(Coding::Plain).len();
        }
    });
    assert!(
        said < 8000 && told < 8000,
        "{said} B, {told} B with the welcome"
    );
}
