//! The keys of programs: which there are, and whose one is.

use std::rc::Rc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Caller;
use crate::vocabulary::{
    config::{API_KEY_CHARS, API_KEY_NAME_CHARS_MAX, API_KEYS_MAX},
    name::is_name,
};

/// Keys, each with who has it.
#[derive(Debug)]
pub struct ApiKeys(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    /// The key itself is kept nowhere.
    digest: [u8; 32],
    caller: Rc<Caller>,
}

/// A file of keys that is none. The operator's to mend; nothing of a key is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApiKeysError {
    /// There is none in it.
    #[error("no key; write lines like: backend KEY, with a KEY of `openssl rand -hex 32`")]
    Empty,
    /// More than are looked through.
    #[error("more than {API_KEYS_MAX} keys")]
    TooMany,
    /// Something is wrong with a line.
    #[error("a line {line} that {fault}")]
    Line {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LineFault {
    /// It has another form.
    #[error("is not a name and a key, with spaces between")]
    Form,
    /// A name that cannot be one.
    #[error(
        "has a name of more than {API_KEY_NAME_CHARS_MAX} characters, or with a control character"
    )]
    Name,
    /// A key that can be guessed, or not be sent.
    #[error(
        "has a key that has not {} to {} printable characters of ASCII; make one with `openssl rand -hex 32`",
        API_KEY_CHARS.start(),
        API_KEY_CHARS.end()
    )]
    Key,
    /// Two keys with one name.
    #[error("has the name of another one, {0:?}")]
    SameName(Box<str>),
    /// One key with two names.
    #[error("has the key of another one, {0:?}")]
    SameKey(Box<str>),
}

impl ApiKeys {
    /// The keys of a file: on each line a name and a key. Empty lines are none.
    ///
    /// # Errors
    /// What the file holds instead.
    pub fn read(text: &[u8]) -> Result<Self, ApiKeysError> {
        let mut keys = Self(Vec::new());
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            if keys.0.len() == API_KEYS_MAX {
                return Err(ApiKeysError::TooMany);
            }
            let entry = keys.entry(line).map_err(|fault| ApiKeysError::Line {
                line: number + 1,
                fault,
            })?;
            keys.0.push(entry);
        }
        if keys.0.is_empty() {
            return Err(ApiKeysError::Empty);
        }
        Ok(keys)
    }

    /// Whose key it is, if it is one. How long that takes depends neither on the keys nor on which one it is, nor on how much
    /// of it is right.
    pub fn caller(&self, key: &str) -> Option<&Rc<Caller>> {
        let digest: [u8; 32] = Sha256::digest(key).into();
        let mut found = None;
        for entry in &self.0 {
            if verify_slices_are_equal(&entry.digest, &digest).is_ok() {
                found = Some(&entry.caller);
            }
        }
        found
    }

    fn entry(&self, line: &[u8]) -> Result<Entry, LineFault> {
        let line = str::from_utf8(line).map_err(|_| LineFault::Form)?;
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(key), None) = (words.next(), words.next(), words.next()) else {
            return Err(LineFault::Form);
        };
        if !is_name(name) || name.chars().count() > API_KEY_NAME_CHARS_MAX {
            return Err(LineFault::Name);
        }
        if !API_KEY_CHARS.contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LineFault::Key);
        }
        let mut others = self.0.iter().map(|entry| entry.caller.name());
        if others.any(|other| other == name) {
            return Err(LineFault::SameName(name.into()));
        }
        if let Some(other) = self.caller(key) {
            return Err(LineFault::SameKey(other.name().into()));
        }
        Ok(Entry {
            digest: Sha256::digest(key).into(),
            caller: Rc::new(Caller::of_key(name)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef";

    fn fault(text: &str) -> String {
        let read = ApiKeys::read(text.as_bytes());
        read.map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn each_key_has_a_name() {
        let text = format!("backend {KEY}\n\r\n\tcron\t{}\r\n", "~!".repeat(128));
        let keys = ApiKeys::read(text.as_bytes()).unwrap();
        let name = |key: &str| keys.caller(key).map(|caller| caller.name().to_owned());
        assert_eq!(name(KEY).as_deref(), Some("backend"));
        assert_eq!(name(&"~!".repeat(128)).as_deref(), Some("cron"));
    }

    #[test]
    fn a_key_that_is_wrong_by_one_byte_is_nobodys() {
        let keys = ApiKeys::read(format!("backend {KEY}").as_bytes()).unwrap();
        for at in 0..KEY.len() {
            let mut wrong = KEY.as_bytes().to_vec();
            wrong[at] ^= 1;
            assert!(keys.caller(str::from_utf8(&wrong).unwrap()).is_none());
            assert!(keys.caller(&KEY[..at]).is_none());
        }
        assert!(keys.caller(&format!("{KEY}0")).is_none());
    }

    #[test]
    fn a_file_that_is_none_is_refused_by_its_line_and_without_its_keys() {
        let long = "x".repeat(61);
        for (text, part) in [
            (String::new(), "no key"),
            ("\n \n".to_owned(), "no key"),
            (KEY.to_owned(), "line 1 that is not a name and a key"),
            (format!("a {KEY} more"), "line 1 that is not"),
            (
                format!("\na {KEY}\nb {}", &KEY[1..]),
                "line 3 that has a key",
            ),
            (
                format!("a {}", "x".repeat(257)),
                "has a key that has not 16 to 256",
            ),
            (format!("a {KEY}\u{e9}"), "has a key"),
            (format!("{long} {KEY}"), "has a name"),
            (format!("a\u{7f} {KEY}"), "has a name"),
            (
                format!("a {KEY}\na {KEY}x"),
                "line 2 that has the name of another one, \"a\"",
            ),
            (
                format!("a {KEY}\nb {KEY}"),
                "line 2 that has the key of another one, \"a\"",
            ),
        ] {
            let fault = fault(&text);
            assert!(fault.contains(part), "{text:?}: {fault}");
            assert!(!fault.contains(&KEY[1..]), "{fault}");
        }
        let many = |count: usize| {
            let lines: Vec<_> = (0..count).map(|key| format!("{key} {KEY}{key}")).collect();
            lines.join("\n")
        };
        assert_eq!(fault(&many(API_KEYS_MAX)), "");
        assert!(fault(&many(API_KEYS_MAX + 1)).contains("more than 1024 keys"));
        assert!(ApiKeys::read(b"a \xff123456789abcdef").is_err());
    }
}
