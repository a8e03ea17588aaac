//! What a handshake asks for, and the headers that a user adds to it.

use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, ORIGIN,
        PROXY_AUTHORIZATION, SEC_WEBSOCKET_EXTENSIONS, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
};
use tungstenite::{client::IntoClientRequest, handshake::client::Request};

use super::OpeningError;

/// A header that a user adds.
pub type Header = (HeaderName, HeaderValue);

/// Headers that say how the request is to be read, beside those of WebSocket itself.
const OF_THE_HANDSHAKE: [HeaderName; 7] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];
/// How all names begin that are those of WebSocket itself.
const OF_WEBSOCKET: &str = "sec-websocket-";
/// Headers of which there is one: the user's replaces ours.
const SINGLE: [HeaderName; 3] = [AUTHORIZATION, HOST, ORIGIN];
/// Headers that are nobody else's business.
const SECRET: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// The request for a URL with the scheme `ws` or `wss`, by one who says `authorization` unless a header says otherwise.
///
/// # Errors
/// The URL is none.
pub fn request(
    uri: &Uri,
    authorization: Option<&HeaderValue>,
    headers: &[Header],
) -> Result<Request, OpeningError> {
    let mut request = uri
        .into_client_request()
        .map_err(|error| OpeningError::Request(Box::new(error)))?;
    if let Some(authorization) = authorization {
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, authorization.clone());
    }
    add(request.headers_mut(), headers);
    Ok(request)
}

/// Has a request offer that what comes be deflated, in the words of Chromium.
pub fn offer_deflate(headers: &mut HeaderMap) {
    let offer = HeaderValue::from_static("permessage-deflate; client_max_window_bits");
    headers.insert(SEC_WEBSOCKET_EXTENSIONS, offer);
}

fn add(headers: &mut HeaderMap, added: &[Header]) {
    for (name, value) in added {
        if SINGLE.contains(name) {
            headers.insert(name, value.clone());
        } else {
            headers.append(name, value.clone());
        }
    }
}

/// Understands a header as `--header` has it, `Name: value`.
///
/// # Errors
/// It is none, or one that belongs to the handshake. The text has nothing of the value.
pub fn header(text: &str) -> Result<Header, String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("a header needs a colon; write it like 'Authorization: Bearer abc'")?;
    let name: HeaderName = name
        .trim()
        .parse()
        .map_err(|_| format!("`{name}` is no header name; letters, digits and hyphens are"))?;
    if OF_THE_HANDSHAKE.contains(&name) || name.as_str().starts_with(OF_WEBSOCKET) {
        return Err(format!(
            "`{name}` belongs to the handshake itself, which says it; leave it out"
        ));
    }
    let mut value: HeaderValue = value
        .trim()
        .parse()
        .map_err(|_| format!("the value of `{name}` has characters no header can carry"))?;
    value.set_sensitive(SECRET.contains(&name));
    Ok((name, value))
}

/// What `Authorization` says of a token (RFC 6750, section 2.1).
///
/// # Errors
/// It is none. The text has nothing of it.
pub fn bearer(token: &str) -> Result<HeaderValue, String> {
    let header = HeaderValue::try_from(format!("Bearer {token}"));
    let mut header = header.map_err(|_| "it has characters that no token has".to_owned())?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(given: &[&str]) -> HeaderMap {
        let headers: Vec<_> = given.iter().map(|text| header(text).unwrap()).collect();
        let authorization = HeaderValue::from_static("Basic abc");
        let uri = Uri::from_static("ws://h:1/ws");
        let request = request(&uri, Some(&authorization), &headers).unwrap();
        request.headers().clone()
    }

    #[test]
    fn a_header_is_a_name_and_a_value() {
        let (name, value) = header("X-Test: a: b").unwrap();
        assert_eq!((name.as_str(), value.as_bytes()), ("x-test", &b"a: b"[..]));
        assert!(header("no colon").unwrap_err().contains("colon"));
        assert!(header("bad name: x").is_err());
        assert!(header("Cookie: a=b").unwrap().1.is_sensitive());
    }

    #[test]
    fn what_belongs_to_the_handshake_is_refused_by_name() {
        for name in [
            "Connection",
            "upgrade",
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Extensions",
            "Content-Length",
            "Transfer-Encoding",
        ] {
            let told = header(&format!("{name}: x")).unwrap_err();
            assert!(told.contains(&name.to_ascii_lowercase()), "{told}");
        }
    }

    #[test]
    fn what_there_is_one_of_is_replaced_and_the_rest_is_added() {
        let ours = asked(&[]);
        assert_eq!(ours[HOST], "h:1");
        assert_eq!(ours[AUTHORIZATION], "Basic abc");
        let given = [
            "Host: a",
            "Origin: http://a",
            "Authorization: b",
            "X: 1",
            "X: 2",
        ];
        let headers = asked(&given);
        for (name, value) in [(HOST, "a"), (ORIGIN, "http://a"), (AUTHORIZATION, "b")] {
            assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), [value]);
        }
        assert_eq!(headers.get_all("x").iter().count(), 2);
    }
}
