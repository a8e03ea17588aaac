//! Servers that deflate what they send, each in its way, and those that do not.

use std::{io::Write, thread};

use tungstenite::{
    accept_hdr,
    handshake::server::{ErrorResponse, Request, Response},
};

use crate::common::{Run, against, entrance::Entrance, relay::Relay};

/// A run against a relay that answers the offer to deflate like this.
fn offered(answer: Option<&'static str>) -> Run {
    let relay = Relay::right().that_deflates(answer);
    let run = against(&relay.start(), &["--compress"]).good();
    assert_eq!(run.message("delivered"), 5 * 40);
    run
}

#[test]
fn equal_messages_are_inflated_once_for_all_clients() {
    let run = offered(Some(
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ));
    assert_eq!(run.count("compression.agreed"), 5);
    let messages = run.count("compression.messages");
    let inflations = run.count("compression.inflations");
    // The first and the last message may lie across the borders of the measured time.
    assert!((1..=messages / 5 + 2).contains(&inflations), "{run:#?}");
    assert_eq!(run.count("compression.inflated_bytes"), messages * 64);
    let wire_bytes = run.figure("compression.wire_bytes");
    let inflated_bytes = run.figure("compression.inflated_bytes");
    let ratio = run.figure("compression.ratio");
    assert!(
        (ratio - wire_bytes / inflated_bytes).abs() < 1e-9,
        "{run:#?}"
    );
    let cpu_seconds = run.figure("compression.cpu_seconds");
    assert!(cpu_seconds > 0.0, "{run:#?}");
    assert!(cpu_seconds < run.figure("loadgen.cpu_seconds"), "{run:#?}");
    assert!(run.table.contains("the server agreed"), "{}", run.table);
}

#[test]
fn a_server_that_keeps_its_context_has_each_client_inflate_for_itself_and_is_named() {
    let run = offered(Some("permessage-deflate"));
    assert_eq!(run.count("compression.context_kept"), 5);
    let messages = run.count("compression.messages");
    assert!(messages > 0, "{run:#?}");
    assert_eq!(run.count("compression.inflations"), messages);
    assert!(run.table.contains("keeps its context"), "{}", run.table);
}

#[test]
fn a_server_that_declines_is_named_and_measured_all_the_same() {
    let run = offered(None);
    assert_eq!(run.count("compression.declined"), 5);
    assert_eq!(run.count("compression.messages"), 0);
    assert!(run.table.contains("declined"), "{}", run.table);
}

#[test]
fn what_some_inflate_comes_plain_to_the_others() {
    let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let relay = Relay::right().that_deflates(Some(answer));
    let run = against(&relay.start(), &["--compress=40%"]).good();
    assert_eq!(run.message("delivered"), 5 * 40);
    assert_eq!(run.count("compression.agreed"), 2);
    assert!(run.count("compression.messages") > 0, "{run:#?}");
}

#[test]
fn nothing_is_offered_unasked() {
    let relay = Relay::right().that_deflates(Some("permessage-deflate"));
    let run = against(&relay.start(), &[]).good();
    assert!(run.at("compression").is_null(), "{run:#?}");
}

#[test]
fn what_cannot_be_inflated_ends_the_connection_and_is_named() {
    let entrance = Entrance::new(|stream| {
        #[expect(clippy::result_large_err, reason = "the error is tungstenite's")]
        let agree = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            let answer = "permessage-deflate; server_no_context_takeover";
            let headers = response.headers_mut();
            headers.insert("sec-websocket-extensions", answer.parse().unwrap());
            Ok(response)
        };
        let mut socket = accept_hdr(stream, agree).unwrap();
        // A block of a kind that there is not (RFC 1951, section 3.2.3).
        socket.get_mut().write_all(b"\xc1\x01\x07").unwrap();
        thread::spawn(move || while socket.read().is_ok() {});
    });
    let url = format!("ws://{}/relay", entrance.address());
    let run = against(&url, &["idle", "--compress"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(run.count("disconnects_by.protocol error"), 5);
    let told = "; the server deflates in another way than it agreed to: it sent a message that is not deflated as agreed on";
    assert!(run.table.contains(told), "{}", run.table);
}
