//! `hubbub connect --reconnect`, whose connections are cut, refused and closed.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;
use tungstenite::{Message, WebSocket};

use crate::connect::{assert_not_connected, assert_well, close_code, close_with, piped};
use crate::harness::{Bridge, Client, Ended, Process, Server, wait_until};

const JOIN_TEA: &str = r#"{"action":"join-channel","message":"tea"}"#;
const WELCOME: &str = r#"{"action":"welcome","client":{"id":"a","name":"Ada","avatar":""},"server":{"name":"hubbub","version":"0"}}"#;

#[test]
fn what_was_said_while_a_client_was_cut_off_is_printed_once_and_in_order() {
    let server = Server::start(&[]);
    let bridge = Bridge::to(&server.host_and_port());
    let mut bob = in_tea(&server);
    let mut ada = ada(&bridge);
    hear_until(&mut bob, "Ada joined");
    for round in 0..2 {
        say(&mut bob, &format!("{round}, live"));
        wait_until("it is printed", || {
            ada.stdout().contains(&format!("{round}, live"))
        });
        cut(&bridge, &ada, round + 1);
        hear_until(&mut bob, "Ada left");
        say(&mut bob, &format!("{round}, away"));
        say(&mut bob, &format!("{round}, still away"));
        bridge.mend(&server.host_and_port());
        hear_until(&mut bob, "Ada joined");
    }
    say(&mut bob, "2, live");
    wait_until("it is printed", || ada.stdout().contains("2, live"));
    ada.end_input();
    let ended = ada.ended();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_eq!(
        said_by_bob(&ended),
        [
            "0, live",
            "0, away",
            "0, still away",
            "1, live",
            "1, away",
            "1, still away",
            "2, live"
        ]
    );
    let told = &ended.stderr;
    assert_eq!(told.matches("lost without a close").count(), 2, "{told}");
    assert_eq!(
        told.matches("hubbub: connected again\n").count(),
        2,
        "{told}"
    );
    assert!(!ended.stdout.contains("missing"), "{}", ended.stdout);
    assert_eq!(
        ended
            .stdout
            .matches("tea  * you are back; 2 members: Ada, Bob\n")
            .count(),
        2
    );
}

#[test]
fn what_the_server_keeps_no_longer_is_counted() {
    let server = Server::start(&["--history", "2"]);
    let bridge = Bridge::to(&server.host_and_port());
    let mut bob = in_tea(&server);
    let mut ada = ada(&bridge);
    hear_until(&mut bob, "Ada joined");
    cut(&bridge, &ada, 1);
    hear_until(&mut bob, "Ada left");
    for number in 1..=5 {
        say(&mut bob, &number.to_string());
    }
    bridge.mend(&server.host_and_port());
    wait_until("the last is printed", || {
        ada.stdout().contains("tea  Bob: 5\n")
    });
    ada.end_input();
    let ended = ada.ended();
    assert_eq!(said_by_bob(&ended), ["4", "5"]);
    // That Ada left, and three of what Bob said.
    let lines = ended.stdout.lines();
    let lines: Vec<_> = lines.skip_while(|line| !line.contains("back")).collect();
    assert_eq!(
        lines[..3],
        [
            "tea  * you are back; 2 members: Ada, Bob",
            "tea  * 4 messages are missing",
            "tea  Bob: 4"
        ]
    );
}

#[test]
fn a_server_that_was_started_anew_knows_of_no_message_that_was_before() {
    let server = Server::start(&[]);
    let bridge = Bridge::to(&server.host_and_port());
    let mut ada = ada(&bridge);
    cut(&bridge, &ada, 1);
    drop(server);
    let server = Server::start(&[]);
    let mut bob = in_tea(&server);
    say(&mut bob, "new");
    bridge.mend(&server.host_and_port());
    wait_until("it is printed", || ada.stdout().contains("tea  Bob: new\n"));
    ada.end_input();
    let stdout = ada.ended().stdout;
    let again =
        "members: Ada, Bob\ntea  * the channel began again: some messages may be missing\ntea  ";
    assert!(stdout.contains(again), "{stdout}");
}

#[test]
fn what_is_typed_while_away_is_said_once_back_and_the_end_of_input_ends_it() {
    let server = Server::start(&[]);
    let bridge = Bridge::to(&server.host_and_port());
    let mut ada = ada(&bridge);
    cut(&bridge, &ada, 1);
    ada.type_in("one\n/join cake\ntwo");
    ada.end_input();
    bridge.mend(&server.host_and_port());
    let ended = ada.ended();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let said: Vec<_> = ended
        .stdout
        .lines()
        .filter(|line| line.contains("  Ada: "))
        .collect();
    assert_eq!(said, ["tea  Ada: one", "cake  Ada: two"]);
}

#[test]
fn a_line_of_which_nothing_shows_that_it_was_said_is_told_and_not_said_again() {
    let (listener, url) = listen();
    let mut client = start(&url, &["--join", "tea"]);
    let mut first = joined(&listener, r#""seq":1,"epoch":7"#);
    client.type_in("hot\ncold\n");
    let hot = first.read().unwrap().into_text().unwrap();
    let cold = first.read().unwrap().into_text().unwrap();
    assert!(
        hot.contains("hot") && cold.contains("cold"),
        "{hot}, {cold}"
    );
    drop(first);
    let (mut second, since) = accept_join(&listener);
    assert!(
        since.contains(r#""since":{"epoch":7,"seq":1}"#),
        "asked {since}"
    );
    // Only the first was.
    let reference = hot.split(r#""ref":""#).nth(1).unwrap();
    let reference = reference.split('"').next().unwrap();
    answer(
        &mut second,
        r#""seq":2,"epoch":7,"recovered":true,"replay":{"from":2,"to":2}"#,
    );
    let copy = format!(
        r#"{{"action":"send-message","message":"hot","target":"tea","sender":{{"id":"a","name":"Ada"}},"ref":"{reference}","seq":2,"time":1}}"#
    );
    second.send(Message::text(copy)).unwrap();
    client.end_input();
    assert_eq!(close_code(&mut second), Some(1000));
    let ended = client.ended();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("tea  Ada: hot\n"), "{}", ended.stdout);
    let unknown = "it is unknown whether this was said in tea: cold\n";
    assert!(ended.stderr.contains(unknown), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("it is unknown").count(), 1);
}

#[test]
fn a_channel_that_cannot_be_joined_for_now_is_joined_later() {
    let (listener, url) = listen();
    let client = start(&url, &["--join", "tea"]);
    drop(joined(&listener, r#""seq":1,"epoch":7"#));
    let (mut server, _) = accept_join(&listener);
    let refusal = r#"{"action":"error","code":"unavailable","message":"later","ref":"join-2"}"#;
    server.send(Message::text(refusal)).unwrap();
    let join = server.read().unwrap().into_text().unwrap();
    assert!(join.contains(r#""since":{"epoch":7,"seq":1}"#), "{join}");
    answer(&mut server, r#""seq":1,"epoch":7,"recovered":true"#);
    close_with(&mut server, 1000, "");
    let ended = client.ended();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let lines = "! unavailable: later\ntea  * you are back; 0 members\n";
    assert!(ended.stdout.ends_with(lines), "{}", ended.stdout);
}

#[test]
fn what_is_missing_is_told_without_the_flag_as_well() {
    let (listener, url) = listen();
    let client = Process::start_with_input(&["connect", &url, "--join", "tea"]);
    let mut server = joined(&listener, r#""seq":1,"epoch":7"#);
    for object in [
        r#"{"action":"gap","channel":"tea","epoch":7,"from":2,"to":4,"reason":"slow"}"#,
        r#"{"action":"epoch","channel":"tea","epoch":8,"reason":"lost"}"#,
    ] {
        server.send(Message::text(object)).unwrap();
    }
    close_with(&mut server, 1000, "");
    let ended = client.ended();
    assert_well(&ended);
    let lines = "tea  * 3 messages are missing\n\
                 tea  * the channel began again: some messages may be missing\n";
    assert!(ended.stdout.ends_with(lines), "{}", ended.stdout);
}

#[test]
fn a_signal_ends_a_client_that_waits_to_connect_again() {
    let (listener, url) = listen();
    let client = start(&url, &[]);
    drop(accept(&listener));
    wait_until("it waits", || client.stderr().contains("connecting again"));
    client.signal(Signal::INT);
    assert_ended_away(&client.ended());
}

#[test]
fn a_signal_ends_a_client_that_connects_again_to_a_server_that_is_silent() {
    let (listener, url) = listen();
    let client = start(&url, &[]);
    drop(accept(&listener));
    let _silent = listener.accept().unwrap();
    client.signal(Signal::TERM);
    assert_ended_away(&client.ended());
}

#[test]
fn one_who_quits_while_away_is_told_what_was_not_said() {
    let (listener, url) = listen();
    let mut client = start(&url, &["--join", "tea"]);
    drop(joined(&listener, r#""seq":1,"epoch":7"#));
    wait_until("it waits", || client.stderr().contains("connecting again"));
    client.type_in("hi\n/quit\n");
    // Whether it waits or connects, it comes to the line.
    drop(listener);
    let ended = client.ended();
    assert_ended_away(&ended);
    assert!(
        ended.stderr.contains("a line was not sent"),
        "{}",
        ended.stderr
    );
}

#[test]
fn once_nothing_is_left_to_say_a_loss_is_the_end() {
    let (listener, url) = listen();
    let mut client = start(&url, &[]);
    client.end_input();
    drop(accept(&listener));
    let ended = client.ended();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("lost"), "{}", ended.stderr);
}

#[test]
fn only_a_normal_close_is_the_end_whatever_else_the_server_says() {
    let (listener, url) = listen();
    let client = start(&url.replace("/ws?name=Ada", "/relay"), &[]);
    close_with(&mut accept(&listener), 1008, "a flood");
    let (stream, _) = listener.accept().unwrap();
    refuse(stream);
    close_with(&mut accept(&listener), 1000, "");
    let ended = client.ended();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    for words in [
        "1008, policy",
        "401",
        "hubbub: connected again; messages may be missing\n",
    ] {
        assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
    }
    assert_eq!(ended.stderr.matches("; connecting again in ").count(), 2);
}

#[test]
fn what_cannot_be_reached_at_first_is_not_tried_again() {
    assert_not_connected(&["127.0.0.1:1", "--reconnect"], &["refused", "check"]);
}

#[test]
fn one_whose_input_ends_before_a_loss_has_the_same_end_as_ever() {
    let server = Server::start(&[]);
    let url = format!("ws://{}/echo", server.host_and_port());
    let ended = piped(&url, &["--reconnect"], "one\ntwo\n");
    assert_well(&ended);
    assert_eq!(ended.stdout, "one\ntwo\n");
}

/// Someone at the chat who is in tea, and hears all of it.
fn in_tea(server: &Server) -> Client {
    let mut client = server.connect("/ws?name=Bob");
    client.say(JOIN_TEA);
    hear_until(&mut client, r#""action":"joined""#);
    client
}

/// Says something in tea, and waits until everyone could have heard it.
fn say(client: &mut Client, text: &str) {
    let message = format!(r#""message":"{text}""#);
    client.say(&format!(
        r#"{{"action":"send-message","target":"tea",{message}}}"#
    ));
    hear_until(client, &message);
}

fn hear_until(client: &mut Client, words: &str) {
    while !client.hear_text().contains(words) {}
}

/// A client behind a bridge that is in tea.
fn ada(bridge: &Bridge) -> Process {
    let url = format!("ws://{}/ws?name=Ada", bridge.host_and_port());
    let client = start(&url, &["--join", "tea"]);
    wait_until("Ada is in", || {
        client.stdout().contains("tea  * you joined")
    });
    client
}

fn start(url: &str, flags: &[&str]) -> Process {
    Process::start_with_input(&[&["connect", url, "--reconnect"], flags].concat())
}

/// Cuts a client off, for the `count`th time, and waits until it knows.
fn cut(bridge: &Bridge, client: &Process, count: usize) {
    bridge.cut();
    wait_until("the client waits", || {
        client.stderr().matches("connecting again").count() == count
    });
}

fn said_by_bob(ended: &Ended) -> Vec<&str> {
    let lines = ended.stdout.lines();
    lines
        .filter_map(|line| line.strip_prefix("tea  Bob: "))
        .collect()
}

fn assert_ended_away(ended: &Ended) {
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    let words = "the end was asked for before it was back";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
}

/// A place for the test to be the server, and its URL, at the chat.
fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/ws?name=Ada", listener.local_addr().unwrap());
    (listener, url)
}

fn accept(listener: &TcpListener) -> WebSocket<TcpStream> {
    let (stream, _) = listener.accept().unwrap();
    tungstenite::accept(stream).unwrap()
}

/// Answers a handshake 401.
fn refuse(stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
    let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
    stream.get_mut().write_all(answer).unwrap();
}

/// The next client, who is welcome, and what it asks first.
fn accept_join(listener: &TcpListener) -> (WebSocket<TcpStream>, String) {
    let mut socket = accept(listener);
    socket.send(Message::text(WELCOME)).unwrap();
    let join = socket.read().unwrap().into_text().unwrap();
    (socket, join.as_str().to_owned())
}

/// Lets a client into tea; the answer has these fields.
fn answer(socket: &mut WebSocket<TcpStream>, fields: &str) {
    let joined =
        format!(r#"{{"action":"joined","channel":"tea","members":[],"count":0,{fields}}}"#);
    socket.send(Message::text(joined)).unwrap();
}

/// The next client, who is welcome and let into tea.
fn joined(listener: &TcpListener, fields: &str) -> WebSocket<TcpStream> {
    let (mut socket, _) = accept_join(listener);
    answer(&mut socket, fields);
    socket
}
