//! Names of people and of channels.

use std::borrow::Cow;

use super::config::NAME_CHARS_MAX;

/// Whether a text can be a name: 1 to [`NAME_CHARS_MAX`] characters, no control characters, and something to see.
pub fn is_name(text: &str) -> bool {
    let mut chars = 0;
    let fits = text.chars().all(|char| {
        chars += 1;
        !char.is_control() && chars <= NAME_CHARS_MAX
    });
    fits && !text.trim().is_empty()
}

/// What [`is_name`] asks, for people.
pub fn name_rule() -> String {
    format!(
        "1 to {NAME_CHARS_MAX} characters, none of them a control character, and not only spaces"
    )
}

/// A text of a peer's as it is shown in an error: cut to what a name may have, and quoted.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(NAME_CHARS_MAX) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

/// A text of a peer's, cut to so many characters.
pub fn cut(text: &str, chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_64_characters_and_no_control_characters() {
        assert!(is_name("a") && is_name("Ada Lovelace") && is_name(&"é".repeat(64)));
        for text in ["", " ", "\u{3000}", "a\0", "a\nb", "\u{7f}", "\u{85}"] {
            assert!(!is_name(text), "{text:?}");
        }
        assert!(!is_name(&"a".repeat(65)));
    }

    #[test]
    fn a_long_text_is_shown_cut_and_without_control_characters() {
        assert_eq!(quoted("a\nb"), r#""a\nb""#);
        assert_eq!(quoted(&"é".repeat(65)), format!("\"{}\"…", "é".repeat(64)));
        assert_eq!((cut("éé", 2), cut("ééé", 2)), ("éé".into(), "éé…".into()));
    }
}
