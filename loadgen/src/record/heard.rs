//! What the server said of itself, in its own words: the first of each kind is kept, as it often names what is wrong.

use std::fmt::Display;

use hubbub::vocabulary::visible::visible;
use serde::Serialize;

use crate::figures::words::counted;

/// Characters of a server's own words that are told.
const WORDS_CHARS_MAX: usize = 120;

/// The first of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    foreign: Option<Said>,
    damaged: Option<Said>,
    invented: Option<Said>,
    heeded: Option<Said>,
    error: Option<Said>,
    close: Option<Said>,
    fault: Option<Said>,
    unended: Option<Said>,
    refused: Option<Said>,
}

/// The same, as it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// The first frame that was not of this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
    /// The first message that was damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<String>,
    /// The first message that nobody sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invented: Option<String>,
    /// The first frame that was awaited or answered, as a script or a chat's entry has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heeded: Option<String>,
    /// What the server first answered with an error, of a protocol whose errors are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The code and the reason with which it first closed a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close: Option<String>,
    /// What it first did that no connection can go on after, in our words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// How much there is of a message that began and never ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unended: Option<String>,
    /// Why the first client that did not come in did not, and what to look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    at_ns: u64,
    words: String,
}

impl Heard {
    /// Notes a frame that is not of this run.
    #[inline]
    pub fn foreign(&mut self, frame: &[u8], at_ns: u64) {
        note(&mut self.foreign, at_ns, || words(frame));
    }

    /// Notes a message that is damaged.
    pub fn damaged(&mut self, message: &[u8], at_ns: u64) {
        note(&mut self.damaged, at_ns, || words(message));
    }

    /// Notes a message that nobody sent.
    pub fn invented(&mut self, message: &[u8], at_ns: u64) {
        note(&mut self.invented, at_ns, || words(message));
    }

    /// Notes a frame without a message that was awaited or answered.
    #[inline]
    pub fn heeded(&mut self, frame: &[u8], at_ns: u64) {
        note(&mut self.heeded, at_ns, || words(frame));
    }

    /// Notes an answer that is an error.
    pub fn error(&mut self, frame: &[u8], at_ns: u64) {
        note(&mut self.error, at_ns, || words(frame));
    }

    /// Notes a close, by its payload (RFC 6455, section 5.5.1).
    pub fn close(&mut self, payload: &[u8], at_ns: u64) {
        note(&mut self.close, at_ns, || goodbye(payload));
    }

    /// Notes what no connection can go on after.
    pub fn fault(&mut self, fault: &impl Display, at_ns: u64) {
        note(&mut self.fault, at_ns, || fault.to_string());
    }

    /// Notes a message that began and is not to end any more, by how much of it came.
    pub fn unended(&mut self, bytes: usize, at_ns: u64) {
        note(&mut self.unended, at_ns, || counted(bytes as u64, "byte"));
    }

    /// Notes why a client did not come in.
    pub fn refused(&mut self, why: &impl Display, at_ns: u64) {
        note(&mut self.refused, at_ns, || why.to_string());
    }

    /// Has all of it be so much later, as it was heard by a clock that was started after that of others.
    pub fn delay(&mut self, by_ns: u64) {
        for said in self.all().into_iter().flatten() {
            said.at_ns = said.at_ns.saturating_add(by_ns);
        }
    }

    /// Adds what another thread heard.
    pub fn add(&mut self, mut other: Self) {
        for (own, more) in self.all().into_iter().zip(other.all()) {
            if let Some(more) = more.take()
                && own.as_ref().is_none_or(|own| more.at_ns < own.at_ns)
            {
                *own = Some(more);
            }
        }
    }

    fn all(&mut self) -> [&mut Option<Said>; 9] {
        [
            &mut self.foreign,
            &mut self.damaged,
            &mut self.invented,
            &mut self.heeded,
            &mut self.error,
            &mut self.close,
            &mut self.fault,
            &mut self.unended,
            &mut self.refused,
        ]
    }

    /// How it is told.
    pub fn words(&self) -> Words {
        let told = |said: &Option<Said>| said.as_ref().map(|said| said.words.clone());
        Words {
            foreign: told(&self.foreign),
            damaged: told(&self.damaged),
            invented: told(&self.invented),
            heeded: told(&self.heeded),
            error: told(&self.error),
            close: told(&self.close),
            fault: told(&self.fault),
            unended: told(&self.unended),
            refused: told(&self.refused),
        }
    }
}

impl Words {
    /// Whether there are none.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

#[inline]
fn note(first: &mut Option<Said>, at_ns: u64, words: impl FnOnce() -> String) {
    if first.is_none() {
        *first = Some(Said {
            at_ns,
            words: words(),
        });
    }
}

/// A frame as one short line with nothing that steers a terminal; bytes that are no text as Rust writes them.
pub fn words(frame: &[u8]) -> String {
    // A character has four bytes at most (RFC 3629, section 3).
    let begin = &frame[..frame.len().min(4 * WORDS_CHARS_MAX)];
    match std::str::from_utf8(begin) {
        Ok(text) => short(&visible(text, &[])),
        Err(error) if begin.len() < frame.len() && error.error_len().is_none() => short(&visible(
            &String::from_utf8_lossy(&begin[..error.valid_up_to()]),
            &[],
        )),
        Err(_) => format!("b\"{}\"", short(&begin.escape_ascii().to_string())),
    }
}

fn short(shown: &str) -> String {
    match shown.char_indices().nth(WORDS_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.to_owned(),
    }
}

fn goodbye(payload: &[u8]) -> String {
    match payload.split_first_chunk() {
        Some((code, [])) => u16::from_be_bytes(*code).to_string(),
        Some((code, reason)) => format!("{} {}", u16::from_be_bytes(*code), quoted(reason)),
        None => "a close without a code".to_owned(),
    }
}

/// A reason between quotes that are none of its own.
fn quoted(reason: &[u8]) -> String {
    match std::str::from_utf8(reason) {
        Ok(text) => {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{}\"", words(escaped.as_bytes()))
        }
        Err(_) => words(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(tell: impl FnOnce(&mut Heard)) -> Words {
        let mut heard = Heard::default();
        tell(&mut heard);
        heard.words()
    }

    #[test]
    fn the_first_of_each_kind_is_kept_whichever_thread_heard_it() {
        let words = heard(|heard| {
            heard.foreign(b"second", 20);
            heard.foreign(b"third", 30);
            let mut other = Heard::default();
            other.foreign(b"first", 10);
            other.close(b"\x11\x31Unauthorized", 40);
            heard.add(other);
        });
        assert_eq!(words.foreign.as_deref(), Some("first"));
        assert_eq!(words.close.as_deref(), Some("4401 \"Unauthorized\""));
        assert_eq!(words.error, None);
    }

    #[test]
    fn what_was_heard_by_a_later_clock_is_later() {
        let words = heard(|heard| {
            heard.foreign(b"first", 20);
            let mut other = Heard::default();
            other.foreign(b"second", 10);
            other.delay(30);
            heard.add(other);
        });
        assert_eq!(words.foreign.as_deref(), Some("first"));
    }

    #[test]
    fn a_close_need_not_say_why() {
        let close = |payload: &[u8]| heard(|heard| heard.close(payload, 1)).close.unwrap();
        assert_eq!(close(b"\x03\xe8"), "1000");
        assert_eq!(close(b""), "a close without a code");
    }

    #[test]
    fn quotes_of_a_reason_are_told_from_those_around_it() {
        let close = |reason: &[u8]| {
            let payload = [b"\x0f\xa1", reason].concat();
            heard(|heard| heard.close(&payload, 1)).close.unwrap()
        };
        assert_eq!(close(br#"no "tea""#), r#"4001 "no \"tea\"""#);
        assert_eq!(close(br"a\"), r#"4001 "a\\""#);
        assert_eq!(close(b"a\n\xc3\xbc"), "4001 \"a\\n\u{fc}\"");
        assert_eq!(close(b"a\"\xff"), r#"4001 b"a\"\xff""#);
        let long = close(&[0xff; 123]);
        assert_eq!(long, format!("4001 b\"{}…\"", r"\xff".repeat(30)));
    }

    #[test]
    fn what_is_told_is_one_short_line() {
        let foreign = |frame: &[u8]| heard(|heard| heard.foreign(frame, 1)).foreign.unwrap();
        assert_eq!(
            foreign(b"-ERR 'Unknown Protocol Operation'\r\n"),
            "-ERR 'Unknown Protocol Operation'\\r\\n"
        );
        assert_eq!(foreign(b"\x1b[2J"), "\\u{1b}[2J");
        assert_eq!(foreign(b"\x90\x03\x00\x01"), "b\"\\x90\\x03\\x00\\x01\"");
        let long = "ü".repeat(WORDS_CHARS_MAX) + "x";
        assert_eq!(
            foreign(long.as_bytes()),
            format!("{}…", "ü".repeat(WORDS_CHARS_MAX))
        );
        // A character that is cut in two is no sign of binary data.
        let cut = "x".to_owned() + &"世".repeat(2 * WORDS_CHARS_MAX);
        assert!(foreign(cut.as_bytes()).starts_with("x世"));
    }
}
