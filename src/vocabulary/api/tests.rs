use serde_json::{Value, json};

use super::*;
use crate::vocabulary::config::{DATA_LEVELS_MAX, DATA_NUMBER_CHARS_MAX, ITEMS_MAX};

const MOST: usize = 500;

/// The code of what is wrong with an item; nothing if it is good.
fn fault(item: &str) -> (&'static str, String) {
    let raw = serde_json::from_str(item).unwrap();
    Item::read(raw, MOST).map_or_else(
        |error| (error.code(), error.to_string()),
        |_| ("", String::new()),
    )
}

fn count(body: &[u8], form: Form) -> Result<usize, &'static str> {
    items(body, form)
        .map(|items| items.len())
        .map_err(|error| error.code())
}

#[test]
fn an_item_says_something_to_someone() {
    for item in [
        r#"{"channel": "tea", "message": "hot"}"#,
        r#"{"to": "ada-1", "message": ""}"#,
        r#"{"channel": "tea", "data": null}"#,
        r#"{"channel": "tea", "message": null, "data": {"a": [1]}, "sender": null, "id": null}"#,
        r#"{"data": "x", "sender": {"name": "Ada", "id": "ada-1"}, "id": "a!~", "channel": "t\u00e9a"}"#,
    ] {
        assert_eq!(fault(item).0, "", "{item}");
    }
}

#[test]
fn what_is_wrong_with_an_item_is_named() {
    let long = "x".repeat(MOST + 1);
    for (item, code, named) in [
        ("7", "bad-item", "object"),
        ("[\"tea\", null, \"hot\"]", "bad-item", "object"),
        (
            r#"{"channel": 7, "message": "a"}"#,
            "bad-item",
            "integer `7`",
        ),
        (
            r#"{"channel": "tea", "mesage": "a"}"#,
            "bad-item",
            "`mesage`",
        ),
        (
            r#"{"channel": "a", "channel": "b", "message": "c"}"#,
            "bad-item",
            "duplicate field `channel`",
        ),
        (r#"{"message": "a"}"#, "missing-field", "\"channel\""),
        (r#"{"channel": "tea"}"#, "missing-field", "\"message\""),
        (
            r#"{"channel": "tea", "to": "ada", "message": "a"}"#,
            "bad-item",
            "\"to\"",
        ),
        (
            r#"{"channel": "tea", "data": null, "message": "a"}"#,
            "bad-item",
            "\"data\"",
        ),
        (
            r#"{"channel": "a\n", "message": "a"}"#,
            "bad-name",
            "\"channel\"",
        ),
        (
            r#"{"channel": "tea", "message": "a", "sender": ["a", "b"]}"#,
            "bad-item",
            "object",
        ),
        (
            r#"{"channel": "tea", "message": "a", "sender": {"id": "a"}}"#,
            "bad-item",
            "`name`",
        ),
        (
            r#"{"channel": "tea", "message": "a", "sender": {"id": "a", "name": "", "x": 1}}"#,
            "bad-item",
            "`x`",
        ),
        (
            r#"{"channel": "tea", "message": "a", "sender": {"id": "a", "name": ""}}"#,
            "bad-name",
            "sender.name",
        ),
        (
            r#"{"channel": "tea", "message": "a", "id": ""}"#,
            "bad-id",
            "255",
        ),
        (
            r#"{"channel": "tea", "message": "a", "id": "a b"}"#,
            "bad-id",
            "255",
        ),
    ] {
        let (found, message) = fault(item);
        assert_eq!(found, code, "{item}: {message}");
        assert!(message.contains(named), "{item}: {message}");
    }
    for field in ["message", "data"] {
        let item = json!({"channel": "tea", field: long}).to_string();
        assert_eq!(fault(&item).0, "message-too-large");
    }
    let fields = json!({long.repeat(1000): 1}).to_string();
    assert!(fault(&fields).1.len() < 1000, "what is told is cut");
}

#[test]
fn data_is_not_nested_too_deeply() {
    let data = |data: String| fault(&format!(r#"{{"channel": "tea", "data": {data}}}"#)).0;
    let nested = |levels| data("[".repeat(levels) + &"]".repeat(levels));
    assert_eq!(nested(DATA_LEVELS_MAX), "");
    assert_eq!(nested(DATA_LEVELS_MAX + 1), "bad-item");
    assert_eq!(
        data(format!(r#""\"{}""#, "[".repeat(DATA_LEVELS_MAX + 1))),
        ""
    );
}

#[test]
fn data_is_what_everyone_can_read() {
    let data = |data: &str| fault(&format!(r#"{{"channel": "tea", "data": {data}}}"#));
    let longest = format!("-{}", "1".repeat(DATA_NUMBER_CHARS_MAX - 1));
    for good in [
        r#""\u2603 \ud83d\ude00 \\ud800 \\\" 1e999""#,
        r#"{"\ud83d\uDE00": ["\ufffd", "\u0000", "é"]}"#,
        "[0, -0, 1.5e-9, 1e308, -1e308, 0e999, 1e-999, 0.000001E+5]",
        "[true, false, null, [], {}]",
        &format!("-{}", "1".repeat(300)),
        &format!("0.{}", "1".repeat(DATA_NUMBER_CHARS_MAX - 2)),
    ] {
        assert_eq!(data(good).0, "", "{good}: {}", data(good).1);
    }
    let mute = "hex escape";
    let large = "number out of range";
    for (bad, words) in [
        (r#""\ud800""#, mute),
        (r#""\udc00""#, mute),
        (r#""\uDBFF\uDBFF""#, mute),
        (r#""\ud800 \udc00""#, mute),
        (r#"{"a": [{"\ud83d": 1}]}"#, mute),
        ("1e999", large),
        ("-1E+309", large),
        ("[1, {\"a\": 2e308}]", large),
        (&longest, large),
        (&format!("{longest}1"), "characters"),
        (
            &format!("[0.{}]", "0".repeat(DATA_NUMBER_CHARS_MAX)),
            "characters",
        ),
    ] {
        let (code, message) = data(bad);
        assert_eq!(code, "bad-item", "{bad}");
        assert!(message.contains(words), "{bad}: {message}");
    }
}

#[test]
fn a_body_has_one_item_or_several() {
    for (body, form, items) in [
        ("{}", Form::Json, 1),
        (" \n[{}, 7, {\"a\": []}] \n", Form::Json, 3),
        ("[]", Form::Json, 0),
        ("", Form::Lines, 0),
        ("{}\n", Form::Lines, 1),
        ("{}\r\n\n {} \n7", Form::Lines, 3),
    ] {
        assert_eq!(count(body.as_bytes(), form), Ok(items), "{body}");
    }
}

#[test]
fn a_body_that_cannot_be_read_is_refused_as_a_whole() {
    for (body, form) in [
        (&b""[..], Form::Json),
        (b"7", Form::Json),
        (b"\"a\"", Form::Json),
        (b"{}{}", Form::Json),
        (b"{} x", Form::Json),
        (b"[{}] {}", Form::Json),
        (b"[{},]", Form::Json),
        (b"[{}", Form::Json),
        (b"{\"a\": \"\xff\"}", Form::Json),
        (b"{\"a\": \"\n\"}", Form::Json),
        (b"{}\n{\n}", Form::Lines),
        (b"{} {}", Form::Lines),
        (b"\xff\n{}", Form::Lines),
    ] {
        assert_eq!(
            count(body, form),
            Err("bad-json"),
            "{}",
            body.escape_ascii()
        );
    }
    let error = items(b"{}\n\n{x}", Form::Lines).unwrap_err().to_string();
    assert!(error.starts_with("line 3 "), "{error}");
}

#[test]
fn a_body_has_so_many_items_and_no_more() {
    let array = |items: usize| format!("[{}]", vec!["0"; items].join(","));
    let lines = |items: usize| "0\n".repeat(items);
    assert_eq!(
        count(array(ITEMS_MAX).as_bytes(), Form::Json),
        Ok(ITEMS_MAX)
    );
    assert_eq!(
        count(lines(ITEMS_MAX).as_bytes(), Form::Lines),
        Ok(ITEMS_MAX)
    );
    let too_many = Err("too-many-items");
    assert_eq!(count(array(ITEMS_MAX + 1).as_bytes(), Form::Json), too_many);
    assert_eq!(
        count(lines(ITEMS_MAX + 1).as_bytes(), Form::Lines),
        too_many
    );
}

#[test]
fn an_answer_says_what_came_of_an_item() {
    let said = |is_duplicate| Answer::Said {
        seq: 3,
        epoch: 7,
        is_duplicate,
    };
    let json = |answer: &Answer| serde_json::to_value(answer).unwrap();
    assert_eq!(json(&said(false)), json!({"seq": 3, "epoch": 7}));
    assert_eq!(
        json(&said(true)),
        json!({"seq": 3, "epoch": 7, "duplicate": true})
    );
    let done = |is_duplicate| Answer::Done { is_duplicate };
    assert_eq!(json(&done(false)), json!({}));
    assert_eq!(json(&done(true)), json!({"duplicate": true}));
    let error = json(&ItemError::BadId.into());
    assert_eq!(error["error"]["code"], "bad-id");
    assert!(matches!(&error["error"]["message"], Value::String(text) if !text.is_empty()));
}
