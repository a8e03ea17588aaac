//! HTTP/1 on the same port: a request from bytes, a response to bytes (RFC 9112).

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{
    HeaderName, HeaderValue, Method, Request, StatusCode, Version,
    header::{self, HeaderMap},
};
use httparse::Status;

use crate::state::addresses::Excess;
use crate::vocabulary::{
    authority::Authority,
    config::{REQUEST_HEAD_BYTES_MAX, REQUEST_HEADERS_MAX},
    message::{ErrorBody, ErrorDetail},
    name::quoted,
};

/// Seconds after which one who was refused may try again.
const RETRY_AFTER_SECONDS: &str = "1";
/// Headers that every response may need beside its own: length, date, connection.
const RESPONSE_HEAD_BYTES: usize = 256;

/// A request that is answered with an error. Its sender's fault, unless the status says 5xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// The status.
    pub status: StatusCode,
    /// What went wrong, for programs.
    pub code: &'static str,
    /// What went wrong and what to do, for people.
    pub message: Cow<'static, str>,
    headers: &'static [(HeaderName, &'static str)],
}

impl HttpError {
    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", message)
    }

    /// 400: a name that cannot be one.
    pub fn bad_name(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-name", message)
    }

    /// 400: a proxy of ours does not say for whom it asks.
    pub fn bad_forwarded_for() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-forwarded-for",
            "the last entry of X-Forwarded-For that a trusted proxy made is no address",
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
            "origin-not-allowed",
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

    /// 405: only `GET` and `HEAD`.
    pub fn method_not_allowed() -> Self {
        Self {
            headers: &[(header::ALLOW, "GET, HEAD")],
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
            headers: &[(header::ALLOW, "GET")],
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

    /// 414: a request line beyond [`REQUEST_HEAD_BYTES_MAX`].
    pub fn uri_too_long() -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            "uri-too-long",
            "the request line is longer than 8 KiB",
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

    /// 431: headers beyond [`REQUEST_HEAD_BYTES_MAX`] or [`REQUEST_HEADERS_MAX`].
    pub fn headers_too_large() -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers-too-large",
            "at most 64 headers and 8 KiB",
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

    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
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

/// Reads one request from the front of `input`: the request, and how many bytes it took. `None` if it is not all there.
///
/// # Errors
/// It is not a request, or one beyond the bounds, or one with a body. What follows it cannot be made sense of.
pub fn parse(input: &[u8]) -> Result<Option<(Request<()>, usize)>, HttpError> {
    let mut headers = [httparse::EMPTY_HEADER; REQUEST_HEADERS_MAX];
    let mut raw = httparse::Request::new(&mut headers);
    // What lies beyond has no say, or the answer would depend on how much of it has arrived.
    let head = &input[..input.len().min(REQUEST_HEAD_BYTES_MAX)];
    match raw.parse(head) {
        Ok(Status::Complete(bytes)) => Ok(Some((request(&raw)?, bytes))),
        Ok(Status::Partial) if head.len() == input.len() => Ok(None),
        Ok(Status::Partial) if head.contains(&b'\n') => Err(HttpError::headers_too_large()),
        Ok(Status::Partial) => Err(HttpError::uri_too_long()),
        Err(httparse::Error::TooManyHeaders) => Err(HttpError::headers_too_large()),
        Err(error) => Err(HttpError::bad_request(format!(
            "not an HTTP request: {error}"
        ))),
    }
}

/// Whether the connection may serve another request after this one (RFC 9112, section 9.3).
pub fn keeps_alive(request: &Request<()>) -> bool {
    let says = |word| lists(request.headers(), &header::CONNECTION, word);
    match request.version() {
        Version::HTTP_11 => !says("close"),
        _ => says("keep-alive"),
    }
}

/// Whether a header that holds a list names `word`, in whatever case.
pub fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    entries(headers, name).any(|entry| entry.eq_ignore_ascii_case(word))
}

/// The entries of a header that holds a list, on whichever of its lines (RFC 9110, section 5.3).
pub fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

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

    /// 304: what the client holds is still right.
    pub fn not_modified() -> Self {
        Self {
            status: StatusCode::NOT_MODIFIED,
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
        if self.status != StatusCode::NOT_MODIFIED {
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

fn request(raw: &httparse::Request<'_, '_>) -> Result<Request<()>, HttpError> {
    let malformed = |error: &dyn std::fmt::Display| {
        HttpError::bad_request(format!("not an HTTP request: {error}"))
    };
    let method = raw.method.unwrap_or_default().as_bytes();
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(method).map_err(|error| malformed(&error))?;
    *request.uri_mut() = raw
        .path
        .unwrap_or_default()
        .parse()
        .map_err(|error| malformed(&error))?;
    *request.version_mut() = match raw.version {
        Some(1) => Version::HTTP_11,
        _ => Version::HTTP_10,
    };
    request.headers_mut().reserve(raw.headers.len());
    for header in raw.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let name = name.map_err(|error| malformed(&error))?;
        let value = HeaderValue::from_bytes(header.value).map_err(|error| malformed(&error))?;
        request.headers_mut().append(name, value);
    }
    check_headers(&request)?;
    Ok(request)
}

/// Refuses a request whose headers leave open whom it is for or where it ends, or that brings a body.
fn check_headers(request: &Request<()>) -> Result<(), HttpError> {
    let headers = request.headers();
    // RFC 9112, section 3.2; RFC 6455, sections 11.3.1 and 11.3.5.
    for name in [
        header::HOST,
        header::SEC_WEBSOCKET_KEY,
        header::SEC_WEBSOCKET_VERSION,
    ] {
        if headers.get_all(&name).iter().nth(1).is_some() {
            let message = format!("there is more than one {name} header");
            return Err(HttpError::bad_request(message));
        }
    }
    match headers.get(header::HOST).map(HeaderValue::to_str) {
        None if request.version() >= Version::HTTP_11 => {
            return Err(HttpError::bad_request("the Host header is missing"));
        }
        // It is empty where a URL names none.
        None | Some(Ok("")) => {}
        Some(Ok(host)) if Authority::read(host).is_ok() => {}
        Some(_) => return Err(HttpError::bad_request("the Host header names no host")),
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(HttpError::body_not_accepted());
    }
    for length in headers.get_all(header::CONTENT_LENGTH) {
        match length.as_bytes() {
            b"0" => {}
            digits if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
                return Err(HttpError::body_not_accepted());
            }
            _ => return Err(HttpError::bad_request("Content-Length is no number")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(input: &str) -> (u16, &'static str) {
        let error = parse(input.as_bytes()).unwrap_err();
        (error.status.as_u16(), error.code)
    }

    #[test]
    fn a_request_is_read_once_it_is_whole() {
        let input = b"GET /relay?channel=tea HTTP/1.1\r\nHost: x\r\n\r\nmore";
        for end in 0..input.len() - 4 {
            assert_eq!(parse(&input[..end]).unwrap().map(|(_, bytes)| bytes), None);
        }
        let (request, bytes) = parse(input).unwrap().unwrap();
        assert_eq!(request.uri().path(), "/relay");
        assert_eq!(&input[bytes..], b"more");
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_its_own_status() {
        assert_eq!(error("\u{1}\r\n\r\n").0, 400);
        assert_eq!(
            error(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(9000))).0,
            414
        );
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n", "a".repeat(9000));
        assert_eq!(error(&long), (431, "headers-too-large"));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(65));
        assert_eq!(error(&many), (431, "headers-too-large"));
        for body in ["Content-Length: 2", "Transfer-Encoding: chunked"] {
            let request = format!("POST / HTTP/1.1\r\nHost: x\r\n{body}\r\n\r\nhi");
            assert_eq!(error(&request), (413, "body-not-accepted"));
        }
    }

    #[test]
    fn a_request_says_once_whom_it_is_for() {
        let is_read = |version: &str, headers: &str| {
            let request = format!("GET / HTTP/{version}\r\n{headers}\r\n");
            match parse(request.as_bytes()) {
                Ok(request) => request.is_some(),
                Err(error) => {
                    assert_eq!((error.status.as_u16(), error.code), (400, "bad-request"));
                    false
                }
            }
        };
        assert!(!is_read("1.1", ""));
        assert!(is_read("1.0", ""));
        for host in ["", "a", "a:81", "192.0.2.1:81", "[::1]:81"] {
            assert!(is_read("1.1", &format!("Host: {host}\r\n")), "{host}");
        }
        for host in ["a b", "a@b", "a/b", "a:b", "::1", "a, b", "\u{e9}"] {
            for version in ["1.0", "1.1"] {
                assert!(!is_read(version, &format!("Host: {host}\r\n")), "{host}");
            }
        }
        for name in ["Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version"] {
            let twice = format!("Host: a\r\n{name}: a\r\n{}: a\r\n", name.to_lowercase());
            assert!(!is_read("1.1", &twice) && !is_read("1.0", &twice), "{name}");
        }
    }

    #[test]
    fn a_request_says_where_it_ends() {
        let lengths = |lengths: &str| {
            let request = format!("GET / HTTP/1.1\r\nHost: x\r\n{lengths}\r\n");
            parse(request.as_bytes()).map_err(|error| error.status.as_u16())
        };
        assert!(lengths("Content-Length: 0\r\nContent-Length: 0\r\n").is_ok());
        for (lines, status) in [
            ("Content-Length: 0\r\nContent-Length: 2\r\n", 413),
            ("Content-Length: 2, 2\r\n", 400),
            ("Content-Length: +0\r\n", 400),
            ("Content-Length: \r\n", 400),
        ] {
            assert_eq!(lengths(lines).unwrap_err(), status, "{lines}");
        }
    }

    #[test]
    fn a_head_beyond_the_bounds_is_refused_the_same_however_much_of_it_has_arrived() {
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n", "a".repeat(9000));
        assert_eq!(error(&long[..=REQUEST_HEAD_BYTES_MAX]), error(&long));
        assert_eq!(error(&format!("{long}\u{1}")), error(&long));
    }

    #[test]
    fn a_connection_is_kept_as_version_and_header_say() {
        let keeps = |input: &str| keeps_alive(&parse(input.as_bytes()).unwrap().unwrap().0);
        assert!(keeps("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        let closes = "GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n";
        assert!(!keeps(closes));
        assert!(!keeps("GET / HTTP/1.0\r\n\r\n"));
        assert!(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    }

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
