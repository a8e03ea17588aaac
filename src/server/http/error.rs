//! What is said to one whose request is refused.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use http::{HeaderName, StatusCode, header};

use crate::state::addresses::Excess;
use crate::vocabulary::{
    config::{BODY_BYTES_MAX, REQUEST_HEADERS_MAX},
    name::quoted,
};

/// Seconds after which one who was refused may try again.
pub(in crate::server) const RETRY_AFTER_SECONDS: &str = "1";

/// The methods of most paths (RFC 9110, section 10.2.1).
pub const METHODS: &str = "GET, HEAD, OPTIONS";
/// Those of a WebSocket endpoint.
pub const SESSION_METHODS: &str = "GET, OPTIONS";

/// A request that is answered with an error. Its sender's fault, unless the status says 5xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// The status.
    pub status: StatusCode,
    /// What went wrong, for programs.
    pub code: &'static str,
    /// What went wrong and what to do, for people.
    pub message: Cow<'static, str>,
    pub(in crate::server) headers: &'static [(HeaderName, &'static str)],
}

impl HttpError {
    /// The code of a page of another origin.
    pub const ORIGIN_NOT_ALLOWED: &str = "origin-not-allowed";

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", message)
    }

    /// 400: a name that cannot be one.
    pub fn bad_name(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-name", message)
    }

    /// 400: more of something, or less, than may be asked for.
    pub fn bad_limit(parameter: &'static str, bounds: &RangeInclusive<usize>) -> Self {
        let (least, most) = (bounds.start(), bounds.end());
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-limit",
            format!("{parameter} must be an integer from {least} to {most}"),
        )
    }

    /// 400: a parameter that is to be a number.
    pub fn no_number(parameter: &'static str) -> Self {
        Self::bad_request(format!(
            "{parameter} must be an integer that is not negative"
        ))
    }

    /// 400: a parameter of which nothing is known where only these are.
    pub fn unknown_parameter(name: &str, known: &[&str]) -> Self {
        let known = match known {
            [] => ", nor any other".to_owned(),
            [one] => format!(", only {one}"),
            [most @ .., last] => format!(", only {} and {last}", most.join(", ")),
        };
        Self::bad_parameter(format!(
            "there is no parameter {} here{known}",
            quoted(name)
        ))
    }

    /// 400: a parameter that is there more than once.
    pub fn repeated_parameter(name: &str) -> Self {
        Self::bad_parameter(format!(
            "the parameter {} is there more than once; leave out all but one",
            quoted(name)
        ))
    }

    fn bad_parameter(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", message)
    }

    /// 400: a proxy of ours does not say for whom it asks.
    pub fn bad_forwarded_for() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-forwarded-for",
            "the last entry of X-Forwarded-For that a trusted proxy made is no address",
        )
    }

    /// 400: a balancer does not say for whom it connects. It is told to the operator alone, as nobody knows what is spoken.
    pub fn proxy_header() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "proxy-header",
            "a connection of a trusted balancer does not begin with a header of the PROXY protocol",
        )
    }

    /// 401: a session needs a token (RFC 6750, section 3).
    pub fn token_missing() -> Self {
        Self::token(
            "token-missing",
            "a token is needed: send it as Authorization: Bearer, as the subprotocol hubbub.token.TOKEN, or as ?token=",
        )
    }

    /// 401: a token that is not accepted.
    pub fn token(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            headers: &[(header::WWW_AUTHENTICATE, "Bearer")],
            ..Self::new(StatusCode::UNAUTHORIZED, code, message)
        }
    }

    /// 403: a page of another origin.
    pub fn origin_not_allowed(origin: &str) -> Self {
        let origin = quoted(origin);
        Self::new(
            StatusCode::FORBIDDEN,
            Self::ORIGIN_NOT_ALLOWED,
            format!(
                "pages from {origin} may not connect to this server; its operator can allow them with --allow-origin"
            ),
        )
    }

    /// 403: a channel that the token does not name.
    pub fn channel_not_allowed(channel: &str) -> Self {
        let channel = quoted(channel);
        Self::new(
            StatusCode::FORBIDDEN,
            "channel-not-allowed",
            format!("the token does not allow to join {channel}"),
        )
    }

    /// 404: nothing is there.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "there is nothing at this path",
        )
    }

    /// 405: only `GET`, `HEAD` and `OPTIONS`.
    pub fn method_not_allowed() -> Self {
        Self {
            headers: &[(header::ALLOW, METHODS)],
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "use GET or HEAD",
            )
        }
    }

    /// 405: a WebSocket endpoint takes only `GET`.
    pub fn get_only() -> Self {
        Self {
            headers: &[(header::ALLOW, SESSION_METHODS)],
            message: Cow::Borrowed("use GET"),
            ..Self::method_not_allowed()
        }
    }

    /// 408: no whole request within `--handshake-timeout`.
    pub fn timeout() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "the request did not arrive in time",
        )
    }

    /// 413: a request with a body; nothing here takes one.
    pub fn body_not_accepted() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-not-accepted",
            "nothing here takes a request body",
        )
    }

    /// 413: a body beyond [`BODY_BYTES_MAX`].
    pub fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            format!("a body has at most {BODY_BYTES_MAX} bytes"),
        )
    }

    /// 414: a request line beyond `--max-request-head`, which says so many bytes.
    pub fn uri_too_long(max_bytes: usize) -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            "uri-too-long",
            format!("the request line is longer than {max_bytes} bytes"),
        )
    }

    /// 417: an expectation that is none of ours.
    pub fn expectation() -> Self {
        Self::new(
            StatusCode::EXPECTATION_FAILED,
            "expectation",
            "expect 100-continue, or nothing",
        )
    }

    /// 426: a WebSocket endpoint was asked for something else.
    pub fn upgrade_required() -> Self {
        Self {
            headers: &[
                (header::UPGRADE, "websocket"),
                (header::SEC_WEBSOCKET_VERSION, "13"),
            ],
            ..Self::new(
                StatusCode::UPGRADE_REQUIRED,
                "upgrade-required",
                "this is a WebSocket endpoint: connect with ws://, version 13",
            )
        }
    }

    /// 429: more connections from one address than `--max-connections-per-address`.
    pub fn too_many_connections() -> Self {
        Self {
            headers: &[(header::RETRY_AFTER, RETRY_AFTER_SECONDS)],
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-connections",
                "there are too many connections from your address; close some first",
            )
        }
    }

    /// 429: more connections from one address in a second than `--max-handshakes-per-address`.
    pub fn too_many_handshakes() -> Self {
        Self {
            code: "too-many-handshakes",
            message: Cow::Borrowed("connections from your address come too fast; try again later"),
            ..Self::too_many_connections()
        }
    }

    /// 431: headers beyond `--max-request-head`, which says so many bytes, or beyond [`REQUEST_HEADERS_MAX`].
    pub fn headers_too_large(max_bytes: usize) -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers-too-large",
            format!(
                "a request has at most {REQUEST_HEADERS_MAX} headers, and {max_bytes} bytes with its first line; the server's operator can allow more with --max-request-head"
            ),
        )
    }

    /// 503: more connections than `--max-connections`.
    pub fn full() -> Self {
        Self {
            headers: &[(header::RETRY_AFTER, RETRY_AFTER_SECONDS)],
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "full",
                "there is no room for more connections; try again later",
            )
        }
    }

    /// 503: more bodies than there is room for.
    pub fn bodies_full() -> Self {
        Self {
            headers: &[(header::RETRY_AFTER, RETRY_AFTER_SECONDS)],
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "bodies-full",
                "there is no room for more request bodies; try again later",
            )
        }
    }

    /// 503: the server is stopping.
    pub fn draining() -> Self {
        Self {
            headers: &[(header::RETRY_AFTER, RETRY_AFTER_SECONDS)],
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "draining",
                "the server is stopping; try again later",
            )
        }
    }

    /// 503: the server cannot agree with others on an order.
    pub fn redis(message: &'static str) -> Self {
        Self {
            headers: &[(header::RETRY_AFTER, RETRY_AFTER_SECONDS)],
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "redis", message)
        }
    }

    /// One with this status, and nothing beside.
    pub(in crate::server) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            headers: &[],
        }
    }
}

impl From<Excess> for HttpError {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::Connections => Self::too_many_connections(),
            Excess::Handshakes => Self::too_many_handshakes(),
        }
    }
}
