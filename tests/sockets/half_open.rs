//! Peers that end their side of the stream without a close frame.

use crate::harness::{Server, leave_unsent, long_line, text, wait_until};

#[test]
fn one_that_ends_its_side_gets_what_it_was_owed_and_then_the_end() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    wire.send([text("one"), text("two")].concat());
    wire.shut();
    assert_eq!(wire.hear_text(), "one\ntwo");
    assert!(wire.frame().is_none());
    wait_until("its membership has ended", || {
        server.metrics().count("hubbub_channels") == 0
    });
    assert_eq!(server.disconnects("end-of-stream"), 1);
}

#[test]
fn what_is_said_together_with_the_end_is_heard() {
    let server = Server::start(&[]);
    let mut listener = server.wire("/relay?frames=single");
    for number in 0..50 {
        let last_words = format!("last words {number}");
        let mut wire = server.wire("/relay?frames=single");
        wire.send(text(&last_words));
        wire.shut();
        assert_eq!(listener.hear_text(), last_words);
        assert_eq!(wire.hear_text(), last_words);
        assert!(wire.frame().is_none());
    }
}

#[test]
fn a_lagging_one_that_ends_its_side_still_gets_its_backlog() {
    let server = Server::start(&["--max-unsent", "64MiB", "--write-timeout", "60s"]);
    let mut lagging = server.narrow_wire("/relay");
    let mut speaker = server.wire("/relay");
    let said = leave_unsent(&server, &mut speaker);
    lagging.send(text("last words"));
    lagging.shut();
    assert_eq!(speaker.hear_text(), "last words");
    for number in 0..said {
        assert!(lagging.hear_text() == long_line(number));
    }
    assert_eq!(lagging.hear_text(), "last words");
    assert!(lagging.frame().is_none());
}

#[test]
fn an_unfinished_message_ends_with_its_stream() {
    let server = Server::start(&[]);
    let mut wire = server.wire("/relay");
    let message = text("never finished");
    wire.send(&message[..message.len() - 1]);
    wire.shut();
    assert!(wire.frame().is_none());
}
