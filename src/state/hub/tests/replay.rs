//! Catching up out of the log.

mod sequences;
mod sharing;

use std::collections::BTreeMap;

use super::*;
use crate::state::batch::Run;

const ROOM: usize = 1 << 20;

/// What someone hears.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Heard {
    /// A message, as it was said.
    Said(String),
    /// That these do not come of a channel.
    Gap(String, u64, u64),
}

/// Clients, and what they take.
struct Scene {
    hub: Hub,
    /// Bytes that each may be handed in a turn.
    rooms: BTreeMap<u32, usize>,
    heard: BTreeMap<u32, Vec<Heard>>,
    /// The runs out of which they heard, each as it came.
    runs: Vec<Rc<Run>>,
}

impl Scene {
    fn new(bounds: HistoryBounds) -> Self {
        Self {
            hub: Hub::new(bounds, 0),
            rooms: BTreeMap::new(),
            heard: BTreeMap::new(),
            runs: Vec::new(),
        }
    }

    fn enter(&mut self, slot: u32) -> ClientId {
        self.rooms.insert(slot, ROOM);
        self.heard.insert(slot, Vec::new());
        self.hub.enter(Some(slot), Form::Joined, Coding::Plain)
    }

    fn open(&mut self, client: ClientId, slot: u32, room: usize) {
        self.rooms.insert(slot, room);
        self.hub.resume(client);
    }

    fn join(&mut self, client: ClientId, name: &str, start: Start) -> ChannelId {
        let channel = self.hub.join(client, Space::Chat, name, start);
        channel.expect("there is room")
    }

    /// Joins, and is told so before what follows.
    fn join_told(&mut self, client: ClientId, name: &str, start: Start, words: &str) {
        let channel = self.hub.found(Space::Chat, name).expect("there is room");
        self.hub.enroll(client, channel);
        self.tell(client, words);
        self.hub.follow(client, channel, start);
    }

    fn say(&mut self, channel: ChannelId, messages: usize) {
        let name = self.hub.name(channel).to_owned();
        for _ in 0..messages {
            self.hub
                .say(channel, Kind::Text, false, |bytes, number, _| {
                    bytes.extend_from_slice(format!("{name} {number}").as_bytes());
                });
        }
    }

    fn tell(&mut self, client: ClientId, words: &str) {
        let run = Run::alone(Kind::Text, words.as_bytes(), Form::Joined, Seal::default());
        self.hub.tell(client, Rc::new(run));
    }

    /// Ends a turn. Returns what was replayed in it.
    fn turn(&mut self) -> Replayed {
        let Self {
            hub,
            rooms,
            heard,
            runs,
        } = self;
        let mut hear = |slot: u32, slice: Slice| {
            let heard = heard.get_mut(&slot).unwrap();
            if let Some(gap) = slice.run.seal().gap() {
                let channel = gap.source.channel.to_string();
                heard.push(Heard::Gap(channel, gap.from, gap.to));
                return;
            }
            for message in slice.from..slice.to {
                let body = slice.run.body(message).to_vec();
                heard.push(Heard::Said(String::from_utf8(body).unwrap()));
            }
            runs.push(slice.run);
        };
        hub.seal(&mut hear);
        hub.replay(|slot| rooms[&slot], &mut hear)
    }

    fn take(&mut self, slot: u32) -> Vec<Heard> {
        mem::take(self.heard.get_mut(&slot).unwrap())
    }

    /// Waits until nobody has to catch up who may be handed something.
    fn settle(&mut self) {
        while !self.hub.is_quiet() {
            self.turn();
        }
    }
}

fn gap(name: &str, from: u64, to: u64) -> Heard {
    Heard::Gap(name.to_owned(), from, to)
}

fn messages(name: &str, numbers: std::ops::RangeInclusive<u64>) -> Vec<Heard> {
    let said = numbers.map(|number| Heard::Said(format!("{name} {number}")));
    said.collect()
}

fn scene_with_tea(said: usize) -> (Scene, ChannelId) {
    let mut scene = Scene::new(HistoryBounds::default());
    let host = scene.enter(0);
    let tea = scene.join(host, "tea", Start::Now);
    scene.say(tea, said);
    scene.turn();
    scene.take(0);
    (scene, tea)
}

#[test]
fn one_who_missed_something_gets_it_before_what_is_live_and_each_once() {
    let (mut scene, tea) = scene_with_tea(10);
    let ada = scene.enter(1);
    scene.join(ada, "tea", Start::At(4));
    scene.say(tea, 2);
    let replayed = scene.turn();
    assert_eq!((replayed.messages, replayed.trimmed), (8, 0));
    assert_eq!(scene.take(1), messages("tea", 5..=12));
    assert!(!scene.hub.has_replays());
    scene.say(tea, 1);
    scene.turn();
    assert_eq!(scene.take(1), messages("tea", 13..=13));
}

#[test]
fn one_who_missed_nothing_is_there_at_once_even_where_nothing_is_kept() {
    let mut scene = Scene::new(HistoryBounds {
        messages: 0,
        ..HistoryBounds::default()
    });
    let host = scene.enter(0);
    let tea = scene.join(host, "tea", Start::Now);
    scene.say(tea, 3);
    scene.turn();
    let ada = scene.enter(1);
    scene.join(ada, "tea", Start::At(3));
    assert!(!scene.hub.has_replays());
    scene.say(tea, 1);
    scene.turn();
    assert_eq!(scene.take(1), messages("tea", 4..=4));
}

#[test]
fn what_is_live_comes_out_of_the_log_until_one_has_caught_up() {
    let (mut scene, tea) = scene_with_tea(10);
    let ada = scene.enter(1);
    scene.rooms.insert(1, 0);
    scene.join(ada, "tea", Start::At(0));
    for _ in 0..3 {
        scene.say(tea, 1);
        scene.turn();
    }
    assert_eq!(scene.take(1), []);
    assert!(scene.hub.is_quiet(), "it waits for its peer");
    scene.open(ada, 1, 1);
    scene.say(tea, 1);
    scene.turn();
    assert_eq!(scene.take(1), messages("tea", 1..=1), "as it takes it");
    scene.open(ada, 1, ROOM);
    scene.say(tea, 1);
    scene.turn();
    assert_eq!(scene.take(1), messages("tea", 2..=15));
}

#[test]
fn what_the_log_drops_meanwhile_is_a_gap_in_its_place() {
    let (mut scene, tea) = scene_with_tea(100);
    let ada = scene.enter(1);
    scene.rooms.insert(1, 0);
    scene.join(ada, "tea", Start::At(10));
    scene.turn();
    scene.open(ada, 1, 1);
    scene.turn();
    scene.say(tea, 50);
    scene.turn();
    scene.open(ada, 1, ROOM);
    let replayed = scene.turn();
    assert_eq!((replayed.messages, replayed.trimmed), (100, 39));
    let mut expected = messages("tea", 11..=11);
    expected.push(gap("tea", 12, 50));
    expected.extend(messages("tea", 51..=150));
    assert_eq!(scene.take(1), expected);
}

#[test]
fn one_who_leaves_meanwhile_gets_the_rest_up_to_there_and_then_what_it_is_told() {
    let (mut scene, tea) = scene_with_tea(10);
    let ada = scene.enter(1);
    scene.rooms.insert(1, 0);
    scene.join(ada, "tea", Start::At(7));
    scene.turn();
    scene.hub.leave(ada, tea, Departure::Leaves);
    scene.tell(ada, "left");
    scene.say(tea, 5);
    scene.turn();
    assert_eq!(scene.take(1), []);
    scene.open(ada, 1, ROOM);
    scene.turn();
    let mut expected = messages("tea", 8..=10);
    expected.push(Heard::Said("left".to_owned()));
    assert_eq!(scene.take(1), expected);
    assert!(!scene.hub.has_replays());
}

#[test]
fn the_rest_of_a_channel_that_is_forgotten_meanwhile_is_a_gap() {
    let mut scene = Scene::new(HistoryBounds::default());
    let ada = scene.enter(1);
    let tea = scene.join(ada, "tea", Start::Now);
    scene.say(tea, 3);
    scene.hub.leave(ada, tea, Departure::Leaves);
    scene.turn();
    scene.take(1);
    scene.rooms.insert(1, 0);
    scene.join(ada, "tea", Start::At(1));
    scene.hub.leave(ada, tea, Departure::Leaves);
    scene.tell(ada, "left");
    wait(&mut scene.hub, HistoryBounds::default().age * 2);
    assert_eq!(scene.hub.serial(tea), None);
    scene.open(ada, 1, ROOM);
    scene.turn();
    assert_eq!(
        scene.take(1),
        [gap("tea", 2, 3), Heard::Said("left".to_owned())]
    );
}

#[test]
fn an_answer_to_a_join_comes_before_what_the_join_begins_however_often_one_comes_and_goes() {
    let (mut scene, tea) = scene_with_tea(3);
    let ada = scene.enter(1);
    scene.rooms.insert(1, 0);
    for round in 0..3 {
        let words = format!("joined {round}");
        scene.join_told(ada, "tea", Start::At(round), &words);
        scene.hub.leave(ada, tea, Departure::Leaves);
        scene.tell(ada, &format!("left {round}"));
        scene.turn();
    }
    scene.open(ada, 1, ROOM);
    scene.settle();
    let mut expected = Vec::new();
    for round in 0..3 {
        expected.push(Heard::Said(format!("joined {round}")));
        expected.extend(messages("tea", round + 1..=3));
        expected.push(Heard::Said(format!("left {round}")));
    }
    assert_eq!(scene.take(1), expected);
}

#[test]
fn what_waits_behind_a_channel_that_was_left_is_counted_until_it_is_told() {
    let (mut scene, tea) = scene_with_tea(10);
    let ada = scene.enter(1);
    scene.rooms.insert(1, 0);
    scene.join(ada, "tea", Start::At(2));
    scene.hub.leave(ada, tea, Departure::Leaves);
    let word = "x".repeat(1000);
    for _ in 0..100 {
        scene.tell(ada, &word);
    }
    assert!(!scene.hub.may_wait());
    assert_eq!(scene.hub.take_burdened().len(), 100);
    assert!(scene.hub.held_bytes(ada) > 100_000);
    assert!(scene.hub.heap_bytes().0 > 100_000, "it is in the ledger");
    scene.open(ada, 1, ROOM);
    scene.turn();
    assert_eq!(scene.take(1).len(), 8 + 100);
    assert_eq!(scene.hub.held_bytes(ada), 0);
}

#[test]
fn one_whose_connection_ends_is_handed_nothing_more() {
    let (mut scene, tea) = scene_with_tea(10);
    let ada = scene.enter(1);
    scene.join(ada, "tea", Start::At(0));
    scene.hub.part(ada, Departure::Leaves);
    assert_eq!(scene.hub.count(tea), 2, "until it is gone");
    scene.turn();
    assert_eq!(scene.take(1), []);
    scene.hub.exit(ada, Departure::Vanishes);
    assert_eq!((scene.hub.count(tea), scene.hub.clients()), (1, 1));
}

#[test]
fn a_message_by_which_a_peer_would_lag_waits_until_nothing_else_does() {
    let (mut scene, tea) = scene_with_tea(1);
    let long = vec![b'x'; 1000];
    scene.hub.say(tea, Kind::Text, false, |bytes, _, _| {
        bytes.extend_from_slice(&long);
    });
    scene.say(tea, 1);
    scene.hub.seal(|_, _| {});
    let ada = scene.enter(1);
    scene.join(ada, "tea", Start::At(0));
    let mut hand_out = |room: Room| {
        let mut lengths = Vec::new();
        scene.hub.resume(ada);
        scene.hub.replay(
            |_| room,
            |_, slice| {
                lengths.extend((slice.from..slice.to).map(|at| slice.run.body(at).len()));
            },
        );
        assert!(scene.hub.is_quiet(), "nobody is asked again for nothing");
        lengths
    };
    let narrow = |spare| Room { bytes: 100, spare };
    assert_eq!(hand_out(narrow(Some(1000))), [5]);
    assert!(hand_out(narrow(Some(1000))).is_empty());
    assert_eq!(hand_out(narrow(None)), [1000]);
    assert_eq!(hand_out(narrow(Some(1000))), [5]);
}
