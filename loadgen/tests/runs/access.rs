//! How clients ask to be let in, what comes of a no, and who is told of it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc::{self, Receiver},
    thread,
};

use tungstenite::{
    accept, accept_hdr,
    handshake::server::{ErrorResponse, Request, Response},
    http::HeaderMap,
};

use crate::common::{against, loadgen, refusal, refused_by, relay::Relay, room::answering};

const SECRET: &str = "open-sesame";
const FULL: &[u8] = b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n";

/// A server with such a `Connection`: its host and port, and what its clients say in their heads.
fn listening(connection: &'static str) -> (String, Receiver<HeaderMap>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (hear, heard) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            #[expect(clippy::result_large_err, reason = "the error is tungstenite's")]
            let greet =
                |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
                    let _ = hear.send(request.headers().clone());
                    let headers = response.headers_mut();
                    headers.insert("connection", connection.parse().unwrap());
                    Ok(response)
                };
            let mut socket = accept_hdr(stream.unwrap(), greet).unwrap();
            thread::spawn(move || while socket.read().is_ok() {});
        }
    });
    (host, heard)
}

#[test]
fn an_answer_may_list_more_than_the_upgrade() {
    for connection in ["Upgrade, Keep-Alive", "keep-alive,upgrade"] {
        let (host, _heard) = listening(connection);
        let run = against(&format!("ws://{host}/"), &["connect", "--clients", "2"]);
        assert_eq!(run.code, Some(0), "{run:#?}");
    }
}

#[test]
fn every_client_says_who_it_is_and_what_else_it_is_told_to() {
    let token = ["--token", "a.b"];
    let header = [
        "--header",
        "Authorization: mine",
        "--header",
        "Host: hubbub.test",
    ];
    for (flags, [authorization, host]) in [
        (&[][..], ["Basic YWRhOmEgYg==", "127.0.0.1"]),
        (&token, ["Bearer a.b", "127.0.0.1"]),
        (&[&token[..], &header].concat(), ["mine", "hubbub.test"]),
    ] {
        let (address, heard) = listening("Upgrade");
        let flags = [&["connect", "--clients", "1"], flags].concat();
        against(&format!("ws://ada:a%20b@{address}/"), &flags);
        let headers = heard.recv().unwrap();
        assert_eq!(headers["authorization"], authorization);
        assert!(headers["host"].to_str().unwrap().starts_with(host));
    }
    let (code, told) = refused_by(&mut loadgen(&["--header", "Transfer-Encoding: chunked"]));
    assert_eq!(code, Some(2));
    assert!(told.contains("transfer-encoding"), "{told}");
}

#[test]
fn a_server_that_says_no_is_told_with_its_words_and_what_there_is_to_do() {
    let no = answering(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 14\r\n\r\nwho\x1b[2J is it");
    let told = refusal(&["--url", &no]);
    for words in [
        "401 Unauthorized",
        "(who\\u{1b}[2J is it)",
        "--token",
        "--header",
    ] {
        assert!(told.contains(words), "{told}");
    }
    let elsewhere = answering(
        b"HTTP/1.1 301 Moved\r\nLocation: wss://elsewhere.test/?token=open-sesame\r\nContent-Length: 0\r\n\r\n",
    );
    let told = refusal(&["--url", &elsewhere]);
    assert!(told.contains("wss://elsewhere.test/?token=***"), "{told}");
}

/// Turns away the first who comes and every other one behind, and keeps those between.
fn picky() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut inside = Vec::new();
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            if number % 2 == 0 {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(FULL);
            } else {
                inside.extend(accept(stream));
            }
        }
    });
    url
}

#[test]
fn a_server_that_lets_some_in_is_at_fault_whoever_is_turned_away_first() {
    let (code, told) = refused_by(&mut loadgen(&["--url", &picky()]));
    assert_eq!(code, Some(1), "{told}");
    for words in ["503 Full", "came in)"] {
        assert!(told.contains(words), "{told}");
    }
    let run = against(&picky(), &["connect", "--duration", "1s"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    for count in ["connect.clients", "connect.failed"] {
        assert!(run.count(count) > 0, "{run:#?}");
    }
}

#[test]
fn a_server_that_lets_nobody_in_is_not_set_up() {
    let url = answering(FULL);
    for mode in ["fanout", "connect", "idle"] {
        let told = refusal(&[mode, "--url", &url]);
        assert!(
            told.contains("503 Full") && !told.contains("came in"),
            "{told}"
        );
    }
}

#[test]
fn what_a_server_repeats_of_a_secret_is_not_told() {
    let echo = answering(
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 36\r\n\r\nnot x.token.open-sesame, open-sesame",
    );
    for flags in [
        ["--token", "open-sesame"],
        ["--header", "Cookie: open-sesame"],
    ] {
        let told = refusal(&[&["--url", &echo], &flags[..]].concat());
        assert!(told.contains("(not x.token.***, ***)"), "{told}");
    }
    let told = refusal(&["--url", &echo, "--subprotocol", "x.token.open-sesame"]);
    assert!(told.contains("(not ***, open-sesame)"), "{told}");
}

#[test]
fn no_result_and_no_mistake_tells_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (json, report) = (path("json"), path("report"));
    let files = ["--json", &json, "--report", &report];
    let user = format!("ada:{SECRET}@");
    let url = Relay::right()
        .start()
        .replace("ws://", &format!("ws://{user}"))
        + "?token="
        + SECRET;
    let header = format!("Cookie: {SECRET}");
    let secrets = ["--header", &header, "--token", SECRET];
    let named = ["one", "two"].map(|name| format!("{name}={url}"));
    let compare = [
        "compare",
        "--rounds",
        "2",
        "--duration",
        "50ms",
        "--target",
        &named[0],
        "--target",
        &named[1],
    ];
    for flags in [
        &["--url", &url][..],
        &["search", "--url", &url, "--duration", "50ms"],
        &compare,
    ] {
        let output = loadgen(&[flags, &files, &secrets].concat())
            .output()
            .unwrap();
        let told = [
            output.stdout,
            output.stderr,
            fs::read(&json).unwrap(),
            fs::read(&report).unwrap(),
        ]
        .concat();
        let told = String::from_utf8(told).unwrap();
        assert!(
            told.contains("ada:***@") && !told.contains(SECRET),
            "{told}"
        );
    }
    let nowhere = format!("ws://{user}127.0.0.1:1/?token={SECRET}");
    let nonsense = format!("ws://{user}127.0.0.1:port/");
    let headless = header.replace(':', "");
    for flags in [
        &["--url", &nowhere][..],
        &["--url", &nowhere.replace("ws:", "http:")],
        &["--url", &nonsense],
        &["--url", &format!("ws://ada:{SECRET}/x@127.0.0.1:1/")],
        &[
            "--url",
            &nowhere,
            "--source-ips",
            "2",
            "--header",
            &headless,
        ],
        &["compare", "--target", &nowhere],
        &[&nowhere],
    ] {
        let output = loadgen(flags).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("***") && !told.contains(SECRET), "{told}");
    }
}
