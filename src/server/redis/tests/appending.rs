//! What is appended, and what becomes of it where Redis does not answer, or answers something else.

use super::*;

#[test]
fn what_clients_do_is_added_past_the_script_one_call_after_the_other() {
    let mut scene = Scene::founder();
    scene.pass(Duration::from_millis(5));
    scene.say("one");
    let added = |number: u32, body: &str| {
        let header = format!("3 a 1 {number} {}", ERA + 5000);
        let place = format!("{ERA}-*");
        let words = [
            "XADD",
            "{hubbub}:journal",
            "NOMKSTREAM",
            &place,
            "h",
            &header,
            "b",
            body,
        ];
        vec![words.map(str::to_owned).to_vec()]
    };
    assert_eq!(scene.asked(), added(2, "one"));
    scene.say("two");
    assert_eq!(scene.asked(), <[Vec<String>; 0]>::default());
    scene.reply(&format!("+{ERA}-2\r\n"));
    assert_eq!(scene.asked(), <[Vec<String>; 0]>::default());
    scene.gives(&[(&id(2), &format!("3 a 1 2 {}", ERA + 5000), "")]);
    assert_eq!(scene.asked(), added(3, "two"));
}

#[test]
fn what_is_said_does_not_wait_for_what_comes_back_late() {
    let mut scene = Scene::founder();
    scene.say("one");
    scene.reply(&format!("+{ERA}-2\r\n"));
    scene.asked();
    scene.read.close();
    scene.say("two");
    let asked = scene.asked();
    assert_eq!(asked[0].last().map(String::as_str), Some("two"));
}

#[test]
fn after_a_lost_answer_the_same_number_is_said_to_the_script_on_a_new_connection() {
    let mut scene = Scene::founder();
    scene.say("one");
    assert_eq!(scene.asked()[0][0], "XADD");
    scene.append.close();
    scene.turn();
    assert!(!scene.link.is_up());
    scene.pass(Duration::from_millis(50));
    let era = ERA.to_string();
    scene.hears(&["append", &era, "run-1", "10000", "1", "2", "a", "one", "-"]);
    scene.say("two");
    scene.answer("again 2");
    assert!(scene.link.is_up());
    scene.gives(&[(&id(2), "3 a 1 2 5", "")]);
    assert_eq!(scene.asked()[0][5], "3 a 1 3 1790000000050000");
}

#[test]
fn after_a_time_out_there_is_a_new_connection() {
    let mut scene = Scene::founder();
    scene.say("one");
    scene.asked();
    scene.read.give("_\r\n");
    scene.pass(REDIS_ANSWER_TIMEOUT);
    assert_eq!(
        scene.link.outage(),
        Some(&Outage::Silent(REDIS_ANSWER_TIMEOUT))
    );
    scene.read.give("_\r\n");
    scene.pass(Duration::from_millis(50));
    assert_eq!(scene.asked()[0][5], "append");
    scene.pass(REDIS_ANSWER_TIMEOUT + REDIS_BLOCK);
    scene.pass(Duration::from_millis(50));
    assert_eq!(scene.reads_after(), id(1));
}

#[test]
fn a_script_that_is_gone_is_loaded_and_called_again() {
    let mut scene = Scene::new();
    scene.asked();
    scene.append.give("-NOSCRIPT No matching script.\r\n");
    scene.turn();
    assert!(scene.append.taken().contains("LOAD"));
    scene.reply("+digest\r\n");
    scene.hears(&["hello", "0", "run-1", "10000", ""]);
}

#[test]
fn a_redis_that_takes_nothing_for_now_is_waited_for_and_named() {
    let mut scene = Scene::founder();
    scene.say("one");
    scene.asked();
    scene.reply("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    assert_eq!(scene.link.outage(), Some(&Outage::OutOfMemory));
    assert!(!scene.link.is_up());
    assert_eq!(scene.asked(), <[Vec<String>; 0]>::default());
    scene.pass(REDIS_PAUSE);
    assert_eq!(scene.asked()[0][0], "XADD");
    scene.reply(&format!("+{ERA}-2\r\n"));
    assert!(scene.link.is_up());
}

#[test]
fn what_it_takes_nothing_of_waits_like_all_else() {
    for error in [
        "-OOM no",
        "-MISCONF no",
        "-READONLY no",
        "-WRONGTYPE no",
        "-NOSCRIPT no",
    ] {
        let mut scene = Scene::founder();
        scene.say("one");
        scene.reply(&format!("{error}\r\n"));
        let journal = scene.journal.0.borrow();
        assert!(
            journal.queue_bytes() > 0 && journal.oldest().is_some(),
            "{error}"
        );
    }
}

#[test]
fn what_it_may_have_taken_is_under_way() {
    let mut scene = Scene::founder();
    scene.says_and_hears_no_answer();
    scene.reply("-OOM no\r\n");
    assert_eq!(scene.journal.0.borrow().oldest(), None);
    scene.pass(REDIS_PAUSE);
    scene.reply("-ERR odd\r\n");
    assert_eq!(scene.journal.0.borrow().oldest(), None);
}

#[test]
fn one_that_is_a_replica_is_named_until_there_is_a_primary() {
    let mut scene = Scene::new();
    scene.reply("-READONLY You can't write against a read only replica.\r\n");
    for _ in 0..3 {
        assert_eq!(scene.link.outage(), Some(&Outage::ReadOnly));
        scene.pass(Duration::from_millis(500));
        assert_eq!(scene.link.outage(), Some(&Outage::ReadOnly));
        scene.reply("-READONLY You can't write against a read only replica.\r\n");
    }
    scene.pass(Duration::from_millis(500));
    scene.answer(&format!("ok {ERA}-1 {ERA} 1"));
    assert!(scene.link.is_up());
}

#[test]
fn what_is_said_is_appended_while_the_server_is_at_work() {
    let mut scene = Scene::founder();
    scene.queue("hi");
    let journal = &mut scene.journal.0.borrow_mut();
    scene.link.speak(scene.now, journal);
    let said = commands(&scene.append);
    let words = said.last().expect("it is said");
    assert_eq!(words.last().map(String::as_str), Some("hi"));
}

#[test]
fn what_the_journal_keeps_too_long_is_trimmed_with_what_is_added() {
    let mut scene = Scene::founder();
    let body = "x".repeat(settings().history_bytes / 2);
    for seq in 2..5 {
        scene.reads_after();
        scene.gives(&[(&id(seq), "3 l 9 1 5", &body)]);
    }
    scene.say("one");
    let asked = scene.asked();
    assert_eq!(asked[0][3..6], ["MINID", "~", &id(3)]);
    scene.reply(&format!("+{ERA}-5\r\n"));
    scene.gives(&[(&id(5), "3 a 1 2 5", "")]);
    scene.say("two");
    assert!(!scene.asked()[0].contains(&"MINID".to_owned()));
}
