//! A request, from bytes.

use std::mem::MaybeUninit;

use http::{
    HeaderName, HeaderValue, Method, Request, Version,
    header::{self, HeaderMap},
};
use httparse::Status;

use super::{Framing, HttpError};
use crate::vocabulary::{authority::Authority, config::REQUEST_HEADERS_MAX};

/// The head of a request.
#[derive(Debug)]
pub struct Head {
    /// What is asked.
    pub request: Request<()>,
    /// Where its body ends.
    pub framing: Framing,
    /// How many bytes it took.
    pub bytes: usize,
}

/// Reads the head of one request, of up to `max_bytes`, from the front of `input`. `None` if it is not all there.
///
/// # Errors
/// It is not a request, or one beyond the bounds, or one of which nobody can tell where it ends. What follows it cannot be made
/// sense of.
pub fn parse(input: &[u8], max_bytes: usize) -> Result<Option<Head>, HttpError> {
    let mut headers = [const { MaybeUninit::uninit() }; REQUEST_HEADERS_MAX];
    let mut raw = httparse::Request::new(&mut []);
    // What lies beyond has no say, or the answer would depend on how much of it has arrived.
    let head = &input[..input.len().min(max_bytes)];
    match raw.parse_with_uninit_headers(head, &mut headers) {
        Ok(Status::Complete(bytes)) => {
            let request = request(&raw)?;
            let framing = Framing::of(request.headers(), request.version())?;
            Ok(Some(Head {
                request,
                framing,
                bytes,
            }))
        }
        Ok(Status::Partial) if head.len() == input.len() => Ok(None),
        Ok(Status::Partial) if head.contains(&b'\n') => {
            Err(HttpError::headers_too_large(max_bytes))
        }
        Ok(Status::Partial) => Err(HttpError::uri_too_long(max_bytes)),
        Err(httparse::Error::TooManyHeaders) => Err(HttpError::headers_too_large(max_bytes)),
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

/// What a body is, by its media type without parameters, in lower case (RFC 9110, section 8.3). One that is coded, as by
/// deflating it, is none of those that are read here: its type is then the coding.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let coding = headers.get(header::CONTENT_ENCODING);
    let value = coding.or(headers.get(header::CONTENT_TYPE))?;
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

/// The headers of a message, as they were parsed.
///
/// # Errors
/// One has a name or a value that no header has.
pub fn headers(raw: &[httparse::Header<'_>]) -> Result<HeaderMap, http::Error> {
    let mut headers = HeaderMap::with_capacity(raw.len());
    for header in raw {
        let name = HeaderName::from_bytes(header.name.as_bytes())?;
        headers.append(name, HeaderValue::from_bytes(header.value)?);
    }
    Ok(headers)
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
    *request.headers_mut() = headers(raw.headers).map_err(|error| malformed(&error))?;
    check_headers(&request)?;
    Ok(request)
}

/// Refuses a request whose headers leave open whom it is for, or what its body is.
fn check_headers(request: &Request<()>) -> Result<(), HttpError> {
    let headers = request.headers();
    // RFC 9112, section 3.2; RFC 9110, section 8.3; RFC 6455, sections 11.3.1 and 11.3.5.
    for name in [
        header::HOST,
        header::CONTENT_TYPE,
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 8 << 10;

    fn parse(input: &[u8]) -> Result<Option<(Request<()>, usize)>, HttpError> {
        let head = super::parse(input, MAX)?;
        Ok(head.map(|head| (head.request, head.bytes)))
    }

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
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(129));
        assert_eq!(error(&many), (431, "headers-too-large"));
    }

    #[test]
    fn a_request_says_once_whom_it_is_for_and_what_it_brings() {
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
        for name in [
            "Host",
            "Content-Type",
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Version",
        ] {
            let twice = format!("Host: a\r\n{name}: a\r\n{}: a\r\n", name.to_lowercase());
            assert!(!is_read("1.1", &twice) && !is_read("1.0", &twice), "{name}");
        }
    }

    #[test]
    fn a_request_says_where_it_ends() {
        let framing = |version: &str, lines: &str| {
            let request = format!("POST / HTTP/{version}\r\nHost: x\r\n{lines}\r\n");
            let head = super::parse(request.as_bytes(), MAX);
            let head = head.map_err(|error| error.status.as_u16())?;
            Ok(head.unwrap().framing)
        };
        for (lines, expected) in [
            ("", Framing::None),
            ("Content-Length: 0\r\n", Framing::None),
            ("Content-Length: 2\r\n", Framing::Length(2)),
            (
                "Content-Length: 99999999999999999999\r\n",
                Framing::Length(u64::MAX),
            ),
            ("Transfer-Encoding: Chunked\r\n", Framing::Chunked),
        ] {
            assert_eq!(framing("1.1", lines), Ok(expected), "{lines}");
        }
        for lines in [
            "Content-Length: 2\r\nContent-Length: 2\r\n",
            "Content-Length: 0\r\nContent-Length: 2\r\n",
            "Content-Length: 2, 2\r\n",
            "Content-Length: +2\r\n",
            "Content-Length: 2 2\r\n",
            "Content-Length: \r\n",
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: \u{e9}\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: \r\n",
        ] {
            assert_eq!(framing("1.1", lines), Err(400), "{lines}");
        }
        assert_eq!(framing("1.0", "Transfer-Encoding: chunked\r\n"), Err(400));
    }

    #[test]
    fn the_bounds_are_those_that_the_operator_set_and_are_told() {
        let head = |bytes: usize| {
            format!(
                "GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
                "a".repeat(bytes - 32)
            )
        };
        assert_eq!(head(2000).len(), 2000);
        assert!(super::parse(head(2000).as_bytes(), 2000).unwrap().is_some());
        let error = super::parse(head(2001).as_bytes(), 2000).unwrap_err();
        assert!(error.message.contains("2000 bytes"), "{}", error.message);
        let line = format!("GET /{} HTTP/1.1\r\n", "a".repeat(2000));
        let error = super::parse(line.as_bytes(), 2000).unwrap_err();
        assert!(error.message.contains("2000 bytes"), "{}", error.message);
        let many = format!(
            "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
            "X: y\r\n".repeat(127)
        );
        assert!(parse(many.as_bytes()).unwrap().is_some());
    }

    #[test]
    fn a_head_beyond_the_bounds_is_refused_the_same_however_much_of_it_has_arrived() {
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n", "a".repeat(9000));
        assert_eq!(error(&long[..=MAX]), error(&long));
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
}
