//! More peers than there is room for.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, prlimit};
use socket2::Socket;

use crate::harness::{Client, HttpConnection, Metrics, Server, upgrade_request, wait_until};

/// Of these, 64 are kept back, so that 136 connections are served and 40 more are told that there is no room.
const DESCRIPTORS: u32 = 200;
const SERVED: usize = 136;
const TOLD: usize = 40;
/// More CPU time than a server that has nothing to do uses in a second, and less than one that spins.
const SPINNING_SECONDS: f64 = 0.5;

#[test]
fn beyond_the_descriptor_limit_newcomers_are_told_then_closed_and_nobody_else_notices() {
    let server = Server::start_with_descriptors(DESCRIPTORS, &["--handshake-timeout", "60s"]);
    let mut watcher = server.http();
    assert_eq!(watcher.get("/healthz").status, 200);
    let mut members: Vec<_> = (1..SERVED).map(|_| server.connect("/relay")).collect();

    assert_full(&server);
    wait_until("the one that was told is gone", || {
        Metrics::of(&watcher.get("/metrics")).count("hubbub_connections") == SERVED as u64
    });
    let waiting: Vec<_> = (0..TOLD).map(|_| server.dial()).collect();
    let mut turned_away: Vec<_> = (0..20).map(|_| server.dial()).collect();
    turned_away.iter_mut().for_each(assert_closed_unanswered);

    let before = cpu_seconds(&mut watcher);
    thread::sleep(Duration::from_secs(1));
    assert!(cpu_seconds(&mut watcher) - before < SPINNING_SECONDS);
    assert_everyone_hears(&mut members, "all here");
    for socket in waiting {
        assert_refused(HttpConnection::new(socket));
    }

    members.truncate(SERVED / 2);
    wait_until("there is room again", || can_join(&server));
    assert_everyone_hears(&mut members, "half of us");
}

#[test]
fn beyond_a_limit_of_connections_newcomers_are_told_and_there_is_room_once_one_left() {
    let server = Server::start(&["--max-connections", "5", "--handshake-timeout", "60s"]);
    let mut watcher = server.http();
    assert_eq!(watcher.get("/healthz").status, 200);
    let mut members: Vec<_> = (1..5).map(|_| server.connect("/relay")).collect();
    assert_full(&server);
    assert_full(&server);
    assert_everyone_hears(&mut members, "all four");
    members.pop().unwrap().leave();
    wait_until("there is room again", || can_join(&server));
    let metrics = Metrics::of(&watcher.get("/metrics"));
    assert!(metrics.count("hubbub_disconnects_total{reason=\"refused\"}") >= 2);
    assert!(metrics.count("hubbub_handshake_failures_total{reason=\"full\"}") >= 2);
}

#[test]
fn newcomers_that_leave_before_they_are_told_make_room_for_others() {
    let server = Server::start(&["--max-connections", "1", "--handshake-timeout", "60s"]);
    let mut watcher = server.http();
    assert_eq!(watcher.get("/healthz").status, 200);
    for gone in 0..=TOLD {
        drop(server.dial());
        wait_until("the newcomer is gone", || {
            let metrics = Metrics::of(&watcher.get("/metrics"));
            metrics.count("hubbub_disconnects_total{reason=\"end-of-stream\"}") > gone as u64
        });
    }
    assert_full(&server);
    drop(watcher);
    wait_until("there is room again", || can_join(&server));
}

#[test]
fn when_descriptors_run_out_all_the_same_newcomers_are_closed_and_nothing_spins() {
    let server = Server::start(&["--max-connections", "100", "--handshake-timeout", "60s"]);
    let mut watcher = server.http();
    let mut members: Vec<_> = (0..5).map(|_| server.connect("/relay")).collect();
    let page = watcher.get("/metrics");
    let plenty = Metrics::of(&page).count("process_max_fds");
    let none = server.process().lowest_free_descriptor();
    limit_descriptors(&server, none, plenty);

    let mut turned_away: Vec<_> = (0..20).map(|_| server.dial()).collect();
    turned_away.iter_mut().for_each(assert_closed_unanswered);
    thread::sleep(Duration::from_secs(1));
    assert_everyone_hears(&mut members, "all here");

    limit_descriptors(&server, plenty, plenty);
    let before = cpu_seconds(&mut watcher);
    thread::sleep(Duration::from_secs(1));
    assert!(cpu_seconds(&mut watcher) - before < SPINNING_SECONDS);
    assert!(can_join(&server));
}

/// Limits the server's descriptors from now on.
fn limit_descriptors(server: &Server, current: u64, maximum: u64) {
    let limit = Rlimit {
        current: Some(current),
        maximum: Some(maximum),
    };
    prlimit(Some(server.process().pid()), Resource::Nofile, limit).unwrap();
}

fn assert_full(server: &Server) {
    assert_refused(server.http());
}

fn assert_refused(mut http: HttpConnection) {
    http.send(upgrade_request("/relay", ""));
    let response = http.response();
    assert_eq!(response.status, 503);
    assert_eq!(response.error_code(), "full");
    assert_eq!(response.header("retry-after"), Some("1"));
    assert_eq!(http.rest().unwrap(), b"");
}

fn assert_closed_unanswered(socket: &mut Socket) {
    // Writing or reading may also find the stream reset, since what is written is never read.
    let _ = socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: hubbub\r\n\r\n");
    let mut heard = Vec::new();
    let _ = socket.read_to_end(&mut heard);
    assert_eq!(heard, b"");
}

fn assert_everyone_hears(members: &mut [Client], words: &str) {
    members[0].say(words);
    for member in members {
        assert_eq!(member.hear_text(), words);
    }
}

/// Whether a newcomer is served.
fn can_join(server: &Server) -> bool {
    server.get("/healthz").status == 200
}

fn cpu_seconds(watcher: &mut HttpConnection) -> f64 {
    Metrics::of(&watcher.get("/metrics")).cpu_seconds()
}
