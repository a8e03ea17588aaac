//! What is said to programs that are refused.

use http::{StatusCode, header};

use crate::server::http::{HttpError, RETRY_AFTER_SECONDS};
use crate::vocabulary::name::quoted;

impl HttpError {
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
