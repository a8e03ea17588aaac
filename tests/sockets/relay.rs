//! Who hears what, and as what.

use tungstenite::Message;

use crate::harness::{Server, wait_until};

#[test]
fn everyone_in_the_channel_hears_what_is_said_the_speaker_included() {
    let server = Server::start(&[]);
    let mut ada = server.connect("/relay?channel=tea");
    let mut bob = server.connect("/relay?channel=tea");
    ada.say("hot");
    bob.hear_text();
    bob.say("sweet");
    assert_eq!(ada.hear_lines(2), ["hot", "sweet"]);
    assert_eq!(bob.hear_text(), "sweet");
}

#[test]
fn nobody_hears_what_is_said_in_another_channel() {
    let server = Server::start(&[]);
    let mut tea = server.connect("/relay?channel=tea");
    let mut coffee = server.connect("/relay?channel=coffee");
    tea.say("green");
    assert_eq!(tea.hear_text(), "green");
    coffee.say("black");
    assert_eq!(coffee.hear_text(), "black");
    tea.say("white");
    assert_eq!(tea.hear_text(), "white");
}

#[test]
fn one_who_names_no_channel_is_in_the_lobby() {
    let server = Server::start(&[]);
    let paths = ["/relay", "/relay?channel=lobby", "/ws"];
    let mut clients = paths.map(|path| server.connect(path));
    clients[0].say("hello");
    for client in &mut clients {
        assert_eq!(client.hear_text(), "hello");
    }
}

#[test]
fn nobody_hears_what_was_said_before_it_joined() {
    let server = Server::start(&[]);
    let mut early = server.connect("/relay");
    early.say("early");
    assert_eq!(early.hear_text(), "early");
    let mut late = server.connect("/relay");
    early.say("late");
    assert_eq!(late.hear_text(), "late");
}

#[test]
fn text_is_trimmed_and_its_newlines_become_spaces() {
    let server = Server::start(&[]);
    let mut client = server.connect("/relay");
    client.say(" \n\tone\ntwo\n\nthree \r\n");
    assert_eq!(client.hear_text(), "one two  three");
}

#[test]
fn text_that_is_empty_after_trimming_is_ignored() {
    let server = Server::start(&[]);
    let mut client = server.connect("/relay?frames=single");
    for text in ["", "  ", "\n\n", "something"] {
        client.say(text);
    }
    assert_eq!(client.hear_text(), "something");
}

#[test]
fn binary_messages_arrive_verbatim_and_empty_ones_too() {
    let server = Server::start(&[]);
    let mut client = server.connect("/relay");
    for bytes in [&b" \n\xff\0\n "[..], b"", b"second"] {
        client.send(Message::binary(bytes));
        assert_eq!(client.hear(), Message::binary(bytes));
    }
}

#[test]
fn the_echo_returns_every_message_verbatim_to_its_sender_only() {
    let server = Server::start(&[]);
    let mut other = server.connect("/echo");
    let mut client = server.connect("/echo");
    for message in [
        Message::text(" untrimmed\nlines "),
        Message::text(""),
        Message::binary(&b""[..]),
        Message::binary(&b"\xff\n"[..]),
    ] {
        client.send(message.clone());
        assert_eq!(client.hear(), message);
    }
    other.say("mine");
    assert_eq!(other.hear_text(), "mine");
}

#[test]
fn what_was_received_and_delivered_is_counted() {
    let server = Server::start(&[]);
    let mut members = [(); 3].map(|()| server.connect("/relay"));
    members[0].say("to all three");
    for member in &mut members {
        member.hear_text();
    }
    let metrics = server.metrics();
    let of_relay = |name: &str| metrics.count(&format!("{name}{{dialect=\"relay\"}}"));
    assert_eq!(of_relay("hubbub_messages_received_total"), 1);
    assert_eq!(of_relay("hubbub_messages_delivered_total"), 3);
    assert_eq!(metrics.count("hubbub_frames_sent_total"), 3);
    for member in members {
        member.leave();
    }
    wait_until("the channel is forgotten", || {
        server.metrics().count("hubbub_channels") == 0
    });
}
