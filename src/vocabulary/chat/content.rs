//! What a message says.

use serde::Serialize;
use serde_json::value::RawValue;

/// What a message says: `"message":"…"` or `"data":…`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content<'a> {
    /// A text. People say nothing else.
    Message(&'a str),
    /// Any JSON, which programs say to programs.
    Data(&'a RawValue),
}

/// Writes JSON anew, without the whitespace between its tokens, and so on one line.
pub fn compact(json: &mut Vec<u8>) {
    let mut is_text = false;
    let mut is_escaped = false;
    json.retain(|&byte| {
        let is_kept = is_text || !byte.is_ascii_whitespace();
        let ends_or_begins = byte == b'"' && !is_escaped;
        is_escaped = is_text && byte == b'\\' && !is_escaped;
        is_text ^= ends_or_begins;
        is_kept
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_anew_says_the_same_on_one_line() {
        for (written, anew) in [
            ("{ \"a\" :\r\n\t[1.50, 2e3 ] }", r#"{"a":[1.50,2e3]}"#),
            (
                r#" { "a \" b" : "c \\" , "d\\\" e" : " \n " } "#,
                r#"{"a \" b":"c \\","d\\\" e":" \n "}"#,
            ),
            ("12345678901234567890123", "12345678901234567890123"),
        ] {
            let mut json = written.as_bytes().to_vec();
            compact(&mut json);
            assert_eq!(String::from_utf8(json).unwrap(), anew);
        }
    }
}
