//! What is encoded for several, and how much is handed out at a time.

use allocation_counter::measure;

use super::*;
use crate::vocabulary::config::{REPLAY_BLOCKS_KEPT, TURN_REPLAY_BYTES_MAX};

#[test]
fn a_block_is_encoded_once_for_all_who_ask_for_it_within_a_short_while() {
    let (mut scene, _) = scene_with_tea(100);
    let mut came = Vec::new();
    for turn in 0..4 {
        for slot in 0..10 {
            let slot = 1 + turn * 10 + slot;
            let client = scene.enter(slot);
            scene.join(client, "tea", Start::At(u64::from(slot)));
        }
        scene.runs.clear();
        scene.turn();
        assert_eq!(scene.runs.len(), 10);
        came.append(&mut scene.runs);
        if turn == 1 {
            wait(&mut scene.hub, REPLAY_BLOCKS_KEPT);
            assert_eq!(scene.hub.due(), None);
        }
    }
    let is_first = |run: &Rc<Run>| Rc::ptr_eq(run, &came[0]);
    assert!(came[..20].iter().all(is_first));
    let (_, later) = came.split_at(20);
    assert!(later.iter().all(|run| Rc::ptr_eq(run, &later[0])));
    assert!(!is_first(&later[0]), "its peers would lag from its seal on");
    assert_eq!(later[0].seal().at, REPLAY_BLOCKS_KEPT);
}

#[test]
fn forms_and_spaces_do_not_share_what_is_encoded() {
    let mut hub = hub();
    let host = hub.enter(Some(0), Form::Joined, Coding::Plain);
    let lobby = join(&mut hub, host, Space::Relay, "lobby");
    hub.say(lobby, Kind::Binary, false, |bytes, _, _| {
        bytes.extend_from_slice(&[0, 159]);
    });
    say(&mut hub, lobby, "text");
    said(&mut hub);
    for (slot, form) in [(1, Form::Joined), (2, Form::Single)] {
        let client = hub.enter(Some(slot), form, Coding::Plain);
        hub.join(client, Space::Relay, "lobby", Start::At(0));
    }
    let mut frames = Vec::new();
    hub.replay(
        |_| ROOM,
        |slot, slice| {
            let kinds: Vec<_> = (0..slice.len())
                .map(|index| slice.run.kind(index))
                .collect();
            assert_eq!(kinds, [Kind::Binary, Kind::Text]);
            assert_eq!(slice.run.is_joinable(1), slot == 1);
            frames.push(slice.run);
        },
    );
    assert!(!Rc::ptr_eq(&frames[0], &frames[1]));
}

#[test]
fn a_peer_is_handed_no_more_than_it_has_room_for_over_all_its_channels() {
    let mut scene = Scene::new(HistoryBounds {
        bytes: 1 << 20,
        ..HistoryBounds::default()
    });
    let host = scene.enter(0);
    let names: Vec<_> = (0..64).map(|number| format!("{number}")).collect();
    let ada = scene.enter(1);
    scene.rooms.insert(1, 0);
    for name in &names {
        let channel = scene.join(host, name, Start::Now);
        for _ in 0..50 {
            scene
                .hub
                .say(channel, Kind::Text, false, |bytes, number, _| {
                    bytes.extend_from_slice(format!("{name} {number} {:0100}", 0).as_bytes());
                });
        }
        scene.turn();
        scene.join(ada, name, Start::At(0));
    }
    let mut turns = 0;
    let mut next: BTreeMap<String, u64> = BTreeMap::new();
    while scene.hub.has_replays() {
        scene.open(ada, 1, 1000);
        scene.turn();
        turns += 1;
        let heard = scene.take(1);
        let mut bytes = 0;
        for heard in heard {
            let Heard::Said(body) = heard else {
                panic!("nothing is dropped: {heard:?}");
            };
            bytes += body.len();
            let (name, rest) = body.split_once(' ').unwrap();
            let next = next.entry(name.to_owned()).or_insert(1);
            assert!(
                rest.starts_with(&format!("{next} ")),
                "{body} is not {next}"
            );
            *next += 1;
        }
        assert!(bytes <= 1000 + 106, "{bytes} B in one turn");
    }
    assert!(turns > 64 * 50 * 100 / 1100);
    assert!(names.iter().all(|name| next[name] == 51));
}

#[test]
fn a_turn_hands_out_no_more_than_its_budget_and_everyone_gets_their_turn() {
    let mut scene = Scene::new(HistoryBounds {
        bytes: 1 << 20,
        ..HistoryBounds::default()
    });
    let host = scene.enter(0);
    let tea = scene.join(host, "tea", Start::Now);
    for _ in 0..100 {
        scene.hub.say(tea, Kind::Text, false, |bytes, _, _| {
            bytes.resize(bytes.len() + 4000, b'x');
        });
    }
    scene.turn();
    for slot in 1..=20 {
        let client = scene.enter(slot);
        scene.join(client, "tea", Start::At(0));
    }
    let mut turns = 0;
    while scene.hub.has_replays() {
        let replayed = scene.turn();
        let bytes = replayed.messages * 4000;
        assert!(bytes <= (TURN_REPLAY_BYTES_MAX + 20_000) as u64, "{bytes}");
        turns += 1;
    }
    assert_eq!(turns, 8, "eight megabytes");
    assert!((1..=20).all(|slot| scene.heard[&slot].len() == 100));
}

#[test]
fn what_is_encoded_counts_against_the_turn_however_little_of_it_is_handed_out() {
    let mut scene = Scene::new(HistoryBounds::default());
    let host = scene.enter(0);
    let channels: Vec<_> = (0..200)
        .map(|number| scene.join(host, &number.to_string(), Start::Now))
        .collect();
    for &channel in &channels {
        for _ in 0..16 {
            scene.hub.say(channel, Kind::Text, false, |bytes, _, _| {
                bytes.resize(bytes.len() + 1000, b'x');
            });
        }
    }
    scene.turn();
    for slot in 1..=200 {
        let client = scene.enter(slot);
        scene.rooms.insert(slot, 1);
        let name = (slot - 1).to_string();
        scene.join(client, &name, Start::At(0));
    }
    let replayed = scene.turn();
    assert!(replayed.messages < 80, "{replayed:?}");
    assert!(!scene.hub.is_quiet());
}

#[test]
fn what_is_copied_does_not_grow_with_those_who_catch_up() {
    let copied = |clients: u32| {
        let mut scene = Scene::new(HistoryBounds::default());
        let host = scene.enter(0);
        let tea = scene.join(host, "tea", Start::Now);
        for _ in 0..100 {
            scene.hub.say(tea, Kind::Text, false, |bytes, _, _| {
                bytes.resize(bytes.len() + 200, b'x');
            });
        }
        scene.turn();
        // A seat for each is found before.
        let crowd = |scene: &mut Scene| -> Vec<_> {
            let slots = 1..=clients;
            slots
                .map(|slot| scene.hub.enter(Some(slot), Form::Joined, Coding::Plain))
                .collect()
        };
        for client in crowd(&mut scene) {
            scene.join(client, "tea", Start::Now);
            scene.hub.exit(client, Departure::Vanishes);
        }
        let crowd = crowd(&mut scene);
        for &client in &crowd {
            scene.join(client, "tea", Start::At(0));
        }
        let mut handed = 0;
        let hub = &mut scene.hub;
        let replayed = measure(|| {
            while hub.has_replays() {
                hub.replay(|_| ROOM, |_, slice| handed += slice.len());
            }
        });
        assert_eq!(handed, 100 * clients);
        replayed.bytes_total
    };
    let (few, many) = (copied(10), copied(1000));
    assert!(few > 20_000, "the log, once");
    assert!(
        many < few + 1000 * 100,
        "{many} B for many, {few} B for few"
    );
}
