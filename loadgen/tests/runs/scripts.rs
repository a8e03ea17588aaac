//! Servers that want to be spoken to in their own way: on entry, in each message, now and then.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, mem,
    time::{Duration, Instant},
};

use crate::common::{
    against, loadgen, refusal, refused_by,
    room::{self, Door, Host, Room},
    words,
};

/// What the server says to everyone who comes in.
const WELCOME: &str = "welcome, whoever you are";

/// How long a server waits for an answer: more than a busy machine delays one, and less than a run lasts.
const PATIENCE: Duration = Duration::from_millis(500);

/// A server with a login, which delivers to whoever is in what comes from whoever is in.
#[derive(Default)]
struct Club {
    /// Who is in, with what each was asked and has not answered, and when.
    members: BTreeMap<usize, Option<(String, Instant)>>,
    /// The names that were said, each of which is one's own.
    names: BTreeSet<String>,
    /// The number with which each said last that it is there, and whether it did so since that was looked at.
    beats: BTreeMap<usize, (u64, bool)>,
    /// What it asks everyone now and then: alone, or behind a message.
    asks: Option<Asks>,
    asked: usize,
    /// Whether it keeps only those who say that they are there, and how often it looks.
    wants_beats: bool,
}

/// How a server asks whether one is there.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Alone,
    BehindAMessage,
}

impl Club {
    fn start(self) -> String {
        room::open(self, Door::OPEN)
    }

    /// What a client is asked next; nothing before it has answered, for which it does not have for ever.
    fn question(&mut self, room: &mut Room, client: usize) -> Option<String> {
        if let Some((_, since)) = &self.members[&client] {
            if since.elapsed() > PATIENCE {
                room.close(client, 4001);
            }
            return None;
        }
        self.asked += 1;
        let question = format!("there {}?", self.asked);
        let asked = (question.clone(), Instant::now());
        self.members.insert(client, Some(asked));
        Some(question)
    }
}

impl Host for Club {
    fn entered(&mut self, room: &mut Room, client: usize) {
        room.say(client, WELCOME);
    }

    fn said(&mut self, room: &mut Room, from: usize, text: &str) {
        if let Some(name) = text.strip_prefix("login ") {
            // Names and what the URL carries have to agree, and nobody else has that name.
            let is_right =
                room.query(from) == format!("as={name}") && self.names.insert(name.to_owned());
            room.say(
                from,
                if is_right {
                    "you are in"
                } else {
                    "who are you?"
                },
            );
            if is_right {
                self.members.insert(from, None);
            }
        } else if let Some(answer) = text.strip_prefix("here: ") {
            let asked = self.members.get_mut(&from).and_then(Option::take);
            if asked.is_none_or(|(asked, _)| asked != format!("there {answer}?")) {
                room.close(from, 4002);
            }
        } else if let Some(number) = text.strip_prefix("beat ") {
            let (last, is_there) = self.beats.entry(from).or_default();
            let number: u64 = number.parse().unwrap();
            if number <= *last {
                room.close(from, 4005);
            }
            (*last, *is_there) = (number, true);
        } else if self.members.contains_key(&from) {
            for client in self.members.keys().copied().collect::<Vec<_>>() {
                let question = match self.asks {
                    Some(Asks::BehindAMessage) => self.question(room, client),
                    _ => None,
                };
                room.say(
                    client,
                    format!("{text}\r\n{}", question.unwrap_or_default()),
                );
            }
        }
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(if self.wants_beats {
            900
        } else {
            40
        }))
    }

    fn due(&mut self, room: &mut Room) {
        let clients: Vec<usize> = self.members.keys().copied().collect();
        let asks = self.asks == Some(Asks::Alone);
        for &client in clients.iter().filter(|_| asks) {
            if let Some(question) = self.question(room, client) {
                room.say(client, question);
            }
        }
        for client in clients.into_iter().filter(|_| self.wants_beats) {
            let (_, is_there) = self.beats.entry(client).or_insert((0, true));
            if !mem::take(is_there) {
                room.close(client, 4003);
            }
        }
    }
}

/// How a club is entered.
const ENTRY: [&str; 8] = [
    "--protocol",
    "raw",
    "--await",
    "welcome,",
    "--hello",
    "login %t-%c",
    "--await",
    "are in",
];

/// The URL of a client whose name is said there too.
fn named(url: &str) -> String {
    format!("{url}?as=loadgen-%c")
}

/// All that is told of a run whose clients do not say what they should: before the first message that is set-up.
fn told_by_mute(url: &str, flags: &[&str]) -> String {
    let flags = [&["--url", url], flags].concat();
    let output = loadgen(&flags).output().unwrap();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{told}");
    told
}

#[test]
fn a_client_is_in_after_the_end_of_its_script() {
    for mode in [&[][..], &["saturate"], &["--storm", "3"]] {
        let url = named(&Club::default().start());
        let run = against(&url, &[mode, &ENTRY].concat()).good();
        assert!(run.message("delivered") > 0, "{run:#?}");
        assert_eq!(run.message("foreign"), 0, "{run:#?}");
    }
}

#[test]
fn who_is_not_let_in_tells_what_it_waits_for_and_what_it_heard_last() {
    let url = format!("{}?as=nobody", Club::default().start());
    let given = ["--entry-timeout", "2s"];
    let flags = [&["--url", &url], &ENTRY[..], &given].concat();
    let (code, told) = refused_by(&mut loadgen(&flags));
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let end = format!(
        "none came in the last 2s: client 0 at {url} waits for are in, and the last that it got is who are you?"
    );
    assert!(told.contains(&end), "{told}");
    assert!(told.contains("only 0 of 5 clients"), "{told}");
}

#[test]
fn what_is_asked_is_answered_alone_and_behind_a_message() {
    for asks in [Asks::Alone, Asks::BehindAMessage] {
        let club = || {
            let club = Club {
                asks: Some(asks),
                ..Club::default()
            };
            named(&club.start())
        };
        let reply = ["--reply", "there *?=>here: *"];
        let long = ["--duration", "1s"];
        let run = against(&club(), &[&ENTRY[..], &reply, &long].concat()).good();
        assert_eq!(run.message("foreign"), 0, "{run:#?}");
        let told = told_by_mute(&club(), &[&ENTRY[..], &long].concat());
        assert!(told.contains("4001 \"a test\""), "{told}");
    }
}

#[test]
fn who_asks_much_at_once_and_reads_gets_all_answers() {
    /// Lets everyone say everything to everyone, and asks one of them this often in one write.
    struct Curious(usize);
    impl Host for Curious {
        fn said(&mut self, room: &mut Room, from: usize, text: &str) {
            if text.starts_with("here") {
                return;
            }
            room.clients().for_each(|client| room.say(client, text));
            let asked = b"\x81\x06there?".repeat(self.0);
            self.0 = 0;
            room.send(from, &asked);
        }
    }
    // A little more than may wait: what the system takes at once makes room for the rest.
    let answer = "!".repeat(30_000);
    let questions = (1 << 20) / answer.len() + 2;
    let url = room::open(Curious(questions), Door::OPEN);
    let reply = format!("there?=>here{answer}");
    let run = against(&url, &["--protocol", "raw", "--reply", &reply]).good();
    assert_eq!(run.message("heeded"), questions as u64);
}

#[test]
fn what_is_awaited_may_have_an_answer() {
    let url = named(&Club::default().start());
    let script = [
        "--protocol",
        "raw",
        "--await",
        "welcome,",
        "--await",
        "are in",
    ];
    let reply = ["--reply", "welcome, * are=>login %t-%c"];
    let run = against(&url, &[&script[..], &reply].concat()).good();
    assert_eq!(run.message("foreign"), 0, "{run:#?}");
}

#[test]
fn what_is_to_be_said_every_now_and_then_is_said() {
    let club = || {
        let club = Club {
            wants_beats: true,
            ..Club::default()
        };
        named(&club.start())
    };
    let long = ["--duration", "2500ms"];
    let beat = ["--every", "beat %n", "--period", "100ms"];
    against(&club(), &[&ENTRY[..], &long, &beat].concat()).good();
    let told = told_by_mute(&club(), &[&ENTRY[..], &long].concat());
    assert!(told.contains("4003 \"a test\""), "{told}");
}

#[test]
fn each_client_says_its_own_line_of_a_file_and_nobody_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names");
    let names: Vec<String> = (0..5).map(|client| format!("secret{client}")).collect();
    fs::write(&path, names.join("\n")).unwrap();
    let url = format!("{}?as=%v", Club::default().start());
    let flags = words("--protocol raw --await welcome --await in --values");
    let entry = ["--hello", "login %v"];
    let path = path.to_str().unwrap();
    let flags = [&flags[..], &[path], &entry].concat();
    // The order of the command line is the script: the hello comes last here, and so nobody is in.
    let given = ["--entry-timeout", "500ms", "--url", &url];
    let (_, told) = refused_by(&mut loadgen(&[&given, &flags[..]].concat()));
    assert!(told.contains("waits for in"), "{told}");
    let flags = [&["--protocol", "raw", "--values", path], &entry[..]].concat();
    let flags = [&flags[..], &["--await", "you are in"]].concat();
    let run = against(&url, &flags).good();
    assert!(!format!("{run:?}").contains("secret"), "{run:#?}");
}

#[test]
fn what_is_said_in_binary_and_with_escapes_arrives_as_these_bytes() {
    /// Takes binary frames alone, passes on what stands behind the first two bytes, and asks each for an answer before that.
    #[derive(Default)]
    struct Bytes {
        members: Vec<usize>,
    }
    impl Host for Bytes {
        fn said(&mut self, room: &mut Room, from: usize, _text: &str) {
            room.close(from, 4003);
        }

        fn said_in_binary(&mut self, room: &mut Room, from: usize, bytes: &[u8]) {
            match bytes {
                b"\xffjoin\0" => room.say(from, "in?\n"),
                b"\xffyes\r" => self.members.push(from),
                message => {
                    let payload = message.strip_prefix(b"\\\t").unwrap_or_default();
                    self.members.iter().for_each(|&to| room.say(to, payload));
                }
            }
        }
    }
    let url = room::open(Bytes::default(), Door::OPEN);
    let script = [
        &["--protocol", "raw", "--binary", "--escapes"][..],
        &["--hello", r"\xffjoin\0", "--await", r"in?\n"],
        &["--reply", r"in?\n=>\xffyes\r", "--template", r"\\\t%s"],
    ];
    let run = against(&url, &script.concat()).good();
    assert_eq!(run.message("foreign"), 0, "{run:#?}");
}

#[test]
fn a_language_is_a_script_of_its_own_which_may_stand_before_a_url() {
    /// Socket.IO, as far as a client that only broadcasts sees it.
    struct SocketIo {
        members: Vec<usize>,
    }
    impl Host for SocketIo {
        fn entered(&mut self, room: &mut Room, client: usize) {
            assert_eq!(room.query(client), "EIO=4&transport=websocket");
            room.say(client, r#"0{"sid":"a"}"#);
        }

        fn said(&mut self, room: &mut Room, from: usize, text: &str) {
            match text {
                "40" => {
                    self.members.push(from);
                    room.say(from, r#"40{"sid":"b"}"#);
                    room.say(from, "2");
                }
                "3" => {}
                event => {
                    assert!(event.starts_with(r#"42["said","#), "{event}");
                    self.members.iter().for_each(|&to| room.say(to, event));
                }
            }
        }
    }
    let members = Vec::new();
    let url = room::open(SocketIo { members }, Door::OPEN);
    let url = url.replace("/relay", "");
    let template = ["--template", r#"42["said","%s"]"#];
    let run = against(&format!("socketio+{url}"), &template).good();
    assert_eq!(run.at("config.protocol"), "socketio");
    assert_eq!(run.message("foreign"), 0, "{run:#?}");
    let right = format!("hub={}", crate::common::relay::Relay::right().start());
    let other = format!("sio=socketio+{url}");
    let flags = [
        "compare", "--target", &right, "--target", &other, "--rounds", "2",
    ];
    let run = crate::common::run(&[&flags[..], &template].concat());
    assert!(matches!(run.code, Some(0 | 3)), "{run:#?}");
    assert_eq!(run.at("config.targets.1.protocol"), "socketio");
    assert_eq!(run.at("heard"), &serde_json::Value::Null, "{run:#?}");
}

#[test]
fn a_script_that_cannot_be_is_refused_by_its_flag() {
    let url = ["--url", "ws://127.0.0.1:1/", "--protocol", "raw"];
    for (flags, told) in [
        (
            &["--hello", "%s"][..],
            "--hello: %s stands for nothing there",
        ),
        (&["--template", "hi"], "must contain %s once"),
        (&["--reply", "ping"], "'ping *=>pong *'"),
        (
            &["--every", "x", "--period", "0s"],
            "--period must be greater than zero",
        ),
        (&["--escapes", "--hello", r"\xff"], "--hello is not UTF-8"),
        (&["--values", "/nowhere"], "cannot use --values /nowhere"),
        (&["--channels", "2"], "%t"),
    ] {
        let refused = refusal(&[&url[..], flags].concat());
        assert!(refused.contains(told), "{refused}");
    }
    let refused = refusal(&["--url", "ws://127.0.0.1:1/%q", "--protocol", "raw"]);
    assert!(refused.contains("%q stands for nothing"), "{refused}");
    let refused = refusal(&["--hello", "x"]);
    assert!(
        refused.contains("cannot go with --protocol relay"),
        "{refused}"
    );
    let run = |flags: &[&str]| refused_by(&mut loadgen(flags)).1;
    assert!(run(&["--protocol", "nats"]).contains("give its --url"));
    let torn = run(&["--url", "nats+ws://x/", "--protocol", "mqtt"]);
    assert!(torn.contains("give one of them"), "{torn}");
}
