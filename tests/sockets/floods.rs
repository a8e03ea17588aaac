//! Bounds against floods: what each refuses, and that nobody else notices.

use std::net::{Ipv4Addr, SocketAddr};

use tungstenite::protocol::frame::coding::{Control, OpCode};

use crate::harness::{
    Client, HttpConnection, Server, leave_unsent, masked, say_long_line, text, upgrade_request,
    wait_until,
};

/// A connection from an address of its own.
fn http_from(server: &Server, last: u8) -> HttpConnection {
    let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    HttpConnection::new(server.dial_with(|socket| socket.bind(&address.into()).unwrap()))
}

/// The status of the answer to one who wants to connect.
fn ask(mut http: HttpConnection, more: &str) -> (u16, HttpConnection) {
    http.send(upgrade_request("/relay", more));
    (http.response_to_head().status, http)
}

fn counts(server: &Server, metric: &str) -> u64 {
    server.metrics().count(metric)
}

#[test]
fn one_address_gets_so_many_connections_and_others_get_theirs() {
    let server = Server::start(&["--max-connections-per-address", "2"]);
    let first = ask(http_from(&server, 2), "");
    let second = ask(http_from(&server, 2), "");
    assert_eq!((first.0, second.0), (101, 101));
    let mut third = http_from(&server, 2);
    third.send(upgrade_request("/relay", ""));
    let refused = third.response();
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("1"))
    );
    assert_eq!(refused.error_code(), "too-many-connections");
    assert_eq!(ask(http_from(&server, 3), "").0, 101);
    drop(second);
    wait_until("there is room again", || {
        ask(http_from(&server, 2), "").0 == 101
    });
    let name = "hubbub_handshake_failures_total{reason=\"too-many-connections\"}";
    assert!(counts(&server, name) > 0);
}

#[test]
fn one_address_gets_so_many_handshakes_a_second() {
    let server = Server::start(&["--max-handshakes-per-address", "1"]);
    let (refused, _) = (0..20)
        .map(|_| ask(http_from(&server, 2), ""))
        .find(|(status, _)| *status == 429)
        .expect("twenty take less than twenty seconds");
    assert_eq!(refused, 429);
    assert_eq!(ask(http_from(&server, 3), "").0, 101);
    let name = "hubbub_handshake_failures_total{reason=\"too-many-handshakes\"}";
    assert!(counts(&server, name) > 0);
}

#[test]
fn behind_a_trusted_proxy_it_is_the_client_who_counts() {
    let bound = ["--max-connections-per-address", "1"];
    let server = Server::start(&[&bound[..], &["--trust-forwarded", "127.0.0.2/32"]].concat());
    let client = |last: u8| format!("X-Forwarded-For: 203.0.113.9, 198.51.100.{last}\r\n");
    let first = ask(http_from(&server, 2), &client(1));
    assert_eq!(first.0, 101);
    assert_eq!(ask(http_from(&server, 2), &client(1)).0, 429);
    assert_eq!(ask(http_from(&server, 2), &client(2)).0, 101);
    let itself = (0..3).map(|_| ask(http_from(&server, 2), ""));
    assert!(
        itself
            .collect::<Vec<_>>()
            .iter()
            .all(|(status, _)| *status == 101)
    );
    let nonsense = ask(http_from(&server, 2), "X-Forwarded-For: nobody\r\n");
    assert_eq!(nonsense.0, 400);
    let liar = ask(http_from(&server, 3), &client(3));
    assert_eq!(liar.0, 101);
    assert_eq!(ask(http_from(&server, 3), &client(4)).0, 429);
}

#[test]
fn on_a_unix_socket_nobody_has_an_address_unless_a_proxy_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.sock");
    let bound = ["--max-connections-per-address", "1"];
    let said = "X-Forwarded-For: 198.51.100.1\r\n";
    let statuses = |flags: &[&str]| {
        let server = Server::start_unix(&path, &[&bound, flags].concat());
        let first = ask(server.http(), said);
        (first.0, ask(server.http(), said).0)
    };
    assert_eq!(statuses(&[]), (101, 101));
    assert_eq!(statuses(&["--trust-forwarded", "unix"]), (101, 429));
}

#[test]
fn a_client_that_says_too_much_is_slowed() {
    const SAID: usize = 25;
    let server = Server::start(&["--max-client-messages", "20", "--flood-grace", "60s"]);
    let mut hasty = server.connect("/relay");
    for number in 0..SAID {
        hasty.say(&number.to_string());
    }
    let heard = hasty.hear_lines(SAID);
    assert_eq!(heard.last().map(String::as_str), Some("24"));
    hasty.say("and more");
    assert_eq!(hasty.hear_text(), "and more");
    assert!(counts(&server, "hubbub_paused_reads_total{bound=\"messages\"}") > 0);
    assert_eq!(server.disconnects("flood"), 0);
}

/// A client that sends these bytes is closed for flooding, and another one is still heard.
fn assert_floods(flag: &[&str], flood: &[u8], bound: &str) {
    let server = Server::start(&[flag, &["--flood-grace", "1s"]].concat());
    let mut member = server.connect("/relay?channel=quiet");
    let mut flooding = server.wire("/relay");
    flooding.send(flood);
    loop {
        let frame = flooding.frame().expect("a close frame before the end");
        if frame.header().opcode == OpCode::Control(Control::Close) {
            assert_eq!(frame.payload()[..2], 1008_u16.to_be_bytes());
            break;
        }
    }
    drop(flooding);
    wait_until("it is counted", || server.disconnects("flood") == 1);
    let name = format!("hubbub_paused_reads_total{{bound=\"{bound}\"}}");
    assert!(counts(&server, &name) > 0);
    member.say("hello");
    assert_eq!(member.hear_text(), "hello");
}

#[test]
fn a_client_that_floods_is_closed_whatever_it_floods_with() {
    assert_floods(
        &["--max-client-messages", "10"],
        &text("x").repeat(200),
        "messages",
    );
    assert_floods(
        &["--max-client-bytes", "10KiB"],
        &text("x".repeat(50_000)),
        "bytes",
    );
    let ping = masked(OpCode::Control(Control::Ping), true, "are you there");
    assert_floods(&["--max-client-pings", "10"], &ping.repeat(200), "pings");
}

#[test]
fn when_all_leave_too_much_unsent_those_with_the_most_go_first() {
    let bound = ["--max-unsent", "16MiB", "--max-unsent-total", "16MiB"];
    let server = Server::start(&[&bound[..], &["--linger-timeout", "30s"]].concat());
    let mut worst = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    let mut said = leave_unsent(&server, &mut speaker);
    let mut lagging = server.narrow_wire("/relay");
    let unsent = |server: &Server| counts(server, "hubbub_unsent_bytes");
    let mut before = unsent(&server);
    while unsent(&server) >= before {
        before = unsent(&server);
        say_long_line(&mut speaker, said);
        said += 1;
    }
    speaker.send(text("over"));
    while lagging.hear_text() != "over" {}
    let last = loop {
        let frame = worst.frame().expect("a close frame before the end");
        if frame.header().opcode == OpCode::Control(Control::Close) {
            break frame;
        }
    };
    assert_eq!(last.payload()[..2], 4001_u16.to_be_bytes());
    drop(worst);
    wait_until("it is counted", || server.disconnects("slow-total") == 1);
}

#[test]
fn a_connection_serves_so_many_requests_and_is_closed() {
    let server = Server::start(&["--max-requests", "2"]);
    let mut http = server.http();
    assert_eq!(
        http.get("/healthz").header("connection"),
        Some("keep-alive")
    );
    assert_eq!(http.get("/healthz").header("connection"), Some("close"));
    assert_eq!(http.rest().unwrap(), b"");
}

#[test]
fn without_these_flags_one_client_may_say_as_much_as_it_likes() {
    let server = Server::start(&[]);
    let mut client: Client = server.connect("/relay");
    client.say_at_once("x", 5000);
    client.hear_lines(5000);
    assert_eq!(server.disconnects("flood"), 0);
}
