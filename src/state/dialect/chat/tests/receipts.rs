//! What is said once, however often it is asked for.

use super::{
    publishing::{publish, whisper},
    *,
};
use crate::state::{engine::Once, outcome::Outcome};
use crate::vocabulary::config::{RECEIPTS_KEPT, RECEIPTS_MAX};

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is one of those that may be none"
)]
fn once(key: u32, body: u8) -> Option<Once> {
    let mut whole = [0; 16];
    whole[..4].copy_from_slice(&key.to_le_bytes());
    let body = [body; 16];
    Some(Once {
        key: whole,
        body,
        all: None,
    })
}

#[test]
fn what_is_asked_for_again_was_said_before_and_takes_no_number() {
    let mut scene = Scene::local();
    let ada = scene.enter("Ada");
    scene.join(ada, "tea", &json!({}));
    scene.take(ada);
    let first = scene.call(publish("tea", "one", once(1, 1)));
    let Outcome::Said { epoch, seq: 1, .. } = first else {
        panic!("{first:?}");
    };
    scene.call(publish("tea", "two", once(2, 1)));
    let again = scene.call(publish("tea", "one", once(1, 1)));
    let is_duplicate = true;
    let known = Outcome::Said {
        epoch,
        seq: 1,
        is_duplicate,
    };
    assert_eq!(again, known);
    scene.turn();
    assert_eq!(numbers(&scene.take(ada)), [1, 2]);
}

#[test]
fn what_is_whispered_again_was_heard_before() {
    let mut scene = Scene::local();
    let ada = scene.enter_as("Ada", Some("ada"));
    for is_duplicate in [false, true] {
        let told = scene.call(whisper("ada", "psst", once(1, 1)));
        assert_eq!(told, Outcome::Whispered { is_duplicate });
    }
    scene.turn();
    assert_eq!(scene.take(ada).len(), 1);
}

#[test]
fn a_key_that_was_used_for_something_else_says_nothing() {
    let mut scene = Scene::local();
    scene.call(publish("tea", "one", once(1, 1)));
    let other = scene.call(publish("tea", "two", once(1, 2)));
    assert_eq!(other, Outcome::Conflict);
    assert_eq!(scene.last_number("tea"), 1);
}

#[test]
fn what_was_refused_may_be_asked_for_again() {
    let mut scene = Scene::local();
    let refused = scene.call(whisper("ada", "psst", once(1, 1)));
    assert!(matches!(refused, Outcome::Refused(_)));
    scene.enter_as("Ada", Some("ada"));
    let told = scene.call(whisper("ada", "psst", once(1, 1)));
    let is_duplicate = false;
    assert_eq!(told, Outcome::Whispered { is_duplicate });
}

/// The first of several that have one name for them all.
fn first(key: u32, body: u8, all: u32) -> Option<Once> {
    let all = once(all, body).map(|once| once.key);
    once(key, body).map(|once| Once { all, ..once })
}

#[test]
fn where_the_first_was_refused_nothing_else_goes_by_the_name_of_all() {
    let mut scene = Scene::local();
    let refused = scene.call(whisper("ada", "psst", first(1, 1, 1)));
    assert!(matches!(refused, Outcome::Refused(_)));
    let other = scene.call(publish("tea", "one", first(1, 2, 1)));
    assert_eq!(other, Outcome::Conflict);
    scene.enter_as("Ada", Some("ada"));
    for is_duplicate in [false, true] {
        let told = scene.call(whisper("ada", "psst", first(1, 1, 1)));
        assert_eq!(told, Outcome::Whispered { is_duplicate });
    }
}

#[test]
fn where_another_is_the_first_by_now_what_was_said_is_known_and_what_was_not_is_not() {
    let mut scene = Scene::local();
    scene.call(publish("tea", "two", first(2, 1, 1)));
    let one = scene.call(publish("tea", "one", first(1, 1, 1)));
    let Outcome::Said {
        seq: 2,
        is_duplicate: false,
        ..
    } = one
    else {
        panic!("{one:?}");
    };
    let two = scene.call(publish("tea", "two", once(2, 1)));
    let Outcome::Said {
        seq: 1,
        is_duplicate: true,
        ..
    } = two
    else {
        panic!("{two:?}");
    };
    assert_eq!(
        scene.call(publish("tea", "x", first(3, 2, 1))),
        Outcome::Conflict
    );
}

#[test]
fn a_retry_behind_what_is_under_way_is_told_what_came_of_that() {
    let late = Late::default();
    let mut scene = Scene::new(&Config::default(), late.clone());
    let callers = [100, 101].map(|slot| scene.commons.greet_caller(slot));
    for caller in callers {
        let deed = publish("tea", "one", once(1, 1));
        scene.commons.call(caller, deed);
    }
    late.free(2);
    scene.turn();
    let outcomes = scene.commons.take_outcomes();
    let duplicates: Vec<_> = outcomes
        .iter()
        .map(|(slot, outcome)| match outcome {
            Outcome::Said {
                seq: 1,
                is_duplicate,
                ..
            } => (*slot, *is_duplicate),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(duplicates, [(100, false), (101, true)]);
}

#[test]
fn what_is_too_old_or_one_of_too_many_may_be_said_again() {
    let mut scene = Scene::local();
    let is_known = |scene: &mut Scene, key| {
        let outcome = scene.call(publish("tea", "x", once(key, 1)));
        matches!(
            outcome,
            Outcome::Said {
                is_duplicate: true,
                ..
            }
        )
    };
    scene.turn();
    assert!(!is_known(&mut scene, 0));
    scene.now.monotonic += RECEIPTS_KEPT.saturating_sub(Duration::from_millis(2));
    scene.turn();
    assert!(is_known(&mut scene, 0));
    scene.turn();
    assert_eq!(
        scene.commons.registry.receipts_bytes(),
        0,
        "nothing is kept"
    );
    let most = u32::try_from(RECEIPTS_MAX).unwrap();
    for key in 0..=most {
        assert!(!is_known(&mut scene, key));
    }
    assert!(is_known(&mut scene, 1) && is_known(&mut scene, most));
    assert!(scene.commons.registry.receipts_bytes() < 20 << 20);
    assert!(!is_known(&mut scene, 0));
    assert!(!is_known(&mut scene, 1));
}

#[test]
fn what_is_lost_with_all_else_may_be_said_again() {
    let late = Late::default();
    let mut scene = Scene::new(&Config::default(), late.clone());
    let caller = scene.commons.greet_caller(100);
    for _ in 0..2 {
        let deed = publish("tea", "one", once(1, 1));
        scene.commons.call(caller, deed);
        late.free(1);
        scene.turn();
        let outcomes = scene.commons.take_outcomes();
        assert!(matches!(
            outcomes[0].1,
            Outcome::Said {
                seq: 1,
                is_duplicate: false,
                ..
            }
        ));
        late.add(Event::Lost);
        late.free(1);
        scene.turn();
    }
}
