//! What the log says, and that nobody waits for it.

use std::io::{BufRead, BufReader};

use rustix::process::Signal;

use crate::harness::{Process, Server, upgrade_request, wait_until};

/// Connections of which the log says more than a pipe holds and than may wait for it, at `debug`.
const CONNECTIONS: usize = 1500;
const LISTEN: [&str; 4] = ["--addr", "127.0.0.1:0", "--log-level", "debug"];

#[test]
fn one_who_is_refused_is_told_of_without_what_may_be_secret() {
    let server = Server::start(&[]);
    let mut http = server.http();
    http.send("GET /nothing?token=secret HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n\r\n");
    assert_eq!(http.response().status, 404);
    http.send("\u{1}\r\n\r\n");
    assert_eq!(http.response().status, 400);
    let lines = [
        "INFO refused peer=\"127.0.0.1\" status=404 code=\"not-found\" path=\"/nothing\" origin=\"http://a\"\n",
        "INFO refused peer=\"127.0.0.1\" status=400 code=\"bad-request\"\n",
    ];
    for line in lines {
        wait_until(line, || server.process().stderr().contains(line));
    }
    assert!(!server.process().stderr().contains("secret"));
}

#[test]
fn many_who_are_refused_are_counted_in_the_log() {
    let server = Server::start(&[]);
    let mut http = server.http();
    http.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100));
    for _ in 0..100 {
        assert_eq!(http.response().status, 404);
    }
    wait_until("all are told of", || {
        let log = server.process().stderr();
        let told = log.matches("INFO refused peer").count();
        let counted = log.lines().filter_map(|line| {
            let (_, rest) = line.split_once("INFO refused ")?;
            rest.strip_suffix(" more like it")?.parse::<usize>().ok()
        });
        told < 100 && told + counted.sum::<usize>() == 100
    });
}

#[test]
fn a_page_of_another_origin_is_told_of_with_the_remedy() {
    let server = Server::start(&["--log-format", "json"]);
    let mut http = server.http();
    http.send(upgrade_request(
        "/ws?name=Ada",
        "Origin: https://chat.example\r\n",
    ));
    assert_eq!(http.response().status, 403);
    wait_until("it is told of", || {
        server.process().stderr().contains("origin-not-allowed")
    });
    let log = server.process().stderr();
    let line: serde_json::Value = serde_json::from_str(log.trim_end()).unwrap();
    let words = line["message"].as_str().unwrap();
    assert!(
        words.contains("--allow-origin") && words.contains("proxy_set_header Host"),
        "{words}"
    );
    for (field, value) in [
        ("level", "WARN"),
        ("peer", "127.0.0.1"),
        ("path", "/ws"),
        ("origin", "https://chat.example"),
        ("host", "hubbub"),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
}

#[test]
fn one_behind_a_proxy_is_told_of_by_its_own_address() {
    let server = Server::start(&["--trust-forwarded", "127.0.0.1"]);
    let mut http = server.http();
    http.send("GET /nothing HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
    assert_eq!(http.response().status, 404);
    let line = "refused peer=\"127.0.0.1\" client=192.0.2.7 status=404";
    wait_until(line, || server.process().stderr().contains(line));
}

#[test]
fn a_log_that_nobody_reads_keeps_nobody_waiting_and_what_was_lost_is_told_when_somebody_does() {
    let (process, log) = Process::start_with_unread_log(&LISTEN);
    let server = Server::listening(process);
    for _ in 0..CONNECTIONS {
        assert_eq!(server.get("/healthz").text(), "ok");
    }
    let mut lines = BufReader::new(log).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("key=0.0")));
    let words = lines
        .find(|line| line.ends_with(" lines were lost"))
        .unwrap();
    assert!(!words.contains(" 0 lines"), "{words}");
}

#[test]
fn a_server_whose_log_nobody_reads_ends_when_it_is_told_to() {
    let (process, log) = Process::start_with_unread_log(&LISTEN);
    let server = Server::listening(process);
    for _ in 0..CONNECTIONS {
        assert_eq!(server.get("/healthz").text(), "ok");
    }
    server.process().signal(Signal::TERM);
    let ended = server.ended();
    assert!(ended.status.success());
    assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    drop(log);
}
