//! `hubbub connect`, as people and scripts use it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tungstenite::protocol::{CloseFrame, frame::Utf8Bytes};
use tungstenite::{Message, WebSocket};

use crate::harness::{Ended, Process, Server, wait_until};

#[test]
fn lines_that_are_piped_in_are_sent_and_answers_are_printed() {
    let server = Server::start(&[]);
    for (endpoint, answer) in [("/echo", " one\ntwo \n"), ("/relay", "one\ntwo\n")] {
        let ended = piped(&url(&server, endpoint), &[], " one\ntwo ");
        assert_well(&ended);
        assert_eq!(ended.stdout, answer);
    }
    wait_until("both have closed", || {
        server.disconnects("closed-by-peer") == 2
    });
}

#[test]
fn a_long_file_goes_through_whole() {
    let server = Server::start(&["--max-message", "16MiB", "--max-unsent", "64MiB"]);
    let mut lines = (0..20_000)
        .map(|number| format!("line {number} {}\n", "x".repeat(100)))
        .collect::<Vec<_>>()
        .concat();
    lines.push_str(&"y".repeat(5 << 20));
    lines.push('\n');
    let ended = piped(&url(&server, "/echo"), &[], &lines);
    assert_well(&ended);
    assert!(ended.stdout == lines, "{} bytes", ended.stdout.len());
}

#[test]
fn an_error_that_cannot_be_told_has_its_status_all_the_same() {
    let nobody = ["connect", "unix:/nowhere/hubbub.sock"];
    let ended = Process::start_with_full_log(&nobody).ended();
    assert_eq!(ended.status.code(), Some(2));
}

#[test]
fn what_others_say_is_printed_while_nothing_is_typed() {
    let server = Server::start(&[]);
    let mut client = Process::start_with_input(&["connect", &url(&server, "/relay?channel=tea")]);
    client.type_in("hello\n");
    wait_until("it hears itself", || client.stdout() == "hello\n");
    server.connect("/relay?channel=tea").say("from elsewhere");
    wait_until("it hears the other", || {
        client.stdout() == "hello\nfrom elsewhere\n"
    });
    client.end_input();
    assert_well(&client.ended());
}

#[test]
fn what_arrives_after_the_end_of_input_prolongs_the_wait() {
    let (url, server) = serve(|mut socket| {
        for _ in 0..7 {
            thread::sleep(Duration::from_millis(200));
            socket.send(Message::text("more")).unwrap();
        }
        close_code(&mut socket)
    });
    let ended = piped(&url, &[], "");
    assert_well(&ended);
    assert_eq!(ended.stdout, "more\n".repeat(7));
    assert_eq!(server.join().unwrap(), Some(1000));
}

#[test]
fn a_signal_closes_with_1000() {
    for signal in [Signal::INT, Signal::TERM] {
        let (url, server) = serve(|mut socket| {
            socket.send(Message::text("ready")).unwrap();
            close_code(&mut socket)
        });
        let client = Process::start_with_input(&["connect", &url]);
        wait_until("it is connected", || client.stdout() == "ready\n");
        client.signal(signal);
        assert_well(&client.ended());
        assert_eq!(server.join().unwrap(), Some(1000));
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let (is_closing, closing) = mpsc::channel();
    let (url, _server) = serve(move |mut socket| {
        socket.send(Message::text("ready")).unwrap();
        // What comes is the client's close, which is not answered.
        let mut stream = socket.get_ref();
        while matches!(stream.read(&mut [0; 64]), Ok(1..)) {
            is_closing.send(()).unwrap();
        }
    });
    let client = Process::start_with_input(&["connect", &url]);
    wait_until("it is connected", || client.stdout() == "ready\n");
    client.signal(Signal::INT);
    closing.recv().unwrap();
    client.signal(Signal::TERM);
    assert_eq!(client.ended().status.code(), Some(128 + 15));
}

#[test]
fn a_reader_that_goes_away_ends_the_client_quietly() {
    let (url, server) = serve(|mut socket| {
        while socket.send(Message::text("line")).is_ok() && socket.can_write() {
            // Read what the client has to say, which is its close.
            socket.get_mut().set_nonblocking(true).unwrap();
            let heard = socket.read();
            socket.get_mut().set_nonblocking(false).unwrap();
            if let Ok(Message::Close(frame)) = heard {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
        None
    });
    let mut client = Command::new(env!("CARGO_BIN_EXE_hubbub"))
        .args(["connect", &url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(client.stdout.take());
    assert_eq!(client.wait().unwrap().code(), Some(0));
    assert_eq!(server.join().unwrap(), Some(1000));
}

#[test]
fn a_normal_close_of_the_server_is_a_good_end() {
    let (url, _server) = serve(|mut socket| close_with(&mut socket, 1000, "bye"));
    assert_well(&Process::start_with_input(&["connect", &url]).ended());
}

#[test]
fn another_close_is_told_in_words() {
    for (code, words) in [
        (1001, "1001, going away"),
        (1011, "1011, internal error"),
        (4001, "4001, slow consumer"),
        (4002, "4002, no pong"),
        (4999, "4999, a code of its own, or of a program"),
    ] {
        let (url, _server) = serve(move |mut socket| close_with(&mut socket, code, "b\u{1b}ye"));
        let ended = Process::start_with_input(&["connect", &url]).ended();
        assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        assert!(ended.stderr.contains("(it said: b\\u{1b}ye)"));
        assert_eq!(ended.stderr.lines().count(), 1);
    }
}

#[test]
fn a_close_that_crosses_our_own_is_told_as_well() {
    for (code, status) in [(1000, 0), (1009, 1)] {
        let (url, server) = serve(move |mut socket| {
            // What comes is the client's close, which is not read before the server has closed for a reason of its own.
            socket.get_ref().peek(&mut [0]).unwrap();
            let (code, reason) = (code.into(), Utf8Bytes::default());
            socket.close(Some(CloseFrame { code, reason })).unwrap();
            close_code(&mut socket)
        });
        let ended = piped(&url, &[], "");
        assert_eq!(ended.status.code(), Some(status), "{}", ended.stderr);
        assert_eq!(
            ended.stderr.contains("1009, message too large"),
            code == 1009
        );
        assert_eq!(server.join().unwrap(), Some(1000));
    }
}

#[test]
fn a_close_that_answers_ours_without_a_code_is_good() {
    let (url, _server) = serve(|mut socket| {
        socket.get_ref().peek(&mut [0]).unwrap();
        socket.get_mut().write_all(b"\x88\x00").unwrap();
        close_code(&mut socket)
    });
    assert_well(&piped(&url, &[], ""));
}

#[test]
fn a_line_that_cannot_be_sent_is_told_and_costs_no_other() {
    let server = Server::start(&[]);
    let ended = piped(&url(&server, "/echo"), &[], b"one\n\xff\ntwo\n");
    assert_eq!(ended.stdout, "one\ntwo\n");
    assert!(ended.stderr.contains("not UTF-8"), "{}", ended.stderr);
    assert_eq!(ended.status.code(), Some(1));
}

#[test]
fn a_line_that_is_too_long_only_once_it_is_json_is_told_as_well() {
    let (url, server) = serve(|mut socket| {
        let heard = [(); 2].map(|()| socket.read().unwrap().into_text().unwrap());
        assert_eq!(close_code(&mut socket), Some(1000));
        heard
    });
    let target = format!("{url}ws?name=Ada");
    // Each character takes six as JSON.
    let long = "\u{1}".repeat(3 << 20);
    let ended = piped(&target, &["--join", "tea"], format!("{long}\nhi\n"));
    assert!(
        ended.stderr.contains("longer than 16 MiB"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.status.code(), Some(1));
    let [join, hi] = server.join().unwrap();
    assert!(join.contains("join-channel") && hi.contains("hi"));
}

#[test]
fn an_input_that_cannot_be_read_is_told() {
    let (url, _server) = serve(|mut socket| close_code(&mut socket));
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_hubbub"))
        .args(["connect", &url])
        .stdin(File::open(folder.path()).unwrap())
        .output()
        .unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.contains("cannot read the standard input"), "{told}");
    assert_eq!(ended.status.code(), Some(1));
}

#[test]
fn a_signal_while_there_is_no_connection_yet_ends_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let client = Process::start_with_input(&["connect", &address]);
    let _connection = silent.accept().unwrap();
    client.signal(Signal::TERM);
    assert_eq!(client.ended().status.code(), Some(128 + 15));
}

#[test]
fn an_environment_for_something_else_does_not_disturb() {
    let server = Server::start(&[]);
    let relay = url(&server, "/relay");
    let environment = [
        ("HUBBUB_MAX_MESSAGE", "bad"),
        ("HUBBUB_PATH", "/ws?name=Ada"),
        ("HUBBUB_JOIN", "tea"),
    ];
    let mut client = Process::start_in(&environment, &["connect", &relay]);
    client.type_in("hello\n");
    client.end_input();
    let ended = client.ended();
    assert_well(&ended);
    assert_eq!(ended.stdout, "hello\n");
}

#[test]
fn a_channel_to_join_may_be_named_in_the_environment() {
    let server = Server::start(&[]);
    let chat = url(&server, "/ws?name=Ada");
    let mut client = Process::start_in(&[("HUBBUB_JOIN", "tea")], &["connect", &chat]);
    wait_until("Ada is in", || {
        client.stdout().contains("tea  * you joined")
    });
    client.end_input();
    assert_well(&client.ended());
}

#[test]
fn a_flag_without_a_value_is_set_in_the_environment_too() {
    for (value, printed) in [("1", "\0"), ("true", "\0"), ("0", "[1 byte of binary]\n")] {
        let (url, _server) = serve(|mut socket| {
            socket.send(Message::binary(&b"\0"[..])).unwrap();
            close_with(&mut socket, 1000, "");
        });
        let ended = Process::start_in(&[("HUBBUB_RAW", value)], &["connect", &url]).ended();
        assert_well(&ended);
        assert_eq!(ended.stdout, printed, "HUBBUB_RAW={value}");
    }
}

#[test]
fn a_draining_server_and_one_that_is_gone_are_told_apart() {
    for (signal, words) in [
        (Signal::TERM, "1001, going away"),
        (Signal::KILL, "lost without a close"),
    ] {
        let server = Server::start(&["--drain-timeout", "1s"]);
        let mut client = Process::start_with_input(&["connect", &url(&server, "/relay")]);
        client.type_in("hello\n");
        wait_until("it hears itself", || client.stdout() == "hello\n");
        server.signal(signal);
        let ended = client.ended();
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn a_server_that_breaks_the_rules_is_closed_on() {
    for (bytes, code) in [(&b"\x83\x00"[..], 1002), (b"\x81\x02\xc3\x28", 1007)] {
        let (url, server) = serve(move |mut socket| {
            socket.get_mut().write_all(bytes).unwrap();
            close_code(&mut socket)
        });
        let ended = Process::start_with_input(&["connect", &url]).ended();
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains(&code.to_string()), "{}", ended.stderr);
        assert_eq!(server.join().unwrap(), Some(code));
    }
}

#[test]
fn binary_is_counted_or_in_the_raw_manner_printed() {
    for (flags, printed) in [(&[][..], "[3 bytes of binary]\n"), (&["--raw"], "\x1b\0\n")] {
        let (url, _server) = serve(|mut socket| {
            socket.send(Message::binary(&b"\x1b\0\n"[..])).unwrap();
            close_with(&mut socket, 1000, "");
        });
        let flags = [&["connect", &url], flags].concat();
        let ended = Process::start_with_input(&flags).ended();
        assert_well(&ended);
        assert_eq!(ended.stdout, printed);
    }
}

#[test]
fn an_answer_that_opens_no_websocket_is_told_with_what_the_server_said() {
    let server = Server::start(&[]);
    for (endpoint, words) in [
        (
            "/nothing",
            ["404 Not Found", "nothing at this path", "/relay"],
        ),
        (
            "/ws?name=",
            ["400 Bad Request", "1 to 64 characters", "query"],
        ),
        ("/metrics", ["200 OK", "WebSocket", "URL"]),
    ] {
        assert_not_connected(&[&url(&server, endpoint)], &words);
    }
}

#[test]
fn what_cannot_be_reached_is_told_with_what_to_check() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    assert_not_connected(
        &[&address, "--handshake-timeout", "100ms"],
        &[&address, "within 100ms", "--handshake-timeout"],
    );
    assert_not_connected(&["127.0.0.1:1"], &["127.0.0.1:1", "refused", "check"]);
    assert_not_connected(&["no such host/ws"], &["no such host", "URL"]);
    assert_not_connected(
        &["unix:/no/such/socket"],
        &["unix:/no/such/socket", "check"],
    );
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    for (arguments, word) in [
        (&["ftp://127.0.0.1/"][..], "ws://HOST:PORT/PATH"),
        (&["127.0.0.1:1/ws", "--path", "/relay"], "--path"),
        (&["127.0.0.1:1/relay", "--join", "tea"], "--join"),
        (
            &["127.0.0.1:1", "--handshake-timeout", "soon"],
            "--handshake-timeout",
        ),
        (&[], "<URL>"),
    ] {
        assert_not_connected(arguments, &[word]);
    }
}

#[test]
fn a_unix_socket_is_as_good() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.sock");
    let _server = Server::start_unix(&path, &[]);
    let target = format!("unix:{}", path.display());
    let ended = piped(&target, &["--path", "/echo"], "hello\n");
    assert_well(&ended);
    assert_eq!(ended.stdout, "hello\n");
}

#[test]
fn people_chat_with_commands_and_read_lines() {
    let server = Server::start(&[]);
    let ada = url(&server, "/ws?name=Ada");
    let bob = url(&server, "/ws?name=Bob");
    let mut ada = Process::start_with_input(&["connect", &ada, "--join", "tea"]);
    wait_until("Ada is in", || {
        ada.stdout().ends_with("tea  * you joined; 1 member: Ada\n")
    });
    let mut bob = Process::start_with_input(&["connect", &bob]);
    bob.type_in(
        "too early\n/join tea\nhi\n/msg Ada psst\n/channels\n/members\n/leave\n/members x\n",
    );
    for line in [
        "tea  * you joined; 2 members: Ada, Bob\n",
        "tea  Bob: hi\n",
        "you → Ada: psst\n",
        "* 1 channel: tea (2)\n",
        "tea  * 2 members: Ada, Bob\n",
        "tea  * you left\n",
        "! no-such-channel: ",
    ] {
        wait_until(line, || bob.stdout().contains(line));
    }
    assert!(bob.stdout().starts_with("* welcome, Bob: your id is "));
    bob.type_in("/quit\n");
    let ended = bob.ended();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(
        ended.stderr,
        "hubbub: join a channel first: /join general\n"
    );
    for line in [
        "tea  * Bob joined the channel\n",
        "tea  Bob: hi\n",
        "Bob → you: psst\n",
        "tea  * Bob left the channel\n",
    ] {
        wait_until(line, || ada.stdout().contains(line));
    }
    ada.end_input();
    assert_well(&ada.ended());
}

#[test]
fn a_channel_that_cannot_be_joined_leaves_the_current_one_as_it_was() {
    let server = Server::start(&[]);
    let ada = url(&server, "/ws?name=Ada");
    let mut ada = Process::start_with_input(&["connect", &ada, "--join", "tea"]);
    ada.type_in(format!("/join {}\n", "x".repeat(65)));
    wait_until("it is refused", || ada.stdout().contains("! bad-name: "));
    ada.type_in("hi\n");
    wait_until("it is said", || ada.stdout().contains("tea  Ada: hi\n"));
    ada.end_input();
    assert_well(&ada.ended());
}

#[test]
fn the_chat_in_the_raw_manner_is_json_both_ways() {
    let server = Server::start(&[]);
    let action = "{\"action\":\"list-channels\",\"ref\":\"1\"}\n";
    let ended = piped(&url(&server, "/ws?name=Ada"), &["--raw"], action);
    assert_well(&ended);
    let mut lines = ended.stdout.lines();
    assert!(lines.next().unwrap().starts_with("{\"action\":\"welcome\""));
    let answer = lines.next().unwrap();
    assert!(answer.starts_with("{\"action\":\"channels\"") && answer.contains("\"ref\":\"1\""));
}

fn url(server: &Server, endpoint: &str) -> String {
    format!("ws://{}{endpoint}", server.host_and_port())
}

/// What becomes of a client that is given all its input at once.
pub(crate) fn piped(target: &str, flags: &[&str], input: impl AsRef<[u8]>) -> Ended {
    let mut client = Process::start_with_input(&[&["connect", target], flags].concat());
    client.type_in(input);
    client.end_input();
    client.ended()
}

/// A server for one client, in the hands of the test; its URL.
fn serve<T: Send + 'static>(
    session: impl FnOnce(WebSocket<TcpStream>) -> T + Send + 'static,
) -> (String, thread::JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        session(tungstenite::accept(stream).unwrap())
    });
    (url, server)
}

/// Waits for the client to close, and returns the code.
pub(crate) fn close_code(socket: &mut WebSocket<TcpStream>) -> Option<u16> {
    loop {
        if let Message::Close(frame) = socket.read().unwrap() {
            return frame.map(|frame| frame.code.into());
        }
    }
}

/// Closes, and waits for the client to do so too.
pub(crate) fn close_with(socket: &mut WebSocket<TcpStream>, code: u16, reason: &'static str) {
    let reason = Utf8Bytes::from_static(reason);
    let code = code.into();
    socket.close(Some(CloseFrame { code, reason })).unwrap();
    assert_eq!(close_code(socket), Some(code.into()));
}

pub(crate) fn assert_well(ended: &Ended) {
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.status.code(), Some(0));
}

/// Asserts that no connection is made with these arguments, and that the one error line has all these words.
pub(crate) fn assert_not_connected(arguments: &[&str], words: &[&str]) {
    let ended = Process::start_with_input(&[&["connect"], arguments].concat()).ended();
    assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
    assert_eq!(ended.stdout, "", "{arguments:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word:?} in {}", ended.stderr);
    }
}
