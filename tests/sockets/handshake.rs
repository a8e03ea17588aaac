//! From a connection to a session.

use std::io::{Read, Write};

use tungstenite::protocol::frame::coding::{Control, OpCode};

use crate::harness::{HttpConnection, Server, Wire, masked, text, upgrade_request, wait_until};

#[test]
fn the_handshake_answers_the_key_of_the_standards_example() {
    let server = Server::start(&[]);
    let mut http = server.http();
    http.send(upgrade_request("/relay", ""));
    let response = http.response_to_head();
    assert_eq!(response.status, 101);
    assert_eq!(response.header("upgrade"), Some("websocket"));
    assert_eq!(
        response.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
}

#[test]
fn frames_that_arrive_with_the_handshake_are_heard() {
    let server = Server::start(&[]);
    let mut listener = server.wire("/relay");
    let mut http = server.http();
    let frames = [
        text("eager"),
        masked(OpCode::Control(Control::Ping), true, "p"),
    ];
    http.send([upgrade_request("/relay", "").into_bytes(), frames.concat()].concat());
    let mut eager = Wire::upgraded(http);
    assert_eq!(eager.hear_control(Control::Pong), b"p");
    assert_eq!(eager.hear_text(), "eager");
    assert_eq!(listener.hear_text(), "eager");
}

#[test]
fn a_request_a_handshake_and_a_frame_may_arrive_together() {
    let server = Server::start(&[]);
    let mut http = server.http();
    let request = b"GET /healthz HTTP/1.1\r\nHost: hubbub\r\n\r\n".to_vec();
    let handshake = upgrade_request("/echo", "").into_bytes();
    http.send([request, handshake, text("third")].concat());
    assert_eq!(http.response().text(), "ok");
    assert_eq!(Wire::upgraded(http).hear_text(), "third");
}

#[test]
fn a_frame_may_be_cut_where_the_handshake_ends() {
    let server = Server::start(&[]);
    let message = text("in two segments");
    for cut in 1..message.len() {
        let mut http = server.http();
        let request = upgrade_request("/echo", "").into_bytes();
        http.send([&request[..], &message[..cut]].concat());
        let mut wire = Wire::upgraded(http);
        wire.send(&message[cut..]);
        assert_eq!(wire.hear_text(), "in two segments");
    }
}

#[test]
fn a_handshake_may_arrive_byte_by_byte() {
    let server = Server::start(&[]);
    let mut http = server.http();
    for byte in upgrade_request("/echo", "").into_bytes() {
        http.send([byte]);
    }
    let mut wire = Wire::upgraded(http);
    wire.send(text("patience"));
    assert_eq!(wire.hear_text(), "patience");
}

#[test]
fn the_subprotocol_is_answered_only_to_one_that_offers_it() {
    let server = Server::start(&[]);
    let answer = |offer: &str| {
        let mut http = server.http();
        http.send(upgrade_request("/relay", offer));
        let response = http.response_to_head();
        assert_eq!(response.status, 101);
        let header = response.header("sec-websocket-protocol");
        header.map(str::to_owned)
    };
    let ours = Some("hubbub".to_owned());
    assert_eq!(answer(""), None);
    assert_eq!(answer("Sec-WebSocket-Protocol: chat, soap\r\n"), None);
    assert_eq!(answer("Sec-WebSocket-Protocol: hubbub\r\n"), ours);
    assert_eq!(answer("Sec-WebSocket-Protocol: chat, hubbub\r\n"), ours);
}

#[test]
fn one_that_never_says_anything_is_closed_in_silence() {
    let server = Server::start(&["--handshake-timeout", "300ms"]);
    let mut socket = server.dial();
    let mut heard = Vec::new();
    socket.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"");
    wait_until("it has been counted", || {
        server.disconnects("handshake-timeout") == 1
    });
    let failures = "hubbub_handshake_failures_total{reason=\"handshake-timeout\"}";
    assert_eq!(server.metrics().count(failures), 1);
}

#[test]
fn one_whose_request_does_not_end_in_time_is_told_so() {
    let server = Server::start(&["--handshake-timeout", "300ms"]);
    let mut socket = server.dial();
    socket.write_all(b"GET /relay HTTP/1.1\r\nHost").unwrap();
    let mut http = HttpConnection::new(socket);
    let response = http.response();
    assert_eq!(response.status, 408);
    assert_eq!(response.error_code(), "timeout");
    assert_eq!(http.rest().unwrap(), b"");
}

#[test]
fn a_session_outlives_the_handshake_timeout() {
    let server = Server::start(&["--handshake-timeout", "200ms"]);
    let mut wire = server.wire("/echo");
    let mut silent = server.dial();
    silent.read_to_end(&mut Vec::new()).unwrap();
    wire.send(text("still here"));
    assert_eq!(wire.hear_text(), "still here");
}
