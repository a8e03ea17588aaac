//! Text of strangers made harmless: what would steer a terminal is written out instead.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with control characters, escape sequences among them, and marks that turn the direction of writing as
/// Rust writes them (`\n`, `\u{1b}`), save for those in `kept`.
pub fn visible<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    written_out(
        text,
        |char| steers(char) && !kept.contains(&char),
        |char, shown| shown.extend(char.escape_default()),
    )
}

/// JSON with the same characters in its strings as JSON writes them (`\u202e`), of which it asks that for ASCII's alone (RFC
/// 8259, section 7). Ends of lines are between values.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    written_out(
        json,
        |char| steers(char) && char != '\n',
        // There are none beyond 16 bits.
        |char, shown| write!(shown, "\\u{:04x}", u32::from(char)).expect("memory takes it"),
    )
}

fn written_out(
    text: &str,
    is_written_out: impl Fn(char) -> bool,
    write_out: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&is_written_out) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if is_written_out(char) {
            write_out(char, &mut shown);
        } else {
            shown.push(char);
        }
    }
    Cow::Owned(shown)
}

fn steers(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(visible("\u{1b}[2J\u{7}", &[]), "\\u{1b}[2J\\u{7}");
        assert_eq!(visible("a\u{9b}31m", &[]), "a\\u{9b}31m");
        assert_eq!(visible("a\u{202e}b\r\n", &['\n']), "a\\u{202e}b\\r\n");
    }

    #[test]
    fn every_mark_of_direction_is_written_out() {
        let marks = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        for mark in marks.chars() {
            let written_out = mark.escape_default().to_string();
            assert_eq!(visible(&mark.to_string(), &[]), written_out);
        }
    }

    #[test]
    fn json_says_the_same_without_what_steers_a_terminal() {
        let said = "a\u{9b}31m\u{7f}\u{85}\u{2028}\u{202e}\"\\\n";
        let json = serde_json::to_string(said).unwrap() + "\n";
        let shown = visible_json(&json);
        assert_eq!(
            shown,
            "\"a\\u009b31m\\u007f\\u0085\\u2028\\u202e\\\"\\\\\\n\"\n"
        );
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), said);
    }

    #[test]
    fn all_other_text_stays_as_it_is() {
        let text = "Grüße, 世界 \\n 👩‍🚀";
        assert!(matches!(visible(text, &[]), Cow::Borrowed(same) if same == text));
    }
}
