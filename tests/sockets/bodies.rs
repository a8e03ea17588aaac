//! Request bodies: where they end, how long they take, and who waits for whom.

use std::io::Write;
use std::thread;

use crate::harness::{Door, HttpConnection, KEY, bearer, post, wait_until};

const ITEM: &str = r#"{"channel": "tea", "message": "hot"}"#;

/// The head of a request with the key, whose body is told by these lines.
fn head(lines: &str) -> String {
    format!(
        "POST /api/publish HTTP/1.1\r\nHost: localhost\r\n{}{lines}\r\n",
        bearer(KEY)
    )
}

/// Status and code of an answer, after which the connection ends.
fn refusal(http: &mut HttpConnection) -> (u16, String) {
    let response = http.response();
    assert_eq!(response.header("connection"), Some("close"));
    let code = response.error_code();
    assert_eq!(http.rest().unwrap(), b"");
    (response.status, code)
}

#[test]
fn a_body_comes_in_chunks_and_in_pieces_of_any_size() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    let (first, rest) = ITEM.split_at(10);
    let chunked = format!(
        "{}a;name=\"value\"\r\n{first}\r\n{:X}\r\n{rest}\r\n000\r\nDigest: none\r\n\r\n",
        head("Transfer-Encoding: chunked\r\n"),
        rest.len()
    );
    http.send(&chunked);
    assert_eq!(http.response().status, 200);
    for byte in chunked.as_bytes().chunks(1) {
        http.send(byte);
    }
    assert_eq!(http.response().status, 200);
    http.send(format!(
        "{chunked}{}",
        post("/api/publish", &bearer(KEY), ITEM)
    ));
    assert_eq!([http.response().status, http.response().status], [200, 200]);
}

#[test]
fn what_leaves_open_where_a_body_ends_is_refused_and_ends_the_connection() {
    let door = Door::with_key(&[]);
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for lines in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nContent-Length: 5\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length: -3\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
    ] {
        let mut http = door.knock();
        http.send(format!("{}0\r\n\r\n{smuggled}", head(lines)));
        assert_eq!(
            refusal(&mut http),
            (400, "bad-request".to_owned()),
            "{lines}"
        );
    }
    for chunks in [
        "\r\n\r\n",
        "+2\r\n[]\r\n",
        "2\n[]\r\n",
        "2\r\n[]x\r\n",
        "0\r\nA: b\n\r\n",
        "g\r\n",
    ] {
        let mut http = door.knock();
        http.send(head("Transfer-Encoding: chunked\r\n") + chunks + smuggled);
        assert_eq!(
            refusal(&mut http),
            (400, "bad-request".to_owned()),
            "{chunks:?}"
        );
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_by_what_it_says_or_by_what_it_is() {
    let door = Door::with_key(&[]);
    let too_large = (413, "body-too-large".to_owned());
    let mut http = door.knock();
    http.send(head("Content-Length: 1048577\r\n"));
    assert_eq!(refusal(&mut http), too_large);
    let mut http = door.knock();
    http.send(head("Transfer-Encoding: chunked\r\n"));
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(1 << 16));
    http.send(chunk.repeat(16));
    http.send("1\r\n");
    assert_eq!(refusal(&mut http), too_large);
    let spaces = " ".repeat((1 << 20) - ITEM.len());
    assert_eq!(
        door.post("/api/publish", &bearer(KEY), &(spaces + ITEM))
            .status,
        200
    );
}

#[test]
fn a_length_that_lies_and_a_body_that_trickles_end_their_own_connection_alone() {
    let flags = ["--request-timeout", "300ms", "--linger-timeout", "100ms"];
    let door = Door::with_key(&flags);
    let mut short = door.knock();
    short.send(head("Content-Length: 100\r\n"));
    short.send(ITEM);
    let mut long = door.knock();
    long.send(head("Content-Length: 2\r\n") + "[]{}");
    assert_eq!(long.response().text(), "[]");
    assert_eq!(refusal(&mut short), (408, "timeout".to_owned()));
    let mut trickling = door.knock();
    trickling.send(head("Content-Length: 1000000\r\n"));
    let mut writer = trickling.stream().try_clone().unwrap();
    let answer = thread::scope(|scope| {
        scope.spawn(move || while writer.write_all(b" ").is_ok() {});
        trickling.response()
    });
    assert_eq!(answer.status, 408);
    let mut healthy = door.knock();
    healthy.send(post("/api/publish", &bearer(KEY), ITEM));
    assert_eq!(healthy.response().status, 200);
}

#[test]
fn one_who_goes_in_the_middle_of_a_body_is_counted_and_said_nothing() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    http.send(head("Content-Length: 100\r\n"));
    http.send(ITEM);
    http.shut();
    assert_eq!(http.rest().unwrap(), b"");
    let metrics = door.knock().get("/metrics");
    let failures = "hubbub_handshake_failures_total{reason=\"end-of-stream\"} 1";
    assert!(metrics.text().contains(failures), "{}", metrics.text());
}

#[test]
fn a_request_without_a_body_where_one_is_wanted_has_an_empty_one() {
    let door = Door::with_key(&[]);
    let mut http = door.knock();
    http.send(head(""));
    let response = http.response();
    assert_eq!(
        (response.status, response.error_code()),
        (400, "bad-json".to_owned())
    );
    http.send(post("/api/publish", &bearer(KEY), ITEM));
    assert_eq!(http.response().status, 200, "the connection goes on");
    http.send(post("/healthz", "", "x"));
    assert_eq!(refusal(&mut http), (405, "method-not-allowed".to_owned()));
}

#[test]
fn the_log_says_what_was_asked_for_by_one_who_is_refused_after_the_body_or_in_the_midst_of_it() {
    let door = Door::with_key(&["--request-timeout", "100ms"]);
    let bad = door.post("/api/publish?wait=none", &bearer(KEY), "{");
    assert_eq!(bad.error_code(), "bad-json");
    let mut http = door.knock();
    http.send(head("Content-Length: 3\r\n") + "{");
    assert_eq!(refusal(&mut http), (408, "timeout".to_owned()));
    for line in [
        "status=400 code=\"bad-json\" path=\"/api/publish\"\n",
        "status=408 code=\"timeout\" path=\"/api/publish\"\n",
    ] {
        wait_until(line, || door.process().stderr().contains(line));
    }
}
