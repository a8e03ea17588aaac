//! What a program has done to those who are connected.

use serde::Deserialize;

use super::BodyError;
use crate::vocabulary::{
    chat::{Text, object},
    config::CLOSE_WORDS_BYTES_MAX,
};

/// The code of who is closed where nothing is said of it: that of policy (RFC 6455, section 7.4.1).
const POLICY: u16 = 1008;
/// What such a one is told then.
const WORDS: &str = "closed by the operator";

/// How a client is closed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing<'a> {
    code: Option<u16>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

/// Who is removed from a channel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal<'a> {
    /// Their id.
    #[serde(borrow)]
    pub id: Text<'a>,
}

impl<'a> Closing<'a> {
    /// Reads it. It may say nothing at all.
    ///
    /// # Errors
    /// It says something else, or what no close frame can hold.
    pub fn read(body: &'a [u8]) -> Result<Self, BodyError> {
        if body.is_empty() {
            let (code, reason) = (None, None);
            return Ok(Self { code, reason });
        }
        let closing: Self = read(body)?;
        // Codes for programs, and those that say that all is well or that it is not (RFC 6455, section 7.4).
        if !matches!(closing.code(), 1000 | POLICY | 3000..=4999) {
            return Err(BodyError::BadCode);
        }
        if closing.words().len() > CLOSE_WORDS_BYTES_MAX {
            return Err(BodyError::BadReason);
        }
        Ok(closing)
    }

    /// The code.
    pub fn code(&self) -> u16 {
        self.code.unwrap_or(POLICY)
    }

    /// What is said beside.
    pub fn words(&self) -> &str {
        self.reason.as_deref().unwrap_or(WORDS)
    }
}

impl<'a> Removal<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// It says something else.
    pub fn read(body: &'a [u8]) -> Result<Self, BodyError> {
        read(body)
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, BodyError> {
    let text = str::from_utf8(body).map_err(|error| BodyError::NotUtf8(error.valid_up_to()))?;
    object(text).map_err(|error| BodyError::BadFields(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing(body: &str) -> Result<(u16, String), &'static str> {
        let closing = Closing::read(body.as_bytes());
        closing
            .map(|closing| (closing.code(), closing.words().to_owned()))
            .map_err(|error| error.code())
    }

    #[test]
    fn who_is_closed_is_told_a_code_and_a_reason_or_those_of_policy() {
        let by_policy = (1008, "closed by the operator".to_owned());
        assert_eq!(closing(""), Ok(by_policy.clone()));
        assert_eq!(closing("{}"), Ok(by_policy));
        let said = closing(r#"{"code": 4003, "reason": "no \u2603 here"}"#);
        assert_eq!(said, Ok((4003, "no ☃ here".to_owned())));
        let longest = format!(r#"{{"reason": "{}"}}"#, "x".repeat(123));
        assert!(closing(&longest).is_ok());
    }

    #[test]
    fn what_no_close_frame_can_hold_is_refused() {
        for code in ["0", "999", "1001", "1005", "1006", "2999", "5000"] {
            let body = format!(r#"{{"code": {code}}}"#);
            assert_eq!(closing(&body), Err("bad-code"), "{body}");
        }
        let long = format!(r#"{{"reason": "{}"}}"#, "x".repeat(124));
        assert_eq!(closing(&long), Err("bad-reason"));
    }

    #[test]
    fn what_is_none_of_it_is_refused() {
        for body in [
            "[]",
            "null",
            "{",
            "{} {}",
            r#"{"code": "1000"}"#,
            r#"{"code": 70000}"#,
            r#"{"code": 1000, "code": 1000}"#,
            r#"{"words": ""}"#,
        ] {
            assert_eq!(closing(body), Err("bad-json"), "{body}");
        }
        assert_eq!(Closing::read(b"\xff").unwrap_err().code(), "bad-json");
        assert_eq!(&*Removal::read(br#"{"id": "ada"}"#).unwrap().id, "ada");
        for body in ["", "{}", r#"{"id": 1}"#, r#"{"id": "", "name": ""}"#] {
            assert!(Removal::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
