//! Servers that deflate what they send, each in its way, and those that do not.

use std::{io::Write, thread};

use flate2::{Compress, Compression, FlushCompress};
use loadgen::plan::stamp::MESSAGE_BYTES_MAX;
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

/// A run against a server that deflates what it says by itself, in these frames, after which everyone's connection ends for this.
fn faulty(answer: &'static str, frames: Vec<u8>, fault: &str) {
    let entrance = Entrance::new(move |stream| {
        #[expect(clippy::result_large_err, reason = "the error is tungstenite's")]
        let agree = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            let headers = response.headers_mut();
            headers.insert("sec-websocket-extensions", answer.parse().unwrap());
            Ok(response)
        };
        let mut socket = accept_hdr(stream, agree).unwrap();
        socket.get_mut().write_all(&frames).unwrap();
        thread::spawn(move || while socket.read().is_ok() {});
    });
    let url = format!("ws://{}/relay", entrance.address());
    let run = against(&url, &["idle", "--compress"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(run.count("disconnects_by.protocol error"), 5);
    assert!(run.table.contains(fault), "{}", run.table);
}

#[test]
fn what_cannot_be_inflated_ends_the_connection_and_is_named() {
    // A block of a kind that there is not (RFC 1951, section 3.2.3).
    let told = "; the server deflates in another way than it agreed to: it sent a message that is not deflated as agreed on";
    let answer = "permessage-deflate; server_no_context_takeover";
    faulty(answer, b"\xc1\x01\x07".to_vec(), told);
}

#[test]
fn a_message_that_inflates_to_more_than_is_taken_in_is_no_breach_of_what_was_agreed() {
    let mut state = Compress::new(Compression::fast(), false);
    let mut payload = Vec::with_capacity(1 << 20);
    let zeros = vec![0; MESSAGE_BYTES_MAX + 1];
    let flush = FlushCompress::Sync;
    state.compress_vec(&zeros, &mut payload, flush).unwrap();
    let length = u64::try_from(payload.len()).unwrap().to_be_bytes();
    let frame = [b"\xc1\x7f", &length[..], &payload].concat();
    let told = "; the server sent a deflated message that is larger than 67108864 bytes.";
    faulty("permessage-deflate", frame, told);
}

#[test]
fn what_refers_to_what_came_before_a_final_block_is_told_as_that() {
    // "Hello" with a final block, and by reference alone (RFC 7692, sections 7.2.3.4 and 7.2.3.2).
    let last = b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    let again = b"\xc1\x05\xf2\x00\x11\x00\x00";
    let told = "; the server deflates in a way that is not understood here: it sent a message that refers further back than to \
                the last final block, which is as far as anything is kept.";
    faulty("permessage-deflate", [&last[..], again].concat(), told);
}
