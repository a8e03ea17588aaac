//! A balancer in front, which says with each connection for whom it is.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::ALL_VERSIONS;
use socket2::Socket;

use crate::harness::{Authority, HttpConnection, Server, secured, upgrade_request, wait_until};

const BALANCER: u8 = 2;
/// From 127.0.0.2 come balancers, and other proxies have networks of their own.
const FLAGS: [&str; 5] = [
    "--proxy-protocol",
    "--trust-forwarded",
    "127.0.0.2,10.0.0.0/8",
    "--max-connections-per-address",
    "1",
];
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const HEALTHZ: &str = "GET /healthz HTTP/1.1\r\nHost: hubbub\r\n\r\n";

/// A connection from an address of its own.
fn dial_from(server: &Server, last: u8) -> Socket {
    let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    server.dial_with(|socket| socket.bind(&address.into()).unwrap())
}

/// A connection of the balancer that begins with these bytes.
fn introduced(server: &Server, header: impl AsRef<[u8]>) -> Socket {
    let mut socket = dial_from(server, BALANCER);
    socket.write_all(header.as_ref()).unwrap();
    socket
}

fn version_1(client: &str) -> String {
    format!("PROXY TCP4 {client} 203.0.113.9 4711 443\r\n")
}

fn version_2(client: [u8; 4]) -> Vec<u8> {
    let rest = [203, 0, 113, 9, 18, 103, 1, 187];
    [SIGNATURE, b"\x21\x11\0\x0c", &client, &rest].concat()
}

/// The status of the answer to one who wants a session.
fn ask(socket: Socket, more: &str) -> (u16, HttpConnection) {
    let mut http = HttpConnection::new(socket);
    http.send(upgrade_request("/relay", more));
    (http.response_to_head().status, http)
}

fn assert_closed_unanswered(mut socket: Socket) {
    let mut heard = Vec::new();
    // What was sent may not have been read, so it may also find the stream reset.
    let _ = socket.read_to_end(&mut heard);
    assert_eq!(heard, b"");
}

/// How many handshakes have failed for a reason, asked for by someone who is no balancer.
fn failures(server: &Server, reason: &str) -> u64 {
    let name = format!("hubbub_handshake_failures_total{{reason=\"{reason}\"}}");
    let mut http = HttpConnection::new(dial_from(server, 9));
    let page = http.get("/metrics");
    let mut lines = page.text().lines();
    let count = lines.find_map(|line| line.strip_prefix(&name));
    count.map_or(0, |count| count.trim().parse().unwrap())
}

#[test]
fn the_client_whom_a_balancer_names_is_who_counts() {
    let server = Server::start(&FLAGS);
    let (first, _kept) = ask(introduced(&server, version_1("198.51.100.1")), "");
    assert_eq!(first, 101);
    let again = introduced(&server, version_2([198, 51, 100, 1]));
    assert_eq!(ask(again, "").0, 429);
    let invented = "X-Forwarded-For: 198.51.100.3\r\n";
    let other = introduced(&server, version_2([198, 51, 100, 2]));
    let (other, _kept) = ask(other, invented);
    assert_eq!(other, 101);
    let same = introduced(&server, version_1("198.51.100.2"));
    assert_eq!(ask(same, invented).0, 429, "it is not believed");
    wait_until("the log names the client", || {
        server.process().stderr().contains("198.51.100.2")
    });
}

#[test]
fn a_proxy_whom_a_balancer_names_says_itself_for_whom_it_asks() {
    let server = Server::start(&FLAGS);
    let proxied = |last: u8| {
        let socket = introduced(&server, version_1("10.0.0.5"));
        ask(socket, &format!("X-Forwarded-For: 198.51.100.{last}\r\n"))
    };
    let kept = [proxied(1), proxied(2)];
    assert_eq!([kept[0].0, kept[1].0], [101, 101]);
    assert_eq!(proxied(1).0, 429);
}

#[test]
fn a_balancer_that_names_nobody_asks_for_itself() {
    let server = Server::start(&FLAGS);
    let local = [SIGNATURE, b"\x20\0\0\0"].concat();
    let headers = [&b"PROXY UNKNOWN\r\n"[..], &local, &local];
    let kept = headers.map(|header| ask(introduced(&server, header), ""));
    assert!(kept.iter().all(|(status, _)| *status == 101));
}

#[test]
fn a_header_is_wanted_from_balancers_and_from_nobody_else() {
    let server = Server::start(&FLAGS);
    assert_closed_unanswered(introduced(&server, HEALTHZ));
    wait_until("it is counted", || failures(&server, "proxy-header") == 1);
    wait_until("it is told", || {
        let log = server.process().stderr();
        log.contains("proxy-header") && log.contains("127.0.0.2")
    });
    let mut liar = HttpConnection::new(dial_from(&server, 3));
    liar.send(version_1("198.51.100.1") + HEALTHZ);
    assert_eq!(liar.response().status, 400);
    let mut other = HttpConnection::new(dial_from(&server, 4));
    assert_eq!(other.get("/healthz").status, 200);
}

#[test]
fn a_balancer_that_does_not_say_for_whom_is_waited_for_as_long_as_a_handshake() {
    let server = Server::start(&[&FLAGS[..], &["--handshake-timeout", "300ms"]].concat());
    let begun = version_2([198, 51, 100, 1]);
    assert_closed_unanswered(introduced(&server, &begun[..20]));
    wait_until("it is counted", || {
        failures(&server, "handshake-timeout") == 1
    });
}

#[test]
fn tls_begins_behind_the_header_wherever_that_is_cut() {
    let authority = Authority::new();
    authority.issue("server", "hubbub.test");
    let server = authority.serve("server", &FLAGS);
    let clients = Arc::new(authority.clients(ALL_VERSIONS));
    let over_tls = |socket| secured(&clients, "hubbub.test", socket);
    let whole = introduced(&server, version_1("198.51.100.1"));
    let mut whole = HttpConnection::new(over_tls(whole));
    assert_eq!(whole.get("/healthz").text(), "ok");
    let mut piecemeal = dial_from(&server, BALANCER);
    for byte in version_2([198, 51, 100, 2]) {
        piecemeal.write_all(&[byte]).unwrap();
    }
    let mut piecemeal = HttpConnection::new(over_tls(piecemeal));
    assert_eq!(piecemeal.get("/healthz").text(), "ok");
    let mut crowd = over_tls(introduced(&server, version_1("198.51.100.1")));
    let shaken = crowd.conn.complete_io(&mut crowd.sock);
    assert!(shaken.is_err(), "it is one too many of its address");
}
