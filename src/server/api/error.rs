//! What is said to programs that are refused.

use http::{StatusCode, header};

use crate::server::http::{HttpError, RETRY_AFTER_SECONDS};
use crate::vocabulary::{
    api::{BodyError, ItemError, Right},
    chat::ChatError,
    config::IDEMPOTENCY_KEY_CHARS_MAX,
    name::quoted,
};

impl HttpError {
    /// 400: what is to be published cannot be read.
    pub(super) fn bad_body(error: &BodyError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string())
    }

    /// 400: a name for a request that can be none.
    pub(super) fn bad_idempotency_key() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-idempotency-key",
            format!(
                "Idempotency-Key is there once, with 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible characters of ASCII"
            ),
        )
    }

    /// 401: a key is needed.
    pub(super) fn key_missing() -> Self {
        Self::token(
            "key-missing",
            "a key is needed: send it as Authorization: Bearer",
        )
    }

    /// 401: a key that nobody has.
    pub(super) fn key_wrong() -> Self {
        Self::token("key-wrong", "there is no such key")
    }

    /// 403: a page in somebody's browser, where nobody needs a key.
    pub(super) fn foreign_page(origin: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign-page",
            format!(
                "pages from {} may not ask here; its operator can let programs in by --api-key",
                quoted(origin)
            ),
        )
    }

    /// 403: a name that leads here and may be anybody's, where nobody needs a key.
    pub(super) fn foreign_host() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign-host",
            "without keys one asks here by localhost or a loopback address; its operator can let programs in by --api-key",
        )
    }

    /// 403: a token that does not allow something.
    pub(in crate::server) fn not_allowed(right: Right) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not-allowed",
            format!(
                "the token does not allow that: it lacks {:?} in its claim \"api\"",
                right.claim()
            ),
        )
    }

    /// 403: a token that does not allow something in a channel.
    pub(super) fn not_allowed_there(error: &ItemError) -> Self {
        Self::new(StatusCode::FORBIDDEN, error.code(), error.to_string())
    }

    /// 405: a path that takes `POST`.
    pub(super) fn post_only() -> Self {
        Self {
            headers: &[(header::ALLOW, super::routes::ACTION_METHODS)],
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "use POST",
            )
        }
    }

    /// 404: nobody has this id.
    pub(in crate::server) fn no_such_client(id: &str) -> Self {
        Self::refused(&ChatError::NoSuchId(id.to_owned()))
    }

    /// 404: members who have neither ids nor names.
    pub(super) fn nameless_members() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "members of a channel of the relay have neither ids nor names; the channel itself tells how many they are",
        )
    }

    /// 409: a key of a request that was used for another one.
    pub(super) fn conflict() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "conflict",
            "the Idempotency-Key was used for another request within the last minutes; use one that is new",
        )
    }

    /// 413: something that no client could say.
    pub(super) fn message_too_large(most: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "message-too-large",
            format!("a message has at most {most} bytes (--max-message)"),
        )
    }

    /// 404: it was asked for of someone or something that there is not; else 503: it was not done, or nobody knows whether
    /// it was.
    pub(super) fn refused(error: &ChatError) -> Self {
        let status = match error {
            ChatError::NoSuchChannel(_) | ChatError::NoSuchClient(_) | ChatError::NoSuchId(_) => {
                StatusCode::NOT_FOUND
            }
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.code(), error.to_string())
    }

    /// 415: a body of another kind.
    pub(super) fn media_type(expected: &'static str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            format!("send {expected} as it is, and say so in Content-Type"),
        )
    }

    /// 429: too many from one address without a key that is right.
    pub(super) fn too_many_strangers() -> Self {
        Self {
            headers: &[(header::RETRY_AFTER, RETRY_AFTER_SECONDS)],
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-refusals",
                "too many requests of your address were refused; send a key that is right",
            )
        }
    }
}
