//! What came of something that was asked.

use std::borrow::Cow;

use serde::Serialize;

use super::ItemError;
use crate::vocabulary::chat::ChatError;

/// What came of one item.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// It was said in a channel.
    Said {
        /// Its number there.
        seq: u64,
        /// In which of the channel's lives.
        epoch: u64,
        /// Whether that was before, when it was asked for the first time.
        #[serde(rename = "duplicate", skip_serializing_if = "is_not")]
        is_duplicate: bool,
    },
    /// It was done, or will be, and there is nothing to tell of it.
    Done {
        /// Whether it was done before.
        #[serde(rename = "duplicate", skip_serializing_if = "is_not")]
        is_duplicate: bool,
    },
    /// It was not done.
    Error {
        /// Why not.
        error: AnswerError,
    },
}

/// Why something was not done.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct AnswerError {
    code: &'static str,
    message: Cow<'static, str>,
}

impl From<ItemError> for Answer {
    fn from(error: ItemError) -> Self {
        Self::error(error.code(), error.to_string())
    }
}

impl From<ChatError> for Answer {
    fn from(error: ChatError) -> Self {
        Self::error(error.code(), error.to_string())
    }
}

impl Answer {
    fn error(code: &'static str, message: String) -> Self {
        let message = message.into();
        Self::Error {
            error: AnswerError { code, message },
        }
    }

    /// The same in a word, for metrics.
    pub fn result(&self) -> &'static str {
        match self {
            Self::Said { is_duplicate, .. } | Self::Done { is_duplicate } => {
                if *is_duplicate {
                    "duplicate"
                } else {
                    "done"
                }
            }
            Self::Error { error } => error.code,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the library hands over a reference"
)]
fn is_not(flag: &bool) -> bool {
    !flag
}
