//! What `hubbub connect` says in HTTP before there is a WebSocket, what it makes of answers, and whom it tells of it.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use http::HeaderMap;
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::{Message, WebSocket, accept_hdr};

use crate::connect::{assert_not_connected, piped};
use crate::harness::Process;

const SECRET: &str = "open-sesame";

/// A server for one client, whose `Connection` has these lines: its host and port, and what the client says in its head.
fn listening(connection: &'static [&str]) -> (String, Receiver<HeaderMap>) {
    answering("connection", connection.iter().copied(), |socket| {
        socket.send(Message::text("welcome")).unwrap();
    })
}

/// A server for one client, whose answer has this header on these lines and no others: its host and port, and what the client
/// says in its head. It greets the client, and sees it off.
fn answering(
    header: &'static str,
    lines: impl IntoIterator<Item = &'static str, IntoIter: Send + 'static>,
    welcome: fn(&mut WebSocket<TcpStream>),
) -> (String, Receiver<HeaderMap>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (hear, heard) = mpsc::channel();
    let lines = lines.into_iter();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        #[expect(clippy::result_large_err, reason = "the error is tungstenite's")]
        let greet =
            |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
                hear.send(request.headers().clone()).unwrap();
                let headers = response.headers_mut();
                headers.remove(header);
                for line in lines {
                    headers.append(header, line.parse().unwrap());
                }
                Ok(response)
            };
        let mut socket = accept_hdr(stream, greet).unwrap();
        welcome(&mut socket);
        // A client that refuses the answer is gone.
        let _ = socket.close(None);
        while socket.read().is_ok() {}
    });
    (host, heard)
}

#[test]
fn an_answer_may_list_more_than_the_upgrade() {
    for connection in [
        &["Upgrade, Keep-Alive"][..],
        &["Keep-Alive, Upgrade"],
        &["Keep-Alive", "upgrade"],
    ] {
        let (host, _heard) = listening(connection);
        let ended = piped(&host, &[], "");
        assert_eq!(ended.stdout, "welcome\n", "{}", ended.stderr);
    }
}

#[test]
fn what_a_server_deflates_is_printed_where_that_was_offered() {
    let deflate = "permessage-deflate";
    let (host, heard) = deflating(Some(deflate));
    let ended = piped(&host, &["--compress"], "");
    assert_eq!(ended.stdout, "Hello\nHello\n", "{}", ended.stderr);
    let offer = heard.recv().unwrap()["sec-websocket-extensions"].clone();
    assert_eq!(offer, "permessage-deflate; client_max_window_bits");
    let (host, _heard) = deflating(None);
    let ended = piped(&host, &["--compress"], "");
    assert!(ended.stderr.contains("declined it"), "{}", ended.stderr);
    assert!(ended.stderr.contains("1002"), "{}", ended.stderr);
    let (host, heard) = deflating(Some(deflate));
    assert_not_connected(&[&host], &["was not offered"]);
    let headers = heard.recv().unwrap();
    assert!(!headers.contains_key("sec-websocket-extensions"));
    let (host, _heard) = deflating(Some("permessage-deflate; mux"));
    let words = ["a parameter that it does not have", "--compress"];
    assert_not_connected(&[&host, "--compress"], &words);
}

/// A server for one client that answers with this extension, says hello twice, deflated, the second time by referring to the
/// first (RFC 7692, sections 7.2.3.1 and 7.2.3.2), and sees the client off.
fn deflating(extension: Option<&'static str>) -> (String, Receiver<HeaderMap>) {
    answering("sec-websocket-extensions", extension, |socket| {
        let hellos = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
        // A client that refuses the answer is gone.
        let _ = socket.get_mut().write_all(hellos);
    })
}

#[test]
fn the_user_of_a_url_is_told_unless_a_token_or_a_header_is() {
    let token = ["--token", "a.b"];
    let header = ["--header", "Authorization: mine"];
    for (flags, said) in [
        (&[][..], "Basic YWRhOmEgYg=="),
        (&token, "Bearer a.b"),
        (&header, "mine"),
        (&[token, header].concat(), "mine"),
    ] {
        let (host, heard) = listening(&["Upgrade"]);
        piped(&format!("ws://ada:a%20b@{host}/ws"), flags, "");
        let headers = heard.recv().unwrap();
        let all = headers.get_all("authorization").iter();
        assert_eq!(all.collect::<Vec<_>>(), [said]);
    }
}

#[test]
fn headers_are_added_or_replace_ours_from_flags_and_the_environment() {
    let (host, heard) = listening(&["Upgrade"]);
    let lines = "Host: hubbub.test\nOrigin: https://hubbub.test\nX-One: 1, 2";
    Process::start_in(&[("HUBBUB_HEADER", lines)], &["connect", &host]).ended();
    let headers = heard.recv().unwrap();
    for (name, value) in [
        ("host", "hubbub.test"),
        ("origin", "https://hubbub.test"),
        ("x-one", "1, 2"),
    ] {
        let all = headers.get_all(name).iter();
        assert_eq!(all.collect::<Vec<_>>(), [value]);
    }
    for name in ["Connection", "Sec-WebSocket-Key", "Content-Length"] {
        let flags = [&*host, "--header", &format!("{name}: x")];
        assert_not_connected(&flags, &[&name.to_lowercase(), "leave it out"]);
    }
}

#[test]
fn no_mistake_tells_a_secret() {
    let user = format!("ws://ada:{SECRET}@127.0.0.1:1/?token={SECRET}");
    let header = format!("Cookie: {SECRET}");
    for flags in [
        &[&*user][..],
        &[&*user, "--header", &header],
        &[&user.replace(":1/", ":port/")],
        &[&user.replace("ws:", "ftp:")],
        &[&format!("ws://ada:{SECRET}/x@127.0.0.1:1")],
        &["127.0.0.1:1", &user],
        &["127.0.0.1:1", "--header", &header.replace(':', "")],
        &["127.0.0.1:1", "--header", &format!("{header}\u{1}")],
        &["127.0.0.1:1", "--token", &format!("{SECRET}\u{1}")],
        &["127.0.0.1:1", &format!("--token={SECRET}\u{1}")],
    ] {
        let ended = Process::start_with_input(&[&["connect"], flags].concat()).ended();
        assert_eq!(ended.status.code(), Some(2), "{flags:?}");
        assert!(!ended.stderr.contains(SECRET), "{}", ended.stderr);
    }
}
