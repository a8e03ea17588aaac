//! What is read, and what follows where something is missing or an era is over.

use super::*;

#[test]
fn what_is_read_goes_to_the_journal_and_what_others_wrote_is_counted() {
    let mut scene = Scene::founder();
    let time = ERA + 1;
    let said = format!("3 a 1 2 {time}");
    scene.is_folding = false;
    scene.gives(&[(&id(2), "what", "x"), (&id(3), &said, "xyz")]);
    assert_eq!(scene.link.foreign(), 1);
    assert_eq!(scene.journal.0.borrow().unread_bytes(), 3);
    assert_eq!(scene.reads_after(), id(3));
    scene.gives(&[(&id(4), "3 h 2 0 5", "")]);
    assert_eq!(scene.link.nodes(), 2);
    assert_eq!(scene.journal.0.borrow().living().count(), 2);
}

#[test]
fn who_waits_for_what_was_read_is_told_before_more_is_asked_for() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(2), "3 l 1 2 5", "")]);
    assert_eq!(scene.reads_after(), id(2));
    scene.holds(&[(&id(3), "3 l 1 3 5", "")]);
    scene.signal();
    scene.turn_link();
    assert_eq!(commands(&scene.read), [] as [Vec<String>; 0]);
    scene.turn_link();
    assert_eq!(scene.reads_after(), id(3));
}

#[test]
fn entries_that_are_missing_make_it_begin_anew() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(3), "3 l 1 2 5", "")]);
    scene.says_farewell_and_comes_again();
    scene.answer(&format!("ok {ERA}-4 {ERA} 2 1"));
    assert!(matches!(scene.link.standing(), Standing::Loading(_)));
}

#[test]
fn who_has_made_something_else_of_it_than_another_begins_anew() {
    let mut scene = Scene::founder();
    scene.journal.stray(NodeId(7));
    scene.turn();
    scene.says_farewell_and_comes_again();
}

#[test]
fn entries_of_another_release_end_it_with_a_clear_word() {
    let mut scene = Scene::founder();
    scene.read.give(&format!(
        "%1\r\n+journal\r\n*1\r\n*2\r\n+{ERA}-2\r\n*4\r\n+h\r\n+2 a\r\n+b\r\n+x\r\n"
    ));
    let readable = Readiness {
        readable: true,
        ..Readiness::default()
    };
    scene.link.signal(Side::Read, readable);
    let error = scene
        .link
        .turn(scene.now(), &mut scene.journal.0.borrow_mut())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("format 2, and this is a server for format 3"),
        "{error}"
    );
}

#[test]
fn an_era_that_is_over_is_followed_by_another_that_goes_on() {
    let mut scene = Scene::founder();
    scene.says_and_hears_no_answer();
    scene.answer(&format!("era {ERA} run-0 {ERA}-1"));
    let (era, read) = (ERA.to_string(), id(1));
    scene.hears(&["era", &era, "run-1", "10000", &read, "0", "1", ""]);
    let next = ERA + 9;
    scene.answer(&format!("ok {next}-0 {next} kept"));
    let header = format!("3 k 0 0 {next} {read}");
    scene.gives(&[(&format!("{next}-0"), &header, "")]);
    assert_eq!(scene.link.eras(), Eras { kept: 1, lost: 0 });
    scene.pass(REDIS_PAUSE);
    let era = next.to_string();
    scene.hears(&["append", &era, "run-1", "10000", "1", "1", "l", "", "-"]);
    scene.answer("again 1");
    assert_eq!(scene.asked()[0][5], format!("3 a 1 2 {}", next + 50_000));
}

/// Reads that all is lost, and returns the era that begins.
fn loses_its_era(scene: &mut Scene) -> u64 {
    let next = ERA + 9;
    let header = format!("3 o 0 0 {next} {}", id(77));
    scene.gives(&[(&format!("{next}-0"), &header, "")]);
    next
}

#[test]
fn after_a_lost_era_it_says_hello_and_goes_on_folding() {
    let mut scene = Scene::founder();
    let next = loses_its_era(&mut scene);
    assert_eq!(scene.link.eras(), Eras { kept: 0, lost: 1 });
    assert_eq!(scene.link.standing(), Standing::Listening);
    let era = next.to_string();
    scene.pass(REDIS_PAUSE);
    scene.hears(&["hello", &era, "run-1", "10000", ""]);
    scene.answer(&format!("ok {next}-2 {next} 5 4"));
    assert_eq!(scene.link.standing(), Standing::Living(NodeId(5)));
    assert_eq!(scene.journal.0.borrow().node(), Some(NodeId(5)));
}

#[test]
fn after_a_lost_era_it_says_hello_though_others_never_cease_to_speak() {
    let mut scene = Scene::founder();
    let next = loses_its_era(&mut scene);
    scene.now += REDIS_PAUSE;
    scene.gives(&[(&format!("{next}-1"), "3 h 4 0 5", "")]);
    scene.hears(&["hello", &next.to_string(), "run-1", "10000", ""]);
}

#[test]
fn who_has_read_further_than_the_journal_reaches_has_an_era_opened() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(2), "3 l 9 1 5", ""), (&id(3), "3 l 9 2 5", "")]);
    scene.say("one");
    scene.asked();
    scene.reply(&format!("+{ERA}-2\r\n"));
    let asked = scene.asked();
    assert_eq!(asked[0][5], "era");
    assert_eq!(asked[0][9], id(3));
}

#[test]
fn what_is_behind_is_told_in_bytes() {
    let mut scene = Scene::founder();
    for seq in 2..100 {
        scene.gives(&[(&id(seq), "3 l 9 1 5", &"x".repeat(991))]);
    }
    assert_eq!(scene.link.lag_bytes(), 0);
    scene.say("one");
    scene.reply(&format!("+{ERA}-109\r\n"));
    let lag = scene.link.lag_bytes();
    assert!((9_000..11_000).contains(&lag), "{lag}");
}
