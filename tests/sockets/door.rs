//! The door for programs: who may ask there.

use std::io::{Read, Write};
use std::sync::Arc;

use rustix::process::Signal;
use rustls::ALL_VERSIONS;

use crate::harness::{
    Authority, Door, HttpConnection, KEY, Metrics, Response, bearer, path_text, post, secured,
    wait_until,
};

const ITEM: &str = r#"{"channel": "tea", "message": "hot"}"#;

/// Status, and the code of an error.
fn outcome(response: &Response) -> (u16, String) {
    match response.status {
        200 => (200, String::new()),
        status => (status, response.error_code()),
    }
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn a_key_lets_a_program_in_and_one_that_is_wrong_by_one_byte_does_not() {
    let door = Door::with_key(&[]);
    let ask = |headers: &str| outcome(&door.post("/api/publish", headers, ITEM));
    assert_eq!(ask(&bearer(KEY)), refused(200, ""));
    for at in [0, 7, 15] {
        let mut wrong = KEY.as_bytes().to_vec();
        wrong[at] ^= 1;
        let wrong = bearer(str::from_utf8(&wrong).unwrap());
        assert_eq!(ask(&wrong), refused(401, "key-wrong"));
    }
    assert_eq!(ask(&bearer(&KEY[1..])), refused(401, "key-wrong"));
    assert_eq!(ask(""), refused(401, "key-missing"));
    let metrics = Metrics::of(&door.knock().get("/metrics"));
    let failures = |code| {
        metrics.count(&format!(
            "hubbub_handshake_failures_total{{reason=\"{code}\"}}"
        ))
    };
    assert_eq!((failures("key-wrong"), failures("key-missing")), (4, 1));
    wait_until("the log tells of both", || {
        let log = door.process().stderr();
        log.contains("code=\"key-wrong\"")
            && log.contains("key=\"backend\" action=\"publish\" items=1")
    });
    let log = door.process().stderr();
    assert!(!log.contains(KEY), "{log}");
}

#[test]
fn no_body_of_a_stranger_is_asked_for_or_waited_for() {
    let door = Door::with_key(&[]);
    let ask = |key: &str| {
        let mut http = door.knock();
        let headers = format!("Expect: 100-continue\r\n{}", bearer(key));
        let head = post("/api/publish", &headers, ITEM);
        http.send(head.strip_suffix(ITEM).unwrap());
        http
    };
    let mut stranger = ask("0123456789abcdeg");
    assert_eq!(outcome(&stranger.response()), refused(401, "key-wrong"));
    assert_eq!(stranger.rest().unwrap(), b"");
    let mut backend = ask(KEY);
    assert_eq!(backend.response().status, 100);
    backend.send(ITEM);
    assert_eq!(backend.response().status, 200);
    backend.send(post("/api/publish", &bearer(KEY), ITEM));
    assert_eq!(backend.response().status, 200);
}

#[test]
fn whoever_sends_a_body_without_being_asked_to_is_not_asked() {
    let door = Door::with_key(&[]);
    let headers = format!("Expect: 100-continue\r\n{}", bearer(KEY));
    assert_eq!(door.post("/api/publish", &headers, ITEM).status, 200);
    let headers = format!("Expect: money\r\n{}", bearer(KEY));
    let response = door.post("/api/publish", &headers, ITEM);
    assert_eq!(outcome(&response), refused(417, "expectation"));
}

#[test]
fn health_and_metrics_need_no_key_and_nothing_has_a_header_for_other_pages() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    let origin = "Origin: http://example.com\r\n";
    for path in ["/healthz", "/metrics", "/api/publish", "/api/nothing"] {
        http.send(format!(
            "GET {path} HTTP/1.1\r\nHost: example.com\r\n{origin}\r\n"
        ));
        let response = http.response();
        let is_api = path.starts_with("/api/");
        assert_eq!(response.status < 300, !is_api, "{path}");
        let mut names = response.headers.keys();
        assert!(!names.any(|name| name.as_str().starts_with("access-control")));
    }
    http.send("OPTIONS /api/publish HTTP/1.1\r\nHost: a\r\n\r\n");
    let options = http.response();
    assert_eq!(
        (options.status, options.header("allow")),
        (204, Some("POST, OPTIONS"))
    );
}

#[test]
fn without_keys_no_page_of_others_asks_anything() {
    let door = Door::open(&[]);
    let port = door.knock().stream().peer_addr().unwrap();
    let port = port.as_socket().unwrap().port();
    let ask = |host: &str, origin: &str| {
        let mut http = door.knock();
        let length = ITEM.len();
        http.send(format!(
            "POST /api/publish HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: {length}\r\n\r\n{ITEM}"
        ));
        outcome(&http.response())
    };
    let own = format!("localhost:{port}");
    assert_eq!(ask(&own, ""), refused(200, ""));
    assert_eq!(ask("127.0.0.1", ""), refused(200, ""));
    assert_eq!(
        ask(&own, &format!("Origin: http://{own}\r\n")),
        refused(200, "")
    );
    // A page of the chat, of elsewhere, of nowhere, and one under a name that was made to lead here.
    for origin in [&door.host_and_port()[..], "example.com", "null"] {
        let origin = format!("Origin: http://{origin}\r\n");
        assert_eq!(ask(&own, &origin), refused(403, "foreign-page"));
    }
    assert_eq!(ask("example.com", ""), refused(403, "foreign-host"));
    let rebound = ask("example.com", "Origin: http://example.com\r\n");
    assert_eq!(rebound, refused(403, "foreign-host"));
}

#[test]
fn the_public_port_has_nothing_for_programs() {
    let door = Door::with_key(&[]);
    let ask = |path: &str, body: &str| {
        let mut http = door.http();
        http.send(post(path, &bearer(KEY), body));
        outcome(&http.response())
    };
    assert_eq!(ask("/api/publish", ITEM), refused(413, "body-not-accepted"));
    assert_eq!(ask("/api/publish", ""), refused(405, "method-not-allowed"));
    assert_eq!(door.get("/api/publish").status, 404);
}

#[test]
fn keys_are_read_again_and_a_file_that_is_none_changes_nothing() {
    let door = Door::with_key(&[]);
    let status = |key: &str| door.post("/api/publish", &bearer(key), ITEM).status;
    let (old, new) = (KEY, "another0123456789");
    door.write_keys("backend short");
    door.signal(Signal::HUP);
    wait_until("the log says what is wrong", || {
        door.process()
            .stderr()
            .contains("--api-key) holds a line 1 that has a key")
    });
    assert_eq!((status(old), status(new)), (200, 401));
    door.write_keys(&format!("backend {new}"));
    door.signal(Signal::HUP);
    wait_until("the new key counts", || status(new) == 200);
    assert_eq!(status(old), 401);
}

#[test]
fn too_many_who_are_refused_at_one_address_disturb_nobody() {
    let door = Door::with_key(&[]);
    let ask = |key: &str| door.post("/api/publish", &bearer(key), ITEM).status;
    wait_until("too many were refused", || ask("wrong") == 429);
    assert_eq!(ask(KEY), 200);
}

#[test]
fn programs_ask_over_tls_where_clients_speak_it() {
    let authority = Authority::new();
    authority.issue("server", "hubbub.test");
    let file = |name: &str| path_text(&authority.path(name)).to_owned();
    let (cert, key) = (file("server.pem"), file("server.key"));
    let door = Door::with_key(&["--tls-cert", &cert, "--tls-key", &key]);
    let clients = Arc::new(authority.clients(ALL_VERSIONS));
    let secured = secured(&clients, "hubbub.test", door.dial_at(1, |_| ()));
    let mut http = HttpConnection::new(secured);
    http.send(post("/api/publish", &bearer(KEY), ITEM));
    assert_eq!(http.response().status, 200);
    let mut plain = door.dial_at(1, |_| ());
    plain
        .write_all(post("/api/publish", &bearer(KEY), ITEM).as_bytes())
        .unwrap();
    let mut told = Vec::new();
    // It may also find the stream reset.
    let _ = plain.read_to_end(&mut told);
    assert!(!told.starts_with(b"HTTP/1.1 200"));
}
