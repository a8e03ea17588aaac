//! The link, with a test in the place of Redis, which hears all that it is asked and answers word by word.

use std::cell::RefCell;

use super::{
    testing::{Pipe, greetings, replies, settings},
    *,
};
use crate::server::redis::resp::Reply;
use crate::state::{engine::Engine, journal::JournalEngine};
use crate::vocabulary::config::{REDIS_ANSWER_TIMEOUT, REDIS_BLOCK, REDIS_LEFT_KEPT, REDIS_PAUSE};

const ERA: u64 = 1_790_000_000_000_000;

struct Scene {
    link: Link<Pipe>,
    journal: JournalEngine,
    now: Duration,
    append: Pipe,
    read: Pipe,
    /// Whether what was read is passed on.
    is_folding: bool,
}

impl Scene {
    /// A node that has opened its connections and asks for the first time.
    fn new() -> Self {
        let mut scene = Self {
            link: Link::new(&settings(), 1),
            journal: JournalEngine(Rc::new(RefCell::new(Journal::new(settings().bounds)))),
            now: Duration::from_secs(100),
            append: Pipe::default(),
            read: Pipe::default(),
            is_folding: true,
        };
        scene.turn();
        scene
    }

    /// One that lives, alone, as node 1, with its hello as entry 1, and has said so under its number 1.
    fn founder() -> Self {
        let mut scene = Self::new();
        scene.hears(&["hello", "0", "run-1", "10000", ""]);
        scene.answer(&format!("ok {ERA}-1 {ERA} 1"));
        assert_eq!(scene.link.standing(), Standing::Living(NodeId(1)));
        scene.hears_that_it_lives(1);
        scene.answer("again 1");
        scene
    }

    /// It says that it lives, under this number.
    #[track_caller]
    fn hears_that_it_lives(&self, number: u64) {
        let (era, node, number) = (ERA.to_string(), "1", number.to_string());
        let call = [
            "append", &era, "run-1", "10000", node, &number, "l", "", "-",
        ];
        self.hears(&call);
    }

    /// A turn, with whatever connections the link wants, which greet well.
    fn turn(&mut self) {
        while let Some(side) = self.link.wants(self.now) {
            let pipe = Pipe::default();
            pipe.give(&greetings());
            self.link.opened(side, Ok(pipe.clone()), self.now());
            match side {
                Side::Append => self.append = pipe,
                Side::Read => self.read = pipe,
            }
        }
        self.signal();
        self.turn_link();
        if self.is_folding {
            while self.journal.next(self.now(), None).is_some() {}
        }
        self.turn_link();
    }

    /// Has it read what there is in its next turn.
    fn signal(&mut self) {
        for side in [Side::Append, Side::Read] {
            let readable = Readiness {
                readable: true,
                ..Readiness::default()
            };
            self.link.signal(side, readable);
        }
    }

    /// Half of a turn: before or after what is made of what was read.
    fn turn_link(&mut self) {
        let turned = self.link.turn(self.now(), &mut self.journal.0.borrow_mut());
        turned.unwrap();
    }

    fn now(&self) -> Now {
        Now {
            monotonic: self.now,
            unix_ms: 0,
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.turn();
    }

    /// What the link asked of the appending side since this was last asked, greetings aside.
    fn asked(&self) -> Vec<Vec<String>> {
        commands(&self.append)
    }

    /// The only call that is made, of the script, behind the keys.
    #[track_caller]
    fn hears(&self, call: &[&str]) {
        let asked = self.asked();
        let [words] = &asked[..] else {
            panic!("{asked:?}");
        };
        let begins = [
            "EVALSHA",
            "digest",
            "2",
            "{hubbub}:journal",
            "{hubbub}:nodes",
        ];
        assert_eq!(words[..5], begins);
        assert_eq!(words[5..], *call);
    }

    /// It has fallen out: it says that the one that it was is gone, and hello.
    #[track_caller]
    fn says_farewell_and_comes_again(&mut self) {
        assert_eq!(self.link.standing(), Standing::Listening);
        let era = ERA.to_string();
        self.hears(&["append", &era, "run-1", "10000", "1", "2", "b", "fell", "-"]);
        self.answer(&format!("ok {ERA}-9 {ERA}"));
        self.pass(REDIS_PAUSE);
        self.hears(&["hello", "0", "run-1", "10000", ""]);
    }

    /// Says something, loses the connection before that is answered, and asks again on the next.
    fn says_and_hears_no_answer(&mut self) {
        self.say("one");
        self.asked();
        self.append.close();
        self.turn();
        self.pass(Duration::from_millis(50));
        self.asked();
    }

    /// Answers with a list of words, and has a turn.
    fn answer(&mut self, words: &str) {
        self.append.give(&list(words));
        self.turn();
    }

    /// Answers with bytes, and has a turn.
    fn reply(&mut self, bytes: &str) {
        self.append.give(bytes);
        self.turn();
    }

    /// Has these entries read: places, headers and bodies.
    fn gives(&mut self, entries: &[(&str, &str, &str)]) {
        self.holds(entries);
        self.turn();
    }

    /// Answers the reading side with them.
    fn holds(&self, entries: &[(&str, &str, &str)]) {
        self.read
            .give(&format!("%1\r\n+journal\r\n*{}\r\n", entries.len()));
        for (id, header, body) in entries {
            let fields = format!("*4\r\n+h\r\n+{header}\r\n+b\r\n");
            let length = body.len();
            self.read
                .give(&format!("*2\r\n+{id}\r\n{fields}${length}\r\n{body}\r\n"));
        }
    }

    /// After which entry it reads.
    #[track_caller]
    fn reads_after(&self) -> String {
        let asked = commands(&self.read);
        let words = asked.last().expect("it reads");
        assert_eq!(words[0], "XREAD");
        words.last().unwrap().clone()
    }

    fn say(&mut self, body: &str) {
        self.queue(body);
        self.turn();
    }

    fn queue(&mut self, body: &str) {
        let body = body.as_bytes().to_vec();
        self.journal
            .0
            .borrow_mut()
            .tell(EntryKind::Actions, body, self.now);
    }
}

fn list(words: &str) -> String {
    let words: Vec<_> = words.split(' ').collect();
    format!("*{}\r\n+{}\r\n", words.len(), words.join("\r\n+"))
}

/// What was asked, greetings aside.
fn commands(pipe: &Pipe) -> Vec<Vec<String>> {
    let words = |reply| {
        let Reply::List(words) = reply else { panic!() };
        words
            .iter()
            .map(|word| word.text().unwrap().to_owned())
            .collect()
    };
    let asked = replies(&pipe.taken()).into_iter().map(words);
    let greets = |words: &Vec<String>| {
        ["HELLO", "SELECT", "INFO", "CONFIG", "SCRIPT"].contains(&words[0].as_str())
    };
    asked.filter(|words| !greets(words)).collect()
}

fn id(seq: u64) -> String {
    format!("{ERA}-{seq}")
}

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
fn what_clients_do_is_added_past_the_script_one_call_after_the_other() {
    let mut scene = Scene::founder();
    scene.pass(Duration::from_millis(5));
    scene.say("one");
    let added = |number: u32, body: &str| {
        let header = format!("1 a 1 {number} {}", ERA + 5000);
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
    assert_eq!(scene.asked(), added(3, "two"));
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
    assert_eq!(scene.asked()[0][5], "1 a 1 3 1790000000050000");
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
fn what_is_read_goes_to_the_journal_and_what_others_wrote_is_counted() {
    let mut scene = Scene::founder();
    let time = ERA + 1;
    let said = format!("1 a 1 2 {time}");
    scene.is_folding = false;
    scene.gives(&[(&id(2), "what", "x"), (&id(3), &said, "xyz")]);
    assert_eq!(scene.link.foreign(), 1);
    assert_eq!(scene.journal.0.borrow().unread_bytes(), 3);
    assert_eq!(scene.reads_after(), id(3));
    scene.gives(&[(&id(4), "1 h 2 0 5", "")]);
    assert_eq!(scene.link.nodes(), 2);
    assert_eq!(scene.journal.0.borrow().living().count(), 2);
}

#[test]
fn who_waits_for_what_was_read_is_told_before_more_is_asked_for() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(2), "1 l 1 2 5", "")]);
    assert_eq!(scene.reads_after(), id(2));
    scene.holds(&[(&id(3), "1 l 1 3 5", "")]);
    scene.signal();
    scene.turn_link();
    assert_eq!(commands(&scene.read), [] as [Vec<String>; 0]);
    scene.turn_link();
    assert_eq!(scene.reads_after(), id(3));
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
fn entries_that_are_missing_make_it_begin_anew() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(3), "1 l 1 2 5", "")]);
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
fn entries_of_a_newer_release_end_it_with_a_clear_word() {
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
    assert!(error.to_string().contains("format 2"), "{error}");
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
    scene.gives(&[(&id(2), "1 l 1 1 5", ""), (&id(3), "1 b 1 3 6", "")]);
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
    scene.gives(&[(&id(2), "1 h 2 -1 5", ""), (&id(3), "1 l 2 1 6", "")]);
    scene.link.leave();
    scene.turn();
    scene.asked();
    scene.answer(&format!("ok {ERA}-4 {ERA}"));
    scene.gives(&[(&id(4), "1 b 1 2 7", "")]);
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
    scene.gives(&[(&id(2), "1 h 2 0 5", "")]);
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
    scene.gives(&[(&id(2), "1 h 2 0 5", "")]);
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
    scene.gives(&[(&id(2), "1 d 2 0 5", "1")]);
    assert_eq!(scene.link.standing(), Standing::Listening);
    scene.pass(REDIS_PAUSE);
    scene.hears(&["hello", "0", "run-1", "10000", ""]);
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
    let header = format!("1 k 0 0 {next} {read}");
    scene.gives(&[(&format!("{next}-0"), &header, "")]);
    assert_eq!(scene.link.eras(), Eras { kept: 1, lost: 0 });
    scene.pass(REDIS_PAUSE);
    let era = next.to_string();
    scene.hears(&["append", &era, "run-1", "10000", "1", "1", "l", "", "-"]);
    scene.answer("again 1");
    assert_eq!(scene.asked()[0][5], format!("1 a 1 2 {}", next + 50_000));
}

#[test]
fn after_a_lost_era_it_says_hello_and_goes_on_folding() {
    let mut scene = Scene::founder();
    let next = ERA + 9;
    let header = format!("1 o 0 0 {next} {}", id(77));
    scene.gives(&[(&format!("{next}-0"), &header, "")]);
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
    let next = ERA + 9;
    let header = format!("1 o 0 0 {next} {}", id(77));
    scene.gives(&[(&format!("{next}-0"), &header, "")]);
    scene.now += REDIS_PAUSE;
    scene.gives(&[(&format!("{next}-1"), "1 h 4 0 5", "")]);
    scene.hears(&["hello", &next.to_string(), "run-1", "10000", ""]);
}

#[test]
fn who_has_read_further_than_the_journal_reaches_has_an_era_opened() {
    let mut scene = Scene::founder();
    scene.gives(&[(&id(2), "1 l 9 1 5", ""), (&id(3), "1 l 9 2 5", "")]);
    scene.say("one");
    scene.asked();
    scene.reply(&format!("+{ERA}-2\r\n"));
    let asked = scene.asked();
    assert_eq!(asked[0][5], "era");
    assert_eq!(asked[0][9], id(3));
}

#[test]
fn what_the_journal_keeps_too_long_is_trimmed_with_what_is_added() {
    let mut scene = Scene::founder();
    let body = "x".repeat(settings().history_bytes / 2);
    for seq in 2..5 {
        scene.reads_after();
        scene.gives(&[(&id(seq), "1 l 9 1 5", &body)]);
    }
    scene.say("one");
    let asked = scene.asked();
    assert_eq!(asked[0][3..6], ["MINID", "~", &id(3)]);
    scene.reply(&format!("+{ERA}-5\r\n"));
    scene.say("two");
    assert!(!scene.asked()[0].contains(&"MINID".to_owned()));
}

#[test]
fn what_is_behind_is_told_in_bytes() {
    let mut scene = Scene::founder();
    for seq in 2..100 {
        scene.gives(&[(&id(seq), "1 l 9 1 5", &"x".repeat(991))]);
    }
    assert_eq!(scene.link.lag_bytes(), 0);
    scene.say("one");
    scene.reply(&format!("+{ERA}-109\r\n"));
    let lag = scene.link.lag_bytes();
    assert!((9_000..11_000).contains(&lag), "{lag}");
}
