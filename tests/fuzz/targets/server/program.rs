//! What programs ask at the operator's listener.

/// The key by which they are let in, where one is needed.
const KEY: &str = "0123456789abcdef";

/// Methods, paths, more header lines, and bodies: all that there is, and some that makes no sense.
const REQUESTS: [(&str, &str, &str, &str); 16] = [
    (
        "POST",
        "publish",
        "",
        r#"{"channel":"tea","message":"hot"}"#,
    ),
    (
        "POST",
        "publish",
        "",
        r#"[{"channel":"tea","data":{"a":[1]}},7,{"to":"ada-1","message":"psst"}]"#,
    ),
    (
        "POST",
        "publish",
        "Idempotency-Key: k\r\n",
        r#"[{"channel":"a"},{"channel":"tea","message":"1"},{"channel":"tea","message":"2"}]"#,
    ),
    (
        "POST",
        "publish?wait=none",
        "Idempotency-Key: k\r\n",
        r#"[{"channel":"cake","message":"3"}]"#,
    ),
    (
        "POST",
        "publish",
        "",
        r#"{"channel":"tea","message":"once","id":"k"}"#,
    ),
    (
        "POST",
        "publish",
        "Content-Type: application/x-ndjson\r\nExpect: 100-continue\r\n",
        "{\"channel\":\"tea\",\"message\":\"1\"}\n7",
    ),
    (
        "POST",
        "relay?channel=tea",
        "Content-Type: text/plain\r\n",
        "hot",
    ),
    (
        "POST",
        "relay?channel=tea&wait=none",
        "Content-Type: application/octet-stream\r\n",
        "\0",
    ),
    ("POST", "channels/tea/remove", "", r#"{"id":"ada-1"}"#),
    (
        "POST",
        "clients/connection:0.0/close",
        "",
        r#"{"code":4000,"reason":"x"}"#,
    ),
    ("POST", "clients/ada-1/close", "", ""),
    ("GET", "stats", "", ""),
    ("GET", "clients?sort=lag", "", ""),
    ("GET", "channels/tea/history?limit=2", "", ""),
    ("GET", "clients?named=Ada", "", ""),
    ("POST", "drain", "", ""),
];

/// The ways in which a body is told: by its length, and in chunks.
const FRAMINGS: usize = 2;

/// One of them.
pub fn request(number: usize) -> Vec<u8> {
    let (method, path, lines, body) = REQUESTS[number / FRAMINGS % REQUESTS.len()];
    let head = format!(
        "{method} /api/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n{lines}"
    );
    let length = body.len();
    let request = match number % FRAMINGS {
        _ if body.is_empty() => format!("{head}\r\n"),
        0 => format!("{head}Content-Length: {length}\r\n\r\n{body}"),
        _ => format!("{head}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
    };
    request.into()
}

/// The file of keys.
pub fn keys() -> String {
    format!("backend {KEY}\n")
}
