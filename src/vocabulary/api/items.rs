//! A body as things to publish.

use std::fmt;

use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::BodyError;
use crate::vocabulary::config::ITEMS_MAX;

/// How they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One, or an array of them.
    Json,
    /// One on each line (`application/x-ndjson`); an empty line is none.
    Lines,
}

/// The items in a body, which are JSON each, and not read yet.
///
/// # Errors
/// The body cannot be read, or has too many of them.
pub fn items(body: &[u8], form: Form) -> Result<Vec<&RawValue>, BodyError> {
    let text = str::from_utf8(body).map_err(|error| BodyError::NotUtf8(error.valid_up_to()))?;
    match form {
        Form::Json => match text.trim_ascii_start().bytes().next() {
            Some(b'[') => array(text),
            Some(b'{') => match serde_json::from_str(text) {
                Ok(item) => Ok(vec![item]),
                Err(error) => Err(BodyError::NotJson(error.to_string())),
            },
            _ => Err(BodyError::NotItems),
        },
        Form::Lines => lines(text),
    }
}

fn lines(text: &str) -> Result<Vec<&RawValue>, BodyError> {
    let mut items = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if items.len() == ITEMS_MAX {
            return Err(BodyError::TooMany);
        }
        let item = serde_json::from_str(line).map_err(|error| BodyError::BadLine {
            line: number + 1,
            cause: error.to_string(),
        })?;
        items.push(item);
    }
    Ok(items)
}

fn array(text: &str) -> Result<Vec<&RawValue>, BodyError> {
    let mut items = Items::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_seq(&mut items).and_then(|()| json.end());
    match read {
        Ok(()) => Ok(items.read),
        Err(_) if items.are_too_many => Err(BodyError::TooMany),
        Err(error) => Err(BodyError::NotJson(error.to_string())),
    }
}

/// What is read of an array, which ends where it is too long: a body of nothing but commas would make a large heap.
#[derive(Default)]
struct Items<'a> {
    read: Vec<&'a RawValue>,
    are_too_many: bool,
}

impl<'a> Visitor<'a> for &mut Items<'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut array: A) -> Result<(), A::Error> {
        while let Some(item) = array.next_element()? {
            if self.read.len() == ITEMS_MAX {
                self.are_too_many = true;
                return Err(A::Error::custom("too many"));
            }
            self.read.push(item);
        }
        Ok(())
    }
}
