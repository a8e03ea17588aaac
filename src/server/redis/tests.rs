//! The link, with a test in the place of Redis, which hears all that it is asked and answers word by word.

mod appending;
mod coming;
mod reading;

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
