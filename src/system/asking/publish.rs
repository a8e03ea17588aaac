//! `hubbub publish`: lines, or one message, into a channel or to a person.

use std::io::{self, BufReader};

use aws_lc_rs::rand;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{json, value::RawValue};
use thiserror::Error;
use uuid::Builder;

use super::{Api, error::AskError, out::Out};
use crate::{
    system::client::input::{InputError, line},
    vocabulary::{
        config::{BODY_BYTES_MAX, ITEMS_MAX},
        visible::visible_json,
    },
};

const PATH: &str = "/api/publish";
/// Bytes of input that are read at once: lines that came together share a request.
const READ_BYTES: usize = 256 << 10;

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// To whom.
    pub recipient: Recipient,
    /// The message; without it, each line of standard input is one.
    pub message: Option<String>,
    /// Whether it is JSON, and not a text.
    pub is_data: bool,
    /// By what it is known, so that it is said once however often it is asked for.
    pub id: Option<String>,
}

/// To whom something is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Recipient {
    /// Everyone in a channel.
    #[serde(rename = "channel")]
    Channel(String),
    /// One person, by an id.
    #[serde(rename = "to")]
    Person(String),
}

/// Says it all, and prints what came of each message: JSON, one on a line. Tells whether all was said.
///
/// # Errors
/// The server refuses to listen, or does not answer. What was not printed may not have been said.
pub fn publish(api: &Api, wish: &Wish) -> Result<bool, AskError> {
    let mut speech = Speech::new(api, wish);
    if let Some(message) = &wish.message {
        let id = speech.id.clone();
        speech.add(item(wish, message, &id).map_err(|cause| format!("the message {cause}")))?;
    } else {
        let mut input = BufReader::with_capacity(READ_BYTES, io::stdin().lock());
        let mut number = 0_u64;
        while let Some(line) = line(&mut input).transpose() {
            number += 1;
            let id = format!("{}-{number}", speech.id);
            let item = match line {
                Ok(line) => item(wish, &line, &id),
                Err(InputError::Read(cause)) => {
                    speech.send()?;
                    return Err(AskError::Input(cause));
                }
                Err(InputError::NotUtf8) => Err(ItemError::NotUtf8),
                Err(InputError::TooLong) => Err(ItemError::TooLong),
            };
            speech.add(item.map_err(|cause| format!("line {number} {cause}")))?;
            // Nobody who types waits for a line that is still to come.
            if !input.buffer().contains(&b'\n') {
                speech.send()?;
            }
        }
    }
    speech.send()?;
    Ok(!speech.has_refusals)
}

/// Messages on their way.
struct Speech<'a> {
    api: &'a Api,
    id: String,
    out: Out,
    /// An array that is not closed yet.
    body: String,
    /// What is known already to come of each message since the last request, and nothing of those that are in the body.
    answers: Vec<Option<String>>,
    has_refusals: bool,
}

/// Why a message is not even asked for; what is wrong is said before it. The user's to mend.
#[derive(Debug, Error)]
enum ItemError {
    #[error("is not UTF-8")]
    NotUtf8,
    #[error("is longer than a request may be, which is {} KiB", BODY_BYTES_MAX >> 10)]
    TooLong,
    #[error("is not JSON ({0}); leave out --data if it is a text")]
    NotJson(String),
}

impl ItemError {
    /// Without the place that the library names, whose lines are others.
    fn not_json(error: &serde_json::Error) -> Self {
        let told = error.to_string();
        let cause = told.split(" at line ").next().unwrap_or_default();
        Self::NotJson(cause.to_owned())
    }
}

/// A message as the server wants it.
#[derive(Serialize)]
struct Item<'a> {
    #[serde(flatten)]
    recipient: &'a Recipient,
    #[serde(flatten)]
    said: Said<'a>,
    id: &'a str,
}

#[derive(Serialize)]
enum Said<'a> {
    #[serde(rename = "message")]
    Message(&'a str),
    #[serde(rename = "data")]
    Data(&'a RawValue),
}

/// What came of a message, as far as it matters here.
#[derive(Deserialize)]
struct Answer {
    error: Option<IgnoredAny>,
}

impl<'a> Speech<'a> {
    fn new(api: &'a Api, wish: &Wish) -> Self {
        Self {
            api,
            id: wish.id.clone().unwrap_or_else(unheard_of),
            out: Out::default(),
            body: String::new(),
            answers: Vec::new(),
            has_refusals: false,
        }
    }

    /// Says a message with those before it, or why it is none in its place.
    fn add(&mut self, item: Result<String, String>) -> Result<(), AskError> {
        let bytes = item.as_ref().map_or(0, String::len);
        // With a comma before and a bracket behind it.
        let is_full = self.body.len() + bytes + 2 > BODY_BYTES_MAX;
        if is_full || self.answers.len() == ITEMS_MAX {
            self.send()?;
        }
        match item {
            Ok(item) => {
                self.body.push(if self.body.is_empty() { '[' } else { ',' });
                self.body.push_str(&item);
                self.answers.push(None);
            }
            Err(message) => {
                let error = json!({"error": {"code": "bad-line", "message": message}});
                self.answers.push(Some(error.to_string()));
                self.has_refusals = true;
            }
        }
        Ok(())
    }

    /// Asks for what is in the body, and prints what came of it.
    fn send(&mut self) -> Result<(), AskError> {
        let said = if self.body.is_empty() {
            "[]".to_owned()
        } else {
            self.body.push(']');
            self.api.post(PATH, &self.body)?
        };
        let stranger = || self.api.stranger();
        let said: Vec<&RawValue> = serde_json::from_str(&said).map_err(|_| stranger())?;
        let mut said = said.into_iter();
        let mut printed = String::new();
        for answer in self.answers.drain(..) {
            let answer = if let Some(answer) = answer {
                answer
            } else {
                let answer = said.next().ok_or_else(stranger)?.get();
                let Answer { error } = serde_json::from_str(answer).map_err(|_| stranger())?;
                self.has_refusals |= error.is_some();
                answer.to_owned()
            };
            printed.push_str(&visible_json(&answer));
            printed.push('\n');
        }
        self.body.clear();
        self.out.print(&printed)
    }
}

/// A message as the server wants it, known by an id.
fn item(wish: &Wish, text: &str, id: &str) -> Result<String, ItemError> {
    let said = if wish.is_data {
        Said::Data(serde_json::from_str(text).map_err(|error| ItemError::not_json(&error))?)
    } else {
        Said::Message(text)
    };
    let recipient = &wish.recipient;
    let item = Item {
        recipient,
        said,
        id,
    };
    let item = serde_json::to_string(&item).expect("texts and JSON are always JSON");
    if item.len() + 2 > BODY_BYTES_MAX {
        return Err(ItemError::TooLong);
    }
    Ok(item)
}

/// An id that is nobody else's.
fn unheard_of() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).expect("the system has randomness");
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}
