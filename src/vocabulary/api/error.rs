//! What can be wrong with things to publish.

use thiserror::Error;

use crate::vocabulary::{
    config::{
        CLOSE_WORDS_BYTES_MAX, DATA_LEVELS_MAX, DATA_NUMBER_CHARS_MAX, IDEMPOTENCY_KEY_CHARS_MAX,
        ITEMS_MAX, SHOWN_CHARS_MAX,
    },
    name::{cut, name_rule, quoted},
};

/// Why a body cannot be read, so that nothing of it is done. Its sender's to mend.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// Bytes that are no text.
    #[error("the body is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
    /// Text that is no JSON.
    #[error("the body is not JSON: {}", cut(.0, SHOWN_CHARS_MAX))]
    NotJson(String),
    /// A line that is no JSON.
    #[error("line {line} of the body is not JSON: {}", cut(.cause, SHOWN_CHARS_MAX))]
    BadLine {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        cause: String,
    },
    /// JSON of another kind.
    #[error(
        "the body is neither an object nor an array of objects, such as {{\"channel\":\"tea\",\"message\":\"hot\"}}"
    )]
    NotItems,
    /// Fields that are none of those that are expected.
    #[error("the body makes no sense here: {}", cut(.0, SHOWN_CHARS_MAX))]
    BadFields(String),
    /// A code that no close frame may have, or that is not a program's to send.
    #[error("\"code\" must be 1000, 1008, or from 3000 to 4999")]
    BadCode,
    /// More than a close frame has room for.
    #[error("\"reason\" must have at most {CLOSE_WORDS_BYTES_MAX} bytes")]
    BadReason,
    /// More than one request may have.
    #[error("the body has more than {ITEMS_MAX} items; send the rest in another request")]
    TooMany,
}

impl BodyError {
    /// The error in a word, for programs; it does not change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8(_)
            | Self::NotJson(_)
            | Self::BadLine { .. }
            | Self::NotItems
            | Self::BadFields(_) => "bad-json",
            Self::BadCode => "bad-code",
            Self::BadReason => "bad-reason",
            Self::TooMany => "too-many-items",
        }
    }
}

/// Why one thing is not published. The others of its request are none the worse.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ItemError {
    /// No object, a field that there is not, one that is there twice, or one of another type.
    #[error("not an item: {}", cut(.0, SHOWN_CHARS_MAX))]
    BadItem(String),
    /// One of two fields, of which neither is there.
    #[error("the field {0:?} is missing, or {1:?} in its place")]
    Missing(&'static str, &'static str),
    /// One of two fields, of which both are there.
    #[error("there are both {0:?} and {1:?}; leave out one of them")]
    Both(&'static str, &'static str),
    /// A name that cannot be one.
    #[error("{field:?} must have {rule}", field = .0, rule = name_rule())]
    BadName(&'static str),
    /// An id that says nothing, or too much.
    #[error("\"id\" must have 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible characters of ASCII")]
    BadId,
    /// More than a client could say.
    #[error("it has {bytes} bytes, and a message has at most {most} (--max-message)")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// Data that many who hear it could not read.
    #[error("\"data\" has more than {DATA_LEVELS_MAX} levels of arrays and objects")]
    TooDeep,
    /// The same of a number in it.
    #[error("\"data\" has a number of more than {DATA_NUMBER_CHARS_MAX} characters")]
    LongNumber,
    /// The same of a text in it that is no Unicode, or of a number that 64 bits cannot hold.
    #[error("\"data\" has what not everyone can read: {}", cut(.0, SHOWN_CHARS_MAX))]
    Unreadable(String),
    /// A channel that the token does not name.
    #[error(
        "the token does not allow to publish in {}: it lacks \"publish:PATTERN\" for that in its claim \"api\"",
        quoted(.0)
    )]
    Channel(String),
    /// To say something in private, with a token for channels.
    #[error(
        "the token does not allow to say something in private: it lacks \"publish:*\" in its claim \"api\""
    )]
    Private,
    /// To speak for somebody else, with a token.
    #[error("the token is for one sender; leave out \"sender\"")]
    Sender,
    /// The id was used for something else.
    #[error("\"id\" was used for another item within the last minutes; use one that is new")]
    Conflict,
}

impl ItemError {
    /// The error in a word, for programs; it does not change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadItem(_)
            | Self::Both(..)
            | Self::TooDeep
            | Self::LongNumber
            | Self::Unreadable(_) => "bad-item",
            Self::Missing(..) => "missing-field",
            Self::BadName(_) => "bad-name",
            Self::BadId => "bad-id",
            Self::TooLarge { .. } => "message-too-large",
            Self::Channel(_) | Self::Private | Self::Sender => "not-allowed",
            Self::Conflict => "conflict",
        }
    }
}
