//! Why a request is not granted.

use thiserror::Error;

use crate::vocabulary::{
    config::{CHANNELS_MAX, CLIENT_CHANNELS_MAX, REF_BYTES_MAX, TURN_LISTED_MAX},
    name::{name_rule, quoted},
};

/// Why a request was not granted. The client's to mend; the connection stays open.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChatError {
    /// Not JSON, or not an object, or with fields of other types.
    #[error(
        "not a request in JSON: {0}; send one object in each text message, such as {{\"action\":\"list-channels\"}}"
    )]
    BadJson(String),
    /// A binary message.
    #[error("a binary message; send JSON as text")]
    Binary,
    /// An action that there is not.
    #[error(
        "there is no action {}; there are join-channel, leave-channel, send-message, send-private, list-members, list-channels and history",
        quoted(.0)
    )]
    UnknownAction(String),
    /// Something that the action needs.
    #[error("the field {0:?} is missing")]
    MissingField(&'static str),
    /// A `ref` that is too long to come back.
    #[error("ref must have at most {REF_BYTES_MAX} bytes")]
    BadRef,
    /// A number or an epoch that cannot be one.
    #[error(
        "{0} must be made of integers from 0 to 2^53 - 1, as they were told: since of an epoch and a seq"
    )]
    BadSince(&'static str),
    /// An epoch that is not the channel's.
    #[error("{} has begun again since, and what was said under that epoch is gone; leave epoch out", quoted(.0))]
    OtherEpoch(String),
    /// Two ways to say what is wanted.
    #[error("since and last exclude each other; ask for what is missing, or for the latest")]
    SinceAndLast,
    /// More, or less, than may be asked for.
    #[error("{field} must be an integer from {least} to {most}")]
    BadLimit {
        /// The field.
        field: &'static str,
        /// The least that it may be.
        least: usize,
        /// The most that it may be.
        most: usize,
    },
    /// A channel's name that cannot be one.
    #[error("a channel's name must have {}", name_rule())]
    BadName,
    /// To act in a channel one must have joined it.
    #[error("you are not a member of {}; join it first", quoted(.0))]
    NotAMember(String),
    /// A channel without members.
    #[error("there is no channel {}; it is created when someone joins it", quoted(.0))]
    NoSuchChannel(String),
    /// A channel that the token does not name.
    #[error("your token does not allow to {deed} {}", quoted(.channel))]
    NotAllowed {
        /// What was to be done there.
        deed: &'static str,
        /// The channel's name.
        channel: String,
    },
    /// To say something to anyone, with a token that is for listening.
    #[error("your token does not allow to send anything")]
    ListenOnly,
    /// An id or a name that is nobody's.
    #[error("there is no client with the id or name {}", quoted(.0))]
    NoSuchClient(String),
    /// An id that is nobody's.
    #[error("there is no client with the id {}", quoted(.0))]
    NoSuchId(String),
    /// A name that several have.
    #[error("several clients are called {}; name one by its id", quoted(.0))]
    AmbiguousName(String),
    /// More channels than one client may be in.
    #[error("you are in {CLIENT_CHANNELS_MAX} channels, and that is the most; leave one first")]
    TooManyChannels,
    /// More channels than the server has room for.
    #[error("the server has {CHANNELS_MAX} channels, and that is the most; take one that exists")]
    ServerFull,
    /// More lists than a client may ask for at once.
    #[error("more than {TURN_LISTED_MAX} entries were asked for at once; ask again later")]
    TooManyRequests,
    /// What several servers share cannot be reached.
    #[error(
        "nothing was done, since the servers cannot agree on an order for now; try again later"
    )]
    Unavailable,
    /// What several servers share was lost.
    #[error(
        "whether it was done cannot be told, since the servers lost their order; look before you try again"
    )]
    Unknown,
}

impl ChatError {
    /// The error in a word, for programs; it does not change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadJson(_) | Self::Binary => "bad-json",
            Self::UnknownAction(_) => "unknown-action",
            Self::MissingField(_) => "missing-field",
            Self::BadRef => "bad-ref",
            Self::BadSince(_) | Self::OtherEpoch(_) | Self::SinceAndLast => "bad-since",
            Self::BadLimit { .. } => "bad-limit",
            Self::BadName => "bad-name",
            Self::NotAMember(_) => "not-a-member",
            Self::NoSuchChannel(_) => "no-such-channel",
            Self::NotAllowed { .. } | Self::ListenOnly => "not-allowed",
            Self::NoSuchClient(_) | Self::NoSuchId(_) => "no-such-client",
            Self::AmbiguousName(_) => "ambiguous-name",
            Self::TooManyChannels | Self::ServerFull => "too-many-channels",
            Self::TooManyRequests => "too-many-requests",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
        }
    }
}
