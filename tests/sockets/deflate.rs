//! What is agreed on with those who offer that messages be deflated, and what becomes of who does not keep to it.

use flate2::{Compress, Compression, FlushCompress};
use tungstenite::protocol::frame::{
    Frame,
    coding::{Control, OpCode},
};

use crate::harness::{Server, Wire, text, upgrade_request, wait_until};
use crate::inflate::inflate;

const ON: [&str; 2] = ["--compress", "on"];
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// One who comes to the echo with these headers, and what is agreed on.
fn come(server: &Server, headers: impl AsRef<[u8]>) -> (Wire, Option<String>) {
    let mut http = server.http();
    let request = upgrade_request("/echo", "");
    let (line, rest) = request.split_once("\r\n").unwrap();
    let [line, rest] = [line, rest].map(str::as_bytes);
    http.send([line, b"\r\n", headers.as_ref(), rest].concat());
    Wire::agreed(http)
}

/// A client's whole text message, deflated by a state that may have seen others.
fn deflated_text(state: &mut Compress, message: &str) -> Vec<u8> {
    let mut payload = Vec::with_capacity(message.len() + 100);
    state
        .compress_vec(message.as_bytes(), &mut payload, FlushCompress::Sync)
        .unwrap();
    payload.truncate(payload.len() - 4);
    let mut frame = text(payload);
    frame[0] |= 0x40;
    frame
}

fn deflater() -> Compress {
    Compress::new(Compression::new(6), false)
}

/// What repeats itself after so many bytes that only a large window sees it.
fn far_repetition() -> String {
    let numbers: String = (100..400).map(|number| number.to_string()).collect();
    numbers.repeat(2)
}

/// What a frame says to one who inflates within a window.
fn heard(window_bits: u8, frame: &Frame) -> String {
    assert!(frame.header().rsv1, "it is deflated");
    String::from_utf8(inflate(window_bits, frame.payload()).unwrap()).unwrap()
}

#[test]
fn every_offer_is_answered_so_that_both_sides_do_as_the_answer_says() {
    let server = Server::start(&ON);
    let lws = "client_no_context_takeover; client_max_window_bits";
    let many = format!("{}permessage-deflate", "x-unknown; y=1, ".repeat(500));
    for (offers, agent, answer) in [
        (&["permessage-deflate"][..], None, Some("")),
        (
            &["permessage-deflate; client_max_window_bits"],
            None,
            Some(""),
        ),
        (
            &["permessage-deflate;client_max_window_bits=9"],
            None,
            Some(""),
        ),
        (
            &["permessage-deflate; server_max_window_bits=\"15\""],
            None,
            Some("; server_max_window_bits=15"),
        ),
        (
            &["permessage-deflate; server_max_window_bits=9"],
            None,
            Some("; server_max_window_bits=9"),
        ),
        (
            &[
                "permessage-deflate; server_max_window_bits=8",
                "permessage-deflate",
            ],
            None,
            Some(""),
        ),
        (
            &["permessage-deflate; mystery, permessage-deflate; server_max_window_bits=12"],
            None,
            Some("; server_max_window_bits=12"),
        ),
        (
            &["", ", ,", "x-webkit-deflate-frame", "permessage-deflate"],
            None,
            Some(""),
        ),
        (&[&many], None, Some("")),
        (
            &[&format!("permessage-deflate; {lws}")],
            Some("WebSocket++/0.8.2"),
            Some(""),
        ),
        (&[&format!("permessage-deflate; {lws}")], None, None),
        (&["permessage-deflate"], Some("Tornado/6.6.1"), None),
        (&["permessage-deflate"], Some("Mojolicious (Perl)"), None),
        (
            &["permessage-deflate; server_max_window_bits=8"],
            None,
            None,
        ),
        (
            &["permessage-deflate; server_max_window_bits=16"],
            None,
            None,
        ),
        (&["permessage-deflate; server_max_window_bits"], None, None),
        (
            &["permessage-deflate; client_max_window_bits; client_max_window_bits"],
            None,
            None,
        ),
        (&["permessage-deflate; caf\u{e9}"], None, None),
        (&["Permessage-Deflate"], None, None),
        (&["permessage-bzip2"], None, None),
        (&[""], None, None),
        (&[], None, None),
    ] {
        let agent = agent.map(|agent| format!("User-Agent: {agent}\r\n"));
        let lines = offers.iter();
        let lines = lines.map(|offer| format!("Sec-WebSocket-Extensions: {offer}\r\n"));
        let headers: String = lines.chain(agent).collect();
        let (mut wire, agreed) = come(&server, &headers);
        let window = answer.map(|window| format!("{AGREED}{window}"));
        assert_eq!(agreed, window, "{headers}");

        let said = far_repetition();
        wire.send(text(&said));
        assert_eq!(wire.hear_text(), said, "{headers}");
        wire.send(deflated_text(&mut deflater(), &said));
        match answer {
            Some(window) => {
                let bits = window.rsplit_once('=').map_or("15", |(_, bits)| bits);
                let frame = wire.frame().unwrap();
                assert_eq!(heard(bits.parse().unwrap(), &frame), said, "{headers}");
            }
            None => assert_eq!(wire.hear_close(), Some(1002), "{headers}"),
        }
    }
}

#[test]
fn one_that_keeps_its_context_is_named_in_the_log_and_can_be_declined() {
    let headers = format!("User-Agent: Odd/1.0\r\n{OFFER}");
    let said = "said once, and said again ".repeat(3);
    let server = Server::start(&ON);
    let (mut wire, agreed) = come(&server, &headers);
    assert_eq!(agreed.as_deref(), Some(AGREED));
    let mut state = deflater();
    wire.send(deflated_text(&mut state, &said));
    assert_eq!(heard(15, &wire.frame().unwrap()), said);
    wire.send(deflated_text(&mut state, &said));
    let ending = wire.hear_control(Control::Close);
    let (code, reason) = ending.split_at(2);
    assert_eq!(code, 1007u16.to_be_bytes());
    let reason = str::from_utf8(reason).unwrap();
    assert!(reason.contains("client_no_context_takeover"), "{reason}");
    drop(wire);
    wait_until("its ending is counted", || {
        server.disconnects("context-kept") == 1
    });
    let line = " WARN closed a client whose message refers to one before it, against \
                client_no_context_takeover; agree on nothing with those like it by --no-compress-agent \
                agent=\"Odd/1.0\"\n";
    wait_until("it is named", || server.process().stderr().contains(line));

    let server = Server::start(&[&ON[..], &["--no-compress-agent", "Odd/"]].concat());
    let (mut wire, agreed) = come(&server, &headers);
    assert_eq!(agreed, None);
    wire.send(text(&said));
    assert_eq!(wire.hear_text(), said);
}

#[test]
fn what_a_client_calls_itself_forges_no_line_of_the_log() {
    let name = "Odd\t\u{85}\u{9b}\u{2028}\u{202e}\" level=ERROR \\".to_owned() + &"x".repeat(5000);
    let headers = [b"User-Agent: ", name.as_bytes(), b"\r\n", OFFER.as_bytes()].concat();
    for format in ["text", "json"] {
        let server = Server::start(&[&ON[..], &["--log-format", format]].concat());
        let (mut wire, _) = come(&server, &headers);
        let mut state = deflater();
        for _ in 0..2 {
            wire.send(deflated_text(&mut state, "said once, and said again"));
        }
        let opcode = |wire: &mut Wire| wire.frame().unwrap().header().opcode;
        while opcode(&mut wire) != OpCode::Control(Control::Close) {}
        wait_until("it is named", || server.process().stderr().contains("Odd"));
        let log = server.process().stderr();
        assert_eq!(log.lines().count(), 1, "{log:?}");
        let is_odd = |c: char| c.is_control() || ['\u{2028}', '\u{202e}'].contains(&c);
        assert!(!log.trim_end().contains(is_odd), "{log:?}");
        assert!(log.len() < 1000, "{log}");
    }
}
