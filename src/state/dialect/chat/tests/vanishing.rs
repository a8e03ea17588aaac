//! Servers that are gone, and their people.

use super::*;
use crate::vocabulary::config::{LOSSES_TOLD_MAX, NODE_CLIENTS_MAX, TURN_VANISHING_MAX};

const GONE: NodeId = NodeId(2);
const THERE: NodeId = NodeId(3);

/// A chat with one who is in some channels, over an engine that is shared.
fn scene(channels: &[&str]) -> (Scene, Late, usize) {
    let late = Late::default();
    late.free(usize::MAX / 2);
    let mut scene = Scene::new(&Config::default(), late.clone());
    let ada = scene.enter("Ada");
    for channel in channels {
        scene.join(ada, channel, &json!({}));
    }
    scene.take(ada);
    (scene, late, ada)
}

/// Someone of a server comes into channels.
fn come(scene: &mut Scene, late: &Late, node: NodeId, client: u32, channels: &[&str]) {
    let name = format!("{client} of {}", node.0);
    let identity = scene.commons.registry.identity(&name, None, None);
    late.overhear(node, client, Deed::Enter(Rc::new(identity)));
    for &channel in channels {
        late.overhear(node, client, Deed::Join(channel.to_owned().into()));
    }
}

#[test]
fn those_of_a_server_that_is_gone_are_out_of_all_channels_and_each_is_told() {
    let (mut scene, late, ada) = scene(&["tea", "milk"]);
    for client in [9, 3, 5] {
        come(&mut scene, &late, GONE, client, &["tea", "soup"]);
    }
    come(&mut scene, &late, THERE, 3, &["milk", "tea"]);
    scene.turn();
    scene.take(ada);
    late.add(Event::Death(GONE));
    scene.turn();
    let heard = scene.take(ada);
    let told = heard.iter().map(|heard| {
        assert_eq!(
            (&heard["event"], &heard["reason"]),
            (&json!("left"), &json!("node-lost"))
        );
        heard["member"]["name"].as_str().unwrap()
    });
    assert_eq!(told.collect::<Vec<_>>(), ["3 of 2", "5 of 2", "9 of 2"]);
    assert_eq!(numbers(&heard), [5, 6, 7]);
    let hub = &scene.commons.hub;
    let counts = hub.channels_of(Space::Chat);
    let counts: Vec<_> = counts.map(|(name, id)| (name, hub.count(id))).collect();
    assert_eq!(counts, [("milk", 2), ("tea", 2)]);
    assert_eq!(hub.clients(), 2);
    late.overhear(GONE, 3, Deed::Join("milk".into()));
    scene.turn();
    assert_eq!(scene.take(ada).len(), 0);
}

#[test]
fn a_channel_that_loses_many_is_told_how_many_along_with_what_waits_to_be_summarised() {
    let (mut scene, late, ada) = scene(&["tea"]);
    let many = u32::try_from(LOSSES_TOLD_MAX).unwrap() + 1;
    for client in 0..many {
        come(&mut scene, &late, GONE, client, &["tea"]);
    }
    scene.turn();
    scene.take(ada);
    late.add(Event::Death(GONE));
    scene.turn();
    let heard = scene.take(ada);
    assert_eq!(heard.len(), 1);
    for (field, value) in [("joined", 0), ("left", many), ("count", 1)] {
        assert_eq!(heard[0][field], value, "{field}");
    }
    assert_eq!(
        (&heard[0]["event"], &heard[0]["reason"]),
        (&json!("summary"), &json!("node-lost"))
    );
    assert_eq!(heard[0]["message"], format!("{many} left"));
}

#[test]
fn in_a_large_channel_what_waits_to_be_summarised_is_told_along_with_it_and_once() {
    let (mut scene, late, ada) = scene(&["tea"]);
    for client in 0..200 {
        come(&mut scene, &late, THERE, client, &["tea"]);
    }
    come(&mut scene, &late, GONE, 0, &["tea"]);
    scene.turn();
    scene.take(ada);
    late.add(Event::Death(GONE));
    scene.turn();
    let heard = scene.take(ada);
    assert_eq!(heard.len(), 1);
    for (field, value) in [("joined", 2), ("left", 1), ("count", 201)] {
        assert_eq!(heard[0][field], value, "{field}");
    }
    scene.now.monotonic += Duration::from_millis(500);
    late.overhear(THERE, 0, Deed::Leave("tea".into()));
    scene.turn();
    scene.now.monotonic += Duration::from_millis(600);
    late.add(Event::Nothing);
    scene.turn();
    assert_eq!(
        scene.take(ada),
        Vec::<Value>::new(),
        "no second has passed since"
    );
    scene.now.monotonic += Duration::from_millis(500);
    late.add(Event::Nothing);
    scene.turn();
    assert_eq!(scene.take(ada)[0]["left"], 1);
}

#[test]
fn what_waits_to_be_summarised_in_a_channel_that_all_vanish_from_is_not_told_to_who_comes_later() {
    let (mut scene, late, ada) = scene(&[]);
    for client in 0..202 {
        come(&mut scene, &late, GONE, client, &["tea"]);
    }
    late.add(Event::Death(GONE));
    scene.turn();
    scene.join(ada, "tea", &json!({}));
    scene.take(ada);
    scene.now.monotonic += Duration::from_secs(2);
    late.add(Event::Nothing);
    scene.turn();
    assert_eq!(scene.take(ada), Vec::<Value>::new());
}

#[test]
fn many_vanish_over_several_turns_and_nothing_later_happens_before_all_have() {
    let (mut scene, late, ada) = scene(&["tea"]);
    let people = u32::try_from(TURN_VANISHING_MAX).unwrap();
    for client in 0..people {
        come(&mut scene, &late, GONE, client, &["tea", "milk"]);
    }
    scene.turn();
    scene.take(ada);
    late.add(Event::Death(GONE));
    scene.say(ada, "tea", "are you all gone?");
    for turn in 0..3 {
        assert_eq!(scene.take(ada).len(), 0, "{turn}");
        let before = scene.commons.hub.clients();
        scene.turn();
        let gone = before - scene.commons.hub.clients();
        assert!(gone * 3 <= TURN_VANISHING_MAX + 3, "{gone} in turn {turn}");
        assert_eq!(scene.commons.due(), Some(Duration::ZERO));
    }
    scene.turn();
    let heard = scene.take(ada);
    let told: Vec<_> = heard.iter().map(|heard| &heard["event"]).collect();
    assert_eq!(told, [&json!("summary"), &Value::Null]);
    assert_eq!(
        (scene.commons.hub.clients(), scene.commons.due()),
        (1, None)
    );
}

#[test]
fn one_that_was_taken_for_gone_has_no_part_in_what_comes_later() {
    let (mut scene, late, ada) = scene(&["tea"]);
    late.add(Event::Burial);
    come(&mut scene, &late, THERE, 1, &["tea"]);
    scene.commons.advance(scene.now);
    assert!(scene.commons.is_over());
    assert_eq!(scene.take(ada), Vec::<Value>::new());
}

#[test]
fn a_number_that_no_client_can_have_is_nobodys() {
    let (mut scene, late, ada) = scene(&["tea"]);
    come(&mut scene, &late, THERE, NODE_CLIENTS_MAX, &["tea"]);
    come(&mut scene, &late, THERE, u32::MAX, &["tea"]);
    scene.turn();
    assert_eq!(scene.take(ada).len(), 0);
    assert_eq!(scene.commons.hub.clients(), 1);
}
