//! `hubbub publish` and `hubbub stats`, as people and scripts use them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Authority, Door, Ended, KEY, Person, Process, Server, path_text, wait_until};

/// What becomes of `hubbub` with these arguments and this input, with the key.
fn asked(arguments: &[&str], input: impl AsRef<[u8]>) -> Ended {
    let mut process = Process::start_in(&[("HUBBUB_KEY", KEY)], arguments);
    process.type_in(input);
    process.end_input();
    process.ended()
}

/// The same where nothing is read.
fn asked_alone(arguments: &[&str]) -> Ended {
    Process::start_in(&[("HUBBUB_KEY", KEY)], arguments).ended()
}

/// What it printed, if it is satisfied.
fn answers(ended: &Ended) -> Vec<Value> {
    assert_eq!(
        (&ended.stderr[..], ended.status.code()),
        ("", Some(0)),
        "{}",
        ended.stdout
    );
    lines(ended)
}

fn lines(ended: &Ended) -> Vec<Value> {
    let lines = ended.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Asserts that nothing came of it, and that the one line about it has all these words.
fn assert_in_vain(ended: &Ended, words: &[&str]) {
    assert_eq!((ended.status.code(), &ended.stdout[..]), (Some(2), ""));
    for word in words {
        assert!(ended.stderr.contains(word), "{word:?} in {}", ended.stderr);
    }
}

#[test]
fn a_message_is_said_in_a_channel_or_to_a_person_and_may_be_json() {
    let door = Door::with_key(&[]);
    let api = door.address();
    let mut ada = Person::enter(&door, "Ada");
    ada.join("tea");
    let said = answers(&asked_alone(&["publish", "--api", &api, "tea", "hot\ntea"]));
    let heard = ada.hear();
    assert_eq!(
        (&heard["message"], &heard["seq"]),
        (&json!("hot\ntea"), &said[0]["seq"])
    );
    let order = "{\"order\":\n7}";
    answers(&asked_alone(&[
        "publish", "--api", &api, "--data", "tea", order,
    ]));
    assert_eq!(ada.hear()["data"], json!({"order": 7}));
    let private = ["publish", "--api", &api, "--to", ada.id(), "psst"];
    assert_eq!(answers(&asked_alone(&private)), [json!({})]);
    let heard = ada.hear();
    assert_eq!(
        (&heard["action"], &heard["message"]),
        (&json!("send-private"), &json!("psst"))
    );
}

#[test]
fn lines_are_messages_which_share_requests_and_are_answered_in_their_order() {
    let door = Door::with_key(&[]);
    let input = (1..=2500)
        .map(|number| format!("{number}\n"))
        .collect::<Vec<_>>()
        .concat();
    let said = answers(&asked(&["publish", "--api", &door.address(), "tea"], input));
    let numbers: Vec<_> = said
        .iter()
        .map(|said| said["seq"].as_u64().unwrap())
        .collect();
    assert!(numbers.into_iter().eq(1..=2500));
}

#[test]
fn a_line_is_said_while_the_next_is_still_to_come() {
    let door = Door::with_key(&[]);
    let arguments = ["publish", "--api", &door.address(), "tea"];
    let mut process = Process::start_in(&[("HUBBUB_KEY", KEY)], &arguments);
    process.type_in("one\ntw");
    wait_until("the first is said", || {
        process.stdout().contains("\"seq\":1")
    });
    process.type_in("o");
    process.end_input();
    assert_eq!(answers(&process.ended())[1]["seq"], 2);
}

#[test]
fn a_line_that_is_refused_is_told_in_its_place_and_costs_no_other() {
    let door = Door::with_key(&["--max-message", "64B"]);
    let too_long = format!("\"{}\"", "x".repeat(64));
    let longer = format!("\"{}\"", "x".repeat(1 << 20));
    let input = [
        b"1\nnot JSON\n\xff\n",
        too_long.as_bytes(),
        b"\n",
        longer.as_bytes(),
        b"\n2",
    ];
    let ended = asked(
        &["publish", "--api", &door.address(), "--data", "tea"],
        input.concat(),
    );
    assert_eq!((ended.status.code(), &ended.stderr[..]), (Some(1), ""));
    let said = lines(&ended);
    let codes: Vec<_> = said
        .iter()
        .map(|said| said["error"]["code"].as_str().unwrap_or_default())
        .collect();
    let bad = ["bad-line", "bad-line", "message-too-large", "bad-line"];
    assert_eq!(codes, [&[""][..], &bad, &[""]].concat());
    for (place, words) in [
        (1, "line 2 is not JSON"),
        (2, "line 3 is not UTF-8"),
        (4, "line 5"),
    ] {
        let message = said[place]["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    assert_eq!((&said[0]["seq"], &said[5]["seq"]), (&json!(1), &json!(2)));
}

#[test]
fn what_was_said_before_by_the_same_id_is_not_said_again() {
    let door = Door::with_key(&[]);
    let arguments = ["publish", "--api", &door.address(), "--id", "batch", "tea"];
    answers(&asked(&arguments, "one\n"));
    let said = answers(&asked(&arguments, "one\ntwo\n"));
    assert_eq!(
        (&said[0]["seq"], &said[0]["duplicate"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(
        (&said[1]["seq"], said[1].get("duplicate")),
        (&json!(2), None)
    );
}

#[test]
fn a_request_whose_answer_is_lost_is_made_again_and_said_once() {
    let door = Door::with_key(&[]);
    let thief = losing_the_first_answer(door.address());
    let said = answers(&asked(&["publish", "--api", &thief, "tea"], "one\ntwo\n"));
    for (said, number) in said.iter().zip(1..=2) {
        assert_eq!(
            (&said["seq"], &said["duplicate"]),
            (&json!(number), &json!(true))
        );
    }
    let next = answers(&asked_alone(&["publish", "--api", &thief, "tea", "three"]));
    assert_eq!(next[0]["seq"], 3);
}

/// The address of one who leads to a server, and keeps its first answer.
fn losing_the_first_answer(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for (number, near) in listener.incoming().enumerate() {
            let (mut near, mut far) = (near.unwrap(), TcpStream::connect(&server).unwrap());
            let (mut asked, mut asking) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut asked, &mut asking));
            if number == 0 {
                assert!(far.read(&mut [0]).unwrap() > 0);
                near.shutdown(Shutdown::Both).unwrap();
            } else {
                thread::spawn(move || io::copy(&mut far, &mut near));
            }
        }
    });
    address
}

#[test]
fn who_is_not_let_in_is_told_where_the_key_belongs() {
    let door = Door::with_key(&[]);
    let api = door.address();
    let without = Process::start(&["publish", "--api", &api, "tea", "hot"]).ended();
    assert_in_vain(&without, &[&api, "key-missing", "HUBBUB_KEY"]);
    let wrong = Process::start_in(&[("HUBBUB_KEY", "wrong")], &["stats", "--api", &api]).ended();
    assert_in_vain(&wrong, &[&api, "key-wrong", "HUBBUB_KEY"]);
    assert!(!wrong.stderr.contains("\"wrong\""));
    let none = Process::start_in(&[("HUBBUB_KEY", "a\nb")], &["stats", "--api", &api]).ended();
    assert_in_vain(&none, &["HUBBUB_KEY"]);
}

#[test]
fn where_no_door_is_the_error_says_what_to_look_at() {
    let door = Door::open(&[]);
    let public = door.host_and_port();
    for command in [&["stats"][..], &["publish", "tea", "hot"]] {
        let at = |api| asked_alone(&[command, &["--api", api]].concat());
        assert_in_vain(&at(&public), &[&public, "--admin-addr"]);
        let nobody = "unix:/nowhere/hubbub.sock";
        assert_in_vain(&at(nobody), &[nobody, "--admin-addr"]);
        // No name server is asked for a name of labels that long.
        let nameless = format!("{}:9090", "x".repeat(64));
        let words = ["cannot find the host", &nameless, "--api"];
        assert_in_vain(&at(&nameless), &words);
        assert_in_vain(&at("http://127.0.0.1/api"), &["--api", "leave out"]);
        assert_in_vain(&at("http://key@127.0.0.1"), &["--api", "HUBBUB_KEY"]);
    }
    assert_in_vain(&asked_alone(&["publish"]), &["channel", "--to"]);
    let both = asked_alone(&["publish", "--to", "ada", "tea", "hot"]);
    assert_in_vain(&both, &["\"tea\"", "--to"]);
}

#[test]
fn what_answers_otherwise_is_no_door_nor_is_what_never_ends() {
    let page = |stream: &mut TcpStream| {
        let page = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        stream.write_all(page)
    };
    let babble = |stream: &mut TcpStream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
        loop {
            stream.write_all(format!("1000\r\n{:4096}\r\n", "").as_bytes())?;
        }
    };
    for api in [answering(page), answering(babble)] {
        for command in [&["stats"][..], &["publish", "tea", "hot"]] {
            let ended = asked_alone(&[command, &["--api", &api]].concat());
            assert_in_vain(&ended, &[&api, "--admin-addr"]);
        }
    }
}

/// The address of one who answers each who comes like this.
fn answering(answer: impl Fn(&mut TcpStream) -> io::Result<()> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = answer(&mut stream);
        }
    });
    address
}

#[test]
fn tls_is_spoken_with_those_who_are_trusted() {
    let authority = Authority::new();
    authority.issue("server", "localhost");
    let (cert, key) = (authority.path("server.pem"), authority.path("server.key"));
    let files = ["--tls-cert", path_text(&cert), "--tls-key", path_text(&key)];
    let door = Door::open(&files);
    let api = format!(
        "https://{}",
        door.address().replace("127.0.0.1", "localhost")
    );
    let ca = authority.path("ca.pem");
    let ca = path_text(&ca);
    let long = format!("{}\n", "x".repeat(60_000)).repeat(30);
    let arguments = ["publish", "--api", &api, "--ca", ca, "tea"];
    assert_eq!(answers(&asked(&arguments, long)).len(), 30);
    assert_eq!(
        answers(&asked_alone(&[
            "publish",
            "--api",
            &api,
            "--insecure",
            "tea",
            "hot"
        ]))[0]["seq"],
        31
    );
    let stranger = Authority::new();
    let other = stranger.path("ca.pem");
    let untrusted = asked_alone(&["stats", "--api", &api, "--ca", path_text(&other)]);
    assert_in_vain(
        &untrusted,
        &["localhost:", "nobody who is trusted", "--ca FILE"],
    );
    let plain = asked_alone(&["stats", "--api", &door.address(), "--ca", ca]);
    assert_in_vain(&plain, &["--ca", "https://"]);
    let mistaken = asked_alone(&["stats", "--api", &door.address()]);
    assert_in_vain(&mistaken, &[&door.address(), "https://"]);
    let door = Door::open(&[]);
    let environment = [("HUBBUB_CA", ca), ("HUBBUB_INSECURE", "1")];
    let ended = Process::start_in(&environment, &["stats", "--api", &door.address()]).ended();
    assert_eq!((ended.status.code(), &ended.stderr[..]), (Some(0), ""));
}

#[test]
fn a_server_is_asked_on_a_unix_socket_too() {
    let folder = tempfile::tempdir().unwrap();
    let api = format!("unix:{}", path_text(&folder.path().join("door.sock")));
    let addresses = ["--addr", "127.0.0.1:0", "--admin-addr", &api];
    let _server = Server::listening_at(2, Process::start(&addresses));
    let input = "one\ntwo\n".repeat(1000);
    let said = answers(&asked(&["publish", "--api", &api, "tea"], input));
    assert_eq!((said.len(), &said[1999]["seq"]), (2000, &json!(2000)));
}

#[test]
fn figures_are_shown_as_a_table_or_as_the_server_says_them() {
    let door = Door::with_key(&[]);
    let api = door.address();
    answers(&asked_alone(&["publish", "--api", &api, "tea", "hot"]));
    let ended = asked_alone(&["stats", "--api", &api]);
    assert_eq!((ended.status.code(), &ended.stderr[..]), (Some(0), ""));
    assert!(ended.stdout.starts_with("hubbub "), "{}", ended.stdout);
    for line in [
        "\nconnections  1 open, ",
        " messages a second, 1 chat, ",
        "\nbusiest channels  ",
    ] {
        assert!(ended.stdout.contains(line), "{line:?} in {}", ended.stdout);
    }
    let told = answers(&asked_alone(&["stats", "--api", &api, "--json"]));
    assert_eq!(told[0]["messages"]["received"]["chat"], 1);
}

#[test]
fn figures_are_shown_again_until_nobody_looks() {
    let door = Door::with_key(&[]);
    let watching = ["stats", "--watch", "--api", &door.address()];
    let watch = Process::start_in(&[("HUBBUB_KEY", KEY)], &watching);
    wait_until("it is told what happens in a second", || {
        watch.stdout().contains("messages a second")
    });
    assert!(watch.stdout().matches("connections  ").count() > 1);
}
