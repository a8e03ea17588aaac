//! Scrolling back.

use super::*;
use crate::vocabulary::config::HISTORY_ANSWER_BYTES_MAX;

fn scene(messages: usize, bytes: usize) -> (Scene, usize) {
    let mut scene = Scene::local();
    let ada = scene.enter("Ada");
    scene.join(ada, "tea", &json!({}));
    for _ in 0..messages {
        scene.say(ada, "tea", &"x".repeat(bytes));
    }
    (scene, ada)
}

fn history(more: Value) -> Value {
    let mut request = json!({"action": "history", "target": "tea"});
    let Value::Object(more) = more else {
        unreachable!("fields are an object");
    };
    request.as_object_mut().unwrap().extend(more);
    request
}

fn told(scene: &mut Scene, person: usize, more: Value) -> Vec<u64> {
    let answer = scene.answer(person, &history(more));
    assert_eq!(answer["action"], "history", "{answer}");
    numbers(answer["messages"].as_array().unwrap())
}

#[test]
fn members_scroll_back_to_the_oldest_that_is_kept() {
    let (mut scene, ada) = scene(120, 5);
    let answer = scene.answer(ada, &history(json!({"ref": "r"})));
    assert_eq!(
        (&answer["oldest"], &answer["ref"]),
        (&json!(21), &json!("r"))
    );
    assert_eq!(answer["messages"][49]["message"], "xxxxx");
    assert_eq!(answer["channel"], "tea");
    let all = |range: std::ops::Range<u64>| range.collect::<Vec<_>>();
    assert_eq!(told(&mut scene, ada, json!({})), all(71..121));
    assert_eq!(told(&mut scene, ada, json!({"before": 71})), all(21..71));
    assert_eq!(told(&mut scene, ada, json!({"before": 30})), all(21..30));
    for before in [0, 1, 21] {
        assert_eq!(told(&mut scene, ada, json!({"before": before})), all(0..0));
    }
    let beyond = json!({"before": 9_007_199_254_740_991_u64, "limit": 1});
    assert_eq!(told(&mut scene, ada, beyond), all(120..121));
    assert_eq!(told(&mut scene, ada, json!({"limit": 100})), all(21..121));
}

#[test]
fn an_answer_has_at_most_so_many_bytes_but_one_message() {
    let (mut scene, ada) = scene(100, 200);
    let answer = scene.answer(ada, &history(json!({"limit": 100})));
    let messages = answer["messages"].to_string();
    assert!(
        messages.len() <= HISTORY_ANSWER_BYTES_MAX,
        "{}",
        messages.len()
    );
    assert!(messages.len() > HISTORY_ANSWER_BYTES_MAX - 500);
    scene.say(ada, "tea", &"y".repeat(20_000));
    assert_eq!(told(&mut scene, ada, json!({})), [101]);
    assert_eq!(
        told(&mut scene, ada, json!({"before": 101, "limit": 2})),
        [99, 100]
    );
}

#[test]
fn it_is_for_members_of_this_life_of_the_channel() {
    let (mut scene, ada) = scene(3, 5);
    let bob = scene.enter("Bob");
    let code = |scene: &mut Scene, person, more| scene.code(person, &history(more));
    assert_eq!(code(&mut scene, bob, json!({})), "not-a-member");
    assert_eq!(
        code(&mut scene, bob, json!({"target": "milk"})),
        "no-such-channel"
    );
    let channel = scene.commons.hub.find(Space::Chat, "tea").unwrap();
    let epoch = scene.commons.hub.epoch(channel);
    assert_eq!(told(&mut scene, ada, json!({"epoch": epoch})), [1, 2, 3]);
    assert_eq!(
        code(&mut scene, ada, json!({"epoch": epoch + 1})),
        "bad-since"
    );
    assert_eq!(told(&mut scene, ada, json!({"epoch": null})), [1, 2, 3]);
}

#[test]
fn it_is_bounded_in_a_turn_like_lists_and_charged_by_its_bytes() {
    let (mut scene, ada) = scene(100, 5);
    scene.turn();
    scene.take(ada);
    let request = history(json!({"limit": 100})).to_string();
    let mut charged = 0;
    for _ in 0..30 {
        let Scene {
            commons,
            people,
            now,
            ..
        } = &mut scene;
        charged += people[ada].hear(Message::Text(&request), commons, *now);
    }
    scene.turn();
    let answers = scene.take(ada);
    let told = answers
        .iter()
        .filter(|answer| answer["action"] == "history");
    let codes = answers
        .iter()
        .filter(|answer| answer["code"] == "too-many-requests");
    assert_eq!((told.clone().count(), codes.count()), (20, 10));
    let bytes: usize = told.map(|answer| answer.to_string().len()).sum();
    assert!(charged > bytes);
}
