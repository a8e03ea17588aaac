//! The data that programs publish: any JSON that everyone who hears it can read.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::ItemError;
use crate::vocabulary::config::{DATA_LEVELS_MAX, DATA_NUMBER_CHARS_MAX};

/// What is left of data that was read from its beginning to its end: texts that are Unicode, and numbers that 64 bits hold.
struct Readable;

struct Reading;

/// Looks at data before anyone hears it, as most who do could not tell its sender what is wrong with it.
///
/// # Errors
/// Many could not read it.
pub(super) fn check(data: &RawValue) -> Result<(), ItemError> {
    let (mut levels, mut number_chars) = (0, 0);
    let (mut is_in_text, mut is_escaped) = (false, false);
    for byte in data.get().bytes() {
        match byte {
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E' if !is_in_text => number_chars += 1,
            _ => number_chars = 0,
        }
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_in_text = !is_in_text,
            b'{' | b'[' if !is_in_text => levels += 1,
            b'}' | b']' if !is_in_text => levels -= 1,
            _ => {}
        }
        if levels > DATA_LEVELS_MAX {
            return Err(ItemError::TooDeep);
        }
        if number_chars > DATA_NUMBER_CHARS_MAX {
            return Err(ItemError::LongNumber);
        }
    }
    // What is kept as it was written was not looked into.
    match serde_json::from_str(data.get()) {
        Ok(Readable) => Ok(()),
        Err(error) => Err(ItemError::Unreadable(error.to_string())),
    }
}

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

impl<'de> Visitor<'de> for Reading {
    type Value = Readable;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_str<E>(self, _: &str) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Readable, A::Error> {
        while let Some(Readable) = items.next_element()? {}
        Ok(Readable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Readable, A::Error> {
        while let Some((Readable, Readable)) = fields.next_entry()? {}
        Ok(Readable)
    }
}
