//! Pings, of servers and of clients, and that they are answered.

use std::{
    io,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use tungstenite::accept;

use crate::common::{Run, against, relay::Relay};

/// A server that keeps everyone, answers the first pings of some, by their numbers, and says nothing else.
fn answering(pongs: impl Fn(usize) -> usize + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let pongs = pongs(number);
            thread::spawn(move || answer(stream, pongs));
        }
    });
    url
}

fn answer(stream: TcpStream, pongs: usize) -> io::Result<u64> {
    let mut raw = stream.try_clone()?;
    let mut socket = accept(stream).map_err(io::Error::other)?;
    for _ in 0..pongs {
        socket.read().map_err(io::Error::other)?;
        socket.flush().map_err(io::Error::other)?;
    }
    io::copy(&mut raw, &mut io::sink())
}

fn verdict(run: &Run) -> &str {
    run.table.lines().last().unwrap()
}

#[test]
fn idle_clients_answer_pings() {
    let (pongs, ponged) = mpsc::channel();
    let run = against(&Relay::right().that_pings(pongs).start(), &["idle"]).good();
    assert_eq!(run.count("pings_answered"), 5);
    assert_eq!(run.count("disconnects"), 0);
    let payloads = ponged.iter().take(5).all(|payload| payload == b"alive?");
    assert!(payloads, "a pong carries what its ping did");
}

#[test]
fn idle_clients_ping_the_server_if_asked_to() {
    let run = against(&Relay::right().start(), &["idle", "--ping"]).good();
    assert_eq!(run.count("pongs_received"), 5);
    let told = "the server sent no pings; the server answered 5 of their 5 pings.";
    assert!(verdict(&run).ends_with(told), "{}", run.table);
    let flags = ["idle", "--ping", "--period", "50ms"];
    let run = against(&Relay::right().start(), &flags).good();
    assert!(run.count("pongs_received") >= 10, "{run:#?}");
}

#[test]
fn busy_clients_answer_pings() {
    let (pongs, ponged) = mpsc::channel();
    against(&Relay::right().that_pings(pongs).start(), &[]).good();
    assert_eq!(ponged.iter().take(5).count(), 5);
}

#[test]
fn a_server_that_only_pings_is_not_told_to_say_nothing() {
    let (pongs, _ponged) = mpsc::channel();
    let mute = Relay::with(|_, _, batch| batch.clear()).that_pings(pongs);
    let run = against(&mute.start(), &[]).broken([200, 0, 0, 0]);
    let told = "BROKEN: nothing was delivered, and the server only pinged (5 pings): does it send";
    assert!(verdict(&run).starts_with(told), "{}", run.table);
    assert_eq!(run.message("pings"), 5);
}

#[test]
fn a_server_that_answers_no_ping_of_a_client_breaks_the_protocol() {
    let run = against(&answering(|client| client.min(1)), &["idle", "--ping"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = "BROKEN: the server kept 1 of 5 clients and answered none of their pings, ";
    assert!(verdict(&run).starts_with(told), "{}", run.table);
    let counts = ["pings_sent", "pongs_received", "clients_ignored"].map(|path| run.count(path));
    assert_eq!(counts, [5, 4, 1]);
}

#[test]
fn pings_that_go_unanswered_after_others_are_no_fault() {
    let flags = ["idle", "--ping", "--period", "50ms"];
    let run = against(&answering(|_| 1), &flags).good();
    assert_eq!(run.count("pongs_received"), 5);
    assert!(run.count("pings_sent") >= 10, "{run:#?}");
    assert!(verdict(&run).contains("; the server answered 5 of their "));
}
