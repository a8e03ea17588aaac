use super::*;

fn action(text: &str) -> Result<String, &'static str> {
    let request = Request::parse(text).map_err(|error| error.code())?;
    let action = request.action().map_err(|error| error.code())?;
    Ok(format!("{action:?}"))
}

#[test]
fn actions_have_the_names_of_the_tutorials_too() {
    for verb in ["join-channel", "join-communication-channel"] {
        let asked = format!(r#"{{"action":"{verb}","message":"tea"}}"#);
        assert_eq!(
            action(&asked).unwrap(),
            r#"Join { channel: "tea", past: None, members: 50 }"#
        );
    }
    for verb in ["leave-channel", "leave-communication-channel"] {
        let asked = format!(r#"{{"action":"{verb}","message":"tea"}}"#);
        assert_eq!(action(&asked).unwrap(), r#"Leave { channel: "tea" }"#);
    }
}

#[test]
fn fields_that_nobody_knows_are_ignored() {
    let asked =
        r#" {"sender":{"id":[1,{}]},"message":"hi","target":"tea","action":"send-message"} "#;
    assert_eq!(
        action(asked).unwrap(),
        r#"Send { channel: "tea", message: "hi" }"#
    );
}

#[test]
fn a_ref_is_taken_out_of_an_object_only() {
    assert_eq!(reference(r#"{"action":7,"ref":"a"}"#).as_deref(), Some("a"));
    assert_eq!(reference(r#"["a"]"#), None);
}

#[test]
fn what_is_wrong_has_a_code() {
    for (asked, code) in [
        ("", "bad-json"),
        ("hello", "bad-json"),
        ("null", "bad-json"),
        (r#"["join-channel","tea",null,null]"#, "bad-json"),
        (r#"{"action":7}"#, "bad-json"),
        (r#"{"action":"join-channel","action":"x"}"#, "bad-json"),
        (r#"{"action":"list-channels"} {}"#, "bad-json"),
        (r#"{"action":"\ud800"}"#, "bad-json"),
        ("{}", "missing-field"),
        (r#"{"action":null}"#, "missing-field"),
        (r#"{"action":"join-channel"}"#, "missing-field"),
        (
            r#"{"action":"send-message","target":"tea"}"#,
            "missing-field",
        ),
        (
            r#"{"action":"send-message","message":"x"}"#,
            "missing-field",
        ),
        (
            r#"{"action":"send-private","message":"x"}"#,
            "missing-field",
        ),
        (
            r#"{"action":"list-members","message":"tea"}"#,
            "missing-field",
        ),
        (r#"{"action":"dance"}"#, "unknown-action"),
        (r#"{"action":"join-channel","message":""}"#, "bad-name"),
        (
            r#"{"action":"join-channel","message":"a\u0000"}"#,
            "bad-name",
        ),
    ] {
        assert_eq!(action(asked), Err(code), "{asked}");
    }
    let long = "r".repeat(65);
    let asked = format!(r#"{{"action":"list-channels","ref":"{long}"}}"#);
    assert_eq!(action(&asked), Err("bad-ref"));
}

/// What comes of an action with one more field.
fn with(action_and_target: &str, field: &str, value: &str) -> Result<String, &'static str> {
    action(&format!(r#"{{{action_and_target},"{field}":{value}}}"#))
}

const JOIN: &str = r#""action":"join-channel","message":"tea""#;
const LIST: &str = r#""action":"list-members","target":"tea""#;
const HISTORY: &str = r#""action":"history","target":"tea""#;

/// What is no integer from 0 to 2^53 - 1 written as such.
const NO_INTEGERS: [&str; 14] = [
    "-1",
    "-0",
    "1.0",
    "1e3",
    "1E0",
    "0.5",
    "9007199254740992",
    "18446744073709551616",
    "1e999",
    r#""7""#,
    "true",
    "[1]",
    "{}",
    r#""""#,
];

#[test]
fn only_integers_written_as_such_are_numbers() {
    for value in NO_INTEGERS {
        for (action, field) in [
            (JOIN, "last"),
            (JOIN, "members"),
            (LIST, "limit"),
            (HISTORY, "limit"),
        ] {
            assert_eq!(
                with(action, field, value),
                Err("bad-limit"),
                "{field} {value}"
            );
        }
        for field in ["before", "epoch"] {
            assert_eq!(
                with(HISTORY, field, value),
                Err("bad-since"),
                "{field} {value}"
            );
        }
        for since in [
            format!(r#"{{"epoch":{value},"seq":1}}"#),
            format!(r#"{{"epoch":1,"seq":{value}}}"#),
        ] {
            assert_eq!(with(JOIN, "since", &since), Err("bad-since"), "{since}");
        }
    }
}

#[test]
fn numbers_have_bounds_of_their_own() {
    for (action, field, fitting, unfitting) in [
        (
            JOIN,
            "last",
            &["0", "1", "1000"][..],
            &["1001", "9007199254740991"][..],
        ),
        (JOIN, "members", &["0", "1000"], &["1001"]),
        (LIST, "limit", &["1", "1000"], &["0", "1001"]),
        (HISTORY, "limit", &["1", "100"], &["0", "101"]),
    ] {
        for value in fitting {
            assert!(with(action, field, value).is_ok(), "{field} {value}");
        }
        for value in unfitting {
            assert_eq!(
                with(action, field, value),
                Err("bad-limit"),
                "{field} {value}"
            );
        }
    }
    for (field, value) in [
        ("before", "0"),
        ("before", "9007199254740991"),
        ("epoch", "0"),
        ("epoch", "9007199254740991"),
    ] {
        assert!(with(HISTORY, field, value).is_ok(), "{field} {value}");
    }
    let since = r#"{"epoch":9007199254740991,"seq":0,"of":"tea"}"#;
    let past = "past: Since { epoch: 9007199254740991, seq: 0 }";
    assert!(with(JOIN, "since", since).unwrap().contains(past));
}

#[test]
fn since_is_an_object_of_both_and_excludes_last() {
    for since in [
        "1",
        "[1,2]",
        r#""1""#,
        "{}",
        "true",
        r#"{"epoch":1}"#,
        r#"{"seq":1}"#,
        r#"{"epoch":null,"seq":1}"#,
        r#"{"epoch":1,"seq":null}"#,
        r#"{"epoch":1,"epoch":1,"seq":1}"#,
    ] {
        assert_eq!(with(JOIN, "since", since), Err("bad-since"), "{since}");
    }
    let both = r#"{"epoch":1,"seq":1},"last":5"#;
    assert_eq!(with(JOIN, "since", both), Err("bad-since"));
    let one = r#"{"epoch":1,"seq":1},"last":null"#;
    assert!(with(JOIN, "since", one).is_ok());
    assert!(
        with(JOIN, "last", r#"5,"since":null"#)
            .unwrap()
            .contains("Last(5)")
    );
}

#[test]
fn null_is_absent() {
    for (request, fields) in [
        (JOIN, &["since", "last", "members"][..]),
        (LIST, &["after", "limit"]),
        (HISTORY, &["before", "limit", "epoch"]),
    ] {
        let bare = action(&format!("{{{request}}}"));
        assert!(bare.is_ok());
        for field in fields {
            assert_eq!(with(request, field, "null"), bare, "{field}");
        }
    }
}

#[test]
fn after_is_a_text_with_or_without_escapes() {
    assert!(
        with(LIST, "after", r#""a""#)
            .unwrap()
            .contains(r#"Some("a")"#)
    );
    assert!(
        with(LIST, "after", r#""\u0061""#)
            .unwrap()
            .contains(r#"Some("a")"#)
    );
    for value in ["7", "[]", "{}", "true", r#""\ud800""#] {
        assert_eq!(with(LIST, "after", value), Err("bad-json"), "{value}");
    }
}

#[test]
fn fields_are_read_only_for_actions_that_have_them() {
    let of = |request: &str| action(&format!("{{{request}}}"));
    let fields = [
        "since", "last", "members", "after", "before", "limit", "epoch",
    ];
    for (request, read) in [
        (JOIN, &["since", "last", "members"][..]),
        (LIST, &["after", "limit"]),
        (HISTORY, &["before", "limit", "epoch"]),
        (r#""action":"leave-channel","message":"tea""#, &[]),
        (r#""action":"list-channels""#, &[]),
        (
            r#""action":"send-message","target":"tea","message":"hot""#,
            &[],
        ),
        (
            r#""action":"send-private","target":"Bob","message":"psst""#,
            &[],
        ),
    ] {
        for field in fields {
            let told = with(request, field, "[{}]");
            if read.contains(&field) {
                assert!(told.is_err(), "{request} {field}");
            } else {
                assert_eq!(told, of(request), "{request} {field}");
            }
        }
    }
}
