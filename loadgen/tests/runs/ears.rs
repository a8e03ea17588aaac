//! Servers that say themselves what is wrong: it is told in their own words.

use std::thread;

use crate::common::{
    against,
    chat::{Chat, Entry},
    loadgen, refused_by,
    relay::Relay,
    room::{self, Door, Host, Room},
    run, words,
};

const COMPLAINT: &str = "-ERR 'Unknown Protocol Operation'\r\n";

/// A server that says the same to everyone in place of each message, if anything.
fn saying(instead: Option<&'static str>) -> String {
    let relay = Relay::with(move |room, to, batch| {
        batch.clear();
        if let Some(instead) = instead {
            room.say(to, instead);
        }
    });
    relay.start()
}

/// A server that closes everyone who comes in.
struct Bouncer;

impl Host for Bouncer {
    fn entered(&mut self, room: &mut Room, client: usize) {
        room.close(client, 4401);
    }

    fn said(&mut self, _room: &mut Room, _from: usize, _text: &str) {}
}

#[test]
fn the_first_frame_that_came_in_place_of_all_messages_is_told() {
    let run = against(&saying(Some(COMPLAINT)), &[]).broken([200, 0, 0, 0]);
    let told = "BROKEN: nothing was delivered, but 200 frames that are not of this run, the first: \
                -ERR 'Unknown Protocol Operation'\\r\\n";
    assert!(run.table.contains(told), "{}", run.table);
    let foreign = run.at("heard.foreign").as_str();
    assert_eq!(foreign, Some("-ERR 'Unknown Protocol Operation'\\r\\n"));
}

#[test]
fn the_first_line_of_a_page_that_has_no_name_is_told() {
    const PAGE: &[u8] =
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 54\r\n\r\n\
                          <html><body>\n\n<p>no such <b>\x1bhub</b></p>\n<p>nginx</p>\n";
    let url = room::answering(PAGE);
    let (code, told) = refused_by(&mut loadgen(&["--url", &url]));
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let words = "404 Not Found (no such \\u{1b}hub); check the path";
    assert!(told.contains(words), "{told}");
}

#[test]
fn that_a_server_says_nothing_at_all_is_told() {
    let run = against(&saying(None), &[]).broken([200, 0, 0, 0]);
    let told = "BROKEN: nothing was delivered, and the server said nothing at all: does it send to all what it gets from \
                one, at this path and in this --protocol?";
    assert!(run.table.contains(told), "{}", run.table);
    assert!(run.at("heard").is_null(), "{run:#?}");
}

#[test]
fn messages_that_come_without_their_end_are_told_with_the_first() {
    /// Cuts the last byte of whatever it passes on.
    struct Cutter;
    impl Host for Cutter {
        fn said(&mut self, room: &mut Room, from: usize, text: &str) {
            room.say(from, &text[..text.len() - 1]);
        }
    }
    let url = room::open(Cutter, Door::OPEN);
    let run = against(&url, &[]).broken([200, 0, 0, 0]);
    let told = "nothing was delivered, but 40 messages came damaged, the first: ~";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_server_that_says_no_more_than_its_script_has_is_told_with_that() {
    /// Greets everyone, asks whether they are there, and passes nothing on.
    struct Greeter;
    impl Host for Greeter {
        fn entered(&mut self, room: &mut Room, client: usize) {
            room.say(client, "hello\n");
        }
        fn said(&mut self, room: &mut Room, from: usize, text: &str) {
            if !text.starts_with("here") {
                room.say(from, "there?");
            }
        }
    }
    let script = ["--protocol", "raw", "--await", "hello"];
    let url = room::open(Greeter, Door::OPEN);
    let reply = ["--reply", "there?=>here"];
    let run = against(&url, &[&script[..], &reply].concat()).broken([200, 0, 0, 0]);
    let told = "BROKEN: nothing was delivered, and the server said nothing but 45 frames that clients waited for or replied \
                to, the first: hello\\n; does it send";
    assert!(run.table.contains(told), "{}", run.table);
    assert_eq!((run.message("heeded"), run.message("foreign")), (45, 0));
    assert_eq!(run.at("heard.heeded"), "hello\\n");
    assert!(run.at("heard.foreign").is_null(), "{run:#?}");

    // What nobody waits for says more.
    let url = room::open(Greeter, Door::OPEN);
    let run = against(&url, &script).broken([200, 0, 0, 0]);
    let told = "nothing was delivered, but 40 frames that are not of this run, the first: there?";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_chat_that_lets_everyone_in_and_passes_nothing_on_is_told_with_that() {
    /// Says that whoever comes is in, and no more.
    struct Doorman;
    impl Host for Doorman {
        fn said(&mut self, room: &mut Room, from: usize, text: &str) {
            if text.contains("join-channel") {
                room.say(from, r#"{"action":"joined"}"#);
            }
        }
    }
    let url = room::open(Doorman, Door::OPEN);
    let run = against(&url, &["--protocol", "chat"]).broken([200, 0, 0, 0]);
    let told = "nothing but 5 frames that clients waited for or replied to, the first: {\"action\":\"joined\"";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn the_reason_of_a_close_is_told() {
    let relay = Relay::with(|room, to, batch| {
        if to == 1 && batch[0].number == 3 {
            room.close(to, 4001);
        }
    });
    let run = against(&relay.start(), &[]).broken([0, 0, 0, 1]);
    let told = "(1 disconnected without being slow); the server closed with 4001 \"a test\"";
    assert!(run.table.contains(told), "{}", run.table);
    assert_eq!(run.at("heard.close"), "4001 \"a test\"");
}

#[test]
fn who_is_sent_away_before_the_first_message_is_not_set_up() {
    let url = room::open(Bouncer, Door::OPEN);
    for mode in ["fanout", "saturate"] {
        let (code, told) = refused_by(&mut loadgen(&[mode, "--url", &url]));
        assert_eq!(code, Some(2), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains("4401 \"a test\""), "{told}");
    }
}

#[test]
fn idle_clients_that_are_sent_away_are_told_why() {
    let run = against(&room::open(Bouncer, Door::OPEN), &["idle"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let sentence = run.table.lines().last().unwrap();
    for told in [
        "BROKEN: the server disconnected 5 of 5 clients, which it had sent no pings, the first after ",
        "; the server closed with 4401 \"a test\".",
    ] {
        assert!(sentence.contains(told), "{sentence}");
    }
    assert_eq!(run.count("disconnects_by.4401"), 5);
    let [first, last] =
        ["first", "last"].map(|which| run.figure(&format!("disconnected_after_seconds.{which}")));
    assert!(0.0 <= first && first <= last, "{run:#?}");
    assert!(
        run.table.contains("first / last disconnected after"),
        "{}",
        run.table
    );
}

#[test]
fn a_server_that_closes_all_who_only_come_in_is_told_with_its_reason() {
    let url = room::open(Bouncer, Door::OPEN);
    let flags = ["connect", "--duration", "1s", "--url", &url];
    let (code, told) = refused_by(&mut loadgen(&flags));
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("4401 \"a test\""), "{told}");
}

#[test]
fn a_server_that_closes_some_who_only_come_in_is_broken() {
    /// Lets everyone in and sends one away.
    struct Picky;
    impl Host for Picky {
        fn entered(&mut self, room: &mut Room, client: usize) {
            if client == 2 {
                room.close(client, 4401);
            }
        }
        fn said(&mut self, _room: &mut Room, _from: usize, _text: &str) {}
    }
    let url = room::open(Picky, Door::OPEN);
    let run = against(&url, &["connect", "--duration", "1s"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(run.count("disconnects"), 1);
    let told = "clients, which were only to come in, the first after ";
    assert!(run.table.contains(told), "{}", run.table);
    assert!(
        run.table.contains("closed with 4401 \"a test\"."),
        "{}",
        run.table
    );
}

#[test]
fn of_several_rounds_what_was_said_in_the_first_is_told() {
    /// Closes the last who comes in the first round, and then the first of each.
    struct Fickle;
    impl Host for Fickle {
        fn entered(&mut self, room: &mut Room, client: usize) {
            match client {
                4 => room.close(client, 4401),
                client if client % 5 == 0 && client > 4 => room.close(client, 4402),
                _ => {}
            }
        }
        fn said(&mut self, _room: &mut Room, _from: usize, _text: &str) {}
    }
    let url = room::open(Fickle, Door::OPEN);
    let run = against(&url, &words("connect --connect-rate 50 --duration 1s"));
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.count("disconnects_by.4402") > 0, "{run:#?}");
    assert_eq!(run.at("heard.close"), "4401 \"a test\"");
}

#[test]
fn an_entry_that_is_refused_is_told_with_the_answer() {
    let url = Chat::with(Entry::Forbidden).start();
    let (code, told) = refused_by(&mut loadgen(&["--protocol", "chat", "--url", &url]));
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("{\"action\":\"error\""), "{told}");
}

#[test]
fn a_search_in_vain_says_what_went_wrong() {
    let flags = "search --rate 1 --duration 1s --settle 100ms --slo p99<1s";
    let run = against(&saying(Some(COMPLAINT)), &words(flags));
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = "FAILED: not even the lowest rate held: nothing was delivered, but ";
    assert!(run.table.contains(told), "{}", run.table);
    assert!(run.table.contains("-ERR 'Unknown"), "{}", run.table);
}

#[test]
fn a_search_that_ends_where_nothing_is_due_says_what_went_wrong_before() {
    let flags = "search --rate 4 --duration 300ms --warmup 200ms --settle 100ms --slo p99<1s";
    let run = against(&saying(Some(COMPLAINT)), &words(flags));
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = "FAILED: not even the lowest rate held: nothing was delivered, but ";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_comparison_says_of_each_server_what_went_wrong() {
    let right = format!("right={}", Relay::right().start());
    let mute = format!("mute={}", saying(None));
    let flags = ["--target", &right, "--target", &mute, "--rounds", "2"];
    let run = run(&[&["compare"], &flags[..]].concat());
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = "BROKEN: mute: nothing was delivered, and the server said nothing at all";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_server_that_asks_without_end_and_reads_no_answer_is_told_with_that() {
    /// Asks one client so often that the answers fit into no socket, and reads nothing any more.
    struct Deaf;
    impl Host for Deaf {
        fn said(&mut self, room: &mut Room, from: usize, text: &str) {
            if text.starts_with("here") {
                return;
            }
            (0..2000).for_each(|_| room.say(from, "there?"));
            loop {
                thread::park();
            }
        }
    }
    let reply = format!("there?=>here{}", "!".repeat(30_000));
    let url = room::open(Deaf, Door::OPEN);
    let flags = ["--protocol", "raw", "--rate", "10", "--reply", &reply];
    let run = against(&url, &flags);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(run.message("disconnects_by.answers unread"), 1);
    let told = "BROKEN: nothing was delivered, and the server does not read what it is answered: 1 MiB of that waited";
    assert!(run.table.contains(told), "{}", run.table);
}

/// A frame as only a client may send it.
const MASKED: &[u8] = b"\x81\x82\0\0\0\0hi";

#[test]
fn what_a_server_does_that_the_protocol_forbids_is_told() {
    let relay = Relay::with(|room, to, batch| {
        if to == 1 && batch[0].number == 3 {
            room.send(to, MASKED);
        }
    });
    let run = against(&relay.start(), &[]).broken([0, 0, 0, 1]);
    let told = "(1 disconnected without being slow); the server masked a frame";
    assert!(run.table.contains(told), "{}", run.table);
    assert_eq!(run.message("disconnects_by.protocol error"), 1);
    assert_eq!(run.at("heard.fault"), "the server masked a frame");

    let relay = Relay::with(|room, to, batch| {
        batch.clear();
        room.send(to, b"\x83\0");
    });
    let run = against(&relay.start(), &[]).broken([0, 0, 0, 5]);
    let told = "BROKEN: nothing was delivered, and the server sent the unknown opcode 3";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn what_a_server_does_that_the_protocol_forbids_before_the_first_message_is_told() {
    /// Masks what it says to whoever comes in.
    struct Masked;
    impl Host for Masked {
        fn entered(&mut self, room: &mut Room, client: usize) {
            room.send(client, MASKED);
        }
        fn said(&mut self, _room: &mut Room, _from: usize, _text: &str) {}
    }
    let url = room::open(Masked, Door::OPEN);
    for mode in ["fanout", "connect"] {
        let (code, told) = refused_by(&mut loadgen(&[mode, "--url", &url]));
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("the server masked a frame"), "{told}");
    }
    let run = against(&url, &["idle"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(
        run.table.contains("; the server masked a frame."),
        "{}",
        run.table
    );
}

#[test]
fn a_message_that_never_ends_is_told() {
    let mut begun = [false; 5];
    let relay = Relay::with(move |room, to, batch| {
        batch.clear();
        // The begin of a message, and more and more of it; or of a frame, and no more.
        let is_first = !std::mem::replace(&mut begun[to], true);
        match (to, is_first) {
            (0, true) => room.send(to, b"\x01\x02he"),
            (0, false) => room.send(to, b"\0\x02he"),
            (1, true) => room.send(to, b"\x81\x05he"),
            _ => {}
        }
    });
    let run = against(&relay.start(), &[]).broken([200, 0, 0, 0]);
    let told =
        "BROKEN: nothing was delivered, but 160 bytes of a message that began and never ended";
    assert!(run.table.contains(told), "{}", run.table);
    assert_eq!(run.at("heard.unended"), "160 bytes");
}
