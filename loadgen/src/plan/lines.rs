//! What a chat server says of the numbers of a channel's messages, line by line.

use memchr::memmem;
use serde::Deserialize;

/// A line, as far as it concerns what a client has of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A message or a notice of this number.
    Numbered(u64),
    /// These numbers will never come.
    Gap(Numbers),
    /// The channel began again, under this epoch.
    Epoch(u64),
    /// The client is in.
    Joined(Joined),
    /// Something that the client said may never be told, or was not.
    Doubt,
    /// Anything else.
    Other,
}

/// Some numbers in a row, both ends included.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Numbers {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// What a client is told that joins.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Joined {
    /// The last number before those that come live.
    pub seq: u64,
    /// Which life of the channel this is; none from servers that tell of none.
    #[serde(default)]
    pub epoch: u64,
    /// Whether it gets all that it missed; `None` if the server does not know what that is.
    pub recovered: Option<bool>,
    /// What comes next, if anything was missed.
    pub replay: Option<Numbers>,
    /// What is no longer kept.
    pub gap: Option<Numbers>,
}

/// What begins every line, up to the name of its action.
const ACTION: &[u8] = br#"{"action":""#;
/// What stands before a message's number, whatever comes behind that.
const SEQ: &[u8] = br#""seq":"#;

impl Line {
    /// Reads a line.
    pub fn read(line: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Begun {
            epoch: u64,
        }
        #[derive(Deserialize)]
        struct Failed<'a> {
            code: &'a str,
            r#ref: Option<&'a str>,
        }
        let action = line.strip_prefix(ACTION).unwrap_or_default();
        let end = memchr::memchr(b'"', action).unwrap_or_default();
        match &action[..end] {
            b"send-message" => numbered(line).map_or(Self::Other, Self::Numbered),
            b"gap" => serde_json::from_slice(line).map_or(Self::Other, Self::Gap),
            b"epoch" => serde_json::from_slice(line)
                .map_or(Self::Other, |Begun { epoch }| Self::Epoch(epoch)),
            b"joined" => serde_json::from_slice(line).map_or(Self::Other, Self::Joined),
            b"error" => match serde_json::from_slice(line) {
                // Messages are said without a reference, and nothing else is but to leave, which is never refused.
                Ok(Failed { code, r#ref: None }) if is_passing(code) => Self::Doubt,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// Whether an error says that something may not have been done because of the server's state, and not of what was asked.
pub fn is_passing(code: &str) -> bool {
    matches!(code, "unavailable" | "unknown")
}

/// The number of a message, which stands at its end.
fn numbered(line: &[u8]) -> Option<u64> {
    let at = memmem::rfind(line, SEQ)? + SEQ.len();
    let digits = line[at..].iter().take_while(|byte| byte.is_ascii_digit());
    digits
        .map(|digit| u64::from(digit - b'0'))
        .try_fold(0, |number: u64, digit| {
            number.checked_mul(10)?.checked_add(digit)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_wherever_they_stand() {
        for (line, read) in [
            (
                r#"{"action":"send-message","message":"x","seq":17,"time":5}"#,
                Line::Numbered(17),
            ),
            (r#"{"action":"send-message","seq":9}"#, Line::Numbered(9)),
            (
                r#"{"action":"send-message","data":{"seq":3,"x":["\"seq\":4"]},"seq":18,"time":5}"#,
                Line::Numbered(18),
            ),
            (
                r#"{"action":"gap","channel":"a","from":3,"to":4,"reason":"slow"}"#,
                Line::Gap(Numbers { from: 3, to: 4 }),
            ),
            (
                r#"{"action":"epoch","epoch":7,"reason":"lost"}"#,
                Line::Epoch(7),
            ),
            (r#"{"action":"welcome","seq":1}"#, Line::Other),
            (
                r#"{"action":"error","code":"unknown","message":"x"}"#,
                Line::Doubt,
            ),
            (
                r#"{"action":"error","code":"unavailable","message":"x"}"#,
                Line::Doubt,
            ),
            (
                r#"{"action":"error","code":"unavailable","message":"x","ref":"join"}"#,
                Line::Other,
            ),
            (
                r#"{"action":"error","code":"bad-json","message":"x"}"#,
                Line::Other,
            ),
            ("hello", Line::Other),
        ] {
            assert_eq!(Line::read(line.as_bytes()), read, "{line}");
        }
        let joined = r#"{"action":"joined","members":[],"seq":9,"epoch":2,"recovered":false,"gap":{"from":3,"to":5},"replay":{"from":6,"to":9}}"#;
        let Line::Joined(joined) = Line::read(joined.as_bytes()) else {
            panic!("it is in");
        };
        assert_eq!(
            (joined.seq, joined.epoch, joined.recovered),
            (9, 2, Some(false))
        );
        assert_eq!(
            joined
                .gap
                .zip(joined.replay)
                .map(|(gap, replay)| (gap.to, replay.from)),
            Some((5, 6))
        );
    }
}
