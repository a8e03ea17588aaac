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
