//! The words of a command, taken one by one.

use std::str::FromStr;

use bytes::Bytes;

use super::reply::Failure;

/// Those that are not taken yet.
pub struct Words<'a>(&'a [Bytes]);

/// A word, of which nothing is expected but text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl<'a> Words<'a> {
    pub fn new(words: &'a [Bytes]) -> Self {
        Self(words)
    }

    /// Those that are left.
    pub fn rest(&self) -> &'a [Bytes] {
        self.0
    }

    /// The next word, if there is one.
    pub fn next(&mut self) -> Option<&'a Bytes> {
        self.0.split_off_first()
    }

    /// The next word in capitals; empty at the end.
    pub fn next_upper(&mut self) -> String {
        self.next()
            .map(|word| text(word).to_uppercase())
            .unwrap_or_default()
    }

    /// The next word as a number.
    pub fn number<N: FromStr>(&mut self) -> Result<N, Failure> {
        let word = self.next().ok_or(Failure::Unknown)?;
        text(word).parse().map_err(|_| Failure::NotAnInteger)
    }

    /// Goes past a word if it is the next one.
    pub fn skip(&mut self, word: &str) -> bool {
        let is_next = self
            .0
            .first()
            .is_some_and(|next| text(next).eq_ignore_ascii_case(word));
        if is_next {
            self.next();
        }
        is_next
    }
}
