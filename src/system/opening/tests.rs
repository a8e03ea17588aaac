use http::{HeaderMap, HeaderValue};
use proptest::{collection::vec, prelude::*, sample::select};
use tungstenite::handshake::derive_accept_key;

use super::*;
use crate::vocabulary::deflate::ParameterError;

/// A server that takes what is sent and answers in pieces of so many bytes; then it says no more, or hangs up.
struct Script {
    sent: Vec<u8>,
    answer: Vec<u8>,
    piece: usize,
    hangs_up: bool,
}

impl Read for Script {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.answer.is_empty() && !self.hangs_up {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = self.piece.min(into.len()).min(self.answer.len());
        into[..count].copy_from_slice(&self.answer[..count]);
        self.answer.drain(..count);
        Ok(count)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";

/// What becomes of a handshake that offers these subprotocols and is given an answer, `KEY` in it filled in.
fn answered(
    subprotocols: &'static str,
    answer: &str,
    piece: usize,
    hangs_up: bool,
) -> (Result<Progress, OpeningError>, Opening) {
    let mut request = request::request(&"ws://h/ws".parse().unwrap(), None, &[]).unwrap();
    let headers = request.headers_mut();
    if !subprotocols.is_empty() {
        let offer = HeaderValue::from_static(subprotocols);
        headers.insert("sec-websocket-protocol", offer);
    }
    // The same each time: a server may repeat what comes of it (RFC 6455, section 1.3).
    headers.insert("sec-websocket-key", HeaderValue::from_static(KEY));
    let key = derive_accept_key(KEY.as_bytes());
    let mut opening = Opening::new(request).unwrap();
    let mut script = Script {
        sent: Vec::new(),
        answer: answer.replace("KEY", &key).into_bytes(),
        piece,
        hangs_up,
    };
    let progress = opening.advance(&mut script);
    assert!(script.sent.ends_with(b"\r\n\r\n"));
    (progress, opening)
}

/// What becomes of an upgrade with these headers, and a frame behind it.
fn upgraded(subprotocols: &'static str, headers: &str) -> Result<Progress, OpeningError> {
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\n{headers}Sec-WebSocket-Accept: KEY\r\n\r\nframe"
    );
    answered(subprotocols, &answer, usize::MAX, false).0
}

fn open() -> Progress {
    Progress::Open(Opened {
        behind: b"frame".to_vec(),
        context: None,
    })
}

fn fault(subprotocols: &'static str, headers: &str) -> Fault {
    match upgraded(subprotocols, headers) {
        Err(OpeningError::Wrong(fault)) => fault,
        other => panic!("{headers:?}: {other:?}"),
    }
}

/// What is told of a refusal.
fn told(answer: &str) -> String {
    let (progress, _) = answered("", answer, usize::MAX, false);
    progress.unwrap_err().to_string()
}

#[test]
fn an_upgrade_opens_however_its_connection_is_listed() {
    for connection in [
        CONNECTION,
        "Connection: upgrade\r\n",
        "Connection: Upgrade, Keep-Alive\r\n",
        "Connection: keep-alive,UPGRADE\r\n",
        "Connection: Keep-Alive\r\nConnection: Upgrade\r\n",
    ] {
        let headers = [connection, "upgrade: WebSocket\r\n"].concat();
        assert_eq!(upgraded("", &headers).unwrap(), open(), "{connection}");
    }
}

#[test]
fn an_answer_may_come_a_byte_at_a_time_and_after_others_that_announce_it() {
    let answer = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\
         {UPGRADE}{CONNECTION}X-Filler: {}\r\nSec-WebSocket-Accept: KEY\r\n\r\n",
        "x".repeat(1000)
    );
    let (progress, _) = answered("", &answer, 1, false);
    let opened = Opened {
        behind: Vec::new(),
        context: None,
    };
    assert_eq!(progress.unwrap(), Progress::Open(opened));
}

#[test]
fn an_upgrade_to_something_else_is_none() {
    let both = [UPGRADE, CONNECTION].concat();
    assert_eq!(fault("", CONNECTION), Fault::Upgrade);
    let others = [CONNECTION, "Upgrade: websocket, h2c\r\n"].concat();
    assert_eq!(fault("", &others), Fault::Upgrade);
    assert_eq!(fault("", UPGRADE), Fault::Connection);
    let close = [UPGRADE, "Connection: close, upgraded\r\n"].concat();
    assert_eq!(fault("", &close), Fault::Connection);
    let second = [&both, "Sec-WebSocket-Accept: x\r\n"].concat();
    assert_eq!(fault("", &second), Fault::Accept);
    let extension = [&both, "Sec-WebSocket-Extensions: permessage-deflate\r\n"].concat();
    assert_eq!(fault("", &extension), Fault::Extensions);
    let old =
        format!("HTTP/1.0 101 Switching Protocols\r\n{both}Sec-WebSocket-Accept: KEY\r\n\r\n");
    assert!(told(&old).contains("HTTP/1.0"));
}

#[test]
fn a_subprotocol_is_one_that_was_offered() {
    let both = [UPGRADE, CONNECTION].concat();
    let chosen = |name: &str| format!("{both}Sec-WebSocket-Protocol: {name}\r\n");
    assert_eq!(upgraded("a, b", &chosen("b")).unwrap(), open());
    assert_eq!(fault("a, b", &chosen("c")), Fault::Subprotocol);
    assert_eq!(fault("a, b", &chosen("a, b")), Fault::Subprotocol);
    assert_eq!(fault("", &chosen("a")), Fault::Subprotocol);
    assert_eq!(fault("a", &both), Fault::NoSubprotocol);
}

/// What becomes of an offer to deflate, where an upgrade has these extensions.
fn agreed(extensions: &[&str]) -> Result<Option<Context>, Fault> {
    let mut headers = HeaderMap::new();
    request::offer_deflate(&mut headers);
    let lines = extensions
        .iter()
        .map(|extension| format!("Sec-WebSocket-Extensions: {extension}\r\n"));
    let accept = derive_accept_key(KEY.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 S\r\n{UPGRADE}{CONNECTION}Sec-WebSocket-Accept: {accept}\r\n{}\r\n",
        lines.collect::<String>()
    );
    let (head, _) = Head::parse(answer.as_bytes()).unwrap().unwrap();
    Offer::of(&headers).under(KEY).check(&head)
}

#[test]
fn what_was_offered_to_be_deflated_may_be_declined_or_taken_in_every_way_that_there_is() {
    assert_eq!(agreed(&[]), Ok(None));
    for (parameters, context) in [
        ("", Context::Kept),
        ("; client_no_context_takeover", Context::Kept),
        ("; server_no_context_takeover", Context::Fresh),
        (
            "; server_max_window_bits=9;client_max_window_bits=15",
            Context::Kept,
        ),
        (
            "; client_max_window_bits=\"8\"; server_no_context_takeover",
            Context::Fresh,
        ),
    ] {
        let answer = format!("permessage-deflate{parameters}");
        assert_eq!(agreed(&[&answer]), Ok(Some(context)), "{answer}");
    }
}

#[test]
fn an_answer_that_says_more_than_an_offer_allows_is_refused_and_told() {
    let deflate = "permessage-deflate";
    for twice in [
        &["permessage-deflate, permessage-deflate"][..],
        &[deflate, deflate],
    ] {
        assert_eq!(agreed(twice), Err(Fault::DeflateTwice));
    }
    let value = ParameterError::Value;
    for (answer, error) in [
        ("x-webkit-deflate-frame", ParameterError::Extension),
        ("permessage-deflate; mux", ParameterError::Unknown),
        ("permessage-deflate;", ParameterError::Unknown),
        (
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            ParameterError::Twice("server_no_context_takeover"),
        ),
        (
            "permessage-deflate; client_max_window_bits",
            value("client_max_window_bits"),
        ),
        (
            "permessage-deflate; client_max_window_bits=16",
            value("client_max_window_bits"),
        ),
        (
            "permessage-deflate; server_max_window_bits=7",
            value("server_max_window_bits"),
        ),
        (
            "permessage-deflate; server_no_context_takeover=8",
            value("server_no_context_takeover"),
        ),
    ] {
        assert_eq!(agreed(&[answer]), Err(Fault::Deflate(error)), "{answer}");
        assert!(Fault::Deflate(error).to_string().contains("--compress"));
    }
}

proptest! {
    #[test]
    fn an_answer_comes_to_the_same_in_whatever_pieces(
        parts in vec(part(), 0..12),
        piece in 1..40_usize,
        hangs_up: bool,
    ) {
        let answer = parts.concat();
        let [whole, split] = [usize::MAX, piece].map(|piece| {
            let (progress, opening) = answered("a, b", &answer, piece, hangs_up);
            format!("{progress:?} {:?}", opening.refused())
        });
        prop_assert_eq!(whole, split);
    }
}

/// What answers are made of, in whatever order.
fn part() -> impl Strategy<Value = String> {
    let known = select(vec![
        "HTTP/1.1 101 Switching Protocols\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\n",
        "HTTP/1.0 302 Found\r\nLocation: http://a:b@c\r\n",
        UPGRADE,
        CONNECTION,
        "Sec-WebSocket-Accept: KEY\r\n",
        "Sec-WebSocket-Protocol: a\r\n",
        "Content-Length: 9\r\n",
        "Transfer-Encoding: chunked\r\n",
        "\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "{\"error\":\"a\"}",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => ".{0,20}"]
}

#[test]
fn what_is_no_answer_is_told() {
    assert!(told("220 mail.example ESMTP\r\n").contains("not HTTP"));
    let endless = format!("HTTP/1.1 101 S\r\nX: {}", "x".repeat(HEAD_BYTES_MAX));
    assert!(told(&endless).contains("16 KiB"));
    let (progress, _) = answered("", "HTTP/1.1 101 Switch", usize::MAX, true);
    assert!(matches!(progress, Err(OpeningError::Hangup)));
}

#[test]
fn each_refusal_has_its_advice_and_what_the_server_said() {
    for (status, headers, words) in [
        (
            "301 Moved Permanently",
            "Location: https://h/login\r\n",
            ["https://h/login", "--token"],
        ),
        (
            "302 Found",
            "Location: /login?token=x\r\n",
            ["/login?token=***", "nobody is followed"],
        ),
        ("401 Unauthorized", "", ["--token", "--header"]),
        (
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=x\r\n",
            ["user:password@", "--header"],
        ),
        ("403 Forbidden", "", ["--token", "Origin"]),
        ("404 Not Found", "", ["path", "/relay"]),
        ("426 Upgrade Required", "", ["pass on", "Upgrade"]),
        (
            "429 Too Many Requests",
            "Retry-After: 90\r\n",
            ["slowly", "in 1m 30s"],
        ),
        ("502 Bad Gateway", "", ["behind", "start"]),
        (
            "503 Service Unavailable",
            "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n",
            ["full", "after Fri, 31 Dec 1999 23:59:59 GMT"],
        ),
        ("503 Service Unavailable", "", ["full", "later"]),
        ("200 OK", "", ["page", "path"]),
    ] {
        let body = r#"{"error":{"code":"x","message":"its own\u001b[2J words"}}"#;
        let length = body.len();
        let told = told(&format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        ));
        for word in words
            .into_iter()
            .chain([status, "(its own\\u{1b}[2J words)"])
        {
            assert!(told.contains(word), "{word:?} in {told:?}");
        }
    }
}

#[test]
fn a_servers_own_words_are_told_in_whatever_way_it_says_them() {
    for (headers, body, words) in [
        ("", r#"{"message":"a"}"#, Some("(a)")),
        ("", r#"{"error":"a"}"#, Some("(a)")),
        ("", r#"{"title":"b","detail":"a"}"#, Some("(a)")),
        ("", r#"{"status":4}"#, Some(r#"({"status":4})"#)),
        ("", r#"{"error":""}"#, None),
        ("Content-Type: text/plain\r\n", "a\r\nb\n", Some("(a b)")),
        ("Content-Type: text/html\r\n", "\n a\nb", Some("(a)")),
        ("Content-Type: text/csv\r\n", "a<b>c\nd", Some("(a<b>c)")),
        ("", "<html>\n<title>a\nb</title>c", Some("(a b)")),
        ("", "<html><title> </title>\n<p>a<b>b</b>\nc", Some("(a b)")),
        (
            "",
            "<!-- <p>x -->\n<STYLE>y</STYLE><script>\nz</script>\n<body\nid=v><h1>a",
            Some("(a)"),
        ),
        ("", "<html><body", None),
        ("", "", None),
    ] {
        let length = body.len();
        let answer =
            format!("HTTP/1.0 400 Bad Request\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        let told = told(&answer);
        assert!(
            told.contains(words.unwrap_or("400 Bad Request; ")),
            "{told}"
        );
    }
    let long = "x".repeat(2000);
    let told = told(&format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 2000\r\n\r\n{long}"
    ));
    assert!(told.contains("xxx…)"), "{told}");
}

#[test]
fn of_a_page_without_a_name_one_short_line_is_told_and_no_secret() {
    let line = "ü\u{1b}".repeat(200);
    // The last of it is half a character.
    let page = format!("<p>\n{line}</p>");
    let length = page.len() - 6;
    let answer = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {length}\r\n\r\n{page}");
    let shown = "ü\\u{1b}".repeat(17) + "ü…)";
    assert!(told(&answer).contains(&shown), "{}", told(&answer));

    let page = "<p>no room for ?token=abc</p>";
    let length = page.len();
    let answer = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {length}\r\n\r\n{page}");
    let told = told(&answer);
    assert!(told.contains("(no room for ?token=***)"), "{told}");
}

#[test]
fn what_a_server_calls_its_status_is_told_where_nobody_else_does() {
    for (line, words) in [
        ("401 Who Are You?", "answered 401 Who Are You?; say who"),
        ("401 UNAUTHORIZED", "answered 401 Unauthorized; say who"),
        ("401", "answered 401 Unauthorized; say who"),
        ("499 Client Gone", "answered 499 Client Gone; check"),
    ] {
        let told = told(&format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n"));
        assert!(told.contains(words), "{told}");
    }
    let long = "x".repeat(200);
    let told = told(&format!("HTTP/1.1 401 {long}\r\nContent-Length: 0\r\n\r\n"));
    assert!(told.contains(&format!(" {}…; ", "x".repeat(120))), "{told}");
}

#[test]
fn what_a_server_says_beyond_ascii_is_told_as_it_is_or_as_its_bytes() {
    let told = |answer: &[u8]| {
        let (head, _) = Head::parse(answer).unwrap().unwrap();
        Refusal::new(&head, b"", &[]).to_string()
    };
    for (answer, words) in [
        (
            "\r\nHTTP/1.1 401 Für Gäste\r\n\r\n".as_bytes(),
            "answered 401 Für Gäste; ",
        ),
        (
            b"HTTP/1.1 401 F\xfcr \xc2\x9b31m G\xe4ste\n\n",
            "answered 401 F\\xfcr \\u{9b}31m G\\xe4ste; ",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: /café?token=é\r\n\r\n".as_bytes(),
            "it points to /café?token=***, ",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: /caf\xe9\r\n\r\n",
            "it points to /caf\\xe9, ",
        ),
        (
            b"HTTP/1.1 503 S\r\nRetry-After: \xe9\r\n\r\n",
            "try again after \\xe9",
        ),
    ] {
        assert!(told(answer).contains(words), "{}", told(answer));
    }
}

#[test]
fn who_speaks_tls_where_plain_text_was_spoken_is_told_so() {
    for body in [
        "<html><title>400 The plain HTTP request was sent to HTTPS port</title>",
        "Client sent an HTTP request to an HTTPS server.\n",
    ] {
        let length = body.len();
        let told = told(&format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        assert!(told.ends_with("write wss:// in place of ws://"), "{told}");
    }
    for piece in [1, usize::MAX] {
        let (progress, _) = answered("", "\x15\x03\x03\0\x02\x02\x50", piece, true);
        let Err(error @ OpeningError::SpeaksTls) = progress else {
            panic!("{progress:?}");
        };
        assert!(error.to_string().contains("wss://"));
    }
}

#[test]
fn what_is_secret_in_a_request_is_not_told_by_one_who_repeats_it() {
    let headers = ["Authorization: Basic YTpi", "Cookie: c=d; e=f"];
    let headers = headers.map(|text| request::header(text).unwrap());
    let request = request::request(&"ws://h/ws".parse().unwrap(), None, &headers).unwrap();
    let body = "you said Basic YTpi, c=d; e=f; YTpi is wrong";
    let length = body.len();
    let answer = format!("HTTP/1.1 401 U\r\nContent-Length: {length}\r\n\r\n{body}");
    let mut script = Script {
        sent: Vec::new(),
        answer: answer.into_bytes(),
        piece: usize::MAX,
        hangs_up: false,
    };
    let mut opening = Opening::new(request).unwrap();
    let told = opening.advance(&mut script).unwrap_err().to_string();
    assert!(told.contains("(you said ***, ***; *** is wrong)"), "{told}");
}

#[test]
fn a_refusal_ends_with_its_body_or_with_patience() {
    let chunked = "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n";
    let whole = format!("{chunked}2\r\nno\r\n0\r\n\r\n");
    let (progress, _) = answered("", &whole, 1, false);
    assert!(progress.unwrap_err().to_string().contains("(no)"));

    let unending = "HTTP/1.1 403 Forbidden\r\n\r\nno";
    let (progress, _) = answered("", unending, 1, true);
    assert!(progress.unwrap_err().to_string().contains("(no)"));

    let (progress, opening) = answered("", unending, 1, false);
    assert_eq!(progress.unwrap(), Progress::Waiting);
    assert!(opening.refused().unwrap().to_string().contains("(no)"));
}
