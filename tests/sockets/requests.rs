//! Plain HTTP on the same port.

use crate::harness::{Response, Server, upgrade_request};

/// Requests whose answers are more than sockets hold.
const REQUESTS: usize = 2000;

#[test]
fn the_server_says_that_it_is_well() {
    let server = Server::start(&[]);
    let response = server.get("/healthz");
    assert_eq!(response.status, 200);
    assert_eq!(response.text(), "ok");
}

#[test]
fn the_page_has_a_tag_and_a_policy_and_is_not_sent_twice() {
    let server = Server::start(&[]);
    let mut http = server.http();
    let page = http.get("/");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<title>Hubbub</title>"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"));
    assert!(!policy.contains("unsafe"));
    let tag = page.header("etag").unwrap();
    http.send(format!(
        "GET / HTTP/1.1\r\nHost: hubbub\r\nIf-None-Match: {tag}\r\n\r\n"
    ));
    let again = http.response();
    assert_eq!((again.status, again.header("etag")), (304, Some(tag)));
    http.send("GET / HTTP/1.1\r\nHost: hubbub\r\nIf-None-Match: \"other\"\r\n\r\n");
    assert_eq!(http.response().body, page.body);
}

#[test]
fn the_files_that_the_page_asks_for_are_there() {
    let server = Server::start(&[]);
    let mut http = server.http();
    let page = http.get("/");
    let files = page.text().split("\"assets/").skip(1);
    let names: Vec<_> = files.filter_map(|rest| rest.split('"').next()).collect();
    assert!(names.contains(&"main.js"));
    for name in names {
        let file = http.get(&format!("/assets/{name}"));
        assert_eq!((file.status, file.body.is_empty()), (200, false), "{name}");
        assert_ne!(file.header("etag"), page.header("etag"));
    }
    assert_eq!(http.get("/assets/nothing.js").status, 404);
}

#[test]
fn the_metrics_page_has_every_promised_name() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/nothing").status, 404);
    let page = server.get("/metrics");
    let media_type = page.header("content-type").unwrap();
    assert!(media_type.starts_with("text/plain; version=0.0.4"));
    for sample in [
        "hubbub_connections ",
        "hubbub_accepted_connections_total ",
        "hubbub_handshake_failures_total{reason=\"not-found\"} 1",
        "hubbub_disconnects_total{reason=\"slow-unsent\"} ",
        "hubbub_skipped_messages_total{reason=\"trimmed\"} 0",
        "hubbub_messages_received_total{dialect=\"relay\"} ",
        "hubbub_messages_delivered_total{dialect=\"echo\"} ",
        "hubbub_frames_sent_total ",
        "hubbub_bytes_sent_total ",
        "hubbub_bytes_received_total ",
        "hubbub_batch_messages_bucket{le=\"1\"} ",
        "hubbub_batch_messages_count ",
        "hubbub_turn_seconds_bucket{le=\"+Inf\"} ",
        "hubbub_turn_seconds_sum ",
        "hubbub_fanout_seconds_bucket{le=\"+Inf\"} ",
        "hubbub_fanout_seconds_count ",
        "hubbub_unsent_bytes ",
        "hubbub_channels ",
        "hubbub_memory_bytes{part=\"connections\"} ",
        "process_cpu_seconds_total ",
        "process_resident_memory_bytes ",
        "process_open_fds ",
        "process_max_fds ",
        "process_start_time_seconds ",
    ] {
        let mut lines = page.text().lines();
        assert!(lines.any(|line| line.starts_with(sample)), "no {sample}");
    }
}

#[test]
fn errors_are_json_with_the_right_status() {
    let server = Server::start(&[]);
    let long = "a".repeat(17_000);
    let many = "X: y\r\n".repeat(128);
    for (request, status, code) in [
        ("nonsense\r\n\r\n".to_owned(), 400, "bad-request"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, "bad-request"),
        (get("/", "Host: other\r\n"), 400, "bad-request"),
        (get("/relay?frames=many", ""), 400, "bad-request"),
        (get("/relay?channel=", ""), 400, "bad-name"),
        (get("/ws?name=", ""), 400, "bad-name"),
        (get("/nothing", ""), 404, "not-found"),
        (get("/assets/nothing", ""), 404, "not-found"),
        (get("/", "Content-Length: 2\r\n"), 413, "body-not-accepted"),
        (get(&format!("/{long}"), ""), 414, "uri-too-long"),
        (get("/relay", ""), 426, "upgrade-required"),
        (
            get("/", &format!("X: {long}\r\n")),
            431,
            "headers-too-large",
        ),
        (get("/", &many), 431, "headers-too-large"),
    ] {
        let response = ask(&server, &request);
        assert_eq!(response.status, status, "{request:?}");
        assert_eq!(response.error_code(), code, "{request:?}");
    }
}

#[test]
fn cookies_of_9_kib_fit_and_an_operator_may_allow_larger_ones() {
    let cookies = |bytes| get("/healthz", &format!("Cookie: {}\r\n", "a".repeat(bytes)));
    let server = Server::start(&[]);
    assert_eq!(ask(&server, &cookies(9 << 10)).status, 200);
    assert_eq!(ask(&server, &cookies(17 << 10)).status, 431);
    let server = Server::start(&["--max-request-head", "64KiB"]);
    assert_eq!(ask(&server, &cookies(63 << 10)).status, 200);
}

#[test]
fn only_get_head_and_options_are_allowed() {
    let server = Server::start(&[]);
    for method in ["POST", "PUT", "DELETE", "BREW"] {
        let response = ask(&server, &format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(response.status, 405);
        assert_eq!(response.header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(response.error_code(), "method-not-allowed");
    }
}

#[test]
fn a_proxy_that_asks_what_may_be_asked_finds_the_server_well() {
    let server = Server::start(&[]);
    // As HAProxy's `option httpchk` asks by default, and as others do.
    for request in [
        "OPTIONS / HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let response = ask(&server, request);
        assert_eq!(response.status, 204, "{request:?}");
        assert_eq!(response.header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(response.header("content-length"), None);
        let mut names = response.headers.keys();
        assert!(!names.any(|name| name.as_str().starts_with("access-control")));
    }
}

#[test]
fn another_version_of_the_protocol_is_told_which_one_is_spoken() {
    let server = Server::start(&[]);
    let old = upgrade_request("/relay", "").replace("Version: 13", "Version: 8");
    for request in [old, get("/echo", "")] {
        let response = ask(&server, &request);
        assert_eq!(response.status, 426);
        assert_eq!(response.header("sec-websocket-version"), Some("13"));
        assert_eq!(response.error_code(), "upgrade-required");
    }
}

#[test]
fn requests_that_arrive_together_are_answered_in_order() {
    let server = Server::start(&[]);
    let mut http = server.http();
    let requests = ["/healthz", "/nothing", "/", "/relay", "/healthz"];
    http.send(requests.map(|path| get(path, "")).concat());
    let statuses = requests.map(|_| http.response().status);
    assert_eq!(statuses, [200, 404, 200, 426, 200]);
}

#[test]
fn many_requests_that_arrive_together_are_all_answered_though_no_answer_is_read() {
    let server = Server::start(&["--max-requests", "1000000"]);
    let mut http = server.http();
    http.send(get("/metrics", "").repeat(REQUESTS));
    for _ in 0..REQUESTS {
        assert_eq!(http.response().status, 200);
    }
}

#[test]
fn requests_that_arrive_with_the_end_of_the_stream_are_answered() {
    let server = Server::start(&[]);
    let mut http = server.http();
    http.send(get("/healthz", "").repeat(3));
    http.shut();
    for _ in 0..3 {
        assert_eq!(http.response().text(), "ok");
    }
    assert_eq!(http.rest().unwrap(), b"");
}

#[test]
fn a_connection_is_kept_until_one_side_says_close() {
    let server = Server::start(&[]);
    let mut http = server.http();
    for _ in 0..3 {
        let response = http.get("/healthz");
        assert_eq!(response.header("connection"), Some("keep-alive"));
    }
    http.send(get("/healthz", "Connection: close\r\n"));
    let last = http.response();
    assert_eq!(last.text(), "ok");
    assert_eq!(last.header("connection"), Some("close"));
    assert_eq!(http.rest().unwrap(), b"");
}

#[test]
fn a_client_of_http_1_0_is_answered_and_let_go() {
    let server = Server::start(&[]);
    let mut http = server.http();
    http.send("GET /healthz HTTP/1.0\r\n\r\n");
    assert_eq!(http.response().text(), "ok");
    assert_eq!(http.rest().unwrap(), b"");
}

#[test]
fn a_head_has_the_length_of_the_body_and_not_the_body() {
    let server = Server::start(&[]);
    let mut http = server.http();
    for path in ["/", "/healthz"] {
        let length = http.get(path).body.len().to_string();
        http.send(format!("HEAD {path} HTTP/1.1\r\nHost: hubbub\r\n\r\n"));
        let response = http.response_to_head();
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-length"), Some(&length[..]));
    }
    assert_eq!(http.get("/healthz").text(), "ok");
}

#[test]
fn an_error_arrives_while_the_body_it_refuses_is_still_unread() {
    let server = Server::start(&[]);
    let mut http = server.http();
    http.send("POST / HTTP/1.1\r\nHost: hubbub\r\nContent-Length: 8000000\r\n\r\n");
    http.send(vec![b'x'; 8_000_000]);
    assert_eq!(http.response().status, 413);
    assert_eq!(http.rest().unwrap(), b"");
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: hubbub\r\n{headers}\r\n")
}

fn ask(server: &Server, request: &str) -> Response {
    let mut http = server.http();
    http.send(request);
    http.response()
}
