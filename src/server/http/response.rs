//! A response, to bytes.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{self, HeaderMap},
};
use serde::Serialize;

use super::HttpError;
use crate::vocabulary::message::{ErrorBody, ErrorDetail};

/// Headers that every response may need beside its own: length, date, connection.
const RESPONSE_HEAD_BYTES: usize = 256;

/// A response with its body in memory.
#[derive(Debug)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Cow<'static, [u8]>,
}

impl Response {
    /// 200 with a body of the given media type.
    pub fn ok(media_type: &'static str, body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.into(),
        }
        .with(header::CONTENT_TYPE, media_type)
    }

    /// What a program asked for, which is of the moment.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("what is told can be written");
        Self {
            status,
            ..Self::told(body)
        }
    }

    /// The same where it is written already, and all is well.
    pub fn told(body: Vec<u8>) -> Self {
        Self::ok("application/json", body).with(header::CACHE_CONTROL, "no-store")
    }

    /// 204: what may be asked for, for those who only ask for that. Pages of other origins are told nothing.
    pub fn options(methods: &'static str) -> Self {
        Self::empty(StatusCode::NO_CONTENT).with(header::ALLOW, methods)
    }

    /// 304: what the client holds is still right.
    pub fn not_modified() -> Self {
        Self::empty(StatusCode::NOT_MODIFIED)
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Cow::Borrowed(b""),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// The bytes for the wire: without the body for a `HEAD`, and saying whether the connection goes on.
    pub fn encode(&self, unix_ms: u64, is_head: bool, keeps_alive: bool) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(RESPONSE_HEAD_BYTES + self.body.len());
        let mut line = |parts: [&[u8]; 3]| {
            bytes.extend_from_slice(&parts.concat());
            bytes.extend_from_slice(b"\r\n");
        };
        let reason = self.status.canonical_reason().unwrap_or_default();
        line([
            b"HTTP/1.1 ",
            self.status.as_str().as_bytes(),
            format!(" {reason}").as_bytes(),
        ]);
        for (name, value) in &self.headers {
            line([name.as_str().as_bytes(), b": ", value.as_bytes()]);
        }
        // RFC 9110, section 8.6.
        if !matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        ) {
            line([
                b"content-length",
                b": ",
                self.body.len().to_string().as_bytes(),
            ]);
        }
        let date = SystemTime::UNIX_EPOCH + Duration::from_millis(unix_ms);
        line([b"date", b": ", httpdate::fmt_http_date(date).as_bytes()]);
        let is_upgrade = self.headers.contains_key(header::UPGRADE);
        let connection: &[u8] = match (is_upgrade, keeps_alive) {
            (false, true) => b"keep-alive",
            (false, false) => b"close",
            // RFC 9110, section 7.8.
            (true, true) => b"upgrade",
            (true, false) => b"upgrade, close",
        };
        line([b"connection", b": ", connection]);
        line([b"", b"", b""]);
        if !is_head {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

impl From<&HttpError> for Response {
    fn from(error: &HttpError) -> Self {
        let body = ErrorBody {
            error: ErrorDetail {
                code: error.code,
                message: &error.message,
            },
        };
        let body = serde_json::to_vec(&body).expect("two strings are always JSON");
        let mut response = Self {
            status: error.status,
            ..Self::ok("application/json", body)
        };
        for (name, value) in error.headers {
            response = response.with(name.clone(), value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_answered_without_the_body_but_with_its_length() {
        let response = Response::ok("text/plain", &b"ok"[..]);
        let text = |is_head| String::from_utf8(response.encode(0, is_head, true)).unwrap();
        assert_eq!(text(false), text(true) + "ok");
        assert!(text(true).contains("content-length: 2\r\n"));
        assert!(text(true).contains("date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
    }

    #[test]
    fn an_error_is_json() {
        let text =
            String::from_utf8(Response::from(&HttpError::full()).encode(0, false, false)).unwrap();
        assert!(
            text.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
            "{text}"
        );
        assert!(text.contains("retry-after: 1\r\n"));
        assert!(text.contains("{\"error\":{\"code\":\"full\","));
    }
}
