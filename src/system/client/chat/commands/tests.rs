use super::*;
use serde_json::value::to_raw_value;

use crate::vocabulary::{
    chat::{Action, Past, Recovery, Request, Told},
    config::LISTED_DEFAULT,
};

fn understand(commands: &mut Commands, line: &str) -> Said {
    commands.understand(line.to_owned(), &mut Sends::new(1))
}

fn sent(commands: &mut Commands, line: &str) -> String {
    match understand(commands, line) {
        Said::Send(text) => text,
        other => panic!("{line:?} is {other:?}"),
    }
}

fn hint(commands: &mut Commands, line: &str) -> String {
    match understand(commands, line) {
        Said::Hint(hint) => hint,
        other => panic!("{line:?} is {other:?}"),
    }
}

/// Asserts that the server understands from a line that this is asked.
#[track_caller]
fn assert_asks(commands: &mut Commands, line: &str, action: Action) {
    let text = sent(commands, line);
    let request = Request::parse(&text).unwrap();
    assert_eq!(request.action(), Ok(action), "{line}");
}

/// Asserts that a line is said in this channel.
#[track_caller]
fn assert_says_in(commands: &mut Commands, channel: &str) {
    let message = "hi";
    assert_asks(commands, message, Action::Send { channel, message });
}

/// Joins a channel by a command, and returns the `ref` that the answer will have.
fn ask_to_join(commands: &mut Commands, channel: &str) -> String {
    let text = sent(commands, &format!("/join {channel}"));
    let request = Request::parse(&text).unwrap();
    assert_eq!(
        request.action(),
        Ok(Action::Join {
            channel,
            past: Past::None,
            members: LISTED_DEFAULT,
        })
    );
    request.reference().unwrap().to_owned()
}

fn join(commands: &mut Commands, channel: &str) {
    let reference = ask_to_join(commands, channel);
    grant(commands, channel, Some(&reference));
}

fn grant(commands: &mut Commands, channel: &str, reference: Option<&str>) {
    commands.heed(&Event::of(&Told::Joined {
        channel,
        members: &to_raw_value(&[(); 0]).unwrap(),
        count: 1,
        seq: 1,
        epoch: 1,
        oldest: 1,
        recovery: Recovery::default(),
        reference,
    }));
}

fn refuse(commands: &mut Commands, reference: Option<&str>) {
    commands.heed(&Event::of(&Told::Error {
        code: "too-many-channels",
        message: "leave one first",
        reference,
    }));
}

fn leave(commands: &mut Commands, channel: &str) {
    commands.heed(&Event::of(&Told::Left {
        channel,
        reference: None,
    }));
}

#[test]
fn a_join_that_was_typed_as_json_counts_whatever_its_ref() {
    let mut commands = Commands::default();
    for (channel, reference) in [("tea", Some("mine")), ("cake", None)] {
        grant(&mut commands, channel, reference);
        assert_says_in(&mut commands, channel);
    }
}

#[test]
fn a_line_goes_to_the_channel_joined_last() {
    let mut commands = Commands::default();
    join(&mut commands, "general");
    join(&mut commands, "Tea & cake");
    assert_says_in(&mut commands, "Tea & cake");
    let channel = "Tea & cake";
    assert_asks(&mut commands, "/leave", Action::Leave { channel });
    assert_says_in(&mut commands, "general");
    sent(&mut commands, "/leave general");
    assert!(hint(&mut commands, "hi").contains("/join general"));
}

#[test]
fn a_line_behind_a_join_goes_to_the_new_channel_before_the_answer_is_there() {
    let mut commands = Commands::default();
    join(&mut commands, "general");
    let tea = ask_to_join(&mut commands, "tea");
    assert_says_in(&mut commands, "tea");
    let cake = ask_to_join(&mut commands, "cake");
    grant(&mut commands, "tea", Some(&tea));
    assert_says_in(&mut commands, "cake");
    grant(&mut commands, "cake", Some(&cake));
    assert_says_in(&mut commands, "cake");
}

#[test]
fn a_channel_that_is_refused_leaves_the_one_before_as_the_current_one() {
    let mut commands = Commands::default();
    join(&mut commands, "general");
    let tea = ask_to_join(&mut commands, "tea");
    let cake = ask_to_join(&mut commands, "cake");
    refuse(&mut commands, None);
    refuse(&mut commands, Some("another"));
    assert_says_in(&mut commands, "cake");
    refuse(&mut commands, Some(&cake));
    assert_says_in(&mut commands, "tea");
    refuse(&mut commands, Some(&tea));
    assert_says_in(&mut commands, "general");
}

#[test]
fn a_channel_that_was_left_is_not_the_current_one_though_its_join_is_answered_later() {
    let mut commands = Commands::default();
    let tea = ask_to_join(&mut commands, "tea");
    sent(&mut commands, "/leave");
    grant(&mut commands, "tea", Some(&tea));
    assert!(hint(&mut commands, "hi").contains("/join general"));
    let again = ask_to_join(&mut commands, "tea");
    leave(&mut commands, "tea");
    assert_says_in(&mut commands, "tea");
    grant(&mut commands, "tea", Some(&again));
    assert_says_in(&mut commands, "tea");
}

#[test]
fn channels_joined_and_left_in_json_count_as_well() {
    let mut commands = Commands::default();
    grant(&mut commands, "general", None);
    grant(&mut commands, "tea", None);
    assert_says_in(&mut commands, "tea");
    leave(&mut commands, "tea");
    assert_says_in(&mut commands, "general");
}

#[test]
fn a_private_message_names_one_who_may_have_spaces_in_the_name() {
    let mut commands = Commands::default();
    let hello = |target| Action::SendPrivate {
        target,
        message: "hello  you",
    };
    assert_asks(&mut commands, "/msg Ada hello  you", hello("Ada"));
    assert_asks(&mut commands, "/msg \"Ada\" hello  you", hello("Ada"));
    let line = "/msg \"Ada Byron\" hello  you";
    assert_asks(&mut commands, line, hello("Ada Byron"));
    for line in ["/msg", "/msg Ada", "/msg \"Ada Byron\""] {
        assert!(hint(&mut commands, line).contains("/msg NAME TEXT"));
    }
}

#[test]
fn listings_are_of_the_current_channel_or_of_the_one_that_is_named() {
    let mut commands = Commands::default();
    let members_of = |channel| Action::ListMembers {
        channel,
        after: None,
        limit: LISTED_DEFAULT,
    };
    assert_asks(&mut commands, "/channels", Action::ListChannels);
    assert!(hint(&mut commands, "/members").contains("/join general"));
    assert_asks(&mut commands, "/members tea", members_of("tea"));
    sent(&mut commands, "/join general");
    assert_asks(&mut commands, "/members", members_of("general"));
}

#[test]
fn json_is_sent_as_it_is() {
    let line = r#"{ "action": "list-channels", "ref": "1" } "#;
    assert_eq!(sent(&mut Commands::default(), line), line);
}

#[test]
fn a_mistyped_command_is_not_said_to_everyone() {
    let mut commands = Commands::default();
    sent(&mut commands, "/join general");
    for line in ["/jion tea", "/join", "/", "/help"] {
        assert!(hint(&mut commands, line).contains("/join CHANNEL"));
    }
    let shrug = Action::Send {
        channel: "general",
        message: "/shrug",
    };
    assert_asks(&mut commands, "//shrug", shrug);
}

#[test]
fn an_empty_line_says_nothing() {
    let mut commands = Commands::default();
    assert_eq!(understand(&mut commands, "  "), Said::Nothing);
}

#[test]
fn another_connection_begins_with_joins_of_the_same_channels_in_the_same_order() {
    let mut commands = Commands::default();
    for channel in ["general", "tea", "cake"] {
        join(&mut commands, channel);
    }
    ask_to_join(&mut commands, "general");
    ask_to_join(&mut commands, "pie");
    sent(&mut commands, "/leave cake");
    let position = Position { epoch: 7, seq: 3 };
    let requests = commands.rejoin(|channel| (channel == "tea").then_some(position));
    let (since, none) = (Past::Since { epoch: 7, seq: 3 }, Past::None);
    for (text, (channel, past)) in
        requests
            .iter()
            .zip([("tea", since), ("general", none), ("pie", none)])
    {
        let members = LISTED_DEFAULT;
        assert_eq!(
            Request::parse(text).unwrap().action(),
            Ok(Action::Join {
                channel,
                past,
                members
            })
        );
    }
    assert_eq!(requests.len(), 3);
    assert_says_in(&mut commands, "pie");
    let reference = Request::parse(&requests[2]).unwrap();
    refuse(&mut commands, reference.reference());
    assert_says_in(&mut commands, "general");
}

#[test]
fn only_the_wish_to_leave_is_one() {
    for (line, is_one) in [
        ("/quit", true),
        ("/quit now", true),
        ("//quit", false),
        ("quit", false),
    ] {
        assert_eq!(is_quit(line), is_one, "{line}");
        let said = understand(&mut Commands::default(), line);
        assert_eq!(said == Said::Quit, is_one, "{line}");
    }
}

#[test]
fn a_join_that_is_refused_for_now_is_wanted_until_it_is_granted_or_the_channel_left() {
    let mut commands = Commands::default();
    join(&mut commands, "general");
    let tea = ask_to_join(&mut commands, "tea");
    let unavailable = Event::of(&Told::Error {
        code: "unavailable",
        message: "later",
        reference: Some(&tea),
    });
    for _ in 0..2 {
        let refused = commands.heed(&unavailable);
        assert_eq!(refused, Some(Refused::ForNow(tea.clone())));
        assert_says_in(&mut commands, "tea");
        let text = commands.again(&tea, |_| None).unwrap();
        assert_eq!(Request::parse(&text).unwrap().reference(), Some(&*tea));
    }
    sent(&mut commands, "/leave tea");
    assert_eq!(commands.again(&tea, |_| None), None);
    assert_eq!(commands.heed(&unavailable), None);
    assert_says_in(&mut commands, "general");
}
