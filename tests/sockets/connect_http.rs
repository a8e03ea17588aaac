//! What `hubbub connect` says in HTTP before there is a WebSocket, what it makes of answers, and whom it tells of it.

use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use http::HeaderMap;
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::{Message, accept_hdr};

use crate::connect::{assert_not_connected, piped};
use crate::harness::Process;

const SECRET: &str = "open-sesame";

/// A server for one client, whose `Connection` has these lines: its host and port, and what the client says in its head. It hears one message, and sees
/// the client off.
fn listening(connection: &'static [&str]) -> (String, Receiver<HeaderMap>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (hear, heard) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        #[expect(clippy::result_large_err, reason = "the error is tungstenite's")]
        let greet =
            |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
                hear.send(request.headers().clone()).unwrap();
                let headers = response.headers_mut();
                headers.remove("connection");
                for line in connection {
                    headers.append("connection", line.parse().unwrap());
                }
                Ok(response)
            };
        let mut socket = accept_hdr(stream, greet).unwrap();
        socket.send(Message::text("welcome")).unwrap();
        socket.close(None).unwrap();
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
