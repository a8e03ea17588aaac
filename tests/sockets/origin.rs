//! Pages of other origins.

use crate::harness::{HttpConnection, Response, Server, upgrade_request};

fn ask(server: &Server, path: &str, origin: &str) -> Response {
    let mut http: HttpConnection = server.http();
    http.send(upgrade_request(path, origin));
    http.response_to_head()
}

#[test]
fn a_page_of_another_origin_may_not_connect() {
    let server = Server::start(&[]);
    for path in ["/relay", "/ws", "/ws?name=Ada", "/echo"] {
        assert_eq!(ask(&server, path, "Origin: http://hubbub\r\n").status, 101);
        assert_eq!(ask(&server, path, "").status, 101);
        assert_eq!(
            ask(&server, path, "Origin: http://evil.test\r\n").status,
            403
        );
    }
    let mut http = server.http();
    http.send(upgrade_request("/relay", "Origin: null\r\n"));
    let refused = http.response();
    assert_eq!(refused.error_code(), "origin-not-allowed");
    assert!(refused.text().contains("--allow-origin"));
    let count = server
        .metrics()
        .count("hubbub_handshake_failures_total{reason=\"origin-not-allowed\"}");
    assert_eq!(count, 5);
}

#[test]
fn an_operator_allows_others_by_name_or_anyone() {
    let flags = ["--allow-origin", "https://a.test,http://localhost:3000"];
    let server = Server::start(&flags);
    for (origin, status) in [
        ("https://a.test", 101),
        ("https://a.test:443", 101),
        ("http://a.test", 403),
        ("http://localhost:3000", 101),
        ("http://localhost:3001", 403),
    ] {
        let header = format!("Origin: {origin}\r\n");
        assert_eq!(ask(&server, "/relay", &header).status, status, "{origin}");
    }
    let server = Server::start(&["--allow-origin", "*"]);
    assert_eq!(ask(&server, "/relay", "Origin: null\r\n").status, 101);
}

#[test]
fn a_page_that_was_refused_may_ask_why_without_a_handshake() {
    let server = Server::start(&[]);
    let mut http = server.http();
    let why = |http: &mut HttpConnection, path: &str| {
        let answer = http.get(path);
        (answer.status, answer.error_code())
    };
    for path in ["/relay?", "/ws?", "/ws?name=Ada&", "/echo?"] {
        let refused = why(&mut http, &format!("{path}origin=http%3A%2F%2Fevil.test"));
        assert_eq!(refused, (403, "origin-not-allowed".to_owned()));
        let nothing = why(&mut http, &format!("{path}origin=a%0Ab"));
        assert_eq!(nothing, (403, "origin-not-allowed".to_owned()));
        let own = why(&mut http, &format!("{path}origin=http%3A%2F%2Fhubbub"));
        assert_eq!(own, (426, "upgrade-required".to_owned()));
    }
    assert_eq!(ask(&server, "/ws?origin=http://evil.test", "").status, 101);
}

#[test]
fn a_page_that_comes_too_often_behind_a_proxy_is_told_so_when_it_asks() {
    let flags = [
        "--trust-forwarded",
        "127.0.0.1",
        "--max-connections-per-address",
        "1",
    ];
    let server = Server::start(&flags);
    let forwarded = "X-Forwarded-For: 192.0.2.7\r\n";
    let why = |http: &mut HttpConnection| {
        http.send(format!(
            "GET /ws?origin=http%3A%2F%2Fhubbub HTTP/1.1\r\nHost: hubbub\r\n{forwarded}\r\n"
        ));
        http.response().status
    };
    let mut http = server.http();
    assert_eq!(
        [why(&mut http), why(&mut http)],
        [426, 426],
        "asking takes no place"
    );
    let mut session = server.http();
    session.send(upgrade_request("/ws", forwarded));
    assert_eq!(session.response_to_head().status, 101);
    assert_eq!(why(&mut http), 429);
}
