//! Why nothing comes of it when a server is asked.

use std::io;

use http::StatusCode;
use thiserror::Error;
use ureq::Error as Failure;

use super::KEY_VARIABLE;
use crate::{
    system::{
        client::{ending::EndError, target::Place},
        tls::{client::TrustError, failure::TlsFailure},
    },
    vocabulary::visible::visible,
};

/// Why a server did not do what it was asked. The user's to mend: the text says how.
#[derive(Debug, Error)]
pub enum AskError {
    /// A key that no header carries.
    #[error(
        "{KEY_VARIABLE} in the environment has characters that no key has; set it to the key alone"
    )]
    Key,
    /// `--ca` or `--insecure` where nothing is encrypted.
    #[error("--ca and --insecure are for TLS: give an --api that begins with https://")]
    TrustWithoutTls,
    /// Nobody can be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Nobody to say it to.
    #[error("name a channel, or a person with --to ID")]
    Nobody,
    /// Two to say it to.
    #[error("there are both a channel ({0:?}) and --to; leave out one of them")]
    Both(String),
    /// The name of the host has no address.
    #[error("cannot find the host of {place} ({cause}); check its name (--api)")]
    Host {
        /// Where that is.
        place: Place,
        /// What the system said.
        cause: io::Error,
    },
    /// Nobody answers there.
    #[error(
        "cannot connect to {place} ({cause}); check --api, and that a server has its --admin-addr there"
    )]
    Connect {
        /// Where that is.
        place: Place,
        /// What the system said.
        cause: io::Error,
    },
    /// There is no TLS with it.
    #[error("cannot speak TLS with {place}: {}", visible(&cause.to_string(), &[]))]
    Tls {
        /// Where that is.
        place: Place,
        /// What went wrong.
        cause: TlsFailure,
    },
    /// It was asked, and nothing is known of what came of it.
    #[error(
        "no answer came from {place} ({}); whether it did what was asked is unknown: see that it runs, and ask again",
        visible(cause, &[])
    )]
    Lost {
        /// Where that is.
        place: Place,
        /// What went wrong.
        cause: String,
    },
    /// It did not want to.
    #[error(
        "{place} refused: {} ({}, {}){}", visible(message, &[]), status.as_u16(), visible(code, &[]), advice(code)
    )]
    Refused {
        /// Where that is.
        place: Place,
        /// The status.
        status: StatusCode,
        /// The same in a word.
        code: String,
        /// What it said.
        message: String,
    },
    /// Something else is there.
    #[error(
        "what answers at {place} is not the door of a Hubbub; give the address of its --admin-addr as --api, with https:// if it \
         speaks TLS"
    )]
    Stranger {
        /// Where that is.
        place: Place,
    },
    /// Nothing more can be read.
    #[error("cannot read the standard input: {0}")]
    Input(io::Error),
    /// There is nowhere to print to.
    #[error(transparent)]
    Output(EndError),
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub(super) enum Unreached {
    /// Nobody knows where that is.
    #[error(transparent)]
    Host(io::Error),
    /// Nobody is there.
    #[error(transparent)]
    Connect(io::Error),
    /// It is not whom it should be, or cannot show it.
    #[error(transparent)]
    Tls(#[from] TlsFailure),
}

impl AskError {
    /// Why nothing came from there.
    pub(super) fn of(failure: Failure, place: &Place) -> Self {
        let place = place.clone();
        let cause = match failure {
            // No door has so much to say.
            Failure::BodyExceedsLimit(_) => return Self::Stranger { place },
            Failure::Other(cause) => match cause.downcast() {
                Ok(unreached) => match *unreached {
                    Unreached::Host(cause) => return Self::Host { place, cause },
                    Unreached::Connect(cause) => return Self::Connect { place, cause },
                    Unreached::Tls(cause) => return Self::Tls { place, cause },
                },
                Err(cause) => cause.to_string(),
            },
            Failure::Timeout(_) => "it took too long".to_owned(),
            failure => failure.to_string(),
        };
        Self::Lost { place, cause }
    }

    /// Standard output takes nothing.
    pub(super) fn output(cause: io::Error) -> Self {
        Self::Output(EndError::Output(cause))
    }

    /// Whether the same may go well if it is asked again, of a server that was reached before or not.
    pub(super) fn may_pass(&self, was_reached: bool) -> bool {
        match self {
            Self::Lost { .. } => true,
            Self::Host { .. } | Self::Connect { .. } => was_reached,
            Self::Refused { status, .. } => *status == StatusCode::SERVICE_UNAVAILABLE,
            _ => false,
        }
    }
}

/// What there is to do about a refusal, where the server cannot know.
fn advice(code: &str) -> String {
    match code {
        "key-missing" | "key-wrong" | "token-missing" => {
            format!(
                "; put a key of its --api-key file, or a token, into {KEY_VARIABLE} in the environment"
            )
        }
        code if code.starts_with("token-") => {
            format!("; put another token into {KEY_VARIABLE} in the environment")
        }
        "not-allowed" => {
            format!(
                "; put a key, or a token that allows it, into {KEY_VARIABLE} in the environment"
            )
        }
        "not-found" | "body-not-accepted" => {
            "; give the address of its --admin-addr as --api".to_owned()
        }
        "foreign-host" => "; ask it by a loopback address (--api)".to_owned(),
        _ => String::new(),
    }
}
