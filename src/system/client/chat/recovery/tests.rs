//! What a client shows of what the server says, over several connections.

use serde_json::value::to_raw_value;

use super::*;
use crate::vocabulary::chat::{self, GapReason, Span, Told};

const ADA: &str = "a";

/// A client that is welcome and in the channel tea, at the position `(7, 10)`.
fn in_tea() -> Recovery {
    let mut recovery = Recovery::new(1);
    welcome(&mut recovery, ADA);
    join(&mut recovery, r#""epoch":7,"seq":10,"oldest":1"#);
    recovery
}

fn heed(recovery: &mut Recovery, object: &str) -> Heard {
    recovery.heed(&serde_json::from_str(object).unwrap())
}

fn welcome(recovery: &mut Recovery, id: &str) {
    let welcome = format!(
        r#"{{"action":"welcome","client":{{"id":"{id}","name":"Ada"}},"server":{{"name":"hubbub","version":"1"}}}}"#
    );
    assert!(heed(recovery, &welcome).is_shown);
}

fn join(recovery: &mut Recovery, fields: &str) -> Heard {
    let joined =
        format!(r#"{{"action":"joined","channel":"tea","members":[],"count":1,{fields}}}"#);
    heed(recovery, &joined)
}

/// What tea's message of this number is.
fn message(sender: &str, seq: u64, reference: &str) -> String {
    format!(
        r#"{{"action":"send-message","message":"hi","target":"tea","sender":{{"id":"{sender}","name":"N"}},"ref":"{reference}","seq":{seq},"time":1}}"#
    )
}

fn hear(recovery: &mut Recovery, seq: u64) -> Heard {
    heed(recovery, &message("b", seq, ""))
}

fn gap(recovery: &mut Recovery, from: u64, to: u64) -> Heard {
    let gap = format!(
        r#"{{"action":"gap","channel":"tea","epoch":7,"from":{from},"to":{to},"reason":"slow"}}"#
    );
    heed(recovery, &gap)
}

/// What history answers to a request of the client's.
fn history(recovery: &mut Recovery, request: &Value, messages: &[String]) -> Heard {
    let reference = request["ref"].as_str().unwrap();
    let messages = messages.join(",");
    let history = format!(
        r#"{{"action":"history","channel":"tea","epoch":7,"messages":[{messages}],"oldest":1,"ref":"{reference}"}}"#
    );
    heed(recovery, &history)
}

fn lose(recovery: &mut Recovery) {
    recovery.lose(&["tea".to_owned()]);
    welcome(recovery, "another");
}

fn unknown(recovery: &mut Recovery) -> Vec<String> {
    std::iter::from_fn(|| recovery.sends.unknown()).collect()
}

fn shown() -> Heard {
    Heard {
        is_shown: true,
        ..Heard::default()
    }
}

#[test]
fn a_message_is_shown_once_over_all_connections() {
    let mut tea = in_tea();
    assert_eq!(hear(&mut tea, 11), shown());
    lose(&mut tea);
    assert_eq!(tea.position("tea"), Some(Position { epoch: 7, seq: 11 }));
    let back = join(
        &mut tea,
        r#""epoch":7,"seq":13,"recovered":true,"replay":{"from":12,"to":13}"#,
    );
    assert!(back.is_back && back.losses.is_empty());
    assert_eq!(hear(&mut tea, 11), Heard::default());
    assert_eq!(hear(&mut tea, 12), shown());
    assert_eq!(hear(&mut tea, 13), shown());
    assert_eq!(hear(&mut tea, 14), shown());
}

#[test]
fn what_is_missing_is_told_once() {
    let mut tea = in_tea();
    lose(&mut tea);
    let back = join(
        &mut tea,
        r#""epoch":7,"seq":20,"recovered":false,"gap":{"from":11,"to":18},"replay":{"from":19,"to":20}"#,
    );
    assert_eq!(back.losses, [Loss::Messages(8)]);
    assert_eq!(hear(&mut tea, 19), shown());
    assert_eq!(gap(&mut tea, 20, 25).losses, [Loss::Messages(6)]);
    assert_eq!(gap(&mut tea, 20, 25), Heard::default());
    assert_eq!(hear(&mut tea, 26), shown());
    assert_eq!(hear(&mut tea, 28).losses, [Loss::Messages(1)]);
}

#[test]
fn a_channel_that_begins_again_counts_from_one() {
    let mut tea = in_tea();
    let again = r#"{"action":"epoch","channel":"tea","epoch":8,"reason":"lost"}"#;
    assert_eq!(heed(&mut tea, again).losses, [Loss::End]);
    assert_eq!(heed(&mut tea, again), Heard::default());
    assert_eq!(hear(&mut tea, 1), shown());
    lose(&mut tea);
    let back = join(
        &mut tea,
        r#""epoch":9,"seq":1,"recovered":false,"reason":"epoch","replay":{"from":1,"to":1}"#,
    );
    assert_eq!(back.losses, [Loss::End]);
    assert_eq!(hear(&mut tea, 1), shown());
}

#[test]
fn gaps_of_channels_without_a_position_are_told_as_they_are() {
    let mut recovery = Recovery::new(1);
    assert_eq!(gap(&mut recovery, 3, 5).losses, [Loss::Messages(3)]);
    let again = r#"{"action":"epoch","channel":"tea","epoch":8,"reason":"lost"}"#;
    assert_eq!(heed(&mut recovery, again).losses, [Loss::End]);
    let foreign = r#"{"action":"send-message","message":"hi","target":"tea"}"#;
    assert_eq!(heed(&mut recovery, foreign), shown());
}

#[test]
fn a_join_of_a_channel_that_one_is_in_says_nothing_of_what_is_under_way() {
    let mut tea = in_tea();
    let again = join(&mut tea, r#""epoch":7,"seq":12,"oldest":1"#);
    assert_eq!(again, shown());
    assert_eq!(hear(&mut tea, 11), shown());
    assert_eq!(hear(&mut tea, 12), shown());
}

#[test]
fn a_channel_that_was_left_is_forgotten() {
    let mut tea = in_tea();
    assert!(heed(&mut tea, r#"{"action":"left","channel":"tea"}"#).is_shown);
    assert_eq!(tea.position("tea"), None);
    let mut tea = in_tea();
    tea.lose(&[]);
    assert_eq!(tea.position("tea"), None);
    let mut tea = in_tea();
    tea.refuse("tea");
    assert!(tea.position("tea").is_some(), "it is in");
    lose(&mut tea);
    tea.refuse("tea");
    assert_eq!(tea.position("tea"), None);
}

#[test]
fn a_replay_shows_what_was_said_and_its_end_what_may_not_have_been() {
    let mut tea = in_tea();
    let hot = tea.sends.say("tea", "hot");
    tea.sends.say("tea", "cold");
    lose(&mut tea);
    join(
        &mut tea,
        r#""epoch":7,"seq":12,"recovered":true,"replay":{"from":11,"to":12}"#,
    );
    heed(&mut tea, &message(ADA, 11, &hot));
    assert_eq!(unknown(&mut tea), [""; 0]);
    hear(&mut tea, 12);
    assert_eq!(unknown(&mut tea), ["in tea: cold"]);
}

#[test]
fn what_is_said_on_the_new_connection_is_not_in_doubt() {
    let mut tea = in_tea();
    tea.sends.say("tea", "old");
    lose(&mut tea);
    let new = tea.sends.say("tea", "new");
    join(&mut tea, r#""epoch":7,"seq":10,"recovered":true"#);
    assert_eq!(unknown(&mut tea), ["in tea: old"]);
    heed(&mut tea, &message("another", 11, &new));
    assert!(!tea.sends.is_waiting());
}

#[test]
fn a_channel_that_cannot_be_joined_again_shows_nothing_any_more() {
    let mut tea = in_tea();
    tea.sends.say("tea", "hot");
    lose(&mut tea);
    tea.refuse("tea");
    assert_eq!(unknown(&mut tea), ["in tea: hot"]);
}

#[test]
fn history_shows_what_a_gap_hides_and_the_user_sees_nothing_of_it() {
    let mut tea = in_tea();
    let hot = tea.sends.say("tea", "hot");
    tea.sends.say("tea", "cold");
    let request = gap(&mut tea, 11, 12).request.unwrap();
    assert_eq!(request["action"], "history");
    let page = [message(ADA, 11, &hot), message("b", 13, "")];
    assert_eq!(history(&mut tea, &request, &page), Heard::default());
    // Up to where history goes, the copy may still come.
    assert_eq!(unknown(&mut tea), [""; 0]);
    assert_eq!(hear(&mut tea, 13), shown());
    assert_eq!(unknown(&mut tea), ["in tea: cold"]);
    assert!(!tea.sends.is_waiting());
}

#[test]
fn a_gap_that_can_hide_nothing_of_ones_own_asks_for_nothing() {
    let mut tea = in_tea();
    assert_eq!(gap(&mut tea, 11, 12).request, None);
}

#[test]
fn another_gap_while_history_is_asked_has_it_asked_again() {
    let mut tea = in_tea();
    tea.sends.say("tea", "hot");
    let first = gap(&mut tea, 11, 12).request.unwrap();
    assert_eq!(gap(&mut tea, 13, 14).request, None);
    let second = history(&mut tea, &first, &[]).request.unwrap();
    assert_ne!(first["ref"], second["ref"]);
    assert_eq!(unknown(&mut tea), [""; 0]);
    assert_eq!(history(&mut tea, &second, &[]), Heard::default());
    assert_eq!(unknown(&mut tea), ["in tea: hot"]);
}

#[test]
fn history_that_is_refused_leaves_what_is_in_doubt_unknown() {
    let mut tea = in_tea();
    tea.sends.say("tea", "hot");
    let request = gap(&mut tea, 11, 12).request.unwrap();
    let refusal = format!(
        r#"{{"action":"error","code":"too-many-requests","message":"later","ref":{}}}"#,
        request["ref"]
    );
    assert_eq!(heed(&mut tea, &refusal), Heard::default());
    assert_eq!(unknown(&mut tea), ["in tea: hot"]);
    // Nobody looks any more.
    assert_eq!(heed(&mut tea, &refusal), Heard::default());
}

#[test]
fn a_refusal_answers_what_was_said() {
    let mut tea = in_tea();
    let hot = tea.sends.say("tea", "hot");
    let refusal =
        format!(r#"{{"action":"error","code":"not-allowed","message":"no","ref":"{hot}"}}"#);
    assert_eq!(heed(&mut tea, &refusal), shown());
    assert!(!tea.sends.is_waiting());
}

#[test]
fn history_that_the_user_asked_for_is_shown() {
    let mut tea = in_tea();
    let history = format!(
        r#"{{"action":"history","channel":"tea","epoch":7,"messages":[{}],"oldest":1,"ref":"mine"}}"#,
        message("b", 9, "")
    );
    assert_eq!(heed(&mut tea, &history), shown());
    assert_eq!(tea.position("tea"), Some(Position { epoch: 7, seq: 10 }));
}

#[test]
fn numbers_beyond_all_bounds_do_no_harm() {
    let mut tea = in_tea();
    let largest = u64::MAX;
    gap(&mut tea, 0, largest);
    gap(&mut tea, largest, 0);
    hear(&mut tea, largest);
    hear(&mut tea, 0);
    lose(&mut tea);
    join(
        &mut tea,
        &format!(
            r#""epoch":{largest},"seq":{largest},"gap":{{"from":0,"to":0}},"replay":{{"from":0,"to":0}}"#
        ),
    );
    gap(&mut Recovery::new(1), 0, largest);
}

#[test]
fn what_this_server_says_of_recovery_is_understood() {
    let mut recovery = Recovery::new(1);
    let mut heed = |told: &Told| recovery.heed(&Event::of(told));
    let joined = heed(&Told::Joined {
        channel: "tea",
        members: &to_raw_value(&[(); 0]).unwrap(),
        count: 1,
        seq: 9,
        epoch: 7,
        oldest: 8,
        recovery: chat::Recovery {
            replay: Some(Span { from: 8, to: 9 }),
            recovered: Some(false),
            gap: Some(Span { from: 5, to: 7 }),
            reason: None,
        },
        reference: None,
    });
    assert_eq!(joined.losses, [Loss::Messages(3)]);
    let gap = heed(&Told::Gap {
        channel: "tea",
        epoch: 7,
        from: 8,
        to: 9,
        reason: GapReason::Trimmed,
    });
    assert_eq!(gap.losses, [Loss::Messages(2)]);
    assert_eq!(
        recovery.position("tea"),
        Some(Position { epoch: 7, seq: 9 })
    );
}
