//! How a node comes in, lives, and goes.

use super::*;

#[test]
fn who_finds_nobody_founds_and_reads_on_from_its_hello() {
    let mut scene = Scene::new();
    assert_eq!(scene.link.standing(), Standing::Listening);
    assert!(!scene.link.is_up());
    assert_eq!(commands(&scene.read), <[Vec<String>; 0]>::default());
    scene.hears(&["hello", "0", "run-1", "10000", ""]);
    scene.answer(&format!("ok {ERA}-1 {ERA} 1"));
    assert_eq!(scene.link.standing(), Standing::Living(NodeId(1)));
    assert!(scene.link.is_up());
    assert_eq!(scene.link.nodes(), 1);
    assert_eq!(scene.journal.0.borrow().node(), Some(NodeId(1)));
    assert_eq!(scene.reads_after(), id(1));
    scene.hears_that_it_lives(1);
}

#[test]
fn who_finds_others_asks_for_a_snapshot_and_goes_on_from_there() {
    let mut scene = Scene::new();
    scene.asked();
    scene.answer(&format!("ok {ERA}-7 {ERA} 3 2"));
    assert!(matches!(scene.link.standing(), Standing::Loading(_)));
    let part = |number: u8| {
        vec![vec![
            "GET".to_owned(),
            format!("{{hubbub}}:snapshot:{ERA}:3:{number}"),
        ]]
    };
    assert_eq!(scene.asked(), part(0));
    scene.reply("_\r\n");
    scene.pass(REDIS_PAUSE);
    assert_eq!(scene.asked(), part(0));
    scene.reply("+2 70\r\n");
    assert_eq!(scene.asked(), part(1));
    scene.reply("+all there is\r\n");
    assert_eq!(scene.asked(), part(2));
    assert_eq!(scene.link.snapshot(), None);
    scene.reply("$0\r\n\r\n");
    let snapshot = scene.link.snapshot().unwrap();
    assert_eq!(snapshot.bytes, b"all there is");
    assert_eq!(snapshot.others, [(NodeId(2), 70)]);
    let now = scene.now();
    scene
        .link
        .accept_snapshot(now, &mut scene.journal.0.borrow_mut());
    scene.turn();
    assert_eq!(scene.link.standing(), Standing::Living(NodeId(3)));
    assert_eq!(scene.reads_after(), id(7));
}

#[test]
fn who_leaves_before_it_has_learnt_what_there_is_does_not_learn_it_any_more() {
    let mut scene = Scene::new();
    scene.asked();
    scene.answer(&format!("ok {ERA}-7 {ERA} 3 2"));
    for part in ["+2 70\r\n", "$0\r\n\r\n"] {
        scene.asked();
        scene.reply(part);
    }
    assert!(scene.link.snapshot().is_some());
    scene.link.leave();
    scene.turn();
    assert_eq!(scene.link.standing(), Standing::Gone);
    assert_eq!(scene.link.snapshot(), None);
}

#[test]
fn who_is_told_nothing_asks_others_and_once_more_when_all_of_them_are_dead() {
    let mut scene = Scene::new();
    scene.asked();
    scene.answer(&format!("ok {ERA}-7 {ERA} 3 1 2"));
    let mut living = vec!["1".to_owned(), "2".to_owned()];
    let mut calls = Vec::new();
    let mut next = 4;
    let until = scene.now + settings().lease + Duration::from_secs(1);
    while scene.now < until {
        scene.pass(REDIS_PAUSE);
        for words in scene.asked() {
            match words.get(5).map(String::as_str) {
                Some("hello") => {
                    calls.push(format!("hello {}", words[9]));
                    let others = living.join(" ");
                    let answer = format!("ok {ERA}-{next}0 {ERA} {next} {others}");
                    scene.answer(answer.trim_end());
                    next += 1;
                }
                Some("death") => {
                    calls.push(format!("death {}", words[10]));
                    living.retain(|node| *node != words[10]);
                    scene.answer(&format!("ok {ERA}-{next}1 {ERA}"));
                }
                Some(_) => {
                    let is_waiting = living.len() == 2;
                    assert_eq!(words[10], if is_waiting { "-1" } else { "1" });
                    scene.answer("again 1");
                }
                None => scene.reply("_\r\n"),
            }
        }
    }
    let asked = [
        "hello 1", "hello ", "hello 1", "death 1", "death 2", "hello ",
    ];
    assert_eq!(calls, asked);
    assert!(matches!(scene.link.standing(), Standing::Living(_)));
}

#[test]
fn who_waits_says_that_it_lives_and_comes_anew_if_it_was_taken_for_dead() {
    let mut scene = Scene::new();
    scene.asked();
    scene.answer(&format!("ok {ERA}-7 {ERA} 1 2"));
    let era = ERA.to_string();
    for answer in ["again -1", "buried"] {
        assert!(matches!(scene.link.standing(), Standing::Loading(_)));
        // What it is told takes its time.
        let said = loop {
            scene.pass(REDIS_PAUSE);
            match &scene.asked()[..] {
                [words] if words[0] == "GET" => scene.reply("+a part\r\n"),
                [words] => break words.clone(),
                _ => {}
            }
        };
        let wait = ["append", &era, "run-1", "10000", "1", "-1", "l", "", "-"];
        assert_eq!(said[5..], wait);
        scene.answer(answer);
    }
    assert_eq!(scene.link.standing(), Standing::Listening);
}

#[test]
fn it_says_that_it_lives_and_at_last_bye() {
    let mut scene = Scene::founder();
    let era = ERA.to_string();
    assert_eq!(
        scene.link.due(),
        Some(scene.now + REDIS_BLOCK + REDIS_ANSWER_TIMEOUT)
    );
    scene.read.give("_\r\n");
    scene.pass(Duration::from_secs(1));
    scene.read.give("_\r\n");
    scene.pass(Duration::from_secs(2));
    scene.hears_that_it_lives(2);
    scene.link.leave();
    scene.answer(&format!("ok {ERA}-2 {ERA}"));
    scene.hears(&["append", &era, "run-1", "10000", "1", "3", "b", "", "-"]);
    scene.answer(&format!("ok {ERA}-3 {ERA}"));
    assert_eq!(scene.link.standing(), Standing::Leaving(NodeId(1)));
    let is_first = |scene: &mut Scene| scene.journal.next(scene.now(), None).is_some();
    scene.is_folding = false;
    scene.gives(&[(&id(2), "3 l 1 1 5", ""), (&id(3), "3 b 1 3 6", "")]);
    assert!(is_first(&mut scene));
    assert_eq!(scene.asked(), <[Vec<String>; 0]>::default());
    scene.journal.give(NodeId(1), b"all".to_vec());
    scene.turn();
    for part in ["", "all", ""] {
        let words = &scene.asked()[0];
        assert_eq!((&*words[0], &*words[2]), ("SET", part));
        assert_eq!(words[4], REDIS_LEFT_KEPT.as_millis().to_string());
        scene.reply("+OK\r\n");
    }
    assert_eq!(scene.link.standing(), Standing::Gone);
    assert_eq!(scene.link.due(), None);
}

#[test]
fn who_goes_from_among_others_leaves_nothing_behind() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(2), "3 h 2 -1 5", ""), (&id(3), "3 l 2 1 6", "")]);
    scene.link.leave();
    scene.turn();
    scene.asked();
    scene.answer(&format!("ok {ERA}-4 {ERA}"));
    scene.gives(&[(&id(4), "3 b 1 2 7", "")]);
    assert_eq!(scene.link.standing(), Standing::Gone);
}

#[test]
fn who_finds_what_the_last_has_left_goes_on_from_there_or_says_that_it_is_of_no_use() {
    let mut scene = Scene::new();
    scene.asked();
    scene.answer(&format!("ok {ERA}-9 {ERA} 3 left {ERA}-7 2"));
    assert!(scene.link.is_heir());
    assert_eq!(
        scene.asked()[0],
        ["GET", &format!("{{hubbub}}:left:{ERA}:2:0")]
    );
    scene.link.refuse_snapshot();
    scene.reply("_\r\n");
    scene.pass(REDIS_PAUSE);
    scene.hears(&["hello", "0", "run-1", "10000", "", &id(7)]);
    scene.answer(&format!("ok {ERA}-10 {ERA} 4 left {ERA}-8 1"));
    for part in ["$0\r\n\r\n", "+all there is\r\n", "$0\r\n\r\n"] {
        scene.asked();
        scene.reply(part);
    }
    let now = scene.now();
    let journal = &mut scene.journal.0.borrow_mut();
    let told = scene.link.accept_snapshot(now, journal).unwrap();
    assert_eq!(told.bytes, b"all there is");
    assert_eq!(journal.living().count(), 0);
    assert_eq!(scene.link.standing(), Standing::Living(NodeId(4)));
}

#[test]
fn who_is_not_heard_within_the_lease_is_declared_dead_if_redis_agrees() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(2), "3 h 2 0 5", "")]);
    let calls_in = |scene: &mut Scene, seconds: u64| {
        let mut calls = Vec::new();
        for _ in 0..seconds {
            scene.read.give("_\r\n");
            scene.pass(Duration::from_secs(1));
            for words in scene.asked() {
                calls.push(words[5].clone());
                if words[5] == "append" {
                    scene.answer(&format!("ok {ERA}-9 {ERA}"));
                }
            }
        }
        calls
    };
    assert_eq!(calls_in(&mut scene, 9), ["append"; 3]);
    assert_eq!(calls_in(&mut scene, 1), ["death"]);
    scene.answer("refused heard");
    assert_eq!(calls_in(&mut scene, 2), ["append"]);
    assert_eq!(calls_in(&mut scene, 1), ["death"]);
    scene.answer(&format!("ok {ERA}-20 {ERA}"));
    assert_eq!(scene.link.nodes(), 1);
}

#[test]
fn nothing_is_due_that_cannot_be_done() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(2), "3 h 2 0 5", "")]);
    scene.append.close();
    scene.turn();
    scene.now += settings().lease;
    while let Some(side) = scene.link.wants(scene.now) {
        let refused = io::ErrorKind::ConnectionRefused.into();
        scene.link.opened(side, Err(refused), scene.now());
    }
    scene.turn();
    assert!(scene.link.due().unwrap() > scene.now);
}

#[test]
fn who_was_declared_dead_itself_begins_anew_once_it_has_read_so() {
    let mut scene = Scene::founder();
    scene.says_and_hears_no_answer();
    scene.answer("buried");
    assert_eq!(scene.link.standing(), Standing::Living(NodeId(1)));
    assert_eq!(scene.asked(), <[Vec<String>; 0]>::default());
    scene.gives(&[(&id(2), "3 d 2 0 5", "1")]);
    assert_eq!(scene.link.standing(), Standing::Listening);
    scene.pass(REDIS_PAUSE);
    scene.hears(&["hello", "0", "run-1", "10000", ""]);
}
