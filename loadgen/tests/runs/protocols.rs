//! Servers that do not simply relay what they are told.

use crate::common::{
    against,
    chat::{Chat, Entry},
    loadgen, refused_by,
    relay::Relay,
    words,
    wrapper::Wrapper,
};

#[test]
fn messages_are_found_in_whatever_another_server_puts_around_them() {
    let url = Wrapper::start("hello");
    let template = r#"{"text":"%s"}"#;
    let flags =
        format!("--protocol raw --hello hello --template {template} --rate 500 --publishers 3");
    let run = against(&url, &words(&flags)).good();
    assert_eq!(run.message("delivered"), 5 * 200);
    assert!(run.figure("throughput.mean_batch") > 1.0);
}

#[test]
fn messages_are_found_whatever_they_are_filled_with() {
    for payload in ["chat", "json", "random"] {
        let flags = ["--payload", payload, "--size", "400B", "--compress"];
        let deflate = Some("permessage-deflate; server_no_context_takeover");
        let relay = Relay::right().that_deflates(deflate).in_batches_of(5);
        let run = against(&relay.start(), &flags).good();
        assert_eq!(run.message("delivered"), 5 * 40, "{payload}");
        assert_eq!(run.at("config.payload"), payload);
        // Below one by one: what is alike in a batch is said once.
        let most = if payload == "random" { 0.85 } else { 0.65 };
        assert!(run.figure("compression.ratio") < most, "{run:#?}");
    }
}

#[test]
fn who_does_not_say_what_the_server_wants_to_hear_gets_nothing() {
    let url = Wrapper::start("hello");
    let template = r#"{"text":"%s"}"#;
    let flags = ["--protocol", "raw", "--template", template];
    against(&url, &flags).broken([5 * 40, 0, 0, 0]);
}

#[test]
fn a_chat_is_measured_from_joining_to_leaving() {
    for channels in ["1", "2"] {
        let flags = format!("--protocol chat --channels {channels} --publishers 2");
        let run = against(&Chat::default().start(), &words(&flags)).good();
        let members = if channels == "1" {
            40 * 5
        } else {
            20 * 3 + 20 * 2
        };
        assert_eq!(run.message("delivered"), members);
        assert_eq!(run.message("stray"), 0);
    }
}

#[test]
fn who_leaves_and_rejoins_misses_nothing_while_it_is_in() {
    for channels in ["1", "2"] {
        let flags = format!(
            "--protocol chat --churn 200ms --channels {channels} --clients 8 --duration 600ms"
        );
        let run = against(&Chat::default().start(), &words(&flags)).good();
        // Seven rovers, three turns each, save for those that the end of the run cut short.
        let rejoins = run.count("churn.rejoins");
        assert!((1..=21).contains(&rejoins), "{rejoins}");
        assert!(run.figure("churn.rejoin_us.max") > 0.0);
    }
}

#[test]
fn a_chat_that_lets_nobody_in_is_told_in_a_sentence() {
    let url = Chat::with(Entry::Forbidden).start();
    let (code, told) = refused_by(&mut loadgen(&["--url", &url, "--protocol", "chat"]));
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.contains("answered the client's entry with an error"),
        "{told}"
    );
}
