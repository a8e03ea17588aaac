//! Who is in a channel, page by page.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::state::dialect::chat::people::Seat;

fn ids(answer: &Value) -> Vec<String> {
    let members = answer["members"].as_array().unwrap().iter();
    members
        .map(|member| member["id"].as_str().unwrap().to_owned())
        .collect()
}

fn list(scene: &mut Scene, person: usize, after: Option<&str>, limit: usize) -> Value {
    let list = json!({"action": "list-members", "target": "tea", "after": after, "limit": limit});
    scene.answer(person, &list)
}

#[test]
fn joined_lists_fifty_members_unless_asked_for_others() {
    let mut scene = Scene::local();
    for number in 0..60 {
        let person = scene.enter_as("x", Some(&format!("{number:02}")));
        scene.join(person, "tea", &json!({}));
    }
    let mut listed = |more: Value| {
        let person = scene.enter_as("x", Some("zz"));
        let joined = scene.join(person, "tea", &more);
        assert_eq!(joined["count"], person + 1);
        ids(&joined).len()
    };
    assert_eq!(listed(json!({})), 50);
    assert_eq!(listed(json!({"members": 0})), 0);
    assert_eq!(listed(json!({"members": 7})), 7);
    assert_eq!(listed(json!({"members": 1000})), 60 + 4);
}

#[test]
fn a_page_is_in_the_order_of_ids_and_says_after_which_to_go_on() {
    let mut scene = Scene::local();
    for id in ["d", "b", "a", "c", "b"] {
        let person = scene.enter_as("x", Some(id));
        scene.join(person, "tea", &json!({}));
    }
    let mut page = |after, limit| {
        let answer = list(&mut scene, 0, after, limit);
        assert_eq!(answer["count"], 5);
        (
            ids(&answer).concat(),
            answer["next"].as_str().map(str::to_owned),
        )
    };
    let next = |id: &str| Some(id.to_owned());
    assert_eq!(page(None, 10), ("abbcd".to_owned(), None));
    assert_eq!(page(None, 5), ("abbcd".to_owned(), None));
    assert_eq!(page(None, 3), ("abb".to_owned(), next("b")));
    assert_eq!(
        page(None, 2),
        ("a".to_owned(), next("a")),
        "both of one or none"
    );
    assert_eq!(
        page(Some("a"), 1),
        ("bb".to_owned(), next("b")),
        "even if they are more"
    );
    assert_eq!(
        page(Some("bb"), 1),
        ("c".to_owned(), next("c")),
        "one who need not be there"
    );
    assert_eq!(page(Some("c"), 1), ("d".to_owned(), None));
    assert_eq!(page(Some("d"), 1), (String::new(), None));
}

#[test]
fn the_first_page_is_encoded_once_for_as_long_as_it_is_true() {
    let mut people = People::default();
    let mut rosters = Rosters::default();
    let mut hub = Hub::new(Config::default().history, 0);
    let mut join = |people: &mut People, rosters: &mut Rosters, id: &str| {
        let client = hub.enter(None, Form::Joined, Coding::Plain);
        let identity = Identity {
            id: id.into(),
            name: id.into(),
            avatar: fingerprint(id),
        };
        let id = Rc::clone(&identity.id);
        let seat = Seat::There((NodeId(1), client.number()));
        people.expect(client, Rc::new(identity), seat);
        let channel = hub.join(client, Space::Chat, "tea", Start::Now).unwrap();
        rosters.join(channel, client, &id);
        (channel, client)
    };
    let (tea, _) = join(&mut people, &mut rosters, "0");
    for number in 1..60 {
        join(&mut people, &mut rosters, &format!("{number:02}"));
    }
    let page = |rosters: &mut Rosters, people: &People| rosters.page(tea, None, 50, people).members;
    let first = page(&mut rosters, &people);
    let (_, last) = join(&mut people, &mut rosters, "99");
    assert!(
        Rc::ptr_eq(&first, &page(&mut rosters, &people)),
        "it is not on it"
    );
    rosters.leave(tea, last, "99");
    assert!(Rc::ptr_eq(&first, &page(&mut rosters, &people)));
    join(&mut people, &mut rosters, "00");
    let second = page(&mut rosters, &people);
    assert!(!Rc::ptr_eq(&first, &second), "it is on it");
    assert!(second.get().contains(r#""id":"00""#));
    rosters.end_turn();
    assert!(Rc::ptr_eq(&second, &page(&mut rosters, &people)));
}

/// Someone comes or goes between two pages.
type Change = (bool, usize);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn one_who_stays_is_listed_once_however_others_come_and_go(
        staying in prop::collection::vec(0..30_usize, 1..25),
        changes in prop::collection::vec(prop::collection::vec((any::<bool>(), 0..30_usize), 0..4), 40),
        limit in 1..6_usize,
    ) {
        let mut scene = Scene::local();
        let id = |number: usize| format!("{number:02}");
        let mut expected = BTreeMap::<String, usize>::new();
        for &number in &staying {
            let person = scene.enter_as("x", Some(&id(number)));
            scene.join(person, "tea", &json!({}));
            *expected.entry(id(number)).or_default() += 1;
        }
        let asker = 0;
        let mut passing: Vec<(usize, usize)> = Vec::new();
        let mut after = None;
        let mut listed = BTreeMap::<String, usize>::new();
        let mut changes: VecDeque<Vec<Change>> = changes.into();
        loop {
            let page = list(&mut scene, asker, after.as_deref(), limit);
            let ids = ids(&page);
            prop_assert!(ids.is_sorted());
            prop_assert!(after.as_ref().is_none_or(|after| ids.iter().all(|id| id > after)));
            for id in ids {
                *listed.entry(id).or_default() += 1;
            }
            after = page["next"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
            for (comes, number) in changes.pop_front().unwrap_or_default() {
                if comes {
                    let person = scene.enter_as("x", Some(&id(number)));
                    scene.join(person, "tea", &json!({}));
                    passing.push((person, number));
                } else if !passing.is_empty() {
                    let (person, _) = passing.swap_remove(number % passing.len());
                    scene.exit(person);
                }
            }
        }
        for (id, sessions) in expected {
            let others = scene.people.len() - staying.len();
            let told = listed.get(&id).copied().unwrap_or_default();
            prop_assert!(told >= sessions && told <= sessions + others, "{} of {}: {}", told, sessions, id);
        }
    }
}
